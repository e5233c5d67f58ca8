"""Resemblance of neighbours in the file: false alarms, power, length, groups, edges."""

import numpy as np
import pytest
from support.dependent_rows import DEPENDENT, INDEPENDENT, dependent, independent

from nullprobe.data.concept import concept
from nullprobe.stats.neighbours import DRAWS, resemblance

LEVEL = 0.01


def asked(X, y, seed=0, **more):
    return resemblance(X, concept(y), seed, **more)


@pytest.mark.slow
@pytest.mark.parametrize("world", INDEPENDENT)
def test_independent_rows_in_any_order_of_labels_raise_no_alarm(world):
    found = [asked(*independent(world, seed), seed) for seed in range(20)]
    assert sum(r.p_value <= LEVEL for r in found) <= 2  # three of 20 have a chance of .001
    assert all(r.length == 1 for r in found if r.p_value > LEVEL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "shortest", "longest"),
    [
        ("exact pairs", 2, 4),
        ("paraphrase pairs", 2, 6),
        ("5 paraphrases", 5, 14),
        ("tokens", 12, 25),
        ("series", 15, 60),
    ],
)
def test_dependence_is_found_with_its_length(world, shortest, longest):
    for seed in range(6):
        found = asked(*dependent(world, seed), seed)
        assert found.p_value == 1 / (DRAWS + 1)
        assert found.correlation > 0.3
        assert shortest <= found.length <= longest


@pytest.mark.parametrize("world", DEPENDENT)
def test_dependence_is_gone_once_the_file_is_shuffled(world):
    alarms = 0
    for seed in range(10):
        X, y = dependent(world, seed)
        order = np.random.default_rng([seed, 1]).permutation(len(y))
        alarms += asked(X[order], y[order], seed).p_value <= LEVEL
    assert alarms <= 1


@pytest.mark.parametrize("shape", ["square", "waves", "spread"])
def test_numbers_in_rising_order_raise_no_alarm(shape):
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.sort(rng.normal(size=400))
        X = rng.normal(size=(400, 8))
        X[:, 0] += {"square": y**2, "waves": 2 * np.sin(3 * y), "spread": 2 * y}[shape]
        if shape == "spread":
            X *= (0.5 + abs(y))[:, None]
        alarms += resemblance(X, concept(y, kind="numeric"), seed).p_value <= LEVEL
    assert alarms <= 2


def test_a_series_is_found_under_a_numeric_concept():
    X, _ = dependent("series", 0)
    y = np.random.default_rng(0).normal(size=len(X))
    assert resemblance(X, concept(y, kind="numeric"), 0).p_value <= LEVEL


def test_groups_that_hold_the_dependence_raise_no_alarm():
    alarms = 0
    for seed in range(10):
        X, y = dependent("tokens", seed)
        alarms += asked(X, y, seed, groups=np.repeat(np.arange(40), 15)).p_value <= LEVEL
    assert alarms <= 1


def test_groups_that_follow_each_other_in_a_series_are_found():
    rng = np.random.default_rng(0)
    means = np.cumsum(rng.normal(size=(60, 8)), axis=0)
    groups = np.repeat(rng.permutation(60), 5)  # codes say nothing of the order of the file
    X = np.repeat(means, 5, 0) + rng.normal(size=(300, 8))
    found = asked(X, np.repeat(np.arange(60) % 2, 5), groups=groups)
    assert found.p_value <= LEVEL
    assert 2 <= found.length <= 20  # of 60 groups


def test_one_wild_row_does_not_hide_pairs():
    X, y = dependent("exact pairs", 0)
    X[5] *= 1e4
    assert asked(X, y).p_value <= LEVEL


def test_the_same_seed_gives_the_same_answer_in_either_precision():
    X, y = dependent("tokens", 0)
    assert asked(X, y, 3) == asked(X, y, 3)
    single = asked(X.astype(np.float32), y, 3)
    assert single.length == asked(X, y, 3).length
    assert single.correlation == pytest.approx(asked(X, y, 3).correlation, abs=1e-4)


def test_wide_rows_are_compared_in_a_sketch():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(50, 1000)), 2, 0) + 0.3 * rng.normal(size=(100, 1000))
    y = np.repeat(np.arange(50) % 2, 2)
    assert asked(X, y).p_value <= LEVEL
    assert asked(X[::2], y[::2]).p_value > LEVEL


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.ones((10, 3)), np.arange(10) % 2),
        (np.eye(4), np.arange(4)),  # each row has its class to itself
        (np.arange(4.0)[:, None] > 1, np.array([0, 0, 1, 1])),  # the class explains all
        (np.random.default_rng(0).normal(size=(3, 50)), np.array([0, 1, 1])),
    ],
)
def test_where_nothing_can_be_compared_nothing_is_found(X, y):
    found = asked(np.asarray(X, dtype=float), y)
    assert found.p_value > LEVEL
    assert found.length == 1
