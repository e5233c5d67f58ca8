"""Sparse matrices in files: written by SciPy, torch and safetensors; read without densifying."""

import json

import numpy as np
import pytest
from support.sparse_files import (
    WRITERS,
    N,
    X,
    Y,
    parts,
)

from nullprobe import LEACE, InputError
from nullprobe._core.validation import is_sparse
from nullprobe.cli.app import main
from nullprobe.data.files import read, read_matrix
from nullprobe.data.formats import names

pytestmark = [
    pytest.mark.filterwarnings("ignore:Sparse"),  # torch: CSR is in beta
    pytest.mark.filterwarnings("ignore:Constructing a DIA matrix"),
]


@pytest.mark.parametrize("kind", WRITERS)
def test_every_layout_is_read_without_options_and_stays_sparse(tmp_path, kind):
    path = WRITERS[kind](tmp_path)
    table = read(path, concept="y")
    assert is_sparse(table.X)
    assert np.array_equal(table.X.toarray(), X)
    assert np.array_equal(table.y, Y)
    assert len(names(path)) == (1 if "save_npz" in kind else 2)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"indices": np.full(3, 10**6)}, "indices"),
        ({"indices": np.full(3, -1)}, "indices"),
        ({"indptr": np.array([0, 5, 3])}, "ind"),
        ({"indptr": np.array([0, 1])}, "ind"),
        ({"format": np.array("weird")}, "format"),
        ({"shape": np.array([2])}, "complete"),
        ({"data": np.array([1.0, np.nan, 1.0])}, "finite"),
        ({"data": np.array(["a", "b", "c"])}, "real numbers"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(tmp_path, broken, words):
    good = {
        "data": np.ones(3), "indices": np.array([0, 1, 0]), "indptr": np.array([0, 2, 3]),
        "shape": np.array([2, 2]),
    }  # fmt: skip
    np.savez(tmp_path / "X.npz", **good | broken)
    with pytest.raises(InputError, match=words):
        read_matrix(tmp_path / "X.npz")


def test_rows_without_missing_values_and_shards_stay_sparse(tmp_path):
    for i in range(2):
        np.savez(tmp_path / f"{i}.npz", **parts(), y=Y)
    table = read(tmp_path, concept="y", missing="drop")
    assert is_sparse(table.X)
    assert np.array_equal(table.X.toarray(), np.vstack([X, X]))


@pytest.mark.slow
def test_the_command_line_audits_a_sparse_file(tmp_path, capsys):
    path = WRITERS["save_npz, csr"](tmp_path)
    assert (
        main(
            ["audit", str(path), "--concept", "y", "--draws", "39", "--out", str(tmp_path / "out")]
        )
        == 0
    )
    (written,) = (tmp_path / "out").glob("*.json")
    document = json.loads(written.read_text())
    assert [claim["name"] for claim in document["claims"]] == ["readable", "few_features"]
    assert document["provenance"]["left_out"]["erasure_holds"]


ERASING = {
    "fit": ["fit", "FILE", "--out", "eraser.safetensors"],
    "moments": ["moments", "FILE", "--out", "moments.safetensors"],
    "plan": ["plan", "FILE", "--concept", "y", "--n", "100"],
    "compare": ["compare", "FILE", "--concept", "y"],
    "same-concept": ["same-concept", "FILE", "--concept", "y,z"],
    "calibrate": ["calibrate", "FILE"],
    "apply": ["apply", "DENSE", "FILE", "--out", "out.npz"],
    "erasing claim": ["audit", "FILE", "--claims", "erasure_holds"],
}


@pytest.mark.parametrize("command", ERASING)
def test_commands_that_need_dense_rows_refuse_a_sparse_file_with_the_reason(
    tmp_path, capsys, command, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    np.savez("rows.npz", **parts(), y=Y, z=np.arange(N) // 45)
    LEACE().fit(X, Y).eraser_.save("dense.safetensors")
    files = {"FILE": "rows.npz", "DENSE": "dense.safetensors"}
    code = main([files.get(word, word) for word in ERASING[command]])
    said = " ".join(capsys.readouterr().err.split())
    assert code == 2, said
    for words in ("every zero non-zero", "few_features"):
        assert words in said
    assert not {*tmp_path.glob("out*"), *tmp_path.glob("eraser*"), *tmp_path.glob("moments*")}
