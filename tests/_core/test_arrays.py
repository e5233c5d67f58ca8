"""The file that knows array libraries, against plain NumPy in float64."""

import dask.array as da
import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from nullprobe._core import arrays, parallel

RNG = np.random.default_rng(0)
FLOATS = [np.float64, np.float32, np.float16, torch.float64, torch.float32, torch.bfloat16]
OTHERS = [np.int64, np.uint8, np.bool_, torch.int64, torch.uint8, torch.bool]


def array(values, dtype):
    """Return values in the library and dtype that a dtype belongs to."""
    if isinstance(dtype, torch.dtype):
        return torch.from_numpy(np.asarray(values, dtype=np.float64)).to(dtype)
    return np.asarray(values).astype(dtype)


def in_either(values):
    return [np.asarray(values), torch.from_numpy(np.asarray(values))]


@pytest.mark.parametrize("dtype", FLOATS)
def test_products_are_formed_in_the_width_of_the_data_but_at_least_float32(dtype):
    X = array(np.ones((2, 2)), dtype)
    wide = dtype in (np.float64, torch.float64)
    assert str(arrays.working(X).dtype).endswith("float64" if wide else "float32")
    assert arrays.precision(X) == np.finfo(np.float64 if wide else np.float32).eps
    assert arrays.is_floating(X)


@pytest.mark.parametrize("dtype", OTHERS)
def test_whole_numbers_are_worked_on_as_float64(dtype):
    X = array(np.ones((2, 2)), dtype)
    assert str(arrays.working(X).dtype).endswith("float64")
    assert str(arrays.empty_like(X).dtype).endswith("float64")
    assert not arrays.is_floating(X)


@pytest.mark.parametrize("dtype", FLOATS)
def test_results_have_the_dtype_of_the_data(dtype):
    X = array(np.ones((3, 2)), dtype)
    out = arrays.empty_like(X)
    assert type(out) is type(X)
    assert out.dtype == X.dtype
    assert out.shape == X.shape


def test_working_copies_nothing_where_the_width_is_right():
    for X in in_either(np.ones((2, 2), dtype=np.float32)):
        assert arrays.working(X) is X


@pytest.mark.parametrize("dtype", [*FLOATS, *OTHERS])
def test_host_returns_float64(dtype):
    a = arrays.host(array([[1, 0], [1, 1]], dtype))
    assert isinstance(a, np.ndarray)
    assert a.dtype == np.float64
    assert a.tolist() == [[1, 0], [1, 1]]


def test_host_forgets_the_gradient():
    X = torch.ones(2, 2, requires_grad=True)
    assert arrays.host(X).tolist() == [[1, 1], [1, 1]]
    assert arrays.host_labels(X).dtype == np.float32


def test_labels_keep_their_dtype_where_numpy_has_it():
    assert arrays.host_labels(torch.tensor([1, 2])).dtype == np.int64
    assert arrays.host_labels(torch.tensor([True])).dtype == np.bool_
    assert arrays.host_labels(torch.tensor([1.0], dtype=torch.bfloat16)).dtype == np.float32
    assert arrays.host_labels(["a"]).dtype.kind == "U"
    assert arrays.host_native(torch.ones(1, 1, dtype=torch.bfloat16)).dtype == np.float32
    assert arrays.host_native(np.ones((1, 1), np.float32)).dtype == np.float32


