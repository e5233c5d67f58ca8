"""Arrays of tokens, and folders of hidden states by request."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from nullprobe._core.validation import InputError
from nullprobe.data.files import read, read_layers, read_matrix
from nullprobe.data.formats import names, sites
from nullprobe.data.row_streams import stream
from nullprobe.data.token_rows import MASK, RULES, pooled, reading

RNG = np.random.default_rng(0)
STATES = RNG.normal(size=(6, 5, 3)).astype("float32")
Y = np.arange(6) % 2
BY_RULE = {"last": STATES[:, -1], "first": STATES[:, 0], "mean": STATES.mean(axis=1)}


def test_a_cache_of_states_is_refused_without_a_rule_and_the_option_is_named(tmp_path):
    # As TransformerLens and nnsight users save them: names of hooks, and [rows, positions, d].
    cache = {f"blocks.{i}.hook_resid_post": torch.tensor(STATES + i) for i in range(2)}
    torch.save({**cache, "label": torch.tensor(Y)}, tmp_path / "cache.pt")
    layers = list(cache)
    with pytest.raises(InputError, match="--tokens last"):
        read_layers(tmp_path / "cache.pt", layers, concept="label")
    with reading(tokens="mean"):
        tables = read_layers(tmp_path / "cache.pt", layers, concept="label")
    np.testing.assert_allclose(tables[layers[1]].X, BY_RULE["mean"] + 1, rtol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_reads_its_tokens(tmp_path, rule):
    np.savez(tmp_path / "rows.npz", hidden_states=STATES, y=Y)
    with reading(tokens=rule):
        found = read(tmp_path / "rows.npz", concept="y").X
    np.testing.assert_allclose(found, BY_RULE[rule], rtol=1e-5)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_not_read_where_the_file_has_a_mask(tmp_path, rule, side):
    padding = np.full((6, 2, 3), 1e6, dtype="float32")
    parts = [padding, STATES] if side == "left" else [STATES, padding]
    mask = np.concatenate([np.full(part.shape[:2], part is STATES) for part in parts], axis=1)
    content = {"X": np.concatenate(parts, axis=1), "y": Y, MASK: mask.astype(int)}
    np.savez(tmp_path / "rows.npz", **content)
    with reading(tokens=rule):
        found = read(tmp_path / "rows.npz", concept="y", leave_out=[MASK]).X
    np.testing.assert_allclose(found, BY_RULE[rule], rtol=1e-4)


@pytest.mark.parametrize("kind", ["npz", "safetensors", "pt"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_last_token_is_read_without_a_rule_where_a_mask_marks_it(tmp_path, side, kind):
    padding = np.full((6, 2, 3), 1e6, dtype="float32")
    parts = [padding, STATES] if side == "left" else [STATES, padding]
    mask = np.concatenate([np.full(part.shape[:2], part is STATES) for part in parts], axis=1)
    content = {"X": np.concatenate(parts, axis=1), "y": Y, MASK: mask.astype(int)}
    path = tmp_path / f"rows.{kind}"
    if kind == "npz":
        np.savez(path, **content)
    elif kind == "pt":
        torch.save({name: torch.tensor(a) for name, a in content.items()}, path)
    else:
        save_file(content, path)
    with pytest.warns(UserWarning, match="last token"):
        found = read(path, concept="y").X
    np.testing.assert_allclose(found, BY_RULE["last"])
    with pytest.warns(UserWarning, match="last token"):
        blocks = [X for _, X in stream(path, concept="y").blocks()]
    np.testing.assert_allclose(np.concatenate(blocks), BY_RULE["last"])


def test_a_mask_of_another_shape_marks_nothing(tmp_path):
    np.savez(tmp_path / "rows.npz", X=STATES, y=Y, **{MASK: np.ones((6, 4), int)})
    with pytest.raises(InputError, match="--tokens last"):
        read(tmp_path / "rows.npz", concept="y")


def test_lists_of_tokens_may_differ_in_length(tmp_path):
    import pandas as pd

    rows = [STATES[i, : i + 1].tolist() for i in range(5)]
    pd.DataFrame({"states": rows, "label": Y[:5]}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="--tokens last"):
        read(tmp_path / "rows.parquet", concept="label")
    with reading(tokens="last"):
        found = read(tmp_path / "rows.parquet", concept="label").X
    np.testing.assert_allclose(found, STATES[np.arange(5), np.arange(5)], rtol=1e-6)


def test_matrices_of_a_data_set_are_read_whether_datasets_is_imported_or_not(tmp_path):
    from datasets import Array2D, Dataset, Features, Value, disable_progress_bars

    disable_progress_bars()
    features = Features({"acts": Array2D((5, 3), "float32"), "label": Value("int64")})
    rows = Dataset.from_dict({"acts": STATES, "label": Y}, features=features)
    rows.save_to_disk(tmp_path / "rows")  # as SAELens does
    rows.to_parquet(tmp_path / "rows.parquet")
    for path in (tmp_path / "rows", tmp_path / "rows.parquet"):
        with reading(tokens="last"):
            found = read(path, concept="label").X
        np.testing.assert_array_equal(found, STATES[:, -1])


def test_an_unknown_rule_and_rows_without_tokens_are_refused():
    with pytest.raises(InputError, match="'last'"), reading(tokens="middle"):
        pass
    with pytest.raises(InputError):
        pooled(STATES, "last", np.zeros((6, 5)))
    with pytest.raises(InputError):
        pooled(STATES[:, :0], "last")


@pytest.fixture
def requests(tmp_path):
    """A folder as an inference server writes it: one file a request, of another length each."""
    folder = tmp_path / "states"
    folder.mkdir()
    for i in range(6):
        states = np.stack([STATES[i, : i + 1 or None], STATES[i, : i + 1] + 1], axis=1)
        tokens = np.arange(len(states))
        label = {"label": Y[i : i + 1]}
        save_file({"token_ids": tokens, "hidden_states": states[:5], **label} if i < 5 else
                  {"token_ids": tokens[:5], "hidden_states": states[:5], **label},
                  folder / f"r{i}.safetensors")  # fmt: skip
    return folder


def test_requests_are_rows_and_layers_are_sites(requests):
    assert sites(requests) == ["layer 0", "layer 1"]
    assert sorted(names(requests)) == ["label", "layer 0", "layer 1", "request"]
    tables = read_layers(requests, sites(requests), concept="label")
    last = np.minimum(np.arange(6), 4)
    np.testing.assert_array_equal(tables["layer 0"].X, STATES[np.arange(6), last])
    np.testing.assert_array_equal(tables["layer 1"].X, STATES[np.arange(6), last] + 1)
    np.testing.assert_array_equal(tables["layer 1"].y, Y)
    with reading(tokens="first"):
        first = read_layers(requests, ["layer 0"], concept="label")["layer 0"].X
    np.testing.assert_array_equal(first, STATES[:, 0])


def test_labels_of_requests_are_joined_by_name(tmp_path, requests):
    order = [3, 1, 5, 0, 2, 4]
    rows = "".join(f"r{i},{'ab'[i % 2]},{i * 1.5}\n" for i in order)
    (tmp_path / "labels.csv").write_text(f"request,tone,score\n{rows}other,b,0\n")
    with reading(labels=tmp_path / "labels.csv"):
        assert {"tone", "score"} < set(names(requests))
        table = read_layers(requests, ["layer 0"], concept="tone", others=["score"])["layer 0"]
    assert table.y.tolist() == list("ababab")
    assert table.others["score"].tolist() == [i * 1.5 for i in range(6)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("request,tone\nr0,a\n", "5 of 6 are missing"),
        ("who,tone\nr0,a\n", "rename the column"),
        ("request,tone\n" + "r0,a\n" * 2, "once"),
    ],
)
def test_labels_that_do_not_fit_the_requests_are_refused(tmp_path, requests, text, why):
    (tmp_path / "labels.csv").write_text(text)
    with reading(labels=tmp_path / "labels.csv"), pytest.raises(InputError, match=why):
        read_layers(requests, ["layer 0"], concept="tone")


def test_a_request_with_other_layers_is_refused(requests):
    save_file(
        {"token_ids": np.arange(2), "hidden_states": np.ones((2, 3, 3)), "label": Y[:1]},
        requests / "r9.safetensors",
    )
    with pytest.raises(InputError, match="2 layers"):
        read_layers(requests, ["layer 0"], concept="label")


def test_shards_of_token_rows_are_not_requests(tmp_path):
    save_file({"token_ids": np.zeros((6, 5), int), "hidden_states": STATES},
              tmp_path / "a.safetensors")  # fmt: skip
    assert sites(tmp_path) == []
    with pytest.raises(InputError, match="--tokens last"):
        read_matrix(tmp_path)
