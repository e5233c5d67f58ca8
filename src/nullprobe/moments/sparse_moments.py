"""Moments of sparse rows, which are never made dense, and their shrunk correlation matrix.

Problem. Moments hold a covariance of d × d numbers: 34 GB for 65,536 features.

Solution. If the features are few, their covariance is formed from sparse products, and the moments
are the same as of dense rows. If the rows are few, all that is needed of the shrunk correlation
matrix R̃ = aI + UᵀNU follows from the Gram matrix of the standardised rows U:

    R̃⁻¹ = (I − Uᵀ (aI + N U Uᵀ)⁻¹ N U) / a.

If both are many, conjugate gradients solve this system with products alone.

Reference. M. A. Woodbury, "Inverting modified matrices", 1950; spikes as in `shrinkage`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator
from sklearn.exceptions import ConvergenceWarning

from nullprobe._core import linalg, parameters, sparse_rows, validation
from nullprobe._core.sparse_rows import Covariance, Standardised
from nullprobe.data.concept import Concept
from nullprobe.moments.concept_sums import ConceptSums
from nullprobe.moments.moments import Moments
from nullprobe.moments.scatter import Spread
from nullprobe.moments.shrinkage import Shrunk, shrink_gram

EXACT = 2048  # rows or features, up to which their matrix is formed and factored
EPS = float(np.finfo(np.float64).eps)
MOST_STEPS = 1000  # of conjugate gradients
RESIDUAL = 1e-11  # of conjugate gradients, relative
BLOCK = 1 << 24  # numbers in one block of a Gram matrix


def sparse_moments(
    X: csr_array, concepts: Sequence[Concept], w: np.ndarray | None = None
) -> list[Moments]:
    """Return the moments of sparse rows (n, d), for each concept of these rows.

    Parameters
    ----------
    X : csr_array of shape (n, d)
        As `sparse_rows.csr` returns it.
    concepts : sequence of Concept
    w : ndarray of shape (n,), optional
        Weights, above 0.
    """
    n, d = X.shape
    mean, variance = sparse_rows.moments(X, w)
    _need_squares(X, variance)
    weight = float(n if w is None else w.sum())
    sums = [_sums(X, z, w, weight) for z in concepts]
    if d <= min(n, EXACT):
        spread = Spread(weight, n, mean, _scatter(X, w, mean, variance * weight), EPS)
        return [Moments(spread, one) for one in sums]
    spread = Spread(weight, n, mean, np.zeros((0, 0)), EPS)
    shares = np.full(n, 1.0 / n) if w is None else w / weight
    wide = _Wide(X, variance, shares)
    return [WideMoments(spread, one, wide=wide) for one in sums]


def _scatter(
    X: csr_array, w: np.ndarray | None, mean: np.ndarray, diagonal: np.ndarray
) -> np.ndarray:
    weighted = X if w is None else X * w[:, None]
    weight = float(X.shape[0] if w is None else w.sum())
    scatter = np.asarray((X.T @ weighted).toarray())
    scatter -= weight * np.outer(mean, mean)
    scatter[np.diag_indices_from(scatter)] = diagonal
    return scatter


def _sums(X: csr_array, z: Concept, w: np.ndarray | None, weight: float) -> ConceptSums:
    """Return the sums of a concept; Z is centred, so X need not be."""
    Z = z.matrix
    each = np.full(len(Z), 1.0) if w is None else w
    mean = each @ Z / weight
    Z = Z - mean
    scatter = Z.T @ (each[:, None] * Z) if z.codes is None else None
    return ConceptSums(mean, X.T @ (each[:, None] * Z), scatter, z.classes, z.levels)


def _need_squares(X: csr_array, variance: np.ndarray) -> None:
    if (variance >= linalg.SMALLEST).any():
        return
    if np.any(X.max(axis=0).toarray() != X.min(axis=0).toarray()):
        validation.complain(
            "the squares of X must not all vanish",
            "the deviations of X from its mean are so small that their squares underflow",
            "multiply X by a constant",
        )


@dataclass(frozen=True, eq=False)
class _Wide:
    """What moments of wide sparse rows hold in place of a scatter."""

    X: csr_array
    variance: np.ndarray
    shares: np.ndarray


@dataclass(eq=False, repr=False)
class WideMoments(Moments):
    """Moments of sparse rows with too many features for a covariance matrix."""

    wide: _Wide | None = None

    @property
    def variance(self) -> np.ndarray:
        """Variances of the features, (d,)."""
        assert self.wide is not None, "wide moments hold their rows"
        return self.wide.variance

    @property
    def covariance(self) -> Covariance:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Cov(X), for products only."""
        assert self.wide is not None, "wide moments hold their rows"
        return Covariance(self.wide.X, self.mean, self.wide.shares)

    @cached_property
    def rows(self) -> Standardised:
        """The standardised rows."""
        assert self.wide is not None, "wide moments hold their rows"
        inverse = linalg.reciprocal(self.scale)
        return Standardised(self.wide.X, self.mean, inverse, np.sqrt(self.wide.shares))

    def factor(self, shrinkage: float | str = 0.0) -> RowsFactor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what solves systems with the shrunk correlation matrix; see `Moments.factor`."""
        lam = parameters.shrinkage(shrinkage, "oas")
        return RowsFactor.of(self.rows, None if isinstance(lam, str) else lam)

    def oracle_shrinkage(self) -> float:
        """Return the oracle-approximating λ; see `Moments.oracle_shrinkage`."""
        return RowsFactor.of(self.rows, None).shrunk.weight


@dataclass(frozen=True, eq=False)
class RowsFactor:
    """The shrunk correlation matrix of rows, to solve systems with it.

    Attributes
    ----------
    rows : Standardised
    shrunk : Shrunk
    inner : callable
        Solves (aI + N U Uᵀ) α = β for columns β (n, m); None if a is 0.
    spectrum : tuple of ndarray or None
        Eigenvalues above 0 and eigenvectors of U Uᵀ, if a is 0.
    """

    rows: Standardised
    shrunk: Shrunk
    inner: Callable[[np.ndarray], np.ndarray] | None
    spectrum: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def of(cls, rows: Standardised, weight: float | None) -> RowsFactor:
        """Factor the matrix with a weight λ, or the oracle-approximating λ for None."""
        n = rows.X.shape[0]
        is_exact = n <= EXACT
        G = rows.gram() if is_exact else _operator(rows)
        if weight is None:
            squares = float(np.vdot(G, G)) if isinstance(G, np.ndarray) else _squares(rows)
            shrunk = shrink_gram(G, int(np.count_nonzero(rows.inverse)), n - 1, squares)
        else:
            shrunk = Shrunk(weight, 1.0, np.zeros(0), np.zeros((n, 0)))
        a = shrunk.weight * shrunk.target
        if not isinstance(G, np.ndarray):
            if not a:
                validation.complain(
                    f"shrinkage must be above 0 for sparse X with more than {EXACT} rows and "
                    "features",
                    "it is 0",
                    'pass shrinkage="oas", or a number above 0',
                )
            return cls(rows, shrunk, lambda B: _conjugate_gradients(rows, shrunk, B))
        if not a:
            values, vectors = eigh(G)
            keep = values > linalg.NOISE_MARGIN * EPS * n * max(values[-1], 0.0)
            return cls(rows, shrunk, None, (values[keep], vectors[:, keep]))
        G *= 1.0 - shrunk.weight
        G += (shrunk.vectors * (shrunk.weight * (shrunk.values - shrunk.target))) @ shrunk.vectors.T
        G[np.diag_indices_from(G)] += a
        factored = cho_factor(G, lower=True, overwrite_a=True, check_finite=False)
        return cls(rows, shrunk, lambda B: cho_solve(factored, B, check_finite=False))

    def solve(self, B: np.ndarray) -> np.ndarray:
        """Return R̃⁻¹ B for columns B (d, m); the solution of least norm if R̃ is singular."""
        one, Y = self.shrunk, self.rows.times(B)
        B = B * (self.rows.inverse > 0)[:, None]
        if self.spectrum is not None:
            values, vectors = self.spectrum
            return self.rows.transposed(vectors @ ((vectors.T @ Y) / values[:, None] ** 2))
        assert self.inner is not None, "without a spectrum there is a solver"
        spiked = one.weight * (one.values - one.target) / np.maximum(one.values, EPS)
        Y = (1.0 - one.weight) * Y + (one.vectors * spiked) @ (one.vectors.T @ Y)
        return (B - self.rows.transposed(self.inner(Y))) / (one.weight * one.target)


def _operator(rows: Standardised) -> LinearOperator:
    n = rows.X.shape[0]

    def product(A: np.ndarray) -> np.ndarray:
        return rows.times(rows.transposed(A.reshape(n, -1))).reshape(A.shape)

    return LinearOperator((n, n), matvec=product, matmat=product, dtype=np.float64)


def _squares(rows: Standardised) -> float:
    """Return the squared norm of the Gram matrix, one block of its rows at a time."""
    n = rows.X.shape[0]
    step, total = max(1, BLOCK // n), 0.0
    for start in range(0, n, step):
        G = rows.gram(slice(start, min(start + step, n)))
        total += float(np.vdot(G, G))
    return total


def _conjugate_gradients(rows: Standardised, one: Shrunk, B: np.ndarray) -> np.ndarray:
    """Return (aI + N U Uᵀ)⁻¹ B for columns B (n, m); spikes are solved exactly, and apart."""
    a, Q = one.weight * one.target, one.vectors
    along = Q.T @ B
    left = B - Q @ along
    x, step = np.zeros_like(left), left.copy()
    size = first = np.einsum("nm,nm->m", left, left)
    for _ in range(MOST_STEPS):
        moved = (1.0 - one.weight) * rows.times(rows.transposed(step)) + a * step
        moved -= Q @ (Q.T @ moved)
        bend = np.einsum("nm,nm->m", step, moved)
        stride = np.divide(size, bend, out=np.zeros_like(size), where=bend > 0)
        x += stride * step
        left -= stride * moved
        new = np.einsum("nm,nm->m", left, left)
        if (new <= RESIDUAL**2 * first).all():
            break
        step = left + np.divide(new, size, out=np.zeros_like(new), where=size > 0) * step
        size = new
    else:
        warnings.warn(
            f"the linear system of the probe did not converge in {MOST_STEPS} steps; pass more "
            "shrinkage",
            ConvergenceWarning,
            stacklevel=2,
        )
    return x + Q @ (along / np.maximum(one.values, EPS)[:, None])
