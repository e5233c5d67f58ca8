"""Copies of rows: exact and near ones are joined, rows of few values are not."""

import numpy as np
import pytest
from support.dependent_rows import (
    DISCRETE,
    INDEPENDENT,
    MIXED,
    dependent,
    discrete,
    independent,
    mixed,
)

from nullprobe.stats import crowds
from nullprobe.stats.copies import copies, equal_rows


def repeated(rows, times, d, noise=0.0, seed=0):
    """Return shuffled copies, and the row that each is a copy of."""
    rng = np.random.default_rng(seed)
    of = rng.permutation(np.repeat(np.arange(rows), times))
    X = rng.normal(size=(rows, d))[of]
    return X + noise * rng.normal(size=X.shape), of


def same_groups(a, b):
    return len(np.unique(np.column_stack([a, b]), axis=0)) == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.slow
@pytest.mark.parametrize("world", INDEPENDENT)
def test_independent_rows_are_no_copies(world):
    found = [copies(independent(world, seed)[0], seed) for seed in range(10)]
    assert sum(c.any for c in found) <= 1
    assert sum(c.n_near for c in found) <= 4
    assert not any(c.n_large for c in found)


@pytest.mark.parametrize("world", MIXED)
def test_rows_that_share_rare_values_are_no_copies(world):
    found = [copies(mixed(world, seed), 0) for seed in range(5)]
    assert np.mean([c.n_near / len(c.codes) for c in found]) <= crowds.RATE
    assert not any(c.n_large for c in found)


@pytest.mark.parametrize("times", [2, 4])
def test_near_copies_that_share_rare_values_are_joined(times):
    of = np.random.default_rng(0).permutation(np.repeat(np.arange(300 // times), times))
    X = mixed("bits of 2 %", 0)[of]
    X[:, :5] += 0.01 * np.random.default_rng(1).normal(size=(len(X), 5))
    assert same_groups(copies(X, 0).codes, of)


@pytest.mark.parametrize("world", DISCRETE)
def test_equal_rows_of_few_values_are_no_copies(world):
    for seed in range(5):
        found = copies(discrete(world, seed), seed)
        assert found.n_equal > 300
        assert not found.any
        np.testing.assert_array_equal(found.codes, np.arange(600))


@pytest.mark.parametrize(
    ("X", "of"),
    [
        repeated(100, 3, 30),
        repeated(100, 3, 5),
        repeated(60, 2, 400),
        repeated(40, 15, 20),
    ],
    ids=["300x30", "300x5", "wide", "long texts"],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exact_copies_are_joined(X, of, dtype):
    found = copies(X.astype(dtype), 0)
    assert same_groups(found.codes, of)
    assert found.n_exact == found.n_equal


@pytest.mark.parametrize(
    "X",
    [
        np.repeat(np.random.default_rng(0).integers(0, 2, (100, 100)).astype(float), 3, 0),
        np.repeat(np.random.default_rng(0).integers(-9, 9, (100, 60)).astype(np.int8), 3, 0),
    ],
    ids=["long binary codes", "int8"],
)
def test_copies_of_rows_that_chance_does_not_repeat_are_joined(X):
    found = copies(X, 0)
    assert found.n_exact == 300
    np.testing.assert_array_equal(found.codes, np.repeat(np.arange(100), 3))


@pytest.mark.parametrize(
    ("rows", "times", "d", "noise"),
    [(100, 4, 10, 1e-3), (150, 2, 100, 0.3), (100, 4, 3, 1e-3), (60, 2, 400, 0.3)],
)
def test_near_copies_are_joined(rows, times, d, noise):
    X, of = repeated(rows, times, d, noise)
    found = copies(X, 0)
    assert found.n_exact == 0
    assert found.n_near >= 0.98 * len(X)
    sizes = np.bincount(found.codes)
    assert sizes.max() == times
    assert (sizes == times).mean() >= 0.95
    assert len(np.unique(np.column_stack([found.codes, of]), axis=0)) == len(sizes)


def test_few_near_copies_among_many_rows_are_found():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 20))
    X[590:] = X[:10] + 0.05 * rng.normal(size=(10, 20))
    found = copies(X, 0)
    assert found.n_near == 20
    np.testing.assert_array_equal(found.codes[590:], np.arange(10))


def test_a_near_copy_joins_all_that_equal_its_original():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 20))
    X[100:150] = X[:50]
    X[150:] = X[:50] + 1e-3 * rng.normal(size=(50, 20))
    found = copies(X, 0)
    assert (found.n_exact, found.n_near) == (100, 50)
    np.testing.assert_array_equal(found.codes[100:150], np.arange(50))
    np.testing.assert_array_equal(found.codes[150:], np.arange(50))


