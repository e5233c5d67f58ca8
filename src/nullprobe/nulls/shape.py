"""Common shape: rows that keep each class's mean and covariance, and share one shape of noise.

Sign flips keep a symmetric structure that differs from class to class, such as an XOR, so that a
nonlinear reader finds it in them, too. Here residuals are whitened in their class, permuted over
all rows, whitened again and given the covariance of the class they came to.

Reference. D. Freedman, D. Lane, "A nonstochastic interpretation of reported significance levels",
1983; A. Winkler et al., "Permutation inference for the general linear model", 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.nulls.action import Action
from nullprobe.nulls.residuals import Residuals

LEAST_SHARE = 1e-10  # of the largest eigenvalue: below, nothing varies


@dataclass(frozen=True, eq=False)
class CommonShape(Action):
    """Permutations over all rows of residuals that were whitened in their class.

    Kept are class means and covariances, exactly, and the pooled shape of the noise; broken is
    shape that differs from class to class. Asymptotic: one shape, classes of more rows than
    features.
    """

    residuals: Residuals
    white: np.ndarray  # (n, r)
    colours: tuple[np.ndarray, ...]  # (r, d) of each class

    description = "whitened residuals permuted over all classes; everything rerun"

    @classmethod
    def of(cls, residuals: Residuals, seed: tuple[int, ...]) -> CommonShape | str:
        """Return the permutations of whitened residuals, or why there are none."""
        if residuals.is_grouped:
            return "rows of a group depend on each other, so that residuals cannot be permuted"
        member, rest = residuals.members, residuals.rest.astype(np.float64)
        whole, vectors = np.linalg.eigh(rest.T @ rest)
        basis = vectors[:, whole > LEAST_SHARE * whole.max()]
        rest = rest @ basis  # where something varies, (n, r)
        white, colours = np.empty_like(rest), []
        for c in range(int(member.max()) + 1):
            own = rest[member == c]
            if len(own) < basis.shape[1] + 2:
                return (
                    f"a class has {len(own)} rows, and its covariance needs "
                    f"{basis.shape[1] + 2} in {basis.shape[1]} directions"
                )
            inverse, root = _roots(own)
            white[member == c] = own @ inverse
            colours.append(root @ basis.T)
        return cls(seed, residuals, white, tuple(colours))

    def draw(self, k: int) -> np.ndarray:
        """Return draw k of the rows, (n, d)."""
        moved = self.white[self.rng(k).permutation(len(self.white))]
        rest = np.empty_like(self.residuals.rest)
        for c, colour in enumerate(self.colours):
            rows = self.residuals.members == c
            own = moved[rows] - moved[rows].mean(axis=0)
            rest[rows] = own @ (_roots(own)[0] @ colour)
        return self.residuals.rows(rest)


def _roots(R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the inverse root and the root (r, r) of the covariance RᵀR/n of rows R (n, r).

    A direction that a class leaves empty has no root, and stays empty.
    """
    values, vectors = np.linalg.eigh(R.T @ R / len(R))
    there = values > LEAST_SHARE * values.max()
    sizes = np.sqrt(np.where(there, values, 1.0))
    return (vectors * (there / sizes)) @ vectors.T, (vectors * (there * sizes)) @ vectors.T
