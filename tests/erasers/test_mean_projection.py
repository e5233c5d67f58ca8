"""Mean projection against C C⁺, and what makes it orthogonal."""

import numpy as np
import pytest
from reference import covariances, mean_projection_matrix
from reference import erased as erased_by
from samples import draw, feature_units

from nullprobe import MeanProjection, Moments, mean_projection


def test_function_and_class_are_the_same_map():
    sample = draw(0, 80, 5, 3)
    e = mean_projection(Moments.of(sample.X, sample.y))
    X_ = MeanProjection().fit_transform(sample.X, sample.y)
    np.testing.assert_array_equal(e.apply(sample.X), X_)
    assert e.method == "mean projection"
    assert e.rank == 2


def test_two_classes_are_projected_along_their_difference():
    sample = draw(1, 80, 5, 2)
    delta = sample.X[sample.y == 1].mean(axis=0) - sample.X[sample.y == 0].mean(axis=0)
    delta /= np.linalg.norm(delta)
    P = MeanProjection().fit(sample.X, sample.y).eraser_.matrix
    np.testing.assert_allclose(P, np.eye(5) - np.outer(delta, delta), atol=1e-12)


@pytest.mark.parametrize(
    "Z",
    [
        np.arange(80) % 4,
        np.random.default_rng(0).standard_normal(80),
        np.random.default_rng(0).standard_normal((80, 3)),
    ],
    ids=["classes", "number", "numbers"],
)
def test_map_is_the_complement_of_the_covariances(Z):
    X = draw(2, 80, 6, 2).X
    P = MeanProjection().fit(X, Z).eraser_.matrix
    np.testing.assert_allclose(P, mean_projection_matrix(X, Z), atol=1e-9)
    np.testing.assert_allclose(P, P.T, atol=1e-15)
    np.testing.assert_allclose(P @ P, P, atol=1e-12)
    np.testing.assert_allclose(P @ covariances(X, Z)[1], 0, atol=1e-12)


@pytest.mark.parametrize("shape", [(80, 12, 7), (10, 30, 30)], ids=["low rank", "few rows"])
def test_map_is_the_same_where_the_covariance_is_singular(shape):
    n, d, rank = shape
    sample = draw(3, n, d, 3, rank=rank)
    expected = erased_by(mean_projection_matrix(sample.X, sample.y), sample.X)
    X_ = MeanProjection().fit_transform(sample.X, sample.y)
    np.testing.assert_allclose(X_, expected, atol=1e-9)


def test_class_means_are_equal_in_the_units_of_each_feature():
    sample, units = draw(4, 200, 12, 4), feature_units(12, 0)
    X = sample.X * units
    X_ = MeanProjection().fit_transform(X, sample.y)
    means = np.array([X_[sample.y == k].mean(axis=0) for k in range(4)])
    left = np.ptp(means, axis=0) / X.std(axis=0)
    assert left.max() < 1e-12


def test_large_features_hide_small_ones():
    """In mixed units what the projection keeps of the large feature is set to its mean."""
    sample = draw(5, 200, 3, 2)
    e = MeanProjection().fit(sample.X * [1e6, 1.0, 1e-6], sample.y).eraser_
    assert np.isfinite(e.level).tolist() == [True, False, False]
