"""`nullprobe capture` of embeddings, and into one file in place of a folder."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from support import tiny_embedders
from support import tiny_models as tiny

from nullprobe import CapturedFolder, models
from nullprobe.cli import main
from nullprobe.data.formats import SUFFIXES, load

pytestmark = pytest.mark.slow

SITE = "sentence_embedding"
TEXTS = tiny.texts(60, longest=9)
LABELS = ["long" if len(text.split()) > 6 else "short" for text in TEXTS]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    path = tmp_path_factory.mktemp("embedder") / "tiny"
    return tiny_embedders.save(path, normalize=True)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.parquet"
    ids = [f"doc-{i}" for i in range(60)]
    pyarrow.parquet.write_table(
        pa.table({"id": ids, "text": TEXTS, "length": LABELS, "price": np.arange(60.0)}), path
    )
    return path


def run(*arguments):
    return main(list(map(str, arguments)))


def capture(model, table, *more):
    return run("capture", model, table, "--text", "text", *more)


@pytest.fixture(scope="module")
def right(embedder):
    return models.load_embedder(embedder)[0].encode(TEXTS)


def test_an_embedding_model_is_read_at_its_embedding_unless_a_site_is_named(
    embedder, table, right, tmp_path, capsys
):
    assert capture(embedder, table, "--concept", "length", "--out", tmp_path / "states") == 0
    states = CapturedFolder(tmp_path / "states")
    assert list(states) == [SITE]
    np.testing.assert_allclose(states[SITE], right, atol=1e-5)
    assert states.labels["length"].tolist() == LABELS
    assert capture(embedder, table, "--site", "layers.0.output", "--out", tmp_path / "layer") == 0
    assert list(CapturedFolder(tmp_path / "layer")) == ["layers.0.output"]
    assert run("sites", embedder) == 0
    assert SITE in capsys.readouterr().out


def test_other_models_need_a_site(table, tmp_path, capsys):
    plain = tiny.save(tmp_path / "gpt")
    assert capture(plain, table, "--out", tmp_path / "states") == 2
    assert "--site" in capsys.readouterr().err
    assert capture(plain, table, "--site", SITE, "--out", tmp_path / "states") == 2
    assert "sentence-transformers" in capsys.readouterr().err
    assert not (tmp_path / "states").exists()


@pytest.mark.parametrize("option", ["--quantization", "--adapter"])
def test_an_embedding_is_read_from_the_model_as_it_was_saved(
    embedder, table, option, tmp_path, capsys
):
    more = [option, "8bit" if option == "--quantization" else tmp_path]
    assert capture(embedder, table, *more, "--out", tmp_path / "states") == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_file_holds_the_embeddings_in_order_with_their_labels(
    embedder, table, right, suffix, tmp_path, capsys
):
    out = tmp_path / f"vectors{suffix}"
    code = capture(embedder, table, "--label", "price", "--out", out)
    if suffix in (".npy", ".csv"):  # one array; no lists
        assert code == 2
        assert capsys.readouterr().err
        assert not out.exists()
        return
    assert code == 0
    content = load(out)
    rows = content if isinstance(content, dict) else content.to_pydict()
    np.testing.assert_allclose(np.array(rows[SITE]), right, atol=1e-5)
    assert list(rows["price"]) == list(range(60))


def test_a_file_is_replaced_only_if_that_is_said(embedder, table, tmp_path, capsys):
    out = tmp_path / "vectors.parquet"
    out.write_bytes(b"precious")
    assert capture(embedder, table, "--out", out) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    assert capture(embedder, table, "--out", out, "--force") == 0
    assert load(out).num_rows == 60


def test_rows_of_tokens_name_their_text(table, tmp_path):
    plain = tiny.save(tmp_path / "gpt")
    out = tmp_path / "tokens.parquet"
    args = ["--site", "layers.0.output", "--tokens", "0,-1", "--label", "id", "--out", out]
    assert capture(plain, table, *args) == 0
    rows = load(out).to_pydict()
    assert rows["text"] == [i for i in range(60) for _ in range(2)]
    assert rows["id"] == [f"doc-{i}" for i in range(60) for _ in range(2)]
