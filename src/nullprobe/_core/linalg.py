"""Solves, rank cuts and concept axes; every tolerance is free of units.

Features are divided by their standard deviations before anything is decided, so a feature in
millimetres counts as much as one in light years. What is cut is cut relative to the rounding
error of the products that made the matrix, ``eps`` below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, get_lapack_funcs, lapack, qr, solve_triangular

from nullprobe._core import validation

# Rounding errors of a sum of products stay within a few eps of the product of the two norms;
# 16 leaves room for the order of summation, not for real effects.
NOISE_MARGIN = 16.0
# Erased data hold the rounding errors of what was subtracted from them, which exceed the eps of
# what is left; a correlation below this is taken for one of those.
LEAST_CORRELATION = 1e-14
# The columns of Z repeat the same few numbers, so that their sums round the same way each time:
# up to eps times the length of a kernel's inner loop. A column counts as a combination of the
# others where it is one up to a millionth of its standard deviation.
CONCEPT_MARGIN = 4096.0
# A share of variance is a difference of quadratic forms, after a solve: less exact than a sum of
# products. A feature that keeps less than this keeps rounding errors of more than 1e-5 (float32)
# or 1e-10 (float64) of what is left, which is what guardedness is held to.
SHARE_MARGIN = 64.0
LEAST_SHARE = 1e-12
SMALLEST = float(np.finfo(np.float64).tiny)  # number that has all its digits
LARGEST = float(np.finfo(np.float64).max) / 1e4  # variance of which sums over features are finite


@dataclass(frozen=True, eq=False)
class PSDFactor:
    """A positive semi-definite matrix, factored once so that many systems can be solved.

    Attributes
    ----------
    triangle : ndarray of shape (rank, rank)
        Lower Cholesky factor, or the upper triangle T of R = Q T Tᵀ Qᵀ when ``basis`` is given.
    basis : ndarray of shape (d, rank) or None
        Orthonormal Q; None when the matrix has full rank.
    rank : int
        Number of directions above the cut.
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
        """Return rows (n, rank) whose second moment is the identity where that of X is R."""
        if self.basis is None:
            return solve_triangular(self.triangle, X.T, lower=True, check_finite=False).T
        return solve_triangular(self.triangle, (X @ self.basis).T, check_finite=False).T

    def unwhiten(self, W: np.ndarray) -> np.ndarray:
        """Return weights (d, m) that score X as ``W`` (rank, m) scores the whitened rows."""
        if self.basis is None:
            return solve_triangular(self.triangle, W, lower=True, trans=1, check_finite=False)
        return self.basis @ solve_triangular(self.triangle, W, trans=1, check_finite=False)


def factor_psd(R: np.ndarray, *, eps: float) -> PSDFactor:
    """Factor a symmetric positive semi-definite matrix with unit (or zero) diagonal.

    One Cholesky decomposition where the matrix has full rank. Where it does not, a pivoted one
    finds the rank and a QR of its (d, rank) factor gives the pseudo-inverse: d·rank² work, no
    eigendecomposition.

    Parameters
    ----------
    R : ndarray of shape (d, d)
        **Overwritten.**
    eps : float
        Relative rounding error of the entries of R.
    """
    d = len(R)
    # The errors of the entries are independent, so their matrix has norm ~ eps sqrt(d).
    cut = NOISE_MARGIN * eps * np.sqrt(d)
    norm = float(np.abs(R).sum(axis=0).max(initial=0.0))
    diagonal = R.diagonal().copy()
    potrf, pocon = get_lapack_funcs(("potrf", "pocon"), (R,))
    # R is symmetric: its transpose is the same matrix in Fortran order, factored in place.
    # The lower triangle is used up; the upper one still holds R should the attempt fail.
    lower, info = potrf(R.T, lower=True, clean=False, overwrite_a=True)
    if d and info == 0 and norm > 0:
        reciprocal, _ = pocon(lower, norm, uplo="L")
        if reciprocal * norm > cut:
            return PSDFactor(lower, None, d)
    return _factor_singular(_restore(lower, diagonal), cut)


