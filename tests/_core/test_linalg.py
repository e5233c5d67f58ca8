"""Solves, rank cuts and concept axes, against pseudo-inverses and eigendecompositions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import feature_units

from nullprobe._core import linalg

EPS = np.finfo(np.float64).eps


def correlation_matrix(d, rank, seed, *, zero=0, duplicates=0):
    """Return a correlation matrix of known rank, some of its rows zero or repeated."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((rank, d))
    A = np.hstack([A, A[:, :duplicates]])
    A /= np.linalg.norm(A, axis=0)
    A = np.hstack([A, np.zeros((rank, zero))])
    return A.T @ A


shapes = st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(0, 999))


@pytest.mark.slow
@given(shape=shapes, zero=st.integers(0, 2), duplicates=st.integers(0, 2))
def test_solutions_are_those_of_the_pseudo_inverse(shape, zero, duplicates):
    d, rank, seed = shape
    R = correlation_matrix(d, rank, seed, zero=zero, duplicates=duplicates)
    values = np.linalg.eigvalsh(R)
    true_rank = int((values > 1e-10).sum())
    if values[-true_rank] < 1e-4:  # a pseudo-inverse is only as exact as its smallest value
        return
    B = R @ np.random.default_rng(seed).standard_normal((len(R), 3))
    factor = linalg.factor_psd(R.copy(), eps=EPS)
    assert factor.rank == true_rank
    np.testing.assert_allclose(factor.solve(B), np.linalg.pinv(R, rcond=1e-10) @ B, atol=1e-7)


@pytest.mark.slow
@given(shape=shapes)
def test_solutions_have_least_norm_also_outside_the_range(shape):
    d, rank, seed = shape
    R = correlation_matrix(d, min(rank, 6), seed)
    if np.linalg.eigvalsh(R)[-min(rank, 6, d)] < 1e-4:
        return
    B = np.random.default_rng(seed).standard_normal((d, 2))
    expected = np.linalg.pinv(R, rcond=1e-10) @ B
    np.testing.assert_allclose(linalg.factor_psd(R, eps=EPS).solve(B), expected, atol=1e-7)


def test_a_full_rank_factor_needs_no_basis():
    R = correlation_matrix(4, 9, 0)
    factor = linalg.factor_psd(R.copy(), eps=EPS)
    assert factor.basis is None
    L = np.tril(factor.triangle)
    np.testing.assert_allclose(L @ L.T, R, atol=1e-14)


def test_a_zero_matrix_has_rank_zero():
    for d in (0, 1, 3):
        factor = linalg.factor_psd(np.zeros((d, d)), eps=EPS)
        assert factor.rank == 0
        assert not factor.solve(np.ones((d, 2))).any()


def test_the_rank_cut_grows_with_the_rounding_error():
    R = np.array([[1.0, 1.0 - 1e-6], [1.0 - 1e-6, 1.0]])
    assert linalg.factor_psd(R.copy(), eps=EPS).rank == 2
    assert linalg.factor_psd(R.copy(), eps=np.finfo(np.float32).eps).rank == 1


@pytest.mark.parametrize("seed", range(5))
def test_rounding_errors_are_not_taken_for_directions(seed):
    A = np.random.default_rng(seed).standard_normal((50, 3)).astype(np.float32)
    A = A @ np.random.default_rng(seed + 9).standard_normal((3, 20)).astype(np.float32)
    A /= np.linalg.norm(A, axis=0)
    R = (A.T @ A).astype(np.float64)
    assert np.linalg.matrix_rank(R) > 3
    assert linalg.factor_psd(R, eps=np.finfo(np.float32).eps).rank == 3


def test_features_that_vary_by_rounding_alone_have_no_scale():
    mean = np.array([1e6, 1e6, 0.0, -1.0])
    sd = np.array([1e-10, 1e-6, 1e-300, 1e-17])
    scale = linalg.feature_scale(mean, sd**2)
    assert (scale > 0).tolist() == [False, True, False, False]  # 1e-300 squared is 0
    assert linalg.feature_scale(np.zeros(1), np.array([-1e-30])).tolist() == [0]
    assert linalg.reciprocal(np.array([2.0, 0.0])).tolist() == [0.5, 0.0]


