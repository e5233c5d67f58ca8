"""Permutations keep what they promise to keep; p is uniform where there is nothing, and small
where there is something."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, permutation_test_score
from support.null_actions import assert_uniform, uneven

from nullprobe import InputError, worlds
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls import Null, Permutations, permutation_null, permutations
from nullprobe.probes import LDAProbe


def drawn(y, groups=None, n=50, seed=0, **how):
    """Return the permutations of a concept, its parts, and n orders."""
    rng = np.random.default_rng(seed)
    z = concept(y)
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=3, rng=rng)
    action = Permutations.of(z, parts, (seed,), **how)
    return action, parts, action.orders(range(n))


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.1], [0.3, 0.3, 0.4]])
@pytest.mark.parametrize("n_splits", [1, 4, 13])
def test_class_counts_of_each_part_of_each_partition_are_kept(shares, n_splits):
    y = np.random.default_rng(0).choice(len(shares), 540, p=shares)
    z = concept(y)
    several = partitions(z, groups=None, n_splits=n_splits, rng=np.random.default_rng(1))
    assert len(several) == n_splits
    order = Permutations.of(z, several[0], (0,)).orders(range(50))
    for parts in several:
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


def test_groups_of_several_labels_exchange_them_with_groups_of_their_size_and_permute_them():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 6)
    y = rng.permuted(np.tile([0, 0, 0, 1, 1, 1], (30, 1)), axis=1).ravel()
    y[:18] = np.repeat([0, 1, 0], 6)
    _, parts, order = drawn(y, groups)
    np.testing.assert_array_equal(np.sort(order, axis=0)[:, 0], np.arange(180))
    ones = y.reshape(30, 6).sum(axis=1)
    for column in order.T:
        source = groups[column].reshape(30, 6)
        assert (source == source[:, :1]).all()  # all labels of a group come from one group
        np.testing.assert_array_equal(parts.part[column], parts.part)
        np.testing.assert_array_equal(y[column].reshape(30, 6).sum(axis=1), ones[source[:, 0]])
        assert (source[:, 0] != np.arange(30)).any()


@pytest.mark.parametrize("numeric", [False, True])
def test_labels_that_are_constant_in_groups_move_with_whole_groups_of_any_sizes(numeric):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), rng.integers(2, 6, 30))
    of_group = rng.normal(size=30) if numeric else np.arange(30) % 2
    y = of_group[groups]
    _, parts, order = drawn(y, groups)
    first = np.unique(groups, return_index=True)[1]
    moved = y[order]
    np.testing.assert_array_equal(moved, moved[first][groups])
    for j in range(3):
        mine = first[parts.part[first] == j]
        kept = np.sort(y[mine])[:, None].repeat(50, axis=1)
        np.testing.assert_array_equal(np.sort(moved[mine], axis=0), kept)
    assert (moved != y[:, None]).any(axis=0).all()


def test_groups_of_any_sizes_and_labels_keep_how_many_have_one_label_and_how_many_several():
    _, y, groups = uneven(np.random.default_rng(0))
    _, parts, order = drawn(y, groups)
    codes, sizes = np.unique(groups, return_counts=True)

    def census(labels):
        """Return, for each part, how many groups of each kind there are."""
        found = []
        for g in codes:
            own = labels[groups == g]
            mixed = len(np.unique(own)) > 1
            kind = (len(own), int(own.sum())) if mixed else (0, int(own[0]))
            found.append((int(parts.part[groups == g][0]), mixed, *kind))
        return sorted(found)

    before = census(y)
    assert len({len(np.unique(y[groups == g])) for g in codes}) == 2
    assert len(np.unique(sizes)) == 6
    for column in order.T[:20]:
        assert census(y[column]) == before


def test_blocks_of_units_of_several_labels_permute_them_inside_units_alone():
    """Blocks of four units of five rows; in half of the blocks each unit has one label."""
    unit, block = np.arange(240) // 5, np.arange(240) // 20
    y = np.where(block % 2 == 0, unit // 2 % 2, np.arange(240) % 5 < 2)
    _, _, order = drawn(y, block, 60, within="kept", unit=unit)
    inside = block % 2 == 1
    assert (block[order[~inside]] != block[~inside, None]).any()
    np.testing.assert_array_equal(unit[order[inside]], np.repeat(unit[inside, None], 60, axis=1))
    assert len(np.unique(y[order[inside]], axis=1).T) == 60
    for column in order.T:
        runs = y[column][~inside].reshape(-1, 5)
        assert (runs == runs[:, :1]).all()


@pytest.mark.parametrize("within", ["shifted", "kept"])
def test_series_keep_their_runs(within):
    """Labels are shifted round in each series, or stay as they run where blocks are exchanged."""
    rng = np.random.default_rng(0)
    groups, place = np.repeat(np.arange(12), 20), rng.permutation(240)
    y = np.empty(240, dtype=int)
    for g in range(12):
        own = np.flatnonzero(groups == g)
        y[own[np.argsort(place[own])]] = np.repeat([0, 1], 10)
    _, _, order = drawn(y, groups, 20, within=within, place=place)
    np.testing.assert_array_equal(np.sort(order, axis=0)[:, 0], np.arange(240))
    shifts = set()
    for column in order.T:
        for g in range(12):
            own = np.flatnonzero(groups == g)
            runs = y[column][own[np.argsort(place[own])]]
            changes = np.count_nonzero(runs != np.roll(runs, 1))
            assert changes == 2  # round a circle
            shifts.add(int(np.argmax((runs == 1) & (np.roll(runs, 1) == 0))))
    assert shifts == {10} if within == "kept" else len(shifts) > 10


@pytest.mark.slow
@pytest.mark.parametrize("odd", [0, 1])
def test_one_odd_row_in_forty_groups_leaves_the_power_that_there_is(odd):
    """Labels belong to groups but for one row of one group; all else would be one permutation."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng([14, seed])
        groups = np.repeat(np.arange(40), 5)
        y = rng.permutation(np.arange(40) % 2)[groups]
        X = rng.normal(size=(200, 4)) + rng.normal(size=(40, 4))[groups]
        X[:, 0] += 3.0 * y
        y[:odd] = 1 - y[:odd]
        z = concept(y)
        parts = partitions(z, groups=groups, n_splits=1, rng=rng)[0]
        order = Permutations.of(z, parts, (seed,)).orders(range(39))
        raw = ThreeWay(X, z, parts).read(np.column_stack([np.arange(200), order]))[0]
        found.append(Null("chance", "", raw[1:]).p_value(raw[0]))
    assert np.mean(np.array(found) <= 0.05) > 0.9


