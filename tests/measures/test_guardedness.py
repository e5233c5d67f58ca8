"""Canonical correlations, against bases of the data."""

import numpy as np
import pytest
import torch
from hypothesis import given
from support.reference import EPS, basis_of, centred, largest_canonical_correlation, one_hot, unit
from support.samples import BACKENDS, backed, draw, feature_units, samples

from nullprobe import Moments
from nullprobe.measures.guardedness import canonical_correlations, largest_correlation


def all_correlations(X, Z):
    """Return every canonical correlation, from orthonormal bases."""
    U, spread, _ = np.linalg.svd(centred(X) / unit(X.std(axis=0)), full_matrices=False)
    U = U[:, spread > 1e-9 * spread[0]]
    return np.linalg.svd(U.T @ basis_of(np.asarray(Z, float)), compute_uv=False)


@pytest.mark.parametrize("backend", BACKENDS)
@given(sample=samples())
def test_largest_correlation_is_that_of_the_bases(backend, sample):
    naive = largest_canonical_correlation(sample.X, sample.y, eps=EPS["float64"])
    measured = largest_correlation(backed(sample.X, backend), sample.y)
    assert measured == pytest.approx(naive, abs=1e-6)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_all_correlations_are_found_largest_first(k):
    X = draw(1, 150, 6, 2).X
    Z = X[:, :k] + np.random.default_rng(0).standard_normal((150, k))
    found = canonical_correlations(Moments.of(X, Z))
    np.testing.assert_allclose(found, all_correlations(X, Z)[:k], atol=1e-10)
    assert (np.diff(found) <= 0).all()


def test_classes_have_one_correlation_less_than_there_are():
    sample = draw(2, 150, 6, 4)
    found = canonical_correlations(Moments.of(sample.X, sample.y))
    np.testing.assert_allclose(found, all_correlations(sample.X, one_hot(sample.y))[:3], atol=1e-10)
    assert found.shape == (3,)


def test_correlations_have_no_units():
    sample = draw(3, 150, 6, 3)
    expected = canonical_correlations(Moments.of(sample.X, sample.y))
    Z = one_hot(sample.y) * [1e6, 1.0, 1e-6]
    found = canonical_correlations(
        Moments.of(sample.X * feature_units(6, 0) + 1.0, Z, kind="numeric")
    )
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_correlations_see_through_a_mixture_of_the_features():
    sample = draw(4, 150, 6, 3)
    mixed = sample.X @ np.random.default_rng(0).standard_normal((6, 6))
    expected = canonical_correlations(Moments.of(sample.X, sample.y))
    found = canonical_correlations(Moments.of(mixed, sample.y))
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("duplicated", [False, True])
def test_a_concept_that_is_a_feature_has_correlation_one(duplicated):
    sample = draw(5, 150, 4, 2)
    X = np.column_stack([sample.X, sample.y])
    X = np.hstack([X, X]) if duplicated else X
    assert largest_correlation(X, sample.y) == pytest.approx(1.0, abs=1e-9)
    assert largest_correlation(X, sample.y) <= 1.0


def test_fewer_rows_than_features_read_everything():
    sample = draw(6, 20, 40, 2)
    assert largest_correlation(sample.X, sample.y) == pytest.approx(1.0, abs=1e-9)


def test_nothing_to_read_is_zero():
    X = draw(7, 60, 4, 2).X
    assert largest_correlation(X, np.zeros(60, int)) == 0
    assert largest_correlation(np.ones((60, 2)), np.arange(60) % 2) == 0
    assert canonical_correlations(Moments.of(X, np.zeros(60, int))).shape == (0,)
    # two orthogonal designs
    assert largest_correlation(np.tile([[0.0], [0.0], [1.0], [1.0]], (9, 1)), [0, 1] * 18) == 0


def test_weights_are_repetitions():
    sample = draw(8, 60, 4, 3)
    times = np.random.default_rng(0).integers(1, 4, 60)
    weighted = largest_correlation(sample.X, sample.y, sample_weight=times)
    repeated = largest_correlation(np.repeat(sample.X, times, axis=0), np.repeat(sample.y, times))
    assert weighted == pytest.approx(repeated, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_narrow_floats_are_measured_to_their_precision(dtype):
    sample = draw(9, 300, 5, 2)
    X = torch.from_numpy(sample.X).to(dtype)
    exact = largest_canonical_correlation(X.double().numpy(), sample.y, eps=EPS["float64"])
    assert largest_correlation(X, sample.y) == pytest.approx(exact, abs=1e-4)
