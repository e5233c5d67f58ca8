"""Outlying rows: a wild few are found, heavy tails and rare features are not."""

import numpy as np
import pytest
from sklearn import datasets
from support.dependent_rows import DISCRETE, INDEPENDENT, discrete, independent

from nullprobe.stats.outlying import outlying_rows


@pytest.mark.parametrize("shape", [(600, 20), (200, 400)], ids=["tall", "n < d"])
@pytest.mark.parametrize(("rows", "times"), [(1, 1e4), (6, 10.0)])
def test_wild_rows_are_found_and_no_other(shape, rows, times):
    for seed in range(5):
        X = np.random.default_rng(seed).normal(size=shape)
        out = np.random.default_rng([seed, 1]).choice(len(X), rows, replace=False)
        X[out] *= times
        np.testing.assert_array_equal(outlying_rows(X), np.sort(out))


def test_a_wild_row_among_heavy_tails_is_found():
    X, _ = independent("t3", 0)
    X[3] *= 1e4
    assert 3 in outlying_rows(X)
    assert len(outlying_rows(X)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(600, 20), (2000, 40), (300, 600)], ids=str)
@pytest.mark.parametrize("world", INDEPENDENT)
def test_rows_of_heavy_tails_are_hardly_ever_out(world, shape):
    counts = [len(outlying_rows(independent(world, seed, *shape)[0])) for seed in range(5)]
    assert max(counts) <= 3
    assert sum(counts) <= 6


@pytest.mark.parametrize("world", DISCRETE)
def test_rows_with_rare_values_are_not_out(world):
    assert not len(outlying_rows(discrete(world, 0)))


def test_rows_that_alone_have_a_feature_are_not_out():
    X = np.random.default_rng(0).normal(size=(600, 8))
    X[:, 5:] = np.arange(600)[:, None] < 2
    assert not len(outlying_rows(X))


@pytest.mark.parametrize("load", ["digits", "breast_cancer", "wine", "diabetes", "iris"])
def test_real_rows_are_not_out(load):
    assert not len(outlying_rows(getattr(datasets, f"load_{load}")().data))


def test_many_massive_rows_are_a_kind_of_their_own():
    X = np.random.default_rng(0).normal(size=(600, 20))
    X[:60] *= 30
    assert not len(outlying_rows(X))


def test_the_answer_knows_no_units():
    X, _ = independent("t3 iid", 4)
    X[9] *= 50
    found = outlying_rows(X)
    assert 9 in found
    scaled = X * np.logspace(-150, 150, 20) + np.where(np.arange(20) < 10, 1e-150, 7.0)
    np.testing.assert_array_equal(outlying_rows(scaled), found)
    np.testing.assert_array_equal(outlying_rows(X.astype(np.float32)), found)


@pytest.mark.parametrize("X", [np.ones((50, 3)), np.zeros((50, 0)), np.eye(5), np.ones((1, 1))])
def test_degenerate_rows_are_not_out(X):
    assert outlying_rows(X).shape == (0,)
