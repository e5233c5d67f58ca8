"""Linear solves, numerical ranks and concept axes; no tolerance depends on units.

Features are divided by their standard deviations before any decision, so a feature in
millimetres counts as much as a feature in light years. Every threshold is relative to the
rounding error ``eps`` of the products that made the matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.linalg import cho_solve, get_lapack_funcs, lapack, qr, solve_triangular

from nullprobe._core import validation

# Rounding errors of a sum of products stay within a few eps of the product of the two norms;
# 16 allows for any order of summation, but not for real effects.
NOISE_MARGIN = 16.0
# Erased data contain the rounding errors of the subtraction. These exceed the eps of the remaining
# values; a correlation below this number counts as such an error.
LEAST_CORRELATION = 1e-14
# The columns of Z repeat the same few numbers, so the rounding errors of their sums do not cancel:
# they reach eps times the length of a kernel's inner loop. A column counts as a linear combination
# of the others if it is one up to a millionth of its standard deviation.
CONCEPT_MARGIN = 4096.0
# A share of variance is a difference of quadratic forms after a solve, so it is less exact than a
# sum of products. If a feature keeps a smaller share than this, rounding errors exceed 1e-5
# (float32) or 1e-10 (float64) of the remaining values, which is the tolerance of guardedness.
SHARE_MARGIN = 64.0
LEAST_SHARE = 1e-12
SMALLEST = float(np.finfo(np.float64).tiny)  # the smallest number with full precision
LARGEST = float(np.finfo(np.float64).max) / 1e4  # a larger variance may overflow in sums


@dataclass(frozen=True, eq=False)
class PSDFactor:
    """Factorisation of a positive semi-definite matrix, with which many systems can be solved.

    Attributes
    ----------
    triangle : ndarray of shape (rank, rank)
        Lower Cholesky factor, or the upper triangle T of R = Q T Tᵀ Qᵀ when ``basis`` is given.
    basis : ndarray of shape (d, rank) or None
        Orthonormal Q; None when the matrix has full rank.
    rank : int
        Numerical rank: the number of directions above the threshold.
    """

    triangle: np.ndarray
    basis: np.ndarray | None
    rank: int

    def solve(self, B: np.ndarray) -> np.ndarray:
        """Return R⁺ B for B of shape (d, m), the solution of least norm."""
        if self.basis is None:
            return cho_solve((self.triangle, True), B, check_finite=False)
        inner = solve_triangular(self.triangle, self.basis.T @ B, check_finite=False)
        inner = solve_triangular(self.triangle, inner, trans=1, check_finite=False)
        return self.basis @ inner

    def whiten(self, X: np.ndarray) -> np.ndarray:
        """Return rows (n, rank): if X has the second moment R, theirs is the identity."""
        if self.basis is None:
            return solve_triangular(self.triangle, X.T, lower=True, check_finite=False).T
        return solve_triangular(self.triangle, (X @ self.basis).T, check_finite=False).T

    def unwhiten(self, W: np.ndarray) -> np.ndarray:
        """Return weights (d, m) that give X the scores that ``W`` (rank, m) gives whitened rows."""
        if self.basis is None:
            return solve_triangular(self.triangle, W, lower=True, trans=1, check_finite=False)
        return self.basis @ solve_triangular(self.triangle, W, trans=1, check_finite=False)


def factor_psd(R: np.ndarray, *, eps: float) -> PSDFactor:
    """Factor a symmetric positive semi-definite matrix with unit (or zero) diagonal.

    A matrix of full rank takes one Cholesky decomposition. Otherwise a pivoted Cholesky
    decomposition finds the rank, and a QR decomposition of its (d, rank) factor gives the
    pseudo-inverse: d·rank² operations, and no eigendecomposition.

    Parameters
    ----------
    R : ndarray of shape (d, d)
        **Overwritten.**
    eps : float
        Relative rounding error of the entries of R.
    """
    d = len(R)
    # The errors of the entries are independent, so the matrix of errors has norm ~ eps sqrt(d).
    cut = NOISE_MARGIN * eps * np.sqrt(d)
    norm = float(np.abs(R).sum(axis=0).max(initial=0.0))
    diagonal = R.diagonal().copy()
    potrf, pocon = lapack_functions(("potrf", "pocon"), R)
    # R is symmetric: its transpose is the same matrix in Fortran order, factored in place.
    # This overwrites the lower triangle. The upper triangle still holds R if the factorisation
    # fails.
    lower, info = potrf(R.T, lower=True, clean=False, overwrite_a=True)
    if d and info == 0 and norm > 0:
        reciprocal, _ = pocon(lower, norm, uplo="L")
        if reciprocal * norm > cut:
            return PSDFactor(lower, None, d)
    return _factor_singular(_restore(lower, diagonal), cut)


def lapack_functions(names: Sequence[str], like: np.ndarray) -> list[Callable[..., Any]]:
    """Return functions of LAPACK, by name, in the precision of an array."""
    return cast("list[Callable[..., Any]]", get_lapack_funcs(names, (like,)))


def _restore(lower: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """Rebuild the symmetric matrix from the triangle that did not change."""
    upper = np.triu(lower, 1)
    R = upper + upper.T
    np.fill_diagonal(R, diagonal)
    return R


def _factor_singular(R: np.ndarray, cut: float) -> PSDFactor:
    d = len(R)
    if not d:
        return PSDFactor(np.zeros((0, 0)), np.zeros((0, 0)), 0)
    factored, pivots, rank, _ = lapack.dpstrf(R, tol=cut, lower=1)
    rank = int(rank) if R.diagonal().max() > cut else 0
    tall = np.empty((d, rank))
    tall[pivots - 1] = np.tril(factored)[:, :rank]
    basis, triangle = np.linalg.qr(tall)
    return PSDFactor(triangle, basis, rank)


@dataclass(frozen=True, eq=False)
class ConceptBasis:
    """The concept in standardised axes: uncorrelated, of unit variance, each correlated with X.

    Attributes
    ----------
    scale : ndarray of shape (d,)
        Standard deviation of each feature; 0 for a constant feature.
    axes : ndarray of shape (k, r)
        Each column a gives a variable Z a; these are uncorrelated, have unit variance, and covary
        with X.
    correlation : ndarray of shape (d, r)
        Correlation of each feature with each of these variables.
    """

    scale: np.ndarray
    axes: np.ndarray
    correlation: np.ndarray

    @property
    def rank(self) -> int:
        """Number of directions along which X and Z covary."""
        return self.axes.shape[1]


def need_finite(variance: np.ndarray) -> None:
    """Complain about features whose squares overflow, or overflow when summed over features."""
    large = np.flatnonzero(~(variance < LARGEST))
    if len(large):
        validation.complain(
            "the squares of all features must be finite numbers",
            f"the squares of feature {large[0]} (counted from 0) overflow, or nearly do",
            "divide X by a constant",
        )


def feature_scale(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return standard deviations (d,), with 0 for features that vary only by rounding errors.

    A feature whose variance is too small for the full precision of a float64 gets 0, too. A
    variance that is too large raises an error.
    """
    need_finite(variance)
    scale = np.sqrt(np.where(variance < SMALLEST, 0.0, variance))
    constant = scale <= NOISE_MARGIN * np.finfo(np.float64).eps * np.abs(mean)
    return np.where(constant, 0.0, scale)


