"""Part: a subset of the rows, factored once for all labellings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import linalg, validation
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.moments.few_rows import FewRows
from nullprobe.moments.sparse_moments import sparse_moments


@dataclass(frozen=True, eq=False)
class Part:
    """A subset of the rows, centred and factored."""

    rows: np.ndarray  # positions (n_j,) among all rows
    X: np.ndarray  # (n_j, d), centred on the mean of the part
    mean: np.ndarray  # (d,)
    inverse: np.ndarray  # (d,) reciprocal standard deviations
    factor: linalg.PSDFactor | FewRows  # of the shrunk correlation matrix

    @classmethod
    def of(
        cls, X: np.ndarray, z: Concept, rows: np.ndarray, shrinkage: float | str = "oas"
    ) -> Part:
        """Factor the rows (n_j,) of X (n, d), dense or sparse, and its concept."""
        if validation.is_sparse(X):
            return SparsePart.of_sparse(X, z, rows, shrinkage)
        X, z = X[rows], z.take(rows)
        if is_few(*X.shape):
            few = FewRows.of(X, None if isinstance(shrinkage, str) else shrinkage)
            return cls(rows, few.centred.astype(X.dtype, copy=False), few.mean, few.inverse, few)
        moments = Moments.summed(X, z)
        factor = moments.factor(shrinkage)
        # In float64: the error of a float32 mean may exceed the last digit of a deviation.
        centred = (X - moments.mean).astype(X.dtype)
        return cls(rows, centred, moments.mean, linalg.reciprocal(moments.scale), factor)

    def cross(self, Z: np.ndarray) -> np.ndarray:
        """Return Cov(X, Z) (d, m) on this part, for the columns of Z (n, m)."""
        Z = Z[self.rows]
        return self.X.T @ (Z - Z.mean(axis=0)).astype(self.X.dtype) / len(self.rows)

    def solve(self, C: np.ndarray) -> np.ndarray:
        """Return Σ̃⁻¹ C."""
        return self.inverse[:, None] * self.factor.solve(self.inverse[:, None] * C)

    def scores(self, other: Part, W: np.ndarray) -> np.ndarray:
        """Return scores (n, m) of the rows of another part, minus this part's mean."""
        return other.X @ W.astype(other.X.dtype) + (other.mean - self.mean) @ W

    def scores_of(self, X: np.ndarray, W: np.ndarray) -> np.ndarray:
        """Return scores (n, m) of other rows X (n, d), minus this part's mean."""
        return (X - self.mean).astype(X.dtype) @ W.astype(X.dtype)

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Return features (k,) of the rows as an array (n_j, k), centred."""
        return self.X[:, features]


@dataclass(frozen=True, eq=False)
class SparsePart(Part):
    """A subset of sparse rows, factored; ``X`` is not centred, but its products are."""

    @classmethod
    def of_sparse(cls, X: Any, z: Concept, rows: np.ndarray, shrinkage: float | str) -> SparsePart:
        """Factor the rows (n_j,) of sparse X (n, d) and its concept."""
        X, z = X[rows], z.take(rows)
        moments = sparse_moments(X, [z])[0]
        factor: Any = moments.factor(shrinkage)
        return cls(rows, X, moments.mean, linalg.reciprocal(moments.scale), factor)

    def scores(self, other: Part, W: np.ndarray) -> np.ndarray:
        """Return scores (n, m) of the rows of another part, minus this part's mean."""
        return other.X @ W - self.mean @ W

    def scores_of(self, X: Any, W: np.ndarray) -> np.ndarray:
        """Return scores (n, m) of other sparse rows X (n, d), minus this part's mean."""
        return X @ W - self.mean @ W

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Return features (k,) of the rows as an array (n_j, k), centred."""
        sparse: Any = self.X
        return sparse[:, features].toarray() - self.mean[features]


def is_few(n: int, d: int) -> bool:
    """Return whether the inner products of n rows are cheaper to factor than their features."""
    return n < d