def _restore(lower: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """Rebuild the symmetric matrix from the triangle that the failed attempt left alone."""
    upper = np.triu(lower, 1)
    R = upper + upper.T
    np.fill_diagonal(R, diagonal)
    return R


def _factor_singular(R: np.ndarray, cut: float) -> PSDFactor:
    d = len(R)
    if not d:
        return PSDFactor(np.zeros((0, 0)), np.zeros((0, 0)), 0)
    factored, pivots, rank, _ = lapack.dpstrf(R, tol=cut, lower=1)  # type: ignore[attr-defined]
    rank = int(rank) if R.diagonal().max() > cut else 0
    tall = np.empty((d, rank))
    tall[pivots - 1] = np.tril(factored)[:, :rank]
    basis, triangle = np.linalg.qr(tall)
    return PSDFactor(triangle, basis, rank)


@dataclass(frozen=True, eq=False)
class ConceptBasis:
    """The concept in units of its own: independent axes of unit variance that X knows of.

    Attributes
    ----------
    scale : ndarray of shape (d,)
        Standard deviation of each feature; 0 for a constant one.
    axes : ndarray of shape (k, r)
        Columns a: the variables Z a are uncorrelated, have unit variance, and covary with X.
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
    """Complain about a feature whose squares overflow, or would when added up over features."""
    large = np.flatnonzero(~(variance < LARGEST))
    if len(large):
        validation.complain(
            "the squares of all features must be finite numbers",
            f"those of feature {large[0]} (counted from 0) are not, or nearly not",
            "divide X by a constant",
        )


def feature_scale(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return standard deviations (d,), with 0 for features that vary by rounding alone.

    So do those whose variance is too small for all digits of a float64; one that is too large
    is refused.
    """
    need_finite(variance)
    scale = np.sqrt(np.where(variance < SMALLEST, 0.0, variance))
    constant = scale <= NOISE_MARGIN * np.finfo(np.float64).eps * np.abs(mean)
    return np.where(constant, 0.0, scale)


def left_over(share: np.ndarray, *, eps: float) -> np.ndarray:
    """Return which features (d,) keep more of their variance than rounding makes.

    Parameters
    ----------
    share : ndarray of shape (d,)
        Variance after erasure divided by variance before.
    """
    return share > SHARE_MARGIN * eps + LEAST_SHARE


def reciprocal(scale: np.ndarray) -> np.ndarray:
    """Return 1 / scale, and 0 where scale is 0, or so small that this would be infinite."""
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
        Mean of Z, by which a constant column is told from one that varies; shares of classes.
    eps : float
        Relative rounding error of the products.

    Notes
    -----
    The rank of Cov(X, Z) is the number of canonical correlations that are not zero. It is
    decided on correlations between features and whitened concept axes, each feature weighed
    by its own rounding error (that of the products, plus that of float64 at its mean): the
    same number of directions, but free of the factor 1/sqrt(smallest eigenvalue) by which
    whitening X would amplify noise.

    Indicators of classes with shares p have the covariance diag p − p pᵀ. In units of √p that is
    the identity, but for the direction √p, in which X covaries with nothing: so classes cost
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
    """Return (k, q) columns that turn Z into q uncorrelated variables of unit variance."""
    inverse = reciprocal(feature_scale(mean, covariance.diagonal()))
    values, vectors = np.linalg.eigh(covariance * np.outer(inverse, inverse))
    kept = values > CONCEPT_MARGIN * np.finfo(np.float64).eps * len(values)
    return inverse[:, None] * vectors[:, kept] / np.sqrt(values[kept])


def orthonormal_rows(W: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (r, d) of the span of r independent rows.

    Features come largest first and rows are pivoted: then the error of each entry is relative
    to its own feature, whatever the units (Cox and Higham 1998, "Stability of Householder QR
    factorization for weighted least squares problems").
    """
    order = np.argsort(-np.abs(W).max(axis=0, initial=0.0))
    basis = np.empty_like(W)
    factors: Any = qr(W.T[order], mode="economic", pivoting=True, check_finite=False)
    basis[:, order] = factors[0].T
    return basis
