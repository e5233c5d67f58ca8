"""LEACE against the formula of the paper, also where the covariance is singular."""

import numpy as np
import pytest
from support.reference import (
    EPS,
    covariances,
    largest_canonical_correlation,
    leace_matrix,
    mean_square_move,
)
from support.reference import erased as erased_by
from support.samples import draw, feature_units

from nullprobe import LEACE, InputError, Moments, leace


def test_function_and_class_are_the_same_map():
    sample = draw(0, 80, 5, 3)
    e = leace(Moments.of(sample.X, sample.y))
    np.testing.assert_array_equal(e.apply(sample.X), LEACE().fit_transform(sample.X, sample.y))
    assert e.method == "LEACE"
    assert e.classes == (0, 1, 2)
    assert e.rank == 2


@pytest.mark.parametrize(
    "Z",
    [
        np.arange(80) % 4,
        np.random.default_rng(0).standard_normal(80),
        np.random.default_rng(0).standard_normal((80, 3)),
    ],
    ids=["classes", "number", "numbers"],
)
def test_map_is_that_of_the_paper(Z):
    X = draw(1, 80, 6, 2).X
    np.testing.assert_allclose(LEACE().fit(X, Z).eraser_.matrix, leace_matrix(X, Z), atol=1e-9)


@pytest.mark.parametrize("shape", [(80, 12, 7), (10, 30, 30)], ids=["low rank", "few rows"])
def test_map_on_the_sample_is_that_of_the_paper_where_the_covariance_is_singular(shape):
    n, d, rank = shape
    sample = draw(2, n, d, 3, rank=rank)
    expected = erased_by(leace_matrix(sample.X, sample.y), sample.X)
    X_ = LEACE().fit_transform(sample.X, sample.y)
    np.testing.assert_allclose(X_, expected, atol=1e-9)


def test_map_is_a_projection_along_the_covariances_with_the_concept():
    sample = draw(3, 100, 6, 3)
    P = LEACE().fit(sample.X, sample.y).eraser_.matrix
    S, C, _ = covariances(sample.X, sample.y)
    np.testing.assert_allclose(P @ C, 0, atol=1e-12)
    np.testing.assert_allclose(P @ P, P, atol=1e-12)
    # orthogonal in the inner product of the inverse covariance
    np.testing.assert_allclose(P @ S, S @ P.T, atol=1e-10)


def test_weights_are_repetitions():
    sample = draw(4, 60, 5, 3)
    times = np.random.default_rng(0).integers(1, 4, 60)
    weighted = LEACE().fit(sample.X, sample.y, sample_weight=times).eraser_
    repeated = LEACE().fit(np.repeat(sample.X, times, axis=0), np.repeat(sample.y, times)).eraser_
    np.testing.assert_allclose(weighted.matrix, repeated.matrix, atol=1e-10)
    np.testing.assert_allclose(weighted.bias, repeated.bias, atol=1e-10)


def test_features_that_cannot_move_stay_to_the_last_bit():
    """Independent of the concept and of the other features: nothing is subtracted."""
    z = np.repeat([-1.0, 1.0], 40)
    quiet = np.tile([-1.0, -1.0, 1.0, 1.0], 20)
    loud = z + np.tile([-1.0, 1.0], 40)
    X_ = LEACE().fit_transform(np.column_stack([loud, quiet, np.full(80, 3.3)]), z > 0)
    np.testing.assert_array_equal(X_[:, 2], 3.3)
    np.testing.assert_allclose(X_[:, 1], quiet, atol=1e-15)


def test_a_feature_that_is_the_concept_becomes_constant():
    sample = draw(5, 90, 4, 2)
    X = np.column_stack([sample.X, 7.0 * sample.y + 1])
    X_ = LEACE().fit_transform(X, sample.y)
    assert np.ptp(X_[:, 4]) == 0
    assert X_[0, 4] == pytest.approx(X[:, 4].mean())
    e = LEACE().fit(X, sample.y).eraser_
    assert np.isnan(e.level[:4]).all()
    assert (np.ptp(X_[:, :4], axis=0) > 1).all()


def test_no_weight_of_a_feature_depends_on_its_unit():
    sample, units = draw(6, 100, 6, 3), feature_units(6, 0)
    here, there = LEACE().fit(sample.X, sample.y), LEACE().fit(sample.X * units, sample.y)
    in_units = there.eraser_.matrix / units[:, None] * units
    np.testing.assert_allclose(in_units, here.eraser_.matrix, atol=1e-9)


@pytest.mark.parametrize("shrinkage", [0.01, 0.5, 1.0, "oas"])
@pytest.mark.parametrize("shape", [(400, 6, 6), (30, 60, 60), (80, 12, 7)])
def test_shrinkage_leaves_the_guarantee_and_moves_the_sample_further(shrinkage, shape):
    n, d, rank = shape
    sample = draw(7, n, d, 3, rank=rank, spread=30.0)
    X_ = LEACE(shrinkage=shrinkage).fit_transform(sample.X, sample.y)
    left = largest_canonical_correlation(X_, sample.y, eps=EPS["float64"], before=sample.X)
    assert left <= 1e-9
    least = mean_square_move(sample.X, LEACE().fit_transform(sample.X, sample.y))
    assert mean_square_move(sample.X, X_) > least


def test_shrunk_to_the_diagonal_only_variances_count():
    sample = draw(8, 300, 5, 2, spread=20.0)
    S, C, _ = covariances(sample.X, sample.y)
    reading = C[:, :1] / S.diagonal()[:, None]
    A = C[:, :1] @ reading.T / (reading.T @ C[:, :1])
    e = LEACE(shrinkage=1.0).fit(sample.X, sample.y).eraser_
    np.testing.assert_allclose(e.matrix, np.eye(5) - A, atol=1e-10)
    assert e.details["shrinkage"] == "1"


def test_with_few_rows_shrinkage_moves_new_rows_less():
    rng = np.random.default_rng(0)
    L = rng.standard_normal((100, 100)) * np.geomspace(1, 0.05, 100)
    X, new = (rng.standard_normal((n, 100)) @ L.T for n in (80, 2000))
    y = np.arange(80) % 2
    X[y == 1] += L[:, 0]
    moves = [
        mean_square_move(new, LEACE(shrinkage=lam).fit(X, y).transform(new)) for lam in (0.0, "oas")
    ]
    assert moves[1] < 0.5 * moves[0]


@pytest.mark.parametrize("shrinkage", [-0.1, 1.5, "much", np.nan])
def test_shrinkage_must_be_a_share(shrinkage):
    sample = draw(9, 30, 3, 2)
    with pytest.raises(InputError, match="shrinkage must be a number from 0 to 1"):
        LEACE(shrinkage=shrinkage).fit(sample.X, sample.y)
