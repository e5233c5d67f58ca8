import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from nullprobe.worlds import two_features
from nullprobe.worlds.founding import FIRST, SECOND, VALUES

# The population of the two features: 25 points, and their probabilities in each class.
POINTS = np.array([(a, b) for a in VALUES for b in VALUES])
NEGATIVE, POSITIVE = (np.outer(FIRST[k], SECOND[k]).ravel() for k in (0, 1))


def best_threshold(scores):
    """Return the accuracy of the best threshold on the population, either way round."""
    scores = scores.round(9)
    gains = [abs((POSITIVE - NEGATIVE)[scores >= t].sum()) for t in np.unique(scores)]
    return 0.5 + max(gains) / 2


def test_probabilities_are_those_of_the_founding_experiment():
    np.testing.assert_allclose([FIRST.sum(axis=1), SECOND.sum(axis=1)], 1)
    world = two_features(n_per_class=20_000, d=2)
    for column, probabilities in enumerate((FIRST, SECOND)):
        for label in (0, 1):
            drawn = world.X[world.y == label, column]
            shares = (drawn[:, None] == VALUES).mean(axis=0)
            np.testing.assert_allclose(shares, probabilities[label], atol=4 * 0.5 / 20_000**0.5)


@pytest.mark.parametrize("standardise", [False, True])
def test_after_mean_projection_the_best_halfspace_is_right_in_five_cases_of_eight(standardise):
    points = POINTS / np.sqrt(np.cov(POINTS.T, aweights=NEGATIVE + POSITIVE, ddof=0).diagonal())
    points = points if standardise else POINTS
    gap = (POSITIVE - NEGATIVE) @ points
    truth = two_features(standardise=standardise).truth
    known = truth["halfspace_accuracy_after_mean_projection"]
    assert best_threshold(points @ np.array([gap[1], -gap[0]])) == pytest.approx(known)


def test_accuracies_before_erasure_are_those_of_the_population():
    angles = np.linspace(0, np.pi, 2001)
    best = max(best_threshold(POINTS @ np.array([np.cos(a), np.sin(a)])) for a in angles)
    truth = two_features().truth
    assert best == pytest.approx(truth["halfspace_accuracy"])
    assert np.maximum(NEGATIVE, POSITIVE).sum() / 2 == pytest.approx(truth["bayes_accuracy"])


def test_a_linear_classifier_is_right_in_94_of_100_cases():
    scores = []
    for seed in range(20):
        world = two_features(random_state=seed)
        scores.append(LogisticRegression().fit(world.X, world.y).score(world.X, world.y))
    assert np.mean(scores) == pytest.approx(0.94, abs=0.015)


def test_mean_projection_leaves_a_linear_classifier_nothing():
    world = two_features(standardise=True)
    gap = world.X[world.y == 1].mean(axis=0) - world.X[world.y == 0].mean(axis=0)
    erased = world.X - np.outer(world.X @ gap, gap) / (gap @ gap)
    # Before, this very test fails: the coefficients are large.
    assert np.abs(LogisticRegression().fit(world.X, world.y).coef_).max() > 1
    assert np.abs(LogisticRegression().fit(erased, world.y).coef_).max() < 1e-3


def test_classes_are_of_the_same_size_and_in_random_order():
    world = two_features(n_per_class=30)
    assert np.bincount(world.y).tolist() == [30, 30]
    assert (np.diff(world.y) != 0).sum() > 10


def test_standardised_columns_have_mean_zero_and_spread_one():
    X = two_features(standardise=True).X
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)


def test_a_single_pair_of_rows_can_be_standardised():
    assert np.isfinite(two_features(n_per_class=1, standardise=True).X).all()
