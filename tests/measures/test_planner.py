"""The planner: its answers against each other, and against erasers fitted to simulated data."""

import math
from dataclasses import astuple, fields

import numpy as np
import pytest
from scipy.stats import chi2, norm

from nullprobe import LEACE, InputError, LDAProbe, MeanProjection, Plan, plan
from nullprobe.measures.expected_auc import expected_auc, gap_left

GRID = [
    (d, gap, share) for d in (2, 16, 64, 768) for gap in (0.5, 1.0, 2.0) for share in (0.5, 0.1)
]


def classes(n, d, gap, share, rng):
    """Draw two whitened Gaussian classes, the second at ``gap`` along no feature's axis.

    A probe that shrinks towards the diagonal would find it there with fewer rows.
    """
    y = (np.arange(n) < round(share * n)).astype(int)
    return rng.standard_normal((n, d)) + np.outer(y, true_gap(d, gap)), y


def true_gap(d, gap):
    return np.full(d, gap / np.sqrt(d))


def left_by(eraser, gap):
    """Return the gap vector (d,) that an eraser leaves in whitened space, or could leave.

    Weights u with W u = 0 are the functions that remain, whatever the eraser reads.
    """
    delta = true_gap(eraser.d, gap)
    basis = np.linalg.qr(eraser.writing.T)[0]
    return delta - basis @ (basis.T @ delta)


def auc_of(weights, left):
    """Return the population AUC of weights on functions that are left; unit covariance."""
    size = np.linalg.norm(weights)
    return float(norm.cdf(weights @ left / size / np.sqrt(2))) if size else 0.5


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


# Answers that belong together


@pytest.mark.slow
@pytest.mark.parametrize("n_probe", [None, 20, 2000])
@pytest.mark.parametrize("auc", [0.501, 0.55, 0.6])
@pytest.mark.parametrize(("d", "gap", "share"), GRID)
def test_the_planned_rows_are_the_fewest_that_do(d, gap, share, auc, n_probe):
    planned = plan(d, gap, auc, positive_fraction=share, n_probe=n_probe)
    assert planned.auc <= auc
    least = round(1 / share)
    if planned.n > least:
        before = plan(d, gap, n=planned.n - 1, positive_fraction=share, n_probe=n_probe)
        assert before.auc > auc
    else:
        assert planned.n == least


def test_a_plan_says_what_the_formula_says():
    made = plan(64, 1.5, n=900, n_probe=300, positive_fraction=0.2)
    assert astuple(made)[:5] == (64, 1.5, 0.2, 900, 300)
    assert made.gap_left == gap_left(1.5, 64, (180, 720))
    assert made.auc == expected_auc(1.5, 64, (180, 720), (60, 240))
    assert made.raw_auc == pytest.approx(norm.cdf(1.5 / math.sqrt(2)), rel=1e-12)
    assert [f.name for f in fields(Plan)][5:] == ["gap_left", "auc", "raw_auc"]
    assert plan(64, 1.5, made.auc, n_probe=300, positive_fraction=0.2).n == 900


@pytest.mark.slow
@pytest.mark.parametrize("n_probe", [None, 300])
def test_rows_and_auc_are_each_others_answer_to_the_last_digit(n_probe):
    for n in range(100, 400):
        read = plan(64, 1.5, n=n, n_probe=n_probe, positive_fraction=0.3).auc
        assert plan(64, 1.5, read, n_probe=n_probe, positive_fraction=0.3).n == n
        below = float(np.nextafter(read, 0.0))
        assert plan(64, 1.5, below, n_probe=n_probe, positive_fraction=0.3).auc <= below


def test_which_class_has_the_share_makes_no_difference():
    assert (
        plan(30, 2.0, 0.6, positive_fraction=0.1).n == plan(30, 2.0, 0.6, positive_fraction=0.9).n
    )


def test_a_probe_of_more_rows_reads_more_and_an_endless_one_most():
    read = [plan(256, 1.0, n=3000, n_probe=m).auc for m in (100, 1000, 10**5, 10**9)]
    assert read == sorted(read)
    assert plan(256, 1.0, n=3000).auc == pytest.approx(read[-1], abs=1e-6)
    assert plan(256, 1.0, 0.55).n > plan(256, 1.0, 0.55, n_probe=1000).n


def test_more_rows_never_read_more():
    for n_probe in (None, 500):
        read = [plan(256, 2.0, n=n, n_probe=n_probe).auc for n in (2, 10, 100, 10**4, 10**7)]
        assert read == sorted(read, reverse=True)
    # With a probe that grows with the eraser it is another matter.
    together = [plan(256, 2.0, n=n, n_probe=n).auc for n in (20, 500, 50_000)]
    assert together[0] < together[1] > together[2]