@pytest.mark.parametrize(
    ("label", "how", "words"),
    [
        ("none", {}, "within each block"),
        ("constant", {}, "whole groups"),
        ("mixed", {}, "exchanged between groups"),
        ("mixed", {"within": "shifted"}, "shifted"),
        ("mixed", {"within": "kept"}, "kept in order"),
        ("sizes", {}, "labels permuted within each group"),
    ],
)
def test_description_says_how_labels_move(label, how, words):
    groups = np.repeat(np.arange(20), 6)
    y = groups % 2 if label == "constant" else np.arange(120) % 2
    if label == "sizes":
        groups = np.repeat(np.arange(3), [36, 40, 44])
    action, _, _ = drawn(y, None if label == "none" else groups, 1, **how)
    assert words in action.description


# Calibration: many small data sets without signal, p-values of the whole pipeline.
SETS, DRAWS = 200, 99


def p_values(draw, statistic, sets=SETS, draws=DRAWS):
    """Return p of the statistic of (data, order) for many data sets (X, y, groups)."""
    found = []
    for seed in range(sets):
        X, y, groups = draw(np.random.default_rng([11, seed]))
        z = concept(y)
        _, parts, order = drawn(y, groups, draws, seed)
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


def linear(data, order):
    return data.read(order)


@pytest.mark.slow
@pytest.mark.parametrize("draw", [independent, varying_in_groups, constant_in_groups])
def test_p_is_uniform_where_there_is_nothing(draw):
    for p in p_values(draw, linear):
        assert_uniform(p)


@pytest.mark.slow
def test_p_of_halfspaces_is_uniform_where_there_is_nothing():
    (p,) = p_values(independent, lambda data, order: [data.halfspace(order, 0)], 40, 39)
    assert_uniform(p)


@pytest.mark.slow
def test_p_is_too_small_where_groups_are_not_named():
    """The calibration above can fail: rows of a group are taken for independent ones."""

    def unnamed(rng):
        X, y, _ = constant_in_groups(rng)
        return X, y, None

    raw, _ = p_values(unnamed, linear, sets=60)
    assert (raw <= 0.1).mean() > 0.3


@pytest.mark.slow
def test_p_is_small_where_there_is_something():
    def readable(rng):
        w = worlds.gaussian(n=90, d=5, gap=1.5, random_state=rng)
        return w.X, w.y, None

    raw, erased = p_values(readable, linear, sets=40)
    assert (raw <= 0.02).mean() > 0.95
    assert (erased <= 0.05).mean() > 0.3  # means of 30 rows are not those of the population


@pytest.mark.slow
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


@pytest.mark.slow
def test_null_is_that_of_scikit_learn():
    w = worlds.null(n=60, d=5, random_state=0)
    _, ours = permutation_null(w.X, w.y, n_permutations=999)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    _, theirs, _ = permutation_test_score(
        lda, w.X, w.y, cv=cv, scoring="roc_auc", n_permutations=40, random_state=0
    )
    assert ours.mean == pytest.approx(theirs.mean(), abs=4 * theirs.std() / np.sqrt(40))
    assert ours.sd == pytest.approx(theirs.std(ddof=1), rel=4 / np.sqrt(2 * 40))


@pytest.mark.slow
@pytest.mark.parametrize("groups", [None, np.arange(60) // 2])
def test_cross_validated_p_is_uniform_where_there_is_nothing(groups):
    found = []
    for seed in range(60):
        rng = np.random.default_rng([12, seed])
        X, y = rng.normal(size=(60, 5)), rng.permutation(np.arange(60) % 2)
        observed, null = permutation_null(X, y, groups=groups, n_permutations=39, random_state=seed)
        found.append(null.p_value(observed))
    assert_uniform(np.array(found))


def test_cross_validated_p_is_small_where_there_is_something():
    w = worlds.gaussian(n=80, d=5, gap=2.0, random_state=0)
    observed, null = permutation_null(w.X, w.y, n_permutations=99)
    assert null.p_value(observed) == 0.01
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


@pytest.mark.parametrize(
    ("y", "received"), [(np.arange(60) % 3, "3"), (np.linspace(0, 1, 60), "numeric")]
)
def test_anything_but_two_classes_is_refused(y, received):
    with pytest.raises(InputError) as caught:
        permutation_null(np.ones((60, 2)), y)
    assert "two classes" in caught.value.required
    assert received in caught.value.received
