"""Moments of projected rows, had without touching the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reference import assert_same
from support.samples import BACKENDS, backed, draw, feature_units, samples

from nullprobe import Moments


def orthonormal(seed, d, m):
    """Return m random orthonormal columns (d, m)."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, m)))[0]


def projected(X, Q, w=None):
    """Return the rows themselves, projected about their mean."""
    centred = X - np.average(X, axis=0, weights=w)
    return X - centred @ Q @ Q.T


@pytest.mark.parametrize("backend", BACKENDS)
@given(sample=samples(full_rank=True), m=st.integers(0, 3), seed=st.integers(0, 99))
def test_projecting_moments_is_projecting_rows(backend, sample, m, seed):
    d = sample.X.shape[1]
    Q = orthonormal(seed, d, min(m, d - 1))
    found = Moments.of(backed(sample.X, backend), sample.y).projected(Q)
    assert_same(found, Moments.of(projected(sample.X, Q), sample.y))


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_weights_and_kinds_of_concept_are_kept(kind):
    sample, Q = draw(0, 90, 7, 4), orthonormal(0, 7, 2)
    rng = np.random.default_rng(0)
    y = sample.y if kind == "classes" else rng.standard_normal((90, 2)) + sample.X[:, :2]
    w = rng.uniform(0, 3, 90)
    found = Moments.of(sample.X, y, sample_weight=w).projected(Q)
    assert_same(found, Moments.of(projected(sample.X, Q, w), y, sample_weight=w))


def test_projecting_in_turn_is_projecting_at_once():
    sample, Q = draw(1, 90, 7, 2), orthonormal(1, 7, 4)
    m = Moments.of(sample.X, sample.y)
    assert_same(m.projected(Q[:, :1]).projected(Q[:, 1:]), m.projected(Q))


def test_moments_before_are_left_as_they_were():
    sample = draw(2, 90, 7, 2)
    m = Moments.of(sample.X, sample.y)
    m.projected(orthonormal(2, 7, 3))
    assert_same(m, Moments.of(sample.X, sample.y))


def test_what_was_projected_out_has_no_variance_and_no_covariance():
    sample, Q = draw(3, 90, 7, 3), orthonormal(3, 7, 2)
    m = Moments.of(sample.X, sample.y).projected(Q)
    np.testing.assert_allclose(m.covariance @ Q, 0.0, atol=1e-12)
    np.testing.assert_allclose(Q.T @ m.cross_covariance, 0.0, atol=1e-12)
    np.testing.assert_array_equal(m.covariance, m.covariance.T)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_feature_of_which_nothing_is_left_is_constant(dtype):
    sample = draw(4, 200, 5, 2)
    X = ((sample.X + 10.0) * feature_units(5, 0)).astype(dtype)
    Q = np.zeros((5, 1))
    Q[[1, 3], 0] = 1.0, 1e-9
    m = Moments.of(X, sample.y).projected(Q / np.linalg.norm(Q))
    assert (m.scale == 0).tolist() == [False, True, False, False, False]
    assert not m.covariance[1].any()
    assert not m.sums.cross[1].any()


def test_shares_may_be_judged_against_variances_long_before():
    """Two steps leave the first feature 1e-7 of its variance each: together, rounding."""
    X, c = np.random.default_rng(0).standard_normal((300, 3)), 3e-4
    m = Moments.of(X, np.arange(300) % 2)
    first, second = (np.array([q]).T / np.linalg.norm(q) for q in ([1, c, 0], [-c, 1, c]))
    once = m.projected(first)
    assert once.projected(second).scale.all()
    twice = once.projected(second, before=m.variance)
    assert (twice.scale > 0).tolist() == [False, True, True]


def test_everything_may_be_projected_out():
    m = Moments.of(draw(5, 50, 4, 2).X, draw(5, 50, 4, 2).y).projected(np.eye(4))
    assert not m.covariance.any()
    assert not m.sums.cross.any()
    assert m.concept_basis().rank == 0
