"""Part: some of the rows, factored once, for all labellings that are ever read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the rows, factored once."""

    rows: np.ndarray  # positions (n_j,) in the whole
    X: np.ndarray  # (n_j, d), centred on its own mean
    mean: np.ndarray  # (d,)
    inverse: np.ndarray  # (d,) reciprocal standard deviations
    factor: linalg.PSDFactor  # of the shrunk correlation matrix

    @classmethod
    def of(
        cls, X: np.ndarray, z: Concept, rows: np.ndarray, shrinkage: float | str = "oas"
    ) -> Part:
        """Factor some rows (n_j,) of a whole X (n, d) and its concept."""
        X, z = X[rows], z.take(rows)
        moments = Moments.summed(X, z)
        factor = moments.factor(shrinkage)
        # In float64: a float32 mean may be off by more than the last digit of a deviation.
        centred = (X - moments.mean).astype(X.dtype)
        return cls(rows, centred, moments.mean, linalg.reciprocal(moments.scale), factor)

    def cross(self, Z: np.ndarray) -> np.ndarray:
        """Return Cov(X, Z) (d, m) for the columns of a whole Z (n, m)."""
        Z = Z[self.rows]
        return self.X.T @ (Z - Z.mean(axis=0)).astype(self.X.dtype) / len(self.rows)

    def solve(self, C: np.ndarray) -> np.ndarray:
        """Return Σ̃⁻¹ C."""
        return self.inverse[:, None] * self.factor.solve(self.inverse[:, None] * C)

    def scores(self, other: Part, W: np.ndarray) -> np.ndarray:
        """Score the rows of another part, as deviations from this part's mean; (n, m)."""
        return other.X @ W.astype(other.X.dtype) + (other.mean - self.mean) @ W
