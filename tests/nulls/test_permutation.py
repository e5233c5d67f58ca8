"""Permutations keep what they promise to keep; p is uniform where there is nothing, and small
where there is something."""

import numpy as np
import pytest
import torch
from scipy.stats import binom, chisquare, kstest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, permutation_test_score

from nullprobe import InputError, worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls import Null, permutation_null, permutations
from nullprobe.nulls.permutation import description
from nullprobe.probes import LDAProbe


def drawn(y, groups=None, n=50, seed=0):
    """Return the concept, its parts and n orders."""
    rng = np.random.default_rng(seed)
    z = concept(y)
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=3, rng=rng)
    return z, parts, permutations(z, parts, n, rng)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.1], [0.3, 0.3, 0.4]])
def test_class_counts_of_each_part_are_kept(shares):
    y = np.random.default_rng(0).choice(len(shares), 120, p=shares)
    _, parts, order = drawn(y)
    for j in range(3):
        rows = parts.rows(j)
        counts = np.sort(y[order[rows]], axis=0)
        np.testing.assert_array_equal(counts, np.sort(y[rows])[:, None].repeat(50, axis=1))
    assert (y[order] != y[:, None]).any(axis=0).all()


def test_order_moves_every_row_within_its_part():
    _, parts, order = drawn(np.arange(90) % 2)
    np.testing.assert_array_equal(np.sort(order, axis=0), np.arange(90)[:, None].repeat(50, axis=1))
    np.testing.assert_array_equal(parts.part[order], parts.part[:, None].repeat(50, axis=1))


def test_all_orders_are_equally_likely():
    parts = Parts(np.array([0, 1, 0, 1, 0, 0]), 2, None)
    z = concept(["a", "b", "c", "d", "e", "f"])
    order = permutations(z, parts, 6000, np.random.default_rng(0))
    _, counts = np.unique(order.T, axis=0, return_counts=True)
    assert len(counts) == 24 * 2
    assert chisquare(counts).pvalue > 0.01


def test_labels_that_vary_inside_groups_stay_in_their_group():
    rng = np.random.default_rng(0)
    groups, y = rng.integers(0, 20, 200), rng.integers(0, 2, 200)
    z, parts, order = drawn(y, groups)
    np.testing.assert_array_equal(groups[order], groups[:, None].repeat(50, axis=1))
    np.testing.assert_array_equal(np.sort(order, axis=0)[:, 0], np.arange(200))
    assert "within each group" in description(z, parts)


@pytest.mark.parametrize("numeric", [False, True])
def test_labels_that_are_constant_in_groups_move_with_whole_groups(numeric):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), rng.integers(2, 6, 30))
    of_group = rng.normal(size=30) if numeric else np.arange(30) % 2
    y = of_group[groups]
    z, parts, order = drawn(y, groups)
    first = np.unique(groups, return_index=True)[1]
    moved = y[order]
    np.testing.assert_array_equal(moved, moved[first][groups])
    for j in range(3):
        mine = first[parts.part[first] == j]
        kept = np.sort(y[mine])[:, None].repeat(50, axis=1)
        np.testing.assert_array_equal(np.sort(moved[mine], axis=0), kept)
    assert (moved != y[:, None]).any(axis=0).all()
    assert "whole groups" in description(z, parts)


def test_rows_without_groups_are_said_to_move_within_parts():
    z, parts, _ = drawn(np.arange(60) % 2)
    assert "within each part" in description(z, parts)


# Calibration: many small data sets without signal, p-values of the whole pipeline.
SETS, DRAWS = 200, 99


def p_values(draw, statistic, sets=SETS, draws=DRAWS):
    """Return p of the statistic of (data, order) for many data sets (X, y, groups, believed)."""
    found = []
    for seed in range(sets):
        X, y, groups = draw(np.random.default_rng([11, seed]))
        z, parts, order = drawn(y, groups, draws, seed)
        order = np.column_stack([np.arange(len(y)), order])
        values = statistic(ThreeWay(X, z, parts), order)
        found.append([Null("chance", "", v[1:]).p_value(v[0]) for v in values])
    return np.array(found).T


def independent(rng):
    return rng.normal(size=(60, 5)), rng.permutation(np.arange(60) % 2), None


def varying_in_groups(rng):
    """Every group has a place of its own and rows of both classes."""
    groups = np.arange(60) // 4
    X = rng.normal(size=(60, 5)) + 2 * rng.normal(size=(15, 5))[groups]
    return X, rng.integers(0, 2, 60), groups


def constant_in_groups(rng):
    """Every group has a place and a class of its own."""
    groups = np.arange(96) // 4
    X = rng.normal(size=(96, 5)) + 3 * rng.normal(size=(24, 5))[groups]
    return X, rng.permutation(np.arange(24) % 2)[groups], groups


