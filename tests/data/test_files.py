import os

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from support.tables import GROUPS, LABELS, SUFFIXES, X, Y, embeddings, make, write

from nullprobe._core.validation import InputError
from nullprobe.data.files import read, read_matrix
from nullprobe.data.formats import TABLE_SUFFIXES
from nullprobe.data.rewriting import write_like


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_arrays(tmp_path, suffix):
    table = read(make(tmp_path, suffix), concept="y", groups="g")
    # Text has no float32: its decimal numbers are read as float64.
    np.testing.assert_array_equal(table.X.astype(np.float32), X)
    assert table.X.dtype == (np.float64 if suffix in (".csv", ".jsonl") else np.float32)
    np.testing.assert_array_equal(table.y, Y)
    np.testing.assert_array_equal(table.groups, GROUPS)
    assert table.feature_names == (("a", "b", "c") if suffix in TABLE_SUFFIXES else None)
    assert table.source.endswith(suffix)


def test_one_column_cannot_be_concept_and_groups(tmp_path):
    with pytest.raises(InputError, match="two columns"):
        read(make(tmp_path, ".npz"), concept="y", groups="y")


def test_a_matrix_alone_has_no_concept(tmp_path):
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(InputError, match=r"'y\.npy'"):
        read(tmp_path / "a.npy", concept="y")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_writing_keeps_everything_but_the_representation(tmp_path, suffix):
    path = make(tmp_path, suffix)
    new = read_matrix(path, leave_out=[] if suffix == ".npy" else ["y", "g"])[0] + 1
    out = tmp_path / f"out{suffix}"
    write_like(path, out, new, leave_out=[] if suffix == ".npy" else ["y", "g"])
    before, after = (read(p, concept="y", groups="g") for p in (path, out))
    np.testing.assert_allclose(after.X, new, rtol=1e-6)
    np.testing.assert_array_equal(after.y, before.y)
    np.testing.assert_array_equal(after.groups, before.groups)
    assert after.feature_names == before.feature_names


@pytest.mark.parametrize("suffix_out", [".npz", ".safetensors", *TABLE_SUFFIXES])
@pytest.mark.parametrize("suffix", [".npz", ".safetensors", *TABLE_SUFFIXES, "lists"])
def test_writing_in_another_format_keeps_the_values(tmp_path, suffix, suffix_out):
    if suffix == "lists":
        path = write(tmp_path / "data.parquet", embeddings(y=Y, g=GROUPS))
    else:
        path = make(tmp_path, suffix)
    before = read(path, concept="y", groups="g")
    out = tmp_path / f"out{suffix_out}"
    write_like(path, out, 2 * before.X, leave_out=["y", "g"])
    after = read(out, concept="y", groups="g")
    np.testing.assert_allclose(after.X, 2 * before.X, rtol=1e-6)
    np.testing.assert_array_equal(after.y, before.y)
    np.testing.assert_array_equal(after.groups, before.groups)
    if suffix_out != ".safetensors":
        assert before.feature_names in (None, after.feature_names)


def test_a_list_column_is_replaced_and_its_neighbours_keep_their_types(tmp_path):
    others = {"day": pa.array(range(6), pa.date32()), "tags": pa.array([["x"]] * 5 + [None])}
    path = write(tmp_path / "a.parquet", embeddings(y=LABELS, **others))
    write_like(path, path, X * 0)
    found = pq.read_table(path)
    before = embeddings(y=LABELS, **others)
    assert found.schema.names == before.schema.names
    for name in ("y", "day", "tags"):
        assert found.column(name).equals(before.column(name))
    assert found.column("emb").to_pylist() == [[0.0] * 3] * 6


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", *TABLE_SUFFIXES])
def test_an_interrupt_while_writing_leaves_the_old_file(tmp_path, suffix, monkeypatch):
    path = make(tmp_path, suffix)
    content = path.read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_like(path, path, X, leave_out=["y", "g"])
    assert path.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_a_new_representation_of_another_shape_is_refused(tmp_path):
    path = make(tmp_path, ".npz")
    with pytest.raises(InputError, match=r"shape \(6, 3\)"):
        write_like(path, path, X[:5], leave_out=["y", "g"])
