"""What Moments take: arrays of all kinds, and values that squares can hold."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from support.reference import assert_same
from support.samples import draw

from nullprobe import InputError, Moments
from nullprobe.data.concept import concept


@pytest.mark.parametrize("chunks", [(50, 4), (37, 2), (1000, 1)])
def test_dask_gives_the_same(chunks):
    sample = draw(15, 150, 4, 3)
    lazy = da.from_array(sample.X, chunks=chunks)
    w = np.random.default_rng(0).uniform(size=150)
    assert_same(Moments.of(lazy, sample.y), Moments.of(sample.X, sample.y))
    weighted = Moments.of(lazy, sample.y, sample_weight=w)
    assert_same(weighted, Moments.of(sample.X, sample.y, sample_weight=w))


def test_frames_and_lists_give_the_same():
    sample = draw(16, 30, 3, 2)
    expected = Moments.of(sample.X, sample.y)
    frame = pd.DataFrame(sample.X, columns=["a", "b", "c"])
    assert_same(Moments.of(frame, pd.Series(sample.y)), expected, rtol=1e-15)
    assert_same(Moments.of(frame.convert_dtypes(), sample.y.tolist()), expected, rtol=1e-15)
    assert_same(Moments.of(sample.X.tolist(), sample.y), expected, rtol=1e-15)
    assert_same(Moments.of(np.asfortranarray(sample.X), sample.y), expected, rtol=1e-15)


@pytest.mark.parametrize("n_classes", [2, 100])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_with_row_and_column(bad, n_classes):
    X = np.random.default_rng(0).standard_normal((3000, 4))
    y = np.arange(3000) % n_classes
    X[1001, 2] = bad  # not among the rows from which the provisional mean is taken
    X[1003, 1] = -bad
    for form in (X, torch.from_numpy(X), X.astype(np.float32), da.from_array(X, chunks=(900, 4))):
        with pytest.raises(InputError, match="row 1001, column 2"):
            Moments.of(form, y, kind="labels")


@pytest.mark.parametrize("size", [1e160, 1e200, 1e307])
def test_values_whose_squares_are_too_large_are_refused(size):
    X = np.random.default_rng(0).standard_normal((30, 2)) * [1.0, size]
    for form in (X, torch.from_numpy(X)):
        with pytest.raises(InputError, match="the squares of feature 1 "):
            Moments.of(form, np.arange(30) % 2)


@pytest.mark.parametrize("size", [1e-160, 1e-200])
def test_values_whose_squares_vanish_are_refused(size):
    X = np.random.default_rng(0).standard_normal((30, 2)) * size
    for form in (X, torch.from_numpy(X), da.from_array(X, chunks=(10, 2))):
        with pytest.raises(InputError, match="squares.* underflow; multiply X"):
            Moments.of(form, np.arange(30) % 2)
    X[:, 1] *= 1e100
    # What is that small beside others does not vary in their units.
    assert (Moments.of(X, np.arange(30) % 2).scale > 0).tolist() == [False, True]


@pytest.mark.parametrize("units", [[1.0, 1e30], [1e30, 1e30], [1e-25, 1e-25], [1e-25, 1e-30]])
def test_squares_that_float32_does_not_hold_are_formed_in_float64(units):
    X = (np.random.default_rng(0).standard_normal((30, 2)) * units).astype(np.float32)
    for form in (X, torch.from_numpy(X), da.from_array(X, chunks=(10, 2))):
        found = Moments.of(form, np.arange(30) % 2).variance
        np.testing.assert_allclose(found, X.astype(np.float64).var(axis=0), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_that_do_not_vary_are_no_squares_that_vanish(dtype):
    X = np.tile(np.array([0.0, 0.1, 1e-30, 3e7, 1.0], dtype=dtype), (3000, 1))
    X[:, 4] += np.arange(3000) % 3
    assert (Moments.of(X, np.arange(3000) % 2).scale > 0).tolist() == [False] * 4 + [True]


def test_rows_without_weight_do_not_make_squares_vanish():
    X, w = np.zeros((30, 1)), np.ones(30)
    X[3] = 1e-200
    w[3] = 0.0
    assert Moments.of(X, np.arange(30) % 2, sample_weight=w).variance.tolist() == [0.0]
    with pytest.raises(InputError, match="vanish"):
        Moments.of(X, np.arange(30) % 2)


def test_what_is_small_in_a_piece_may_be_followed_by_what_is_not():
    X = np.concatenate([np.full((4, 1), 1e-200) * np.arange(4)[:, None], np.arange(6.0)[:, None]])
    y = np.arange(10) % 2
    pieces = Moments.zeros(X, concept(y)).update(X[:4], y[:4]).update(X[4:], y[4:])
    np.testing.assert_allclose(pieces.variance, X.var(axis=0))


# The rest


def test_the_fingerprint_tells_data_apart():
    sample = draw(17, 50, 3, 2)
    m = Moments.of(sample.X, sample.y)
    assert m.data_hash == Moments.of(sample.X.copy(), sample.y.copy()).data_hash
    assert m.data_hash != Moments.of(sample.X[:49], sample.y[:49]).data_hash
    assert m.data_hash != Moments.of(sample.X, 1 - sample.y).data_hash
    assert m.data_hash != Moments.of(sample.X + 1e-9, sample.y).data_hash
