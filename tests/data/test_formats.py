import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from safetensors.numpy import load_file
from support.tables import LABELS, SUFFIXES, X, Y, columns, make, write

from nullprobe._core.validation import InputError
from nullprobe.data.files import read, read_matrix
from nullprobe.data.formats import TABLE_SUFFIXES, load, names
from nullprobe.data.rewriting import write_like


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", *TABLE_SUFFIXES])
def test_a_folder_of_shards_is_the_same_as_one_file(tmp_path, suffix):
    make(tmp_path, suffix, start=4, name="part-1")
    make(tmp_path, suffix, stop=4, name="part-0")
    (tmp_path / "notes.txt").write_text("not data")
    table = read(tmp_path, concept="y", groups="g")
    np.testing.assert_allclose(table.X, X, rtol=1e-6)
    np.testing.assert_array_equal(table.y, Y)


def test_a_folder_of_matrices_is_one_matrix(tmp_path):
    np.save(tmp_path / "1.npy", X[4:])
    np.save(tmp_path / "0.npy", X[:4])
    np.testing.assert_array_equal(read_matrix(tmp_path)[0], X)


def test_shards_with_other_columns_are_refused(tmp_path):
    write(tmp_path / "0.parquet", columns(y=Y))
    write(tmp_path / "1.parquet", columns(label=Y))
    with pytest.raises(InputError, match="same columns"):
        read(tmp_path, concept="y")


def test_shards_with_text_here_and_numbers_there_are_refused(tmp_path):
    np.savez(tmp_path / "0.npz", X=X, y=Y)
    np.savez(tmp_path / "1.npz", X=X, y=LABELS)
    with pytest.raises(InputError, match="text in some shards"):
        read(tmp_path, concept="y")


def test_a_folder_of_two_formats_is_refused(tmp_path):
    make(tmp_path, ".npz")
    make(tmp_path, ".csv")
    with pytest.raises(InputError, match="one format"):
        read(tmp_path, concept="y")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="it holds no such file"):
        read(tmp_path, concept="y")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.6])
def test_a_truncated_file_is_named_and_refused(tmp_path, suffix, kept):
    path = make(tmp_path, suffix)
    content = path.read_bytes()[: int(kept * path.stat().st_size)]
    if suffix in (".csv", ".jsonl"):  # whole lines are a whole file: cut in a row, or to nothing
        content = content.rsplit(b",", 2)[0]
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"data{suffix}"):
        read(path, concept="y")


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".safetensors", ".parquet"])
def test_a_file_that_is_not_what_its_suffix_says_is_refused(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="right suffix"):
        read_matrix(path)


@pytest.mark.parametrize(("suffix", "other"), [(".npz", ".npy"), (".npy", ".npz")])
def test_the_content_decides_what_a_file_is_not_its_suffix(tmp_path, suffix, other):
    make(tmp_path, suffix).rename(tmp_path / f"renamed{other}")
    found, _ = read_matrix(tmp_path / f"renamed{other}", leave_out=["y", "g"] * (suffix == ".npz"))
    np.testing.assert_array_equal(found, X)


def test_a_file_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, y=np.array([object()] * 6))
    with pytest.raises(InputError, match="Python objects"):
        read(tmp_path / "a.npz", concept="y")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="File not found"):
        read(tmp_path / "no.npz", concept="y")


def test_an_unknown_suffix_is_refused_and_the_known_ones_are_listed(tmp_path):
    (tmp_path / "a.xlsx").write_text("")
    with pytest.raises(InputError, match=r"\.npz, .*\.csv, but .*'\.xlsx'"):
        read(tmp_path / "a.xlsx", concept="y")


