import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nullprobe._check import InputError
from nullprobe.worlds import gaussian, null, rare


def difference(world):
    return world.X[world.y == 1].mean(axis=0) - world.X[world.y == 0].mean(axis=0)


def test_the_gap_is_the_distance_of_the_class_means():
    world = gaussian(n=40_000, d=4, gap=2.0)
    # The mean of 4 columns, each with standard error sqrt(2 / 20,000) = .01.
    assert np.linalg.norm(difference(world)) == pytest.approx(2.0, abs=0.05)


def test_classes_have_identity_covariance_and_are_centred_together():
    world = gaussian(n=40_000, d=4, gap=3.0)
    for label in (0, 1):
        np.testing.assert_allclose(np.cov(world.X[world.y == label].T), np.eye(4), atol=0.05)
    np.testing.assert_allclose(world.X.mean(axis=0), 0, atol=0.05)


@pytest.mark.parametrize("gap", [0.0, 0.5, 2.0])
def test_the_best_direction_has_the_auc_and_accuracy_of_theory(gap):
    world = gaussian(n=20_000, d=3, gap=gap, random_state=3)
    far = gaussian(n=20_000, d=3, gap=50.0, random_state=3)  # the same direction, plain to see
    direction = difference(far) / np.linalg.norm(difference(far))
    scores = world.X @ direction
    assert roc_auc_score(world.y, scores) == pytest.approx(world.truth["bayes_auc"], abs=0.015)
    accuracy = ((scores > 0) == world.y).mean()
    assert accuracy == pytest.approx(world.truth["bayes_accuracy"], abs=0.015)


def test_the_direction_is_drawn_with_the_seed():
    one, other = (gaussian(n=2000, d=50, gap=20.0, random_state=s) for s in (0, 1))
    cosine = difference(one) @ difference(other) / 400
    assert abs(cosine) < 0.6  # sd 1/√50


def test_without_a_gap_nothing_is_readable():
    assert gaussian(n=10, d=2, gap=0.0).truth["readable"] == "no"
    assert gaussian(n=10, d=2, gap=0.1).truth["readable"] == "yes"


def test_odd_rows_give_the_extra_one_to_the_positives():
    assert np.bincount(gaussian(n=5, d=1).y).tolist() == [2, 3]


@pytest.mark.parametrize("gap", [-1.0, np.nan, np.inf, "2", True])
def test_a_gap_that_is_no_distance_is_refused(gap):
    with pytest.raises(InputError, match="gap must be a finite number"):
        gaussian(gap=gap)


def test_null_labels_are_uncorrelated_with_every_column():
    world = null(n=20_000, d=20)
    correlations = [np.corrcoef(column, world.y)[0, 1] for column in world.X.T]
    assert np.abs(correlations).max() < 4 / 20_000**0.5
    assert world.truth["readable"] == "no"
    assert world.truth["bayes_auc"] == 0.5


@pytest.mark.parametrize(
    ("n", "share", "positives"), [(20_000, 0.001, 20), (1000, 0.0, 2), (1000, 0.0254, 25)]
)
def test_rare_has_exactly_its_share_of_positives(n, share, positives):
    assert rare(n=n, d=2, share=share).y.sum() == positives


def test_rare_is_plain_to_see_and_hardly_correlated():
    world = rare(n=200_000, d=2)
    scores = world.X @ difference(world)
    assert roc_auc_score(world.y, scores) == pytest.approx(world.truth["bayes_auc"], abs=0.005)
    squared = np.corrcoef(scores, world.y)[0, 1] ** 2
    assert squared == pytest.approx(world.truth["squared_canonical_correlation"], abs=0.003)
    assert squared < 0.02


@pytest.mark.parametrize("arguments", [{"share": 1.0}, {"share": -0.1}, {"n": 2}])
def test_rare_needs_negatives(arguments):
    with pytest.raises(InputError):
        rare(**arguments)
