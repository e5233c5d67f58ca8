"""Residuals: rows minus their class means, or minus their regression on numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.moments import Moments

LEAST_IN_CLASS = 3  # rows or groups: the residuals of two are opposite to each other

NO_DIRECTION = 1e-10  # of the largest singular value


@dataclass(frozen=True, eq=False)
class Residuals:
    """Rows as the sum of a mean, a part that follows the concept, and a residual.

    Attributes
    ----------
    z : Concept
    mean : ndarray of shape (d,)
    design : ndarray of shape (n, q)
        Centred one-hot classes, or the centred numbers.
    slopes : ndarray of shape (q, d)
        X is mean + design @ slopes + rest.
    rest : ndarray of shape (n, d)
        Residuals: float32 if X is float32, float64 otherwise.
    unit : ndarray of shape (n,)
        Code of the unit that each row moves with: the row itself, or its group.
    """

    z: Concept
    mean: np.ndarray
    design: np.ndarray
    slopes: np.ndarray
    rest: np.ndarray
    unit: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, z: Concept, moments: Moments, groups: np.ndarray | None) -> Self:
        """Return the residuals of rows X (n, d) with these moments."""
        slopes = np.linalg.lstsq(
            moments.concept_covariance, moments.cross_covariance.T, rcond=None
        )[0]
        design = z.matrix - moments.concept_mean
        dtype = np.float32 if X.dtype == np.float32 else np.float64
        rest = (X - moments.mean - design @ slopes).astype(dtype, copy=False)
        n = len(z)
        unit = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
        return cls(z, moments.mean, design, slopes, rest, unit)

    @property
    def dtype(self) -> np.dtype:
        """Data type of draws: draws of float32 rows are float32, as the rows are."""
        return self.rest.dtype

    @property
    def is_grouped(self) -> bool:
        """Whether units are groups of several rows."""
        return int(self.unit.max()) + 1 < len(self.unit)

    def fitted(self, scale: float = 1.0, slopes: np.ndarray | None = None) -> np.ndarray:
        """Return the fitted values of the rows (n, d), with the part of the concept scaled."""
        return self.mean + self.design @ (scale * (self.slopes if slopes is None else slopes))

    def rows(self, rest: np.ndarray) -> np.ndarray:
        """Return rows (n, d) with these residuals."""
        return (self.fitted() + rest).astype(self.dtype, copy=False)

    @property
    def members(self) -> np.ndarray:
        """The class of each row (n,); 0 for every row if the concept is numeric."""
        return np.zeros(len(self.z), dtype=int) if self.z.codes is None else self.z.codes

    @property
    def share(self) -> np.ndarray:
        """Leverage (n,): weight of a row's unit in the fitted value of the row.

        For classes, this is the number of rows of the unit in the class, divided by the number of
        rows of the class. For numbers, it is the sum of the leverages of the rows of the unit.
        """
        if self.z.codes is None:
            root = basis(np.column_stack([np.ones(len(self.z)), self.design]))
            each = np.einsum("nq,nq->n", root, root)
            return np.bincount(self.unit, each)[self.unit]
        code = self.unit * self.z.n_columns + self.z.codes
        size = np.bincount(code, minlength=int(code.max()) + 1)[code]
        return size / np.bincount(self.z.codes)[self.z.codes]

    def units_in_class(self) -> int:
        """Return the number of units of the smallest class; for numbers, the number of units."""
        pairs = np.unique(np.stack([self.members, self.unit]), axis=1)
        return int(np.bincount(pairs[0]).min())


def basis(A: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (n, r) of the span of the columns of A (n, q)."""
    left, sizes, _ = np.linalg.svd(A, full_matrices=False)
    return left[:, sizes > NO_DIRECTION * sizes.max(initial=0.0)]
