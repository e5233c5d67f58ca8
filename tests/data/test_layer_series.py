"""Layer series: which arrays are layers of one model, and that an audit takes all of them."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.numpy import save_file

from nullprobe.cli import main
from nullprobe.data.layer_series import layer_series

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((60, 3)).astype("float32"), np.arange(60) % 2
X[:, 0] += 3 * Y
TOKENS = np.repeat(X[:, None], 4, axis=1)

# Arrays, and the series that they hold.
HELD = {
    "layers in the order of their numbers": (
        {f"layer {i}": X for i in (10, 9, 2)},
        {"layer *": ["layer 2", "layer 9", "layer 10"]},
    ),
    "rows of tokens": (
        {"h.0": TOKENS, "h.1": TOKENS, "embed": TOKENS},
        {"h.*": ["h.0", "h.1"]},
    ),
    "two series": (
        {f"b.{i}.{part}": X for i in (0, 1) for part in ("pre", "post")},
        {"b.*.pre": ["b.0.pre", "b.1.pre"], "b.*.post": ["b.0.post", "b.1.post"]},
    ),
    "a second number that is the same": (
        {"l0.mlp2": X, "l1.mlp2": X},
        {"l*.mlp2": ["l0.mlp2", "l1.mlp2"]},
    ),
    "two numbers that vary": ({f"l{i}.h{j}": X for i in (0, 1) for j in (0, 1)}, {}),
    "one array": ({"layer 0": X, "embed": X}, {}),
    "a usual name": ({"X": X, "layer 0": X, "layer 1": X}, {}),
    "two widths": ({"layer 0": X, "layer 1": X[:, :2]}, {}),
    "a matrix and rows of tokens": ({"layer 0": X, "layer 1": TOKENS}, {}),
    "columns of labels": ({"acts_of_a_layer": X, "fold 0": Y, "fold 1": Y}, {}),
    "whole numbers": ({"ids 0": np.arange(120).reshape(60, 2), "ids 1": np.ones((60, 2), int)}, {}),
}


@pytest.mark.parametrize("kind", ["npz", "safetensors", "pt", "folder"])
@pytest.mark.parametrize("held", HELD)
def test_arrays_of_one_shape_whose_names_differ_in_one_number_are_layers(held, kind, tmp_path):
    arrays, series = HELD[held]
    content, path = {**arrays, "y": Y}, tmp_path / f"states.{kind}"
    if kind == "npz":
        np.savez(path, **content)
    elif kind == "pt":
        torch.save({name: torch.tensor(a) for name, a in content.items()}, path)
    else:
        path.parent.mkdir(exist_ok=True)
        files = [path] if kind == "safetensors" else [tmp_path / f"{i}.safetensors" for i in (1, 2)]
        for file in files:
            save_file({name: np.ascontiguousarray(a) for name, a in content.items()}, file)
        path = path if kind == "safetensors" else tmp_path
    assert layer_series(path, ["y"]) == series
    left = [name for names in series.values() for name in names[1:]]
    assert layer_series(path, ["y", *left]) == {}


def test_list_columns_may_be_layers_and_columns_of_numbers_are_not(tmp_path):
    table = pa.table({"f1": X[:, 0], "f2": X[:, 1], "y": Y})
    pq.write_table(table, tmp_path / "features.parquet")
    assert layer_series(tmp_path / "features.parquet", ["y"]) == {}
    lists = {f"layer_{i}": pa.array(list(X), pa.list_(pa.float32())) for i in (0, 1)}
    pq.write_table(pa.table({**lists, "y": Y}), tmp_path / "lists.parquet")
    assert layer_series(tmp_path / "lists.parquet", ["y"]) == {"layer_*": ["layer_0", "layer_1"]}


def audited(path, *options):
    out = path.parent / "out"
    fast = ["--depth", "quick", "--draws", "39", "--out", out, "--force"]
    code = main(list(map(str, ["audit", path, *options, *fast])))
    found = list(out.glob("*.json"))
    return code, json.loads(found[0].read_text()) if found else {}


@pytest.mark.slow
def test_an_audit_takes_all_layers_and_says_so(tmp_path, capsys):
    path = tmp_path / "states.npz"
    np.savez(path, **{f"layer {i}": X for i in range(3)}, embed=X, y=Y)
    code, document = audited(path)
    assert code == 0
    assert "3 layers 'layer *' are audited" in capsys.readouterr().err
    assert [name in json.dumps(document) for name in ("layer 2", "embed")] == [True, False]


@pytest.mark.slow
def test_an_audit_asks_which_of_two_series_is_meant(tmp_path, capsys):
    path = tmp_path / "states.npz"
    np.savez(path, **HELD["two series"][0], y=Y)
    assert audited(path)[0] == 2
    assert "'b.*.pre', 'b.*.post'" in capsys.readouterr().err
    assert audited(path, "--layers", "b.*.post")[0] == 0
    assert "series" not in capsys.readouterr().err
