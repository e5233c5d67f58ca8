import numpy as np
import pytest
from scipy.stats import norm

from nullprobe.data.concept import concept
from nullprobe.heldout.learning_curve import folds, learning_curve
from nullprobe.stats import metrics


def curve(X, y, groups=None, **kind):
    z = concept(y, **kind)
    parts = folds(z, groups, np.random.default_rng(0))
    return parts, learning_curve(X, z, parts)


def test_more_rows_read_more_up_to_what_the_best_probe_reads():
    rng = np.random.default_rng(0)
    y = np.arange(1600) % 2
    X = rng.normal(size=(1600, 100))
    X[:, 0] += y
    _, found = curve(X, y)
    assert [one.rows for one in found] == [200, 400, 800, 1400]
    read = [float(metrics.auc(one.scores.T, y[None] > 0)[0]) for one in found]
    assert read == sorted(read)
    best = norm.cdf(1 / np.sqrt(2))
    # The gap of D = 1 against the noise of means in 100 features: see `expected_auc`.
    expected = [norm.cdf(1 / np.sqrt(1 + 99 * 4 / one.rows) / np.sqrt(2)) for one in found]
    assert read == pytest.approx(expected, abs=0.04)
    assert read[-1] < best


def test_no_row_is_scored_by_a_probe_that_saw_it():
    """Labels at random in more features than rows: a probe that saw a row would know its label."""
    rng = np.random.default_rng(1)
    y = rng.permutation(np.arange(160) % 2)
    _, found = curve(rng.normal(size=(160, 300)), y)
    for one in found:
        assert abs(metrics.auc(one.scores.T, y[None] > 0)[0] - 0.5) < 0.17


def test_groups_stay_whole_and_few_rows_make_fewer_folds():
    rng = np.random.default_rng(2)
    y = np.arange(120) % 2
    groups = np.arange(120) // 5
    parts, _ = curve(rng.normal(size=(120, 3)), y, groups)
    assert parts.n_parts == 8
    assert all(len(np.unique(parts.part[groups == g])) == 1 for g in range(24))
    rare = (np.arange(120) < 9).astype(int)
    parts, found = curve(rng.normal(size=(120, 3)), rare)
    assert (parts.n_parts, [one.rows for one in found]) == (4, [30, 60, 90])
    assert folds(concept((np.arange(120) < 5).astype(int)), None, rng) is None


def test_numbers_are_predicted_at_their_level():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(800, 3))
    y = X[:, 0] + 0.5 * rng.normal(size=800) + 100
    _, found = curve(X, y, kind="numeric")
    read = float(metrics.r_squared(found[-1].scores.T, y[None])[0])
    assert read == pytest.approx(0.8, abs=0.05)
