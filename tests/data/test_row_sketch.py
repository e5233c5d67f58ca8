"""Sketch of rows: what share of some rows was seen before."""

import numpy as np
import pytest

from nullprobe.data.row_sketch import SIZE, RowSketch, row_hashes


@pytest.mark.parametrize("n", [50, 2_000, 30_000])
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_share_is_found_within_its_error(n, share):
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, 6))
    seen = round(share * n)
    found = RowSketch.of(X).share_of(np.vstack([X[:seen], rng.standard_normal((n - seen, 6))]))
    looked_up = min(n, SIZE)
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / looked_up))


def test_pieces_in_any_order_are_the_whole():
    X = np.random.default_rng(0).standard_normal((9_000, 3))
    whole = RowSketch.of(X)
    a, b, c = (RowSketch.of(X[i::3]) for i in range(3))
    for joined in (a + b + c, c + (b + a), RowSketch.of(X[::-1])):
        np.testing.assert_array_equal(joined.hashes, whole.hashes)
    assert len(whole.hashes) == SIZE


def test_a_file_holds_it():
    sketch = RowSketch.of(np.random.default_rng(0).standard_normal((2_000, 3)))
    assert len(sketch.text) < 11_000
    np.testing.assert_array_equal(RowSketch.of_text(sketch.text).hashes, sketch.hashes)


@pytest.mark.parametrize("text", ["", "?", "abc", "AAAA"])
def test_what_is_no_sketch_says_nothing(text):
    assert RowSketch.of_text(text) is None


@pytest.mark.parametrize("values", [np.arange(4_000) % 2, np.arange(4_000), np.arange(4_000) * 4.0])
def test_hashes_of_regular_rows_are_spread_evenly(values):
    X = np.column_stack([values, np.arange(4_000) // 2])
    hashes = RowSketch.of(X).hashes
    n = len(np.unique(X, axis=0))
    assert len(hashes) == min(n, SIZE)
    # The k-th smallest of n uniform hashes lies near k / n of the range.
    assert hashes[-1] / 2.0**64 == pytest.approx(len(hashes) / n, rel=0.15)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i4", "u1", "?"])
def test_hashes_are_those_of_eraser_files(dtype, d):
    # Sketches are in files, so hashes must not change: this is their definition, row by row.
    values = np.random.default_rng(1).standard_normal((600, d)) * 3
    values[::7], values[1::7], values[2::7] = -0.0, -1e-60, 1e60 if dtype in ("f8", ">f8") else 2
    with np.errstate(over="ignore", invalid="ignore"):
        X = values.astype(dtype)
        single = X.astype(np.float32) + np.float32(0)
    single = np.column_stack([single, np.zeros((600, d % 2), np.float32)])
    weights = np.random.default_rng(0).integers(2**63, size=(d + 1) // 2, dtype=np.uint64) * 2 + 1
    mask = 2**64 - 1
    for row, hashed in zip(single.view(np.uint64).tolist(), row_hashes(X).tolist(), strict=True):
        h = sum(a * int(b) for a, b in zip(row, weights, strict=True)) & mask
        h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9 & mask
        h = (h ^ h >> 27) * 0x94D049BB133111EB & mask
        assert hashed == h ^ h >> 31
