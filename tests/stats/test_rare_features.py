"""Features set aside: constant, rare, copied, given by others; found by X alone."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from support.dependent_rows import discrete, independent

from nullprobe.stats.rare_features import aside_features, least_rows


def gaussian(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def nothing(aside):
    return not aside.reasons and len(aside.keep) == len(aside.off_mode)


@pytest.mark.parametrize(
    ("n", "least"), [(1797, 48), (600, 48), (480, 48), (479, 48), (300, 30), (9, 1), (1, 1)]
)
def test_three_parts_hold_sixteen_rows_each_or_a_tenth_does(n, least):
    assert least_rows(n) == least


@pytest.mark.parametrize("shape", [(600, 20), (30, 4), (40, 300), (8, 5)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_continuous_features_stay(shape, dtype):
    aside = aside_features(gaussian(*shape).astype(dtype))
    assert nothing(aside)
    assert aside.rank == min(shape[0] - 1, shape[1])


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_diabetes])
def test_features_of_real_data_stay(load):
    assert nothing(aside_features(load().data))


def test_pixels_of_digits_that_are_hardly_ever_lit_are_set_aside():
    X = load_digits().data
    lit = (X > 0).sum(axis=0)
    aside = aside_features(X)
    np.testing.assert_array_equal(aside.constant, np.flatnonzero(lit == 0))
    np.testing.assert_array_equal(aside.rare, np.flatnonzero((lit > 0) & (lit < 48)))
    assert (len(aside.keep), aside.rank) == (52, 52)


@pytest.mark.parametrize(("world", "rare"), [("one-hot", 40), ("relu", 40), ("binary", 0)])
def test_rare_symbols_are_rare(world, rare):
    assert len(aside_features(discrete(world, 0)).rare) == rare


@pytest.mark.parametrize("rows", [47, 48])
@pytest.mark.parametrize("mode", [0.0, -3.5])
def test_the_bound_counts_rows_off_the_mode(rows, mode):
    X = gaussian(600, 3)
    X[rows:, 1] = mode
    aside = aside_features(X)
    assert aside.off_mode[1] == rows
    assert list(aside.rare) == ([1] if rows < 48 else [])


@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-2])
@pytest.mark.parametrize(("times", "plus"), [(1.0, 0.0), (-2.0, 5.0), (1e9, -1e3)])
@pytest.mark.parametrize("n", [400, 30])
def test_copies_are_found_whatever_their_units(n, noise, times, plus):
    X = gaussian(n, 60)
    X[:, 40] = times * (X[:, 3] + noise * gaussian(n, 1, 1)[:, 0]) + plus
    X[:, 5] = X[:, 40]
    aside = aside_features(X)
    if noise < 1e-3:
        assert list(zip(aside.copy, aside.copy_of, strict=True)) == [(5, 3), (40, 3)]
    else:
        assert list(zip(aside.copy, aside.copy_of, strict=True)) == [(40, 5)]


def test_copies_among_many_features_are_found():
    X = gaussian(100, 3000).astype(np.float32)
    X[:, 2000:2100] = 2 - 3 * X[:, 500:600]
    aside = aside_features(X)
    np.testing.assert_array_equal(aside.copy, np.arange(2000, 2100))
    np.testing.assert_array_equal(aside.copy_of, np.arange(500, 600))


def test_many_copies_of_one_feature_are_found():
    aside = aside_features(np.repeat(gaussian(100, 2), 150, axis=1))
    assert list(aside.keep) == [0, 150]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_empty_directions_are_as_many_as_features_given_by_others(dtype):
    aside = aside_features((gaussian(300, 10) @ gaussian(10, 40, 1)).astype(dtype))
    assert (len(aside.combined), aside.rank) == (30, 10)
    X = gaussian(100, 6)
    X[:, 4] = X[:, 0] + X[:, 1] - X[:, 2]
    aside = aside_features(X.astype(dtype))
    assert len(aside.combined) == 1
    assert aside.combined[0] in (0, 1, 2, 4)
    assert aside.rank == 5


def test_the_rank_is_known_where_features_outnumber_rows():
    aside = aside_features(gaussian(40, 10) @ gaussian(10, 100, 1))
    assert aside.rank == 10
    assert not len(aside.combined)


def test_each_feature_has_one_reason():
    X = gaussian(600, 8)
    X[:, 1], X[:, 2], X[:, 3] = 4.0, X[:, 0], X[:, 4] + X[:, 0]
    X[:, 5] = np.arange(600) < 9
    X[:, 6] = X[:, 5]  # a copy of what is set aside anyway
    aside = aside_features(X)
    assert list(aside.constant) == [1]
    assert list(aside.rare) == [5, 6]
    assert list(aside.copy) == [2]
    assert len(aside.combined) == 1
    assert len(aside.reasons) == 5
    assert set(aside.keep) | set(aside.reasons) == set(range(8))


def test_the_order_of_the_rows_does_not_matter():
    X, _ = independent("lognormal", 0)
    X[:, 3] = X[:, 2] * 2
    X[30:, 7] = 0
    order = np.random.default_rng(0).permutation(len(X))
    assert aside_features(X).reasons == aside_features(X[order]).reasons


@pytest.mark.parametrize("X", [np.ones((50, 3)), np.zeros((50, 0)), np.ones((1, 2))])
def test_without_variation_no_feature_stays(X):
    aside = aside_features(X)
    assert not len(aside.keep)
    assert aside.rank == 0
    assert len(aside.constant) == X.shape[1]
