import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from support.tables import GROUPS, LABELS, X, Y, columns, embeddings, make, write

from nullprobe._core.validation import InputError
from nullprobe.data.files import read, read_matrix
from nullprobe.data.usual_names import USUAL


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".csv"])
def test_an_unknown_column_is_refused_and_a_close_one_offered(tmp_path, suffix):
    path = make(tmp_path, suffix)
    with pytest.raises(InputError, match=r"'yy' must name a column.*did you mean 'y'"):
        read(path, concept="yy")
    with pytest.raises(InputError, match=r"'gg' must name a column"):
        read(path, concept="y", groups="gg")


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".csv"])
def test_text_labels_arrive_as_they_are(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, X=X, y=LABELS)
    else:
        write(path, columns(y=LABELS))
    y = read(path, concept="y").y
    assert y.dtype.kind == "U"
    np.testing.assert_array_equal(y, LABELS)


def test_categories_and_truth_values_are_labels(tmp_path):
    table = columns(y=pa.array(LABELS).dictionary_encode(), g=Y.astype(bool))
    found = read(write(tmp_path / "a.parquet", table), concept="y", groups="g")
    np.testing.assert_array_equal(found.y, LABELS)
    assert found.groups.dtype == bool


def test_a_float_concept_stays_a_number(tmp_path):
    y = read(write(tmp_path / "a.parquet", columns(y=Y / 2)), concept="y").y
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, Y / 2)


def test_a_wide_concept_may_be_an_array_or_a_list_column(tmp_path):
    wide = np.stack([Y, 1 - Y], axis=1)
    np.savez(tmp_path / "a.npz", X=X, y=wide)
    np.testing.assert_array_equal(read(tmp_path / "a.npz", concept="y").y, wide)
    lists = pa.array(wide.astype(float).tolist())
    write(tmp_path / "a.parquet", embeddings(y=lists))
    np.testing.assert_array_equal(read(tmp_path / "a.parquet", concept="y").y, wide)


def test_groups_cannot_be_wide(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, y=Y, g=X[:, :2])
    with pytest.raises(InputError, match="must be 1-D"):
        read(tmp_path / "a.npz", concept="y", groups="g")


@pytest.mark.parametrize("kind", ["fixed", "list", "large", "half", "chunks", "sliced"])
def test_a_list_column_is_the_representation(tmp_path, kind):
    table = embeddings(y=Y, age=GROUPS, text=LABELS)
    if kind == "list":
        table = table.set_column(0, "emb", pa.array(X.tolist(), pa.list_(pa.float32())))
    elif kind == "large":
        table = table.set_column(0, "emb", pa.array(X.tolist(), pa.large_list(pa.float32())))
    elif kind == "half":
        table = embeddings(X.astype(np.float16), y=Y)
    elif kind == "chunks":
        table = pa.concat_tables([table.slice(0, 2), table.slice(2, 0), table.slice(2)])
    elif kind == "sliced":
        table = pa.concat_tables([table, table]).slice(6)
    found = read(write(tmp_path / "a.parquet", table), concept="y")
    assert found.X.dtype == np.float32
    assert found.feature_names is None
    np.testing.assert_allclose(found.X, X, rtol=1e-3 if kind == "half" else 0)


def test_lists_of_unequal_length_are_refused(tmp_path):
    table = pa.table({"emb": [[1.0, 2.0], [1.0]], "y": [0, 1]})
    with pytest.raises(InputError, match="row 0 has 2 values and row 1 has 1"):
        read(write(tmp_path / "a.parquet", table), concept="y")


@pytest.mark.parametrize("value", [None, [1.0, None]])
def test_empty_lists_and_elements_are_refused_with_their_row(tmp_path, value):
    table = pa.table({"emb": [[1.0, 2.0], [1.0, 2.0], value], "y": [0, 1, 0]})
    with pytest.raises(InputError, match="row 2"):
        read(write(tmp_path / "a.parquet", table), concept="y")


def test_two_list_columns_need_a_choice(tmp_path):
    table = embeddings(y=Y, other=pa.array(X.tolist()))
    path = write(tmp_path / "a.parquet", table)
    with pytest.raises(InputError, match="'emb', 'other'"):
        read(path, concept="y")
    np.testing.assert_array_equal(read(path, concept="y", leave_out=["other"]).X, X)
    path = write(path, table.rename_columns(["X", "y", "other"]))
    np.testing.assert_array_equal(read(path, concept="y").X, X)


def test_the_only_matrix_of_floats_needs_no_name(tmp_path):
    np.savez(tmp_path / "a.npz", layer=X, y=Y, ids=np.eye(6, dtype=int))
    np.testing.assert_array_equal(read(tmp_path / "a.npz", concept="y").X, X)
    np.savez(tmp_path / "a.npz", one=X, two=X, y=Y)
    with pytest.raises(InputError, match="'one', 'two'"):
        read(tmp_path / "a.npz", concept="y")


