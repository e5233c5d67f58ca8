"""What theory expects to be read back, against its own table and against simulation."""

import numpy as np
import pytest
from scipy.stats import norm

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.measures.expected_auc import (
    expected_auc,
    expected_readback,
    gap_left,
    noise,
    unbiased_gap,
)
from nullprobe.moments import Moments

# d, rows to fit on, gap; squared gap left and AUC, as theory.md, section 6, has them.
TABLE = [
    (768, 1000, 2.0, 1.736, 0.712),
    (768, 4000, 2.0, 0.644, 0.649),
    (64, 1000, 2.0, 0.237, 0.595),
    (64, 1000, 0.5, 0.126, 0.557),
]


@pytest.mark.parametrize(("d", "n", "gap", "left", "auc"), TABLE)
def test_formula_gives_the_table_of_the_theory(d, n, gap, left, auc):
    half = (n / 2, n / 2)
    assert gap_left(gap, d, half) == pytest.approx(left, abs=1e-3)
    assert expected_auc(gap, d, half, half) == pytest.approx(auc, abs=1e-3)


@pytest.mark.parametrize(("gap", "d"), [(0.0, 50), (0.0, 1), (3.0, 1)])
def test_nothing_is_expected_without_a_gap_or_a_second_direction(gap, d):
    assert gap_left(gap, d, (40, 60)) == 0.0
    assert expected_auc(gap, d, (40, 60), (40, 60)) == 0.5


def test_what_is_left_of_an_endless_gap_is_the_noise():
    counts = (40, 60)
    assert gap_left(np.inf, 30, counts) == noise(30, counts) == pytest.approx(29 / 24)
    assert gap_left(1e8, 30, counts) == pytest.approx(29 / 24)
    assert expected_auc(np.inf, 30, counts, (np.inf, np.inf)) < 0.8
    assert gap_left(np.inf, 1, counts) == 0.0
    for tiny in (1e-8, 1e-200):  # all of it is left, and its square may not be a float
        assert gap_left(tiny, 30, counts) == pytest.approx(tiny**2)


def test_uneven_classes_count_by_the_harmonic_mean():
    assert gap_left(2.0, 30, (100, 25)) == pytest.approx(gap_left(2.0, 30, (40, 40)))


def test_expectation_is_what_simulated_data_show():
    read = []
    for seed in range(12):
        w = worlds.gaussian(n=900, d=64, gap=2.0, random_state=seed)
        z = concept(w.y)
        parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(seed))
        read.append(ThreeWay(w.X, z, parts).read(np.arange(900)[:, None])[1][0])
    expected = expected_auc(2.0, 64, (150, 150), (150, 150))
    assert np.mean(read) == pytest.approx(expected, abs=0.015)
    assert np.mean(read) > 0.6


def gap_of_sample(X, y):
    means = [X[y == c].mean(axis=0) for c in (0, 1)]
    within = sum(np.cov(X[y == c].T) * ((y == c).sum() - 1) for c in (0, 1)) / (len(y) - 2)
    delta = means[1] - means[0]
    return delta @ np.linalg.solve(within, delta)


def test_formula_is_applied_to_the_gap_of_the_sample():
    rng = np.random.default_rng(0)
    y = (rng.random(80) < 0.3).astype(int)
    X = rng.normal(size=(80, 7)) @ rng.normal(size=(7, 7)) + 3.0 * y[:, None]
    n1, n = y.sum(), 80
    expected = (n - 10) / (n - 2) * gap_of_sample(X, y) - 7 * (1 / n1 + 1 / (n - n1))
    assert unbiased_gap(Moments.of(X, y)) == pytest.approx(np.sqrt(expected), rel=1e-9)


def test_squared_gap_is_unbiased_and_that_of_the_sample_is_not():
    """Gap 2, 120 rows, 20 columns; without a gap of 0 in reach, nothing is clipped."""
    unbiased, naive = [], []
    for seed in range(200):
        w = worlds.gaussian(n=120, d=20, gap=2.0, random_state=seed)
        unbiased.append(unbiased_gap(Moments.of(w.X, w.y)) ** 2)
        naive.append(gap_of_sample(w.X, w.y))
    se = np.std(unbiased) / np.sqrt(200)
    assert abs(np.mean(unbiased) - 4.0) < 3 * se
    assert np.mean(naive) - 4.0 > 10 * se


@pytest.mark.parametrize("copies", [1, 3])
def test_features_that_say_nothing_new_change_nothing(copies):
    w = worlds.gaussian(n=150, d=10, gap=1.5, random_state=0)
    X = np.hstack([w.X] * copies + [np.full((150, 5), 2.0)])
    z = concept(w.y)
    plain, more = Moments.of(w.X, z), Moments.of(X, z)
    assert unbiased_gap(more) == pytest.approx(unbiased_gap(plain), rel=1e-9)
    assert expected_readback(more, z, 3) == pytest.approx(expected_readback(plain, z, 3), rel=1e-9)


def test_gap_that_is_all_sampling_error_is_zero():
    w = worlds.null(n=100, d=40, random_state=3)
    assert unbiased_gap(Moments.of(w.X, w.y)) == 0.0
    assert expected_readback(Moments.of(w.X, w.y), concept(w.y), 3) == 0.5


def test_readback_takes_equal_parts_of_the_rows():
    w = worlds.gaussian(n=300, d=12, gap=2.0, random_state=0)
    moments, z = Moments.of(w.X, w.y), concept(w.y)
    expected = expected_auc(unbiased_gap(moments), 12, (50, 50), (50, 50))
    assert expected_readback(moments, z, 3) == pytest.approx(expected)
    assert expected != pytest.approx(norm.cdf(np.sqrt(2)), abs=0.1)


@pytest.mark.parametrize(
    ("n", "d", "n_classes"), [(20, 17, 2), (20, 30, 2), (90, 4, 3)], ids=["n=d+3", "n<d", "K=3"]
)
def test_nothing_is_said_where_the_formula_does_not_hold(n, d, n_classes):
    X, y = np.random.default_rng(0).normal(size=(n, d)), np.arange(n) % n_classes
    assert unbiased_gap(Moments.of(X, y)) is None
    assert expected_readback(Moments.of(X, y), concept(y), 3) is None


def test_nothing_is_said_of_numbers_or_of_classes_that_are_points():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), np.arange(50) % 2
    assert unbiased_gap(Moments.of(X, X[:, :1])) is None
    assert unbiased_gap(Moments.of(y[:, None].astype(float), y)) is None