def test_what_is_left_over_is_more_than_rounding():
    share = np.array([1.0, 1e-3, 1e-6, 1e-11, 1e-13, 0.0, -1e-16])
    exact = linalg.left_over(share, eps=EPS)
    assert exact.tolist() == [True, True, True, True, False, False, False]
    coarse = linalg.left_over(share, eps=np.finfo(np.float32).eps)
    assert coarse.tolist() == [True, True, False, False, False, False, False]


@given(d=st.integers(1, 12), seed=st.integers(0, 999), mixed=st.booleans())
def test_rows_become_an_orthonormal_basis_of_their_span(d, seed, mixed):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((min(d, 3), d)) * (feature_units(d, seed) if mixed else 1.0)
    Q = linalg.orthonormal_rows(W)
    np.testing.assert_allclose(Q @ Q.T, np.eye(len(W)), atol=1e-13)
    size = np.abs(W).max(axis=0)
    np.testing.assert_allclose((W @ Q.T @ Q - W) / size, 0, atol=1e-9)


def test_an_ordinary_basis_is_inexact_in_mixed_units():
    W = np.random.default_rng(0).standard_normal((3, 12)) * feature_units(12, 0)
    Q = np.linalg.qr(W.T)[0].T
    assert np.abs((W @ Q.T @ Q - W) / np.abs(W).max(axis=0)).max() > 1e-7


def basis_of(X, Z, eps=EPS):
    X0, Z0 = X - X.mean(axis=0), Z - Z.mean(axis=0)
    n = len(X)
    scale = linalg.feature_scale(X.mean(axis=0), X.var(axis=0))
    return linalg.concept_basis(
        X0.T @ Z0 / n, scale, X.mean(axis=0), Z0.T @ Z0 / n, Z.mean(axis=0), eps=eps
    )


@given(
    k=st.integers(1, 5),
    known=st.integers(0, 5),
    unit=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 999),
)
def test_axes_are_uncorrelated_variables_that_the_features_know_of(k, known, unit, seed):
    rng = np.random.default_rng(seed)
    X, Z = rng.standard_normal((200, 6)), rng.standard_normal((200, k))
    X, Z = X - X.mean(axis=0), Z - Z.mean(axis=0)
    Z -= X @ np.linalg.lstsq(X, Z)[0]  # no feature knows any of them ...
    known = min(known, k)
    Z[:, :known] += X[:, :known]  # ... but some
    units = unit ** np.arange(k)
    basis = basis_of(X, Z @ np.diag(units))
    assert basis.rank == known
    variables = Z @ np.diag(units) @ basis.axes
    np.testing.assert_allclose(variables.T @ variables / 200, np.eye(known), atol=1e-9)
    expected = (X / X.std(axis=0)).T @ variables / 200
    np.testing.assert_allclose(basis.correlation, expected, atol=1e-9)


def test_dependent_and_constant_columns_give_no_axis():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 4))
    Z = X[:, :1] + rng.standard_normal((100, 1))
    copies = np.hstack([Z, -3 * Z + 8, np.full((100, 1), 0.1), np.ones((100, 1))])
    assert basis_of(X, copies).rank == 1
    assert basis_of(X, np.full((100, 2), 0.1)).rank == 0
    assert basis_of(np.full((100, 2), 0.1), Z).rank == 0


def test_features_far_from_zero_are_weighed_by_their_own_rounding_error():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((100, 1))
    z -= z.mean()
    x = rng.standard_normal((100, 1))
    x -= z @ (z.T @ x) / (z.T @ z)
    far = x + 1e10  # rounded to 1e-6: its correlation with z is rounding alone
    assert np.abs(np.corrcoef(far.T, z.T)[0, 1]) > 100 * EPS
    assert basis_of(far, z).rank == 0
