import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nullprobe._core.validation import InputError
from nullprobe.worlds import gaussian, multiclass, null, rare


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
    assert rare(n=n, d=2, positive_fraction=share).y.sum() == positives


def test_rare_is_plain_to_see_and_hardly_correlated():
    world = rare(n=200_000, d=2)
    scores = world.X @ difference(world)
    assert roc_auc_score(world.y, scores) == pytest.approx(world.truth["bayes_auc"], abs=0.005)
    squared = np.corrcoef(scores, world.y)[0, 1] ** 2
    assert squared == pytest.approx(world.truth["squared_canonical_correlation"], abs=0.003)
    assert squared < 0.02


@pytest.mark.parametrize(
    "arguments", [{"positive_fraction": 1.0}, {"positive_fraction": -0.1}, {"n": 2}]
)
def test_rare_needs_negatives(arguments):
    with pytest.raises(InputError):
        rare(**arguments)


@pytest.mark.parametrize(("n_classes", "gap"), [(2, 1.0), (3, 2.0), (5, 0.5), (8, 3.0)])
def test_every_pair_of_class_means_is_the_gap_apart(n_classes, gap):
    world = multiclass(n=40_000, d=10, n_classes=n_classes, gap=gap)
    means = np.array([world.X[world.y == c].mean(axis=0) for c in range(n_classes)])
    distance = np.linalg.norm(means[:, None] - means, axis=2)
    # Each mean is of at least 5,000 rows; 10 columns add their share to the squared distance.
    atol = 4 * (2 / 5000) ** 0.5
    np.testing.assert_allclose(distance, gap * (1 - np.eye(n_classes)), atol=atol)
    np.testing.assert_allclose(world.X.mean(axis=0), 0, atol=4 / 40_000**0.5)
    assert np.ptp(np.bincount(world.y)) <= 1


@pytest.mark.parametrize(("n_classes", "gap"), [(2, 1.0), (3, 2.0), (5, 0.5), (8, 3.0), (4, 0.0)])
def test_bayes_rule_of_many_classes_has_the_accuracy_of_theory(n_classes, gap):
    n = 40_000
    world = multiclass(n=n, d=10, n_classes=n_classes, gap=gap, random_state=1)
    along = world.X @ world.directions.T
    right = (along.argmax(axis=1) == world.y).mean()
    assert right == pytest.approx(world.truth["bayes_accuracy"], abs=4 * 0.5 / n**0.5)
    two = world.y < 2
    side = along[two, 1] - along[two, 0]
    auc = roc_auc_score(world.y[two], side)
    error = 4 * (0.5 / two.sum()) ** 0.5  # the variance of an AUC is at most 1/(4 m), m a class
    assert auc == pytest.approx(world.truth["pairwise_auc"], abs=error)
    right = ((side > 0) == world.y[two]).mean()
    assert right == pytest.approx(world.truth["pairwise_accuracy"], abs=2 / two.sum() ** 0.5)


def test_many_classes_have_as_many_equal_canonical_correlations_as_they_have_differences():
    world = multiclass(n=60_000, d=6, n_classes=4, gap=2.0)
    means = np.array([world.X[world.y == c].mean(axis=0) for c in range(4)])
    between = means.T @ means / 4
    found = np.sort(np.linalg.eigvals(np.linalg.solve(np.cov(world.X.T), between)).real)[::-1]
    known = world.truth["squared_canonical_correlation"]
    np.testing.assert_allclose(found, [known] * 3 + [0] * 3, atol=0.02)


def test_two_of_many_classes_are_the_gaussian_world():
    many, two = multiclass(n=10, n_classes=2).truth, gaussian(n=10).truth
    for name, same in (("bayes_accuracy", "bayes_accuracy"), ("pairwise_auc", "bayes_auc")):
        assert many[name] == pytest.approx(two[same], abs=1e-9)
    known = "squared_canonical_correlation"
    assert many[known] == pytest.approx(two[known])


@pytest.mark.parametrize(
    "arguments", [{"n_classes": 1}, {"n_classes": 3.0}, {"n": 3}, {"d": 3}, {"gap": -1.0}]
)
def test_many_classes_need_rows_columns_and_a_distance(arguments):
    with pytest.raises(InputError, match="must be a"):
        multiclass(**arguments)