def left_over(share: np.ndarray, *, eps: float) -> np.ndarray:
    """Return which features (d,) keep more variance than rounding errors explain.

    Parameters
    ----------
    share : ndarray of shape (d,)
        Variance after erasure divided by variance before.
    """
    return share > SHARE_MARGIN * eps + LEAST_SHARE


def reciprocal(scale: np.ndarray) -> np.ndarray:
    """Return 1 / scale, and 0 where scale is 0 or so small that the result would be infinite."""
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=(scale > 0) & (scale >= SMALLEST))


def correlation_noise(mean: np.ndarray, scale: np.ndarray, *, eps: float) -> np.ndarray:
    """Return the rounding error (d,) of a correlation with each feature."""
    return eps + LEAST_CORRELATION + np.finfo(np.float64).eps * np.abs(mean) * reciprocal(scale)


def concept_basis(
    cross: np.ndarray,
    scale: np.ndarray,
    mean: np.ndarray,
    concept: np.ndarray | None,
    concept_mean: np.ndarray,
    *,
    eps: float,
) -> ConceptBasis:
    """Find the directions of Z with which X is correlated beyond rounding.

    Parameters
    ----------
    cross : ndarray of shape (d, k)
        Cov(X, Z).
    scale, mean : ndarray of shape (d,)
        Standard deviations and means of the features.
    concept : ndarray of shape (k, k) or None
        Cov(Z, Z); None where Z are the indicators of k classes.
    concept_mean : ndarray of shape (k,)
        Mean of Z (for classes: their shares), the scale of the rounding errors of a constant
        column.
    eps : float
        Relative rounding error of the products.

    Notes
    -----
    The rank of Cov(X, Z) is the number of canonical correlations that are not zero. It is
    computed from correlations between features and whitened concept axes. Each feature is weighted
    by its rounding error (the error of the products, plus the error of float64 at the feature's
    mean). The number of directions is the same, but rounding errors are not amplified by
    1/sqrt(smallest eigenvalue), as they would be by whitening X.

    Indicators of classes with shares p have the covariance diag p − p pᵀ. In units of √p it is
    the identity, except in the direction √p, which is uncorrelated with X. Classes therefore cost
    O(d² k), and no (k, k) matrix is formed.
    """
    if concept is None:
        root = np.sqrt(concept_mean)
        unit = reciprocal(root)[:, None]
        correlation = reciprocal(scale)[:, None] * cross * unit.T
        correlation -= np.outer(correlation @ root, root)
    else:
        unit = _whiten(concept, concept_mean)
        correlation = (reciprocal(scale)[:, None] * cross) @ unit
    noise = correlation_noise(mean, scale, eps=eps)
    if min(correlation.shape) == 0:
        return ConceptBasis(scale, np.zeros((cross.shape[1], 0)), correlation[:, :0])
    _, sizes, rotation = np.linalg.svd(correlation / noise[:, None], full_matrices=False)
    turn = rotation[sizes > NOISE_MARGIN * np.sqrt(len(scale))].T
    axes = unit * turn if concept is None else unit @ turn
    return ConceptBasis(scale, axes, correlation @ turn)


def _whiten(covariance: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return columns (k, q) that map Z to q uncorrelated variables of unit variance."""
    inverse = reciprocal(feature_scale(mean, covariance.diagonal()))
    values, vectors = np.linalg.eigh(covariance * np.outer(inverse, inverse))
    positive = values > CONCEPT_MARGIN * np.finfo(np.float64).eps * len(values)
    return inverse[:, None] * vectors[:, positive] / np.sqrt(values[positive])


def orthonormal_rows(W: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (r, d) of the span of r independent rows.

    Features are ordered from the largest, and rows are pivoted. The error of each entry is then
    relative to its feature, in any units (Cox and Higham 1998, "Stability of Householder QR
    factorization for weighted least squares problems").
    """
    order = np.argsort(-np.abs(W).max(axis=0, initial=0.0))
    basis = np.empty_like(W)
    factors: Any = qr(W.T[order], mode="economic", pivoting=True, check_finite=False)
    basis[:, order] = factors[0].T
    return basis
