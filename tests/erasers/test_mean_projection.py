"""Mean projection against C C⁺, and what makes it orthogonal."""

import numpy as np
import pytest
from support.reference import covariances, mean_projection_matrix
from support.reference import erased as erased_by
from support.samples import draw, feature_units

from nullprobe import InputError, MeanProjection, Moments, mean_projection


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


@pytest.mark.parametrize("rank", [1, 2])
def test_a_rank_below_that_of_the_concept_takes_the_leading_singular_vectors(rank):
    sample = draw(6, 300, 8, 4)
    C = covariances(sample.X, sample.y)[1]
    U, size, _ = np.linalg.svd(C)
    e = MeanProjection(rank=rank).fit(sample.X, sample.y).eraser_
    np.testing.assert_allclose(e.matrix, np.eye(8) - U[:, :rank] @ U[:, :rank].T, atol=1e-10)
    X_ = e.apply(sample.X)
    left = np.linalg.norm(covariances(X_, sample.y)[1])
    assert left == pytest.approx(np.linalg.norm(size[rank:]), rel=1e-9)
    assert e.rank == rank


@pytest.mark.parametrize("rank", [0, -1, 1.0, "one"])
def test_a_rank_that_is_none_is_refused(rank):
    with pytest.raises(InputError, match="rank must be a whole number of at least 1"):
        MeanProjection(rank=rank).fit(np.eye(3), [0, 1, 0])


@pytest.mark.parametrize("rank", [3, 7, None])
def test_a_rank_that_suffices_removes_what_the_concept_has(rank):
    sample = draw(7, 300, 8, 4)
    e = MeanProjection(rank=rank).fit(sample.X, sample.y).eraser_
    assert e.rank == 3
    expected = mean_projection_matrix(sample.X, sample.y)
    np.testing.assert_allclose(e.matrix, expected, atol=1e-10)


def test_of_numbers_the_largest_covariances_go_first():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((500, 2)) * [5.0, 1.0]
    X = np.column_stack([Z[:, 0], Z[:, 1], rng.standard_normal(500)])
    X_ = MeanProjection(rank=1).fit_transform(X, Z)
    assert np.ptp(X_[:, 0]) < 1.0
    assert np.corrcoef(X_[:, 1], Z[:, 1])[0, 1] > 0.99


@pytest.mark.parametrize("rank", [-1, 1.5, "two", True])
def test_a_rank_must_be_a_whole_number(rank):
    with pytest.raises(InputError, match="rank must be a whole number"):
        MeanProjection(rank=rank).fit(np.eye(4), [0, 0, 1, 1])
