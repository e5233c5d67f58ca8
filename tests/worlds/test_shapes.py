import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nullprobe._core.validation import InputError
from nullprobe.worlds import heteroscedastic, skewed, xor
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


@pytest.mark.parametrize(("wide", "ratio"), [(1, 4.0), (4, 4.0), (3, 1.5), (8, 20.0)])
def test_unequal_spreads_are_read_by_the_squared_length_as_theory_says(wide, ratio):
    world = heteroscedastic(n=N, wide=wide, ratio=ratio)
    q = ((world.X @ world.directions.T) ** 2).sum(axis=1)
    assert roc_auc_score(world.y, q) == pytest.approx(world.truth["quadratic_auc"], abs=4 * SE)
    threshold = wide * math.log(ratio) / (1 - 1 / ratio)
    right = ((q > threshold) == world.y).mean()
    assert right == pytest.approx(world.truth["bayes_accuracy"], abs=4 * SE)
    for other in (0.8, 1.25):  # no other threshold does better
        assert ((q > other * threshold) == world.y).mean() < right + 2 * SE


def test_unequal_spreads_leave_means_and_other_directions_alike():
    world = heteroscedastic(n=N, d=5, wide=2, ratio=9.0)
    np.testing.assert_allclose(class_means(world), 0, atol=4 * 3 / (N / 2) ** 0.5)
    within = [np.cov(world.X[world.y == c].T) for c in (0, 1)]
    expected = np.eye(5) + 8 * world.directions.T @ world.directions
    np.testing.assert_allclose(within[0], np.eye(5), atol=0.05)
    np.testing.assert_allclose(within[1], expected, atol=0.05 * 9)


def test_no_linear_score_reads_unequal_spreads():
    world = heteroscedastic(n=N, wide=2, ratio=9.0)
    for w in (*world.directions, *np.random.default_rng(0).standard_normal((4, 8))):
        # The variance of an AUC is at most 1/(4 m), m rows a class.
        auc = roc_auc_score(world.y, world.X @ w)
        assert auc == pytest.approx(world.truth["linear_auc"], abs=4 * (0.5 / N) ** 0.5)


@pytest.mark.parametrize("ratio", [1.0, 1.2, 4.0, 50.0])
def test_no_halfspace_does_better_on_unequal_spreads_than_the_truth_says(ratio):
    best = 0.5
    for variance in np.linspace(1.0, ratio, 41):  # along w it lies between those of the two
        for t in np.linspace(0, 6, 1201):
            best = max(best, 0.5 + (normal_cdf(t) - normal_cdf(t / variance**0.5)) / 2)
    known = heteroscedastic(n=10, ratio=ratio).truth["halfspace_accuracy"]
    assert known == pytest.approx(best, abs=1e-5)


def test_equal_spreads_leave_nothing():
    truth = heteroscedastic(n=10, ratio=1.0).truth
    assert truth["gone"] == "yes"
    assert truth["quadratic_auc"] == truth["bayes_accuracy"] == truth["halfspace_accuracy"] == 0.5


@pytest.mark.parametrize(
    "arguments", [{"wide": 0}, {"wide": 9}, {"wide": 2.0}, {"ratio": 0.5}, {"ratio": "4"}, {"n": 1}]
)
def test_unequal_spreads_need_directions_and_a_ratio(arguments):
    with pytest.raises(InputError, match="must be a"):
        heteroscedastic(**arguments)
