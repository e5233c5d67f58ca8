"""Every kind of file is read without options, and what it must not hold is refused."""

import json
import os
import pickle
import shutil

import h5py
import numpy as np
import pytest
import torch
from support.files import EVERY, FIXTURES, arrow_stream, csv, datasets_folder, npz
from support.tables import LABELS, X, Y

from nullprobe._core.validation import InputError
from nullprobe.cli.file_columns import columns_of
from nullprobe.data.files import read, read_matrix
from nullprobe.data.formats import holds_one_array, names
from nullprobe.data.readers import READERS, kind_of

BINARY = [(kind, make) for kind, make in EVERY if kind not in ("csv", "json", "jsonl")]


def concept(path):
    """The column that commands take for the concept without an option; None for a lone array."""
    return "y" if holds_one_array(path) else columns_of(path, None).concept


def test_every_reader_has_a_file_to_read():
    assert list(FIXTURES) == list(READERS)
    assert all(FIXTURES.values())


@pytest.mark.parametrize(("kind", "make"), EVERY)
def test_rows_and_labels_of_every_kind_are_read_without_options(tmp_path, kind, make):
    path = make(tmp_path)
    table = read(path, concept=concept(path))
    np.testing.assert_allclose(table.X, X, rtol=1e-6)
    np.testing.assert_array_equal(table.y, LABELS if table.y.dtype.kind == "U" else Y)
    one = path if path.is_file() else next(path.glob("*.arrow"))
    assert kind_of(one) == kind


@pytest.mark.parametrize(("kind", "make"), [one for one in BINARY if one[1] is not datasets_folder])
@pytest.mark.parametrize("suffix", ["", ".csv.bin", ".npz", ".jsonl", ".csv"])
def test_another_suffix_does_not_matter_where_the_content_shows_the_kind(
    tmp_path, kind, make, suffix
):
    path = make(tmp_path)
    renamed = path.rename(tmp_path / f"renamed{suffix}")
    assert kind_of(renamed) == kind


def test_a_suffix_decides_between_texts(tmp_path):
    path = tmp_path / "rows"
    path.write_text('{"a": 1, "b": 2}\n')
    assert kind_of(path) == "json"
    assert kind_of(shutil.copy(path, tmp_path / "rows.jsonl")) == "jsonl"
    assert kind_of(shutil.copy(path, tmp_path / "rows.csv")) == "csv"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    assert kind_of(path.rename(tmp_path / "lines.json")) == "jsonl"


@pytest.mark.parametrize(
    "content", [np.array([object()]), {"X": np.ones((2, 2))}, torch.nn.Linear(2, 2), {"f": print}]
)
def test_what_a_torch_file_must_not_hold_is_refused_without_advice_to_trust_it(tmp_path, content):
    torch.save(content, tmp_path / "rows.pt")
    with pytest.raises(InputError) as caught:
        read_matrix(tmp_path / "rows.pt")
    assert "can run code" in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_no_code_in_a_pickle_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "rows.pt").write_bytes(pickle.dumps(Evil()))
    torch.save({"X": Evil()}, tmp_path / "other.pt")
    for name in ("rows.pt", "other.pt"):
        with pytest.raises(InputError):
            read_matrix(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_tensors_of_narrow_types_and_with_gradients_are_read_exactly(tmp_path):
    half = torch.tensor(X, requires_grad=True).bfloat16()
    torch.save({"a": {"b": half}}, tmp_path / "rows.pt")
    assert names(tmp_path / "rows.pt") == ["a.b"]
    rows, _ = read_matrix(tmp_path / "rows.pt")
    np.testing.assert_array_equal(rows, half.float().detach().numpy())


def test_an_hdf5_file_does_not_decide_which_other_files_are_read(tmp_path):
    np.save(tmp_path / "secret.npy", np.full((4, 8), 7.0))
    layout = h5py.VirtualLayout((4, 8), float)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["X"] = X
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "X", (4, 8))
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["linked"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "X")
        raw = [(str(tmp_path / "secret.npy"), 128, 256)]
        file.create_dataset("raw", (4, 8), float, external=raw)
        file.create_virtual_dataset("virtual", layout)
    assert names(tmp_path / "rows.h5") == ["raw", "virtual"]
    for name in ("raw", "virtual"):
        with pytest.raises(InputError, match="other files"):
            read_matrix(tmp_path / "rows.h5", leave_out={"raw", "virtual"} - {name})


def test_arrays_in_groups_of_hdf5_are_named_by_their_place(tmp_path):
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["train/X"], file["train/y"] = X, Y
    found = read(tmp_path / "rows.h5", concept="train/y")
    np.testing.assert_array_equal(found.X, X)


def test_ambiguous_names_are_listed(tmp_path):
    np.savez(tmp_path / "rows.npz", acts=X, embeddings=X, y=Y, label=Y)
    with pytest.raises(InputError, match="'acts', 'embeddings'"):
        read(tmp_path / "rows.npz", concept="y", leave_out=["label"])
    with pytest.raises(InputError, match="'y' and 'label'"):
        columns_of(tmp_path / "rows.npz", None)
    found = read(tmp_path / "rows.npz", concept="y", leave_out=["label", "acts"])
    np.testing.assert_array_equal(found.X, X)


def test_a_usual_name_is_chosen_among_other_matrices(tmp_path):
    np.savez(tmp_path / "rows.npz", other=-X, activations=X, y=Y)
    np.testing.assert_array_equal(read(tmp_path / "rows.npz", concept="y").X, X)


def test_a_matrix_is_mapped_not_read(tmp_path):
    np.save(tmp_path / "rows.npy", X)
    rows, _ = read_matrix(tmp_path / "rows.npy")
    assert isinstance(rows.base, np.memmap) or isinstance(rows, np.memmap)
    np.save(tmp_path / "rows.npy", X[:0])
    with pytest.raises(InputError, match="at least one row"):
        read_matrix(tmp_path / "rows.npy")


def test_shards_of_a_data_set_are_those_that_it_lists_and_lie_in_its_folder(tmp_path):
    folder = datasets_folder(tmp_path)
    (folder / "stray.arrow").write_bytes(arrow_stream(tmp_path).read_bytes())
    assert len(read(folder, concept="label").X) == len(X)
    state = json.loads((folder / "state.json").read_text())
    state["_data_files"] = [{"filename": "../rows.arrow"}]
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(InputError, match=r"\.\./rows\.arrow"):
        read(folder, concept="label")


def test_a_data_set_with_splits_names_them(tmp_path):
    from datasets import Dataset, DatasetDict

    rows = Dataset.from_dict({"embedding": X.tolist(), "label": Y})
    DatasetDict(train=rows, test=rows).save_to_disk(tmp_path / "rows")
    with pytest.raises(InputError, match="'train', 'test'"):
        read_matrix(tmp_path / "rows")
    assert len(read(tmp_path / "rows" / "train", concept="label").X) == len(X)


@pytest.mark.parametrize("make", [npz, csv])
def test_a_description_in_json_next_to_files_is_not_data(tmp_path, make):
    make(tmp_path)
    (tmp_path / "about.json").write_text('{"model": "m"}')
    assert len(read(tmp_path, concept="y" if make is npz else "label").X) == len(X)