@pytest.mark.parametrize("shape", [(6,), (6, 3, 1)])
def test_a_representation_must_be_a_matrix(tmp_path, shape):
    np.savez(tmp_path / "a.npz", X=np.zeros(shape), y=Y)
    with pytest.raises(InputError, match="must be 2-D"):
        read(tmp_path / "a.npz", concept="y")


def test_whole_numbers_become_float64_and_half_precision_float32(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(2, dtype=np.int8))
    assert read_matrix(tmp_path / "a.npz")[0].dtype == np.float64
    np.savez(tmp_path / "a.npz", X=np.eye(2, dtype=np.float16))
    assert read_matrix(tmp_path / "a.npz")[0].dtype == np.float32
    write(tmp_path / "a.parquet", pa.table({"a": X[:, 0], "b": Y, "c": Y.astype(bool)}))
    assert read_matrix(tmp_path / "a.parquet")[0].dtype == np.float64


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_text_columns_among_the_features_are_named(tmp_path, suffix):
    table = columns(y=Y, **{f"text{i}": LABELS for i in range(7)})
    path = write(tmp_path / f"a{suffix}", table)
    with pytest.raises(InputError, match=r"7 of 10 .*'text0'.*'text4'.*\.\.\.; drop") as caught:
        read(path, concept="y")
    assert "text5" not in str(caught.value)
    found = read(path, concept="y", leave_out=[f"text{i}" for i in range(7)])
    assert found.feature_names == ("a", "b", "c")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".csv"])
def test_a_missing_feature_is_refused_with_its_row_and_column(tmp_path, suffix, bad):
    path = tmp_path / f"a{suffix}"
    broken = X.copy()
    broken[4, 1] = bad
    if suffix == ".npz":
        np.savez(path, X=broken, y=Y)
    else:
        write(path, columns(y=Y).set_column(1, "b", pa.array(broken[:, 1])))
    with pytest.raises(InputError, match=r"row 4, column ('b'|1 of 'X')"):
        read(path, concept="y")


def test_a_null_among_whole_numbers_is_missing(tmp_path):
    table = pa.table({"a": [1, None, 3], "y": [0, 1, 0]})
    with pytest.raises(InputError, match="row 1, column 'a'"):
        read(write(tmp_path / "a.parquet", table), concept="y")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("values", [["a", None, "b"], [1, None, 0], [1.5, None, 0.5]])
def test_a_missing_label_is_refused_with_its_row(tmp_path, suffix, values):
    table = pa.table({"a": [1, 2, 3], "y": values})
    with pytest.raises(InputError, match="'y' needs a value in every row, but row 1"):
        read(write(tmp_path / f"a{suffix}", table), concept="y")


def test_missing_labels_are_counted_beyond_the_first(tmp_path):
    for values, said in ([None, 1, 0], r"row 0 .* is empty; fill"), ([None, None, 0], "and 1 more"):
        table = pa.table({"a": [1, 2, 3], "y": values})
        with pytest.raises(InputError, match=said):
            read(write(tmp_path / "a.parquet", table), concept="y")


def test_a_concept_that_is_not_finite_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, y=np.where(Y, np.nan, 1.0))
    with pytest.raises(InputError, match="row 1, column 'y'"):
        read(tmp_path / "a.npz", concept="y")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_row_numbers_of_pandas_are_no_feature(tmp_path, suffix):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "y": Y}).sort_values("a")
    path = tmp_path / f"a{suffix}"
    frame.to_csv(path) if suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(InputError, match="row numbers"):
        read(path, concept="y")


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_file_without_rows_is_refused(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, X=X[:0], y=Y[:0])
    else:
        write(path, columns(y=Y).slice(0, 0))
    with pytest.raises(InputError, match="at least one row"):
        read(path, concept="y")


def test_a_file_without_features_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least one row and one feature"):
        read(write(tmp_path / "a.parquet", pa.table({"y": Y})), concept="y")


def test_arrays_of_different_lengths_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, y=Y[:5])
    with pytest.raises(InputError, match="one value for each of 6 rows, but it has 5"):
        read(tmp_path / "a.npz", concept="y")


def test_vectors_that_were_written_as_text_are_refused_with_a_way_out(tmp_path):
    path = tmp_path / "vectors.csv"
    path.write_text('id,embedding,y\n1,"[0.1, 0.2]",0\n2,"[0.3, 0.4]",1\n')
    with pytest.raises(InputError) as error:
        read(path, concept="y", leave_out=["id"])
    assert "'embedding'" in error.value.required
    assert ".parquet" in error.value.hint


@pytest.mark.parametrize("name", USUAL)
def test_a_usual_name_is_the_representation_among_several(name, tmp_path):
    path = tmp_path / "rows.npz"
    X, other = np.eye(3), np.ones((3, 2))
    np.savez(path, **{name: X, "other": other, "y": [0, 1, 0]})
    np.testing.assert_array_equal(read(path, concept="y").X, X)
