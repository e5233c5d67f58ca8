"""`nullprobe capture` of embeddings, and into one file in place of a folder."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from support import tiny_embedders, tiny_vision
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


def test_states_that_do_not_fit_one_file_are_refused_before_the_model_runs(
    embedder, table, right, tmp_path, capsys, monkeypatch
):
    needed = right.size * 8
    out = tmp_path / "vectors.npz"
    monkeypatch.setattr("nullprobe.cli.memory.WORTH_STATING", needed)
    monkeypatch.setattr("nullprobe.cli.memory.available", lambda: needed - 1)
    monkeypatch.setattr(models, "capture", lambda *_, **__: pytest.fail("the model ran"))
    assert capture(embedder, table, "--out", out) == 2
    assert "into a folder" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.undo()
    monkeypatch.setattr("nullprobe.cli.memory.WORTH_STATING", needed)
    assert capture(embedder, table, "--out", out) == 0
    assert "all 60 rows in memory" in capsys.readouterr().err


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


@pytest.fixture(scope="module")
def vision(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vision")
    for family in ("clip", "vit"):
        tiny_vision.save(folder / family, family)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, tiny_vision.draw_folder(folder, n=40)


@pytest.mark.parametrize(
    ("family", "site"), [("clip", "image_embedding"), ("vit", "pooled_output")]
)
def test_a_folder_of_images_is_captured_with_the_names_of_its_folders_and_audited(
    vision, pictures, family, site, tmp_path, capsys
):
    folder, paths = pictures
    out = tmp_path / "states"
    assert run("capture", vision / family, folder, "--out", out) == 0
    assert "40 images" in capsys.readouterr().out
    states = CapturedFolder(out)
    assert list(states) == [site]
    assert states.labels["label"].tolist() == [path.parent.name for path in paths]
    right = models.capture_images(*models.load_vision(vision / family), paths, site)[site]
    np.testing.assert_allclose(states[site], right, atol=1e-6)
    few = ["--claims", "readable", "--draws", "39", "--out", tmp_path]
    assert run("audit", out, *few) == 0


def test_a_table_of_paths_keeps_its_columns_in_one_file(vision, pictures, tmp_path):
    folder, paths = pictures
    rows = [path.relative_to(folder).as_posix() for path in paths][::-1]
    ids = np.arange(40) * 3
    pyarrow.parquet.write_table(
        pa.table({"picture": rows, "id": ids, "night": ["night" in row for row in rows]}),
        folder / "table.parquet",
    )
    out = tmp_path / "vectors.parquet"
    args = ["--image", "picture", "--label", "id", "--concept", "night", "--out", out]
    more = ["--site", "layers.1.output", "--tokens", "mean"]
    assert run("capture", vision / "vit", folder / "table.parquet", *args, *more) == 0
    content = load(out).to_pydict()
    assert content["id"] == ids.tolist()
    args = *models.load_vision(vision / "vit"), paths[::-1], "layers.1.output"
    right = models.capture_images(*args, tokens="mean")["layers.1.output"]
    np.testing.assert_allclose(content["layers.1.output"], right, atol=1e-6)


@pytest.mark.parametrize(
    "more",
    [
        ["--max-length", "3"],
        ["--quantization", "8bit"],
        ["--tokens", "last"],
        ["--label", "colour"],
        ["--image", "picture", "--text", "words"],
    ],
)
def test_what_images_do_not_have_is_refused(vision, pictures, more, tmp_path, capsys):
    out = tmp_path / "states"
    assert run("capture", vision / "vit", pictures[0], *more, "--out", out) == 2
    assert capsys.readouterr().err
    assert not out.exists()


def test_a_file_without_a_named_column_is_refused(embedder, table, vision, tmp_path, capsys):
    assert run("capture", vision / "vit", table, "--out", tmp_path / "states") == 2
    assert "--text" in capsys.readouterr().err