def test_bfloat16_is_read_exactly(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    half = torch.from_numpy(X).bfloat16()
    save_torch(
        {"a": torch.ones(5), "X": half, "y": torch.from_numpy(Y)}, tmp_path / "a.safetensors"
    )
    found = read(tmp_path / "a.safetensors", concept="y", leave_out=["a"])
    np.testing.assert_array_equal(found.X, half.float().numpy())


def test_na_in_a_csv_is_missing_unless_it_stands_in_quotes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,y\n1,NA\n2,FR\n")
    with pytest.raises(InputError, match="row 0"):
        read(path, concept="y")
    path.write_text('a,y\n1,"NA"\n2,"FR"\n')
    assert read(path, concept="y").y.tolist() == ["NA", "FR"]


def test_a_csv_without_names_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("0.5,1.5\n2.5,3.5\n")
    with pytest.raises(InputError, match="names of the columns"):
        read_matrix(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("0,1\n2.5,3.5\n")
    assert read_matrix(tmp_path / "a.csv")[0].tolist() == [[2.5, 3.5]]


def test_two_columns_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,a,y\n1,2,0\n")
    with pytest.raises(InputError, match="must differ"):
        read(tmp_path / "a.csv", concept="y")


def test_left_out_text_of_a_csv_comes_through_to_the_letter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('zip,a,note,y\n007,1,NA,1e3\n010,2,,"x, ""y"""\n')
    write_like(path, path, np.array([[5.0], [6.0]]), leave_out=["zip", "note", "y"])
    found = pyarrow.csv.read_csv(
        path,
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(["zip", "note", "y"], pa.string())
        ),
    )
    assert found.column_names == ["zip", "a", "note", "y"]
    assert found.column("zip").to_pylist() == ["007", "010"]
    assert found.column("note").to_pylist() == ["NA", ""]
    assert found.column("y").to_pylist() == ["1e3", 'x, "y"']
    assert found.column("a").to_pylist() == [5, 6]


def test_a_transposed_matrix_is_stored_the_right_way_round(tmp_path):
    path = make(tmp_path, ".safetensors")
    new = np.asfortranarray(X + 1)
    write_like(path, path, new, leave_out=["y", "g"])
    np.testing.assert_array_equal(load_file(path)["X"], X + 1)


def test_names_that_numpy_uses_itself_can_be_array_names(tmp_path):
    path = write(tmp_path / "a.parquet", columns(file=Y))
    write_like(path, tmp_path / "a.npz", X, leave_out=["file"])
    np.testing.assert_array_equal(read(tmp_path / "a.npz", concept="file").y, Y)


@pytest.mark.parametrize(
    ("others", "suffix", "why"),
    [
        ({"y": LABELS}, ".safetensors", "numbers only"),
        ({"y": Y}, ".npy", "a single array"),
        ({"y": [["a"]] * 6}, ".npz", "objects|1-D|nested"),
        ({"y": [["a"]] * 6}, ".csv", "lists"),
        ({"X": Y}, ".npz", "has that name"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_and_nothing_left_behind(
    tmp_path, others, suffix, why
):
    path = write(tmp_path / "a.parquet", columns(**others))
    out = tmp_path / f"out{suffix}"
    out.write_text("old")
    with pytest.raises(InputError, match=why):
        write_like(path, out, X, leave_out=list(others))
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", out.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_are_those_of_what_is_read(tmp_path, suffix):
    path = make(tmp_path, suffix)
    found = load(path)
    assert sorted(names(path)) == sorted(found if isinstance(found, dict) else found.column_names)


def test_names_of_a_folder_are_those_of_its_first_shard(tmp_path):
    make(tmp_path, ".npz", stop=4, name="0")
    assert sorted(names(tmp_path)) == ["X", "g", "y"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".parquet", ".csv"])
def test_names_of_a_broken_file_are_refused(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="complete"):
        names(path)


def test_a_csv_without_rows_is_said_to_have_none(tmp_path):
    (tmp_path / "data.csv").write_text("a,b,y\n")
    with pytest.raises(InputError, match="at least one row"):
        read(tmp_path / "data.csv", concept="y")