def test_rows_for_a_gap_that_is_not_known_are_enough_for_any():
    for share, n_probe in ((0.5, None), (0.1, 400)):
        any_gap = plan(64, math.inf, 0.55, positive_fraction=share, n_probe=n_probe)
        needed = [
            plan(64, D, 0.55, positive_fraction=share, n_probe=n_probe).n for D in (0.5, 2, 8, 1e9)
        ]
        assert needed == sorted(needed)
        assert needed[-1] == any_gap.n
        assert any_gap.raw_auc == 1.0


@pytest.mark.parametrize(
    ("d", "gap", "auc", "share", "n"),
    [
        (1, 3.0, 0.51, 0.5, 2),  # the one feature is removed as a whole
        (50, 0.0, 0.51, 0.5, 2),
        (50, 1e-200, 0.51, 0.5, 2),
        (50, 0.5, 0.64, 0.5, 2),  # raw AUC .638
        (50, 0.5, 0.64, 0.1, 10),  # one row of the rare class
        (50, 0.5, 0.64, 0.9, 10),
        (50, 0.5, 1.0, 0.3, 4),
    ],
)
def test_where_nothing_is_to_be_done_one_row_of_each_class_is_planned(d, gap, auc, share, n):
    planned = plan(d, gap, auc, positive_fraction=share)
    assert planned.n == n
    assert planned.auc <= min(auc, planned.raw_auc)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({}, ["either auc or n", "neither arrived"]),
        ({"auc": 0.6, "n": 10}, ["either auc or n", "both arrived"]),
        ({"auc": 0.5}, ["above .5", "0.5 arrived"]),
        ({"auc": 0.3}, ["above .5", "0.3 arrived"]),
        ({"auc": 1.5}, ["auc", "1.5 arrived"]),
        ({"auc": math.nan}, ["auc", "nan arrived"]),
        ({"auc": "0.6"}, ["auc", "'0.6' arrived"]),
        ({"auc": 0.5 + 1e-12}, ["9e+15 rows", "further above .5"]),
        ({"n": 1}, ["n must be", "at least 2", "1 arrived"]),
        ({"n": 99.5}, ["n must be a whole number", "99.5 arrived"]),
        ({"n": 9, "positive_fraction": 0.1}, ["at least 10", "one row of each class", "9 arrived"]),
        (
            {"n": 50, "n_probe": 9, "positive_fraction": 0.1},
            ["n_probe", "at least 10", "9 arrived"],
        ),
        ({"auc": 0.6, "n_probe": 0}, ["n_probe", "0 arrived"]),
        ({"auc": 0.6, "positive_fraction": 0.0}, ["positive_fraction must be", "0.0 arrived"]),
        ({"auc": 0.6, "positive_fraction": 1}, ["positive_fraction must be", "1 arrived"]),
        ({"auc": 0.6, "positive_fraction": 1.5}, ["positive_fraction", "1.5 arrived"]),
        ({"auc": 0.6, "d": 0}, ["d must be", "at least 1", "0 arrived"]),
        ({"auc": 0.6, "d": 2.5}, ["d must be a whole number", "2.5 arrived"]),
        ({"auc": 0.6, "gap": -1.0}, ["gap must be", "-1.0 arrived", "inf"]),
        ({"auc": 0.6, "gap": math.nan}, ["gap must be", "nan arrived", "inf"]),
        ({"auc": 0.6, "gap": "2"}, ["gap must be", "'2' arrived"]),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments, parts):
    with pytest.raises(InputError) as complaint:
        plan(**({"d": 64, "gap": 2.0} | arguments))
    for part in parts:
        assert part in str(complaint.value)


# Against the law of estimated means, and against data


def exact_auc(d, gap, share, n, points=400):
    """Return the mean AUC of an endless probe over all fits, from the law of the class means.

    The estimated gap is D + ε along the true one and has a squared length cχ² across it.
    """
    c = 1.0 / (n * share * (1.0 - share))
    levels = (np.arange(points) + 0.5) / points
    across = c * chi2.ppf(levels, d - 1)[:, None]
    along = (gap + math.sqrt(c) * norm.ppf(levels)) ** 2
    left = gap**2 * across / (along + across)
    return float(norm.cdf(np.sqrt(left / 2)).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "excess"), [(2, 0.09), (4, 0.05), (16, 0.0105), (64, 0.0025), (768, 0.0003)]
)
def test_the_formula_is_never_too_low_and_little_too_high(d, excess):
    differences = [
        plan(d, gap, n=n, positive_fraction=share).auc - exact_auc(d, gap, share, n)
        for gap in (0.1, 0.5, 1.0, 2.0, 8.0)
        for share in (0.5, 0.1)
        for n in (10, 100, 500, 2000, 8000)
    ]
    assert min(differences) > -1e-5  # of the quadrature
    assert excess / 10 < max(differences) < excess


