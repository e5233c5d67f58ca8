import numpy as np
import pytest
from scipy.stats import binom, norm

from nullprobe.measures.largest_gap import largest_auc, largest_gap
from nullprobe.moments import Moments


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d", "gap"), [(240, 8, 0.5), (240, 64, 0.5), (120, 3, 2.0)])
def test_the_bound_is_below_the_truth_as_often_as_it_says(n, d, gap):
    rng, below = np.random.default_rng([n, d]), 0
    y = np.arange(n) % 2
    for _ in range(400):
        X = rng.normal(size=(n, d))
        X[:, 0] += gap * y
        below += largest_auc(Moments.of(X, y)) < norm.cdf(gap / np.sqrt(2))
    assert binom.ppf(0.001, 400, 0.025) <= below <= binom.ppf(0.999, 400, 0.025)


def test_more_found_bounds_less_tightly_and_nothing_found_may_bound_by_nothing():
    bounds = [largest_gap(square, 8, (120.0, 120.0)) for square in (0.0, 0.1, 1.0, 100.0)]
    assert bounds[0] == 0.0
    assert bounds == sorted(bounds)
    assert bounds[-1] > 10.0


def test_it_needs_two_classes_and_more_rows_than_features():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 40))
    assert largest_auc(Moments.of(X, np.arange(30) % 2)) is None
    assert largest_auc(Moments.of(X[:, :3], np.arange(30) % 3)) is None
    assert largest_gap(0.1, 28, (15.0, 15.0)) is None