def test_sparse_rows_of_zeros_are_apart_while_full_copies_are_joined():
    rng = np.random.default_rng(0)
    X = np.maximum(rng.normal(size=(400, 60)) - 0.8, 0) * (rng.random((400, 1)) > 0.05)
    X[300:320] = X[:20]
    found = copies(X, 0)
    empty = ~X.any(axis=1)
    assert empty.sum() > 10
    full = np.flatnonzero(~empty[300:320])
    np.testing.assert_array_equal(found.codes[300 + full], found.codes[full])


@pytest.mark.parametrize("step", [0.9, 0.99])
def test_a_series_is_no_chain_of_copies(step):
    rng = np.random.default_rng(0)
    X = np.zeros((600, 10))
    for t in range(1, 600):
        X[t] = step * X[t - 1] + rng.normal(size=10)
    assert np.bincount(copies(X, 0).codes).max() <= 2


@pytest.mark.parametrize(("classes", "rows"), [(2, 20), (10, 15), (40, 40)])
def test_classes_far_apart_are_no_copies(classes, rows):
    rng = np.random.default_rng(0)
    X = np.repeat(30 * rng.normal(size=(classes, 20)), rows, 0)
    assert not copies(X + rng.normal(size=X.shape), 0).any


@pytest.mark.parametrize(
    ("rows", "times", "noise", "share"),
    [(24, 25, 0.02, 1), (50, 60, 0.02, 1), (20, 100, 0.05, 1), (10, 60, 0.02, 0), (24, 25, 0.8, 0)],
    ids=["25", "60", "100", "more than 5 %", "loose"],
)
def test_rows_of_large_tight_sets_are_counted_and_not_joined(rows, times, noise, share):
    X, _ = repeated(rows, times, 20, noise)
    found = copies(X, 0)
    assert not found.any
    assert found.n_large == share * len(X)


def test_loose_texts_are_not_joined_in_part():
    joined = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = np.repeat(rng.normal(size=(120, 20)), 5, 0) + 0.6 * rng.normal(size=(600, 20))
        joined += copies(X, seed).n_near
    assert joined <= 48  # of 7,200 rows


def test_zero_and_minus_zero_are_equal():
    X = np.zeros((4, 3))
    X[2:] = -0.0
    X[3, 0] = 1
    np.testing.assert_array_equal(equal_rows(X)[1], [0, 0, 0, 1])


def test_the_answer_knows_no_units_and_no_order():
    X, of = repeated(80, 2, 12, 1e-3)
    order = np.random.default_rng(1).permutation(160)
    scale, shift = np.logspace(-6, 6, 12), np.logspace(3, -3, 12)
    assert same_groups(copies(X * scale + shift, 0).codes, of)
    assert same_groups(copies(X[order], 0).codes, of[order])


@pytest.mark.parametrize(
    "X", [np.ones((50, 3)), np.ones((1, 1)), np.zeros((30, 0)), np.eye(3), np.arange(5.0)[:, None]]
)
def test_degenerate_rows_are_apart(X):
    found = copies(X, 0)
    assert not found.any
    np.testing.assert_array_equal(found.codes, np.arange(len(X)))


def test_many_rows_are_compared_in_trees(monkeypatch):
    monkeypatch.setattr(crowds, "PAIRS", 1_000_000)  # as for 60 times as many rows
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 16)).astype(np.float32)
    assert not copies(X, 0).any
    X[1000:] = X[:1000] + 0.01 * rng.normal(size=(1000, 16)).astype(np.float32)
    found = copies(X, 0)
    assert found.n_near >= 0.97 * 2000
    assert np.bincount(found.codes).max() == 2


def test_a_value_of_many_rows_is_no_copy():
    X, _ = repeated(5, 20, 30)
    assert not copies(X, 0).any


def test_paraphrases_are_joined_in_a_shuffled_file():
    X, _ = dependent("paraphrase pairs", 0)
    order = np.random.default_rng(0).permutation(len(X))
    found = copies(X[order], 0)
    assert same_groups(found.codes, order // 2)