@pytest.mark.slow
@pytest.mark.parametrize("method", [LEACE, MeanProjection])
@pytest.mark.parametrize(
    ("d", "gap", "n", "share"),
    [(16, 2.0, 500, 0.1), (64, 1.0, 300, 0.5), (64, 2.0, 2000, 0.1), (150, 2.0, 100, 0.5)],
)
def test_fitted_erasers_leave_what_is_planned(method, d, gap, n, share):
    """Also with fewer rows than features: what is removed is the gap of the means, and no more."""
    rng = np.random.default_rng(0)
    left, read = [], []
    for _ in range(40):
        eraser = method().fit(*classes(n, d, gap, share, rng)).eraser_
        rest = left_by(eraser, gap)
        left.append(rest @ rest)
        read.append(auc_of(rest, rest))
    expected = plan(d, gap, n=n, positive_fraction=share)
    mean, error = mean_and_error(left)
    # 1 part in d is what the formula neglects.
    assert abs(mean - expected.gap_left) < 3 * error + expected.gap_left / d
    mean, error = mean_and_error(read)
    assert abs(mean - exact_auc(d, gap, share, n)) < 3 * error
    assert expected.raw_auc - mean > 20 * error


@pytest.mark.parametrize("shrinkage", ["oas", 0.0])
def test_a_fresh_probe_reads_what_is_planned(shrinkage):
    """With the covariance to estimate, it reads less: sqrt(1 − d/n_P) of Φ's argument is left."""
    d, gap, n, m = 60, 2.0, 400, 300
    rng, read = np.random.default_rng(1), []
    for _ in range(60):
        eraser = LEACE().fit(*classes(n, d, gap, 0.5, rng)).eraser_
        X, y = classes(m, d, gap, 0.5, rng)
        probe = LDAProbe(shrinkage=shrinkage).fit(eraser.apply(X), y)
        weights = eraser.matrix.T @ probe.probe_.weights[:, 0]
        read.append(auc_of(weights, true_gap(d, gap)))
    expected = plan(d, gap, n=n, n_probe=m).auc
    if shrinkage != "oas":
        expected = norm.cdf(norm.ppf(expected) * math.sqrt(1 - d / m))
    mean, error = mean_and_error(read)
    assert abs(mean - expected) < 3 * error
    assert mean - 0.5 > 20 * error


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.55, 0.6])
@pytest.mark.parametrize(("d", "gap", "share"), [(16, 1.0, 0.5), (64, 2.0, 0.1), (64, 0.5, 0.5)])
def test_with_the_planned_rows_a_fresh_probe_stays_below(d, gap, share, auc):
    planned = plan(d, gap, auc, positive_fraction=share)
    rng, read, fewer = np.random.default_rng(2), [], []
    for _ in range(30):
        for n, found in ((planned.n, read), (planned.n // 2, fewer)):
            rest = left_by(LEACE().fit(*classes(n, d, gap, share, rng)).eraser_, gap)
            found.append(auc_of(rest, rest))
    mean, error = mean_and_error(read)
    assert auc - 0.02 < mean < auc + 3 * error
    mean, error = mean_and_error(fewer)
    assert mean > auc + 3 * error


def test_an_eraser_of_many_classes_leaves_no_pair_more_than_its_plan():
    d, rows = 40, (300, 60, 40)
    means = np.zeros((3, d))
    means[1, 0], means[2, 1] = 2.0, 1.0
    rng, left = np.random.default_rng(3), []
    for _ in range(60):
        y = np.repeat(np.arange(3), rows)
        eraser = LEACE().fit(rng.standard_normal((400, d)) + means[y], y).eraser_
        basis = np.linalg.qr(eraser.writing.T)[0]
        gaps = np.array([means[1] - means[0], means[2] - means[0], means[2] - means[1]])
        left.append(np.square(gaps - gaps @ basis @ basis.T).sum(axis=1))
    for pair, values in zip(((0, 1), (0, 2), (1, 2)), np.transpose(left), strict=True):
        n = rows[pair[0]] + rows[pair[1]]
        gap = np.linalg.norm(means[pair[1]] - means[pair[0]])
        most = plan(d, gap, n=n, positive_fraction=rows[pair[1]] / n).gap_left
        mean, error = mean_and_error(values)
        assert mean < most + 3 * error
        assert mean > 0.5 * most
