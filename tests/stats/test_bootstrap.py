"""Bootstrap weights: what is drawn together, and how much a statistic varies under them."""

import numpy as np
import pytest
from scipy.stats import norm

from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import replicates, resampled_weights


def test_groups_are_resampled_whole():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 90)
    weights = resampled_weights(groups % 2, groups, 90, 300, rng)
    for g in range(12):
        of_group = weights[:, groups == g]
        np.testing.assert_array_equal(of_group, of_group[:, :1].repeat(of_group.shape[1], axis=1))
    first = weights[:, [np.flatnonzero(groups == g)[0] for g in range(12)]]
    np.testing.assert_array_equal(first.sum(axis=1), 12.0)  # as many groups as there are
    assert first.mean(axis=0) == pytest.approx(np.ones(12), abs=5 * 1 / np.sqrt(300))


def test_rows_are_resampled_within_their_class():
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    weights = resampled_weights(codes, None, 60, 200, rng)
    for c in range(3):
        np.testing.assert_array_equal(weights[:, codes == c].sum(axis=1), 20.0)
    assert weights.var() == pytest.approx(1.0, abs=0.1)  # as a bootstrap's, about Poisson


def test_rows_without_classes_are_resampled_all_together():
    weights = resampled_weights(None, None, 40, 100, np.random.default_rng(0))
    np.testing.assert_array_equal(weights.sum(axis=1), 40.0)
    assert (weights[:, :20].sum(axis=1) != 20).any()


def test_bootstrap_spread_is_the_standard_error_of_the_auc():
    """Hanley and McNeil's formula, for a Gaussian score of gap 1 and 100 rows a class."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    spreads = []
    for _ in range(30):
        scores = (rng.normal(size=200) + y)[None]
        weights = resampled_weights(y, None, 200, 200, rng)
        spreads.append(metrics.auc(scores, y[None] > 0, weights).std())
    a = norm.cdf(1 / np.sqrt(2))
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    expected = np.sqrt((a * (1 - a) + 99 * (q1 - a**2) + 99 * (q2 - a**2)) / 100**2)
    assert np.mean(spreads) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(("rows", "m"), [(10, 1000), (40_000, 500), (10**7, 100)])
def test_there_are_as_many_replicates_as_memory_allows(rows, m):
    assert replicates(rows) == m
