import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nullprobe._check import InputError
from nullprobe.worlds import skewed, xor
from nullprobe.worlds.world import normal_cdf

N = 40_000
SE = 0.5 / N**0.5


def class_means(world):
    return np.array([world.X[world.y == label].mean(axis=0) for label in (0, 1)])


def test_skewed_classes_have_equal_means():
    # The sd of column 0 is 3, of each class 20,000 rows.
    np.testing.assert_allclose(class_means(skewed(n=N)), 0, atol=4 * 3 / (N / 2) ** 0.5)


def test_skewed_is_right_at_one_threshold_in_nine_cases_of_ten():
    world = skewed(n=N)
    accuracy = ((world.X[:, 0] < 0) == world.y).mean()
    assert accuracy == pytest.approx(world.truth["halfspace_accuracy"], abs=4 * SE)
    auc = roc_auc_score(world.y, -world.X[:, 0])
    assert auc == pytest.approx(world.truth["threshold_auc"], abs=4 * SE)


def test_skewed_columns_after_the_first_are_noise():
    world = skewed(n=N, d=4)
    for label in (0, 1):
        np.testing.assert_allclose(
            np.cov(world.X[world.y == label, 1:].T), np.eye(3), atol=8 * SE * 2
        )


def test_xor_classes_have_equal_means():
    np.testing.assert_allclose(class_means(xor(n=N, d=3)), 0, atol=4 * 1.1 / (N / 2) ** 0.5)


def test_xor_cannot_be_read_along_either_column_or_their_sum():
    world = xor(n=N)
    for scores in (*world.X.T, world.X.sum(axis=1), world.X[:, 0] - world.X[:, 1]):
        assert roc_auc_score(world.y, scores) == pytest.approx(0.5, abs=4 * SE * 1.2)


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_xor_is_read_by_the_product_of_the_signs(noise):
    world = xor(n=N, noise=noise)
    accuracy = ((world.X[:, 0] * world.X[:, 1] < 0) == world.y).mean()
    assert accuracy == pytest.approx(world.truth["bayes_accuracy"], abs=4 * SE)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3, 0.7, 1.5])
def test_no_halfspace_does_better_on_xor_than_the_truth_says(noise):
    best = 0.0
    for angle in np.linspace(0, math.pi / 2, 31):
        c, s = math.cos(angle), math.sin(angle)
        for t in np.linspace(-3, 3, 241):
            above = [normal_cdf((m - t) / max(noise, 1e-9)) for m in (c + s, c - s, s - c, -c - s)]
            gain = (above[0] - above[1] - above[2] + above[3]) / 4
            best = max(best, 0.5 + abs(gain))
    # The diagonal is on the grid, the best threshold nearly.
    assert xor(noise=noise).truth["halfspace_accuracy"] == pytest.approx(best, abs=2e-4)


def test_xor_needs_two_columns_and_noise_that_is_a_spread():
    with pytest.raises(InputError, match="d must be"):
        xor(d=1)
    with pytest.raises(InputError, match="noise must be"):
        xor(noise=-0.1)