@pytest.mark.parametrize("blocks", [arrays.row_blocks, arrays.cache_blocks])
def test_blocks_are_the_rows_in_order(blocks, monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK_ELEMENTS", 20)
    monkeypatch.setattr(arrays, "LEAST_BLOCK_ROWS", 3)
    monkeypatch.setattr(arrays, "CACHE_ELEMENTS", 20)
    for X in in_either(np.arange(140.0).reshape(70, 2)):
        seen = [(rows, block) for rows, block in blocks(X)]
        assert len(seen) > 1
        for rows, block in seen:
            np.testing.assert_array_equal(block, X[rows])
        np.testing.assert_array_equal(np.concatenate([np.asarray(b) for _, b in seen]), X)


def test_dask_is_computed_one_block_at_a_time():
    computed = []

    def remember(block, block_info=None):
        if block_info and block.size:
            computed.append(block.shape)
        return block

    X = np.arange(30.0).reshape(10, 3)
    lazy = da.from_array(X, chunks=(4, 2)).map_blocks(remember, dtype=float)
    for n_seen, (rows, block) in enumerate(arrays.row_blocks(lazy), start=1):
        np.testing.assert_array_equal(block, X[rows])
        assert len(computed) == 2 * n_seen  # the two blocks of columns of these rows
    assert n_seen == 3


def test_like_gives_the_library_and_width_of_the_data():
    a = np.arange(3.0)
    a.flags.writeable = False
    for X in (array(np.ones((1, 1)), dtype) for dtype in FLOATS):
        got = arrays.like(a, X)
        assert type(got) is type(X)
        assert got.dtype == arrays.working_dtype(X)
        assert np.asarray(got).tolist() == [0, 1, 2]


@pytest.mark.parametrize("where", ["numpy", "torch"])
@pytest.mark.parametrize("total_in", ["numpy", "torch"])
def test_gram_adds_up_wherever_total_and_block_live(total_in, where):
    A = RNG.standard_normal((50, 3))
    block = torch.from_numpy(A) if where == "torch" else A
    total = arrays.float64_square(3, torch.empty(1, 3) if total_in == "torch" else A)
    arrays.add_gram(total, block)
    arrays.add_gram(total, block)
    np.testing.assert_allclose(arrays.host(total), 2 * A.T @ A, atol=1e-12)
    arrays.add_total(total, arrays.host(total).copy())
    np.testing.assert_allclose(arrays.host(total), 4 * A.T @ A, atol=1e-12)
    v = RNG.standard_normal(3)
    arrays.add_outer(total, v, -2.0)
    np.testing.assert_allclose(arrays.host(total), 4 * A.T @ A - 2 * np.outer(v, v), atol=1e-12)
    np.testing.assert_allclose(total.diagonal(), np.diag(arrays.host(total)))


def test_gram_of_float32_has_a_float64_total():
    block = np.full((1, 1), 1e-4, dtype=np.float32)
    total = np.ones((1, 1))
    for _ in range(1000):
        arrays.add_gram(total, block)
    assert total[0, 0] == pytest.approx(1 + 1e-5, rel=1e-9)


@pytest.mark.parametrize("n", [10, 5000])
def test_sums_of_float32_columns_are_exact_to_float64(n):
    A = RNG.standard_normal((n, 70)).astype(np.float32) + np.float32(5)
    w = RNG.uniform(size=(n, 3))
    expected = w.T @ A.astype(np.float64)
    for block in in_either(A):
        np.testing.assert_allclose(arrays.columns_sum(block, w), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [10, 5000])
def test_sums_by_code_are_exact_to_float64(n):
    A = RNG.standard_normal((n, 70)).astype(np.float32) + np.float32(5)
    codes, w = RNG.choice([0, 1, 3], size=n), RNG.uniform(0.5, 1, size=n)
    expected = np.array([w[codes == c] @ A[codes == c].astype(np.float64) for c in range(5)])
    for block in in_either(A):
        got = arrays.sum_by_code(block, codes, w, 5)
        np.testing.assert_allclose(got, expected, rtol=1e-12)
        assert not got[[2, 4]].any()


@pytest.mark.parametrize("n", [10, 640, 5001])
@pytest.mark.parametrize("n_codes", [1, 2, 40])
def test_class_means_from_few_rows_at_a_time_err_less_than_a_rounded_row(n, n_codes):
    A, codes = (RNG.standard_normal((n, 70)) + 5).astype(np.float32), RNG.integers(n_codes, size=n)
    member = codes == np.arange(n_codes)[:, None]
    error = np.abs(arrays.few_rows_by_code(A, codes, n_codes) - member @ A.astype(np.float64))
    rounding = np.finfo(np.float32).eps / 2
    # the bound for sums of 64 values in any order; and the usual error, which is far smaller
    assert (error <= 64 * rounding * (member @ A)).all()
    of_means = error / np.maximum(1, member.sum(axis=1, keepdims=True))
    assert np.sqrt(np.square(of_means).mean()) < 1.5 * rounding * 5


def test_take_selects_rows():
    A = np.arange(6.0).reshape(3, 2)
    for X in in_either(A):
        np.testing.assert_array_equal(arrays.take(X, np.array([2, 0])), A[[2, 0]])


def test_mapping_rows_of_dask_is_lazy():
    X = da.from_array(np.arange(12.0).reshape(4, 3), chunks=(2, 2))
    seen = []
    mapped = arrays.map_rows(lambda block: seen.append(block.shape) or block * 2, X)
    assert not seen
    np.testing.assert_array_equal(mapped.compute(), X.compute() * 2)
    assert sorted(seen) == [(2, 3), (2, 3)]


def test_blocks_are_all_visited_and_blas_gets_its_threads_back():
    X = np.arange(3000.0 * 200).reshape(3000, 200)
    before = [pool["num_threads"] for pool in threadpool_info()]
    seen = np.zeros(3000, dtype=int)

    def visit(rows, block):
        np.testing.assert_array_equal(block, X[rows])
        seen[rows] += 1

    arrays.on_cache_blocks(visit, X)
    assert (seen == 1).all()
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_what_goes_wrong_in_a_block_is_told():
    def fail(rows, block):
        raise ValueError(f"rows from {rows.start}")

    with pytest.raises(ValueError, match="rows from 0"):
        arrays.on_cache_blocks(fail, np.zeros((3000, 200)))


def test_few_solves_keep_scipy_on_one_thread_and_give_its_threads_back():
    def threads():
        return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}

    before = threads()
    with parallel.few_solves(10), parallel.few_solves(10):
        for path, number in threads().items():
            assert number == (1 if "scipy.libs" in path else before[path])
    assert threads() == before
    with parallel.few_solves(parallel.SMALL_SYSTEM + 1):
        assert threads() == before


@pytest.mark.parametrize("scale", [0.3, -1.7])
def test_adding_an_outer_product_is_the_formula_and_symmetric_to_the_last_bit(scale):
    v = RNG.standard_normal(37)
    total = np.ones((37, 37))
    arrays.add_outer(total, v, scale)
    np.testing.assert_allclose(total, 1 + scale * np.outer(v, v), atol=1e-14)
    np.testing.assert_array_equal(total, total.T)