def assert_uniform(p):
    """Hold counts of small p to 99.9 % binomial limits, and the whole to Kolmogorov-Smirnov.

    p is a multiple of 2 / (draws + 1), so that the share below each of these levels is exact.
    """
    for level in (0.1, 0.2, 0.5):
        low, high = binom.interval(0.999, len(p), level)
        assert low <= np.count_nonzero(p <= level + 1e-9) <= high
    # Spread over its steps p is continuous; by a fixed seed, the same each time.
    step = np.random.default_rng(0).random(len(p)) * p[p > 0].min()
    assert kstest(np.clip(p - step, 0, 1), "uniform").pvalue > 0.001


def linear(data, order):
    return data.read(order)


@pytest.mark.parametrize("draw", [independent, varying_in_groups, constant_in_groups])
def test_p_is_uniform_where_there_is_nothing(draw):
    for p in p_values(draw, linear):
        assert_uniform(p)


def test_p_of_halfspaces_is_uniform_where_there_is_nothing():
    (p,) = p_values(independent, lambda data, order: [data.halfspace(order, 0)], 40, 39)
    assert_uniform(p)


def test_p_is_too_small_where_groups_are_not_named():
    """The calibration above can fail: rows of a group are taken for independent ones."""

    def unnamed(rng):
        X, y, _ = constant_in_groups(rng)
        return X, y, None

    raw, _ = p_values(unnamed, linear, sets=60)
    assert (raw <= 0.1).mean() > 0.3


def test_p_is_small_where_there_is_something():
    def readable(rng):
        w = worlds.gaussian(n=90, d=5, gap=1.5, random_state=rng)
        return w.X, w.y, None

    raw, erased = p_values(readable, linear, sets=40)
    assert (raw <= 0.02).mean() > 0.95
    assert (erased <= 0.05).mean() > 0.3  # means of 30 rows are not those of the population


def test_p_of_halfspaces_is_small_where_there_is_something():
    def skewed(rng):
        w = worlds.two_features(n_per_class=300, d=3, random_state=rng)
        return w.X, w.y, None

    (p,) = p_values(skewed, lambda data, order: [data.halfspace(order, 0)], 6, 39)
    assert (p <= 0.05).mean() >= 0.8


# Cross-validated permutation null, against scikit-learn.


def test_observed_is_the_cross_validated_auc_of_the_discriminant():
    w = worlds.gaussian(n=80, d=6, gap=1.0, random_state=0)
    observed, _ = permutation_null(w.X, w.y, n_permutations=19)
    parts = split(concept(w.y), groups=None, n_parts=5, rng=np.random.default_rng(0))
    each = []
    for j in range(5):
        test = parts.part == j
        probe = LDAProbe().fit(w.X[~test], w.y[~test])
        each.append(roc_auc_score(w.y[test], probe.decision_function(w.X[test])))
    assert observed == pytest.approx(np.mean(each))


def test_null_is_that_of_scikit_learn():
    w = worlds.null(n=60, d=5, random_state=0)
    _, ours = permutation_null(w.X, w.y, n_permutations=999)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    _, theirs, _ = permutation_test_score(
        lda, w.X, w.y, cv=cv, scoring="roc_auc", n_permutations=80, random_state=0
    )
    assert ours.mean == pytest.approx(theirs.mean(), abs=4 * theirs.std() / np.sqrt(80))
    assert ours.sd == pytest.approx(theirs.std(ddof=1), rel=4 / np.sqrt(2 * 80))


@pytest.mark.parametrize("groups", [None, np.arange(60) // 2])
def test_cross_validated_p_is_uniform_where_there_is_nothing(groups):
    found = []
    for seed in range(120):
        rng = np.random.default_rng([12, seed])
        X, y = rng.normal(size=(60, 5)), rng.permutation(np.arange(60) % 2)
        observed, null = permutation_null(X, y, groups=groups, n_permutations=39, random_state=seed)
        found.append(null.p_value(observed))
    assert_uniform(np.array(found))


def test_cross_validated_p_is_small_where_there_is_something():
    w = worlds.gaussian(n=80, d=5, gap=2.0, random_state=0)
    observed, null = permutation_null(w.X, w.y, n_permutations=99)
    assert null.p_value(observed) == 0.02
    assert observed > 0.85


def test_libraries_and_labels_make_no_difference():
    w = worlds.gaussian(n=80, d=5, gap=1.0, random_state=0)
    expected, null = permutation_null(w.X, w.y, n_permutations=19)
    words = np.array(["no", "yes"])[w.y]
    for X, y in ((torch.from_numpy(w.X), torch.from_numpy(w.y)), (w.X.tolist(), words)):
        found, again = permutation_null(X, y, n_permutations=19)
        assert found == pytest.approx(expected)
        np.testing.assert_allclose(again.values, null.values)


def test_same_seed_gives_the_same_null_and_another_another():
    w = worlds.null(n=60, d=4, random_state=0)
    first, again, other = (
        permutation_null(w.X, w.y, n_permutations=19, random_state=s)[1].values for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("y", [np.arange(60) % 3, np.linspace(0, 1, 60)])
def test_anything_but_two_classes_is_refused(y):
    with pytest.raises(InputError, match="two classes are needed"):
        permutation_null(np.ones((60, 2)), y)
