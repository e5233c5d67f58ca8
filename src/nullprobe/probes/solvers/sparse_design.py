"""Standardised sparse rows of logistic regressions, as products; they are never made dense.

`SparseDesign` and `Diagonal` take the places of `Design` and `Preconditioner` in the solvers. With
more features than a covariance is formed for, the diagonal of the second derivative preconditions:
it is the same for all standardised features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from nullprobe._core import linalg, validation
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.moments.sparse_moments import WideMoments, sparse_moments
from nullprobe.probes.solvers.conjugate_gradient import product
from nullprobe.probes.solvers.design import Design, Preconditioner


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Standardised rows (n, d) and a column of ones, (n, d + 1): ``rows @ A`` and ``rows.T @ G``.

    Attributes
    ----------
    X : csr_array of shape (n, d)
    inverse : ndarray of shape (d,)
        Reciprocal standard deviations.
    centre : ndarray of shape (d,)
        Means times these.
    """

    X: csr_array
    inverse: np.ndarray
    centre: np.ndarray

    @classmethod
    def of(cls, X: csr_array, mean: np.ndarray, inverse: np.ndarray, dtype: Any) -> SparseRows:
        """Return the rows for products in float32 or float64."""
        centre = (mean * inverse).astype(dtype)
        typed: Any = X.astype(dtype, copy=False)
        return cls(typed, inverse.astype(dtype), centre)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and features with the column of ones."""
        return self.X.shape[0], self.X.shape[1] + 1

    @property
    def dtype(self) -> np.dtype:
        """Type of the products."""
        return self.X.dtype

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.X.shape[0]

    def __matmul__(self, A: np.ndarray) -> np.ndarray:
        """Return the log-odds (n, m) of A (d + 1, m)."""
        return self.X @ (self.inverse[:, None] * A[:-1]) + (A[-1] - self.centre @ A[:-1])

    @cached_property
    def T(self) -> Turned:
        """The transposed rows."""
        return Turned(self)


@dataclass(frozen=True, eq=False)
class Turned:
    """The transposed rows (d + 1, n)."""

    rows: SparseRows

    def __len__(self) -> int:
        """Return the number of features, with the column of ones."""
        return self.rows.shape[1]

    def __matmul__(self, G: np.ndarray) -> np.ndarray:
        """Return the sums (d + 1, m) for G (n, m)."""
        rows, total = self.rows, G.sum(axis=0)
        product = np.empty((len(self), G.shape[1]), dtype=G.dtype)
        product[:-1] = rows.inverse[:, None] * (rows.X.T @ G) - np.outer(rows.centre, total)
        product[-1] = total
        return product


@dataclass(frozen=True, eq=False)
class SparseDesign(Design):
    """Standardised sparse rows, which all problems on these rows share; frozen.

    ``covariance`` is empty if there are more features than a covariance is formed for.
    """

    @classmethod
    def of_moments(cls, X: csr_array, w: np.ndarray | None, moments: Moments) -> SparseDesign:
        """Standardise rows X (n, d) with weights w (n,) and their moments."""
        n, inverse, mean = X.shape[0], linalg.reciprocal(moments.scale), moments.mean
        shares = np.full(n, 1.0 / n) if w is None else w / moments.weight
        wide, narrow = (SparseRows.of(X, mean, inverse, t) for t in (np.float64, np.float32))
        spread = np.zeros((0, 0))
        if not isinstance(moments, WideMoments):
            spread = moments.covariance * np.outer(inverse, inverse)
        rows: Any = wide
        few: Any = narrow
        return cls(rows, shares, spread, mean, inverse, None, moments.weight, few)

    def preconditioner(self, penalty: float) -> Any:
        """Return the preconditioner of one penalty."""
        if len(self.covariance):
            return Preconditioner.of(self, penalty)
        return Diagonal(penalty)

    def standardise(self, X: csr_array) -> SparseRows:
        """Return other rows X (n, d), for products."""
        return SparseRows.of(X, self.mean, self.inverse, np.float64)

    def log_odds(self, standardised: SparseRows, A: np.ndarray) -> np.ndarray:
        """Return the log-odds (n, m, k) of standardised rows under A (d + 1, m, k)."""
        rows: Any = standardised
        return product(rows, A)


def design_of(X: Any, w: np.ndarray | None) -> Design:
    """Standardise dense or sparse rows X (n, d) with weights w (n,) or without."""
    if not validation.is_sparse(X):
        return Design.of(X, w)
    nothing = Concept(None, None, np.zeros((X.shape[0], 1)))
    return SparseDesign.of_moments(X, w, sparse_moments(X, [nothing], w)[0])


@dataclass(frozen=True)
class Diagonal:
    """(1 + s)⁻¹ on weights of standardised features, 1 on the bias; it has no constraint."""

    penalty: float  # λ of the objective: mean loss + ½ λ |a|², without the bias

    def __call__(self, G: np.ndarray) -> np.ndarray:
        """Return M⁻¹ G for float32 G (d + 1, m)."""
        result = G.copy()
        result[:-1] *= np.float32(1.0 / (1.0 + 4.0 * self.penalty))
        return result

    def keep_within(self, G: np.ndarray) -> np.ndarray:
        """Return G: there is no constraint."""
        return G
