"""Residuals: rows taken apart into what the concept says of them on average, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.moments import Moments

LEAST_IN_CLASS = 3  # rows or groups: of two, residuals are one the other's opposite

NO_DIRECTION = 1e-10  # of the largest singular value


@dataclass(frozen=True, eq=False)
class Residuals:
    """What class means, or the regression on numbers, leave of the rows.

    Attributes
    ----------
    z : Concept
    mean : ndarray of shape (d,)
    design : ndarray of shape (n, q)
        Centred one-hot classes, or the centred numbers.
    slopes : ndarray of shape (q, d)
        X is mean + design @ slopes + rest.
    rest : ndarray of shape (n, d)
        Of the dtype of X, at least float32.
    unit : ndarray of shape (n,)
        Code of the unit that each row moves with: its own, or that of its group.
    """

    z: Concept
    mean: np.ndarray
    design: np.ndarray
    slopes: np.ndarray
    rest: np.ndarray
    unit: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, z: Concept, moments: Moments, groups: np.ndarray | None) -> Self:
        """Take rows X (n, d) of known moments apart."""
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
        """Of what is drawn: float32 rows are then read by the same products."""
        return self.rest.dtype

    @property
    def is_grouped(self) -> bool:
        """Whether units are groups of several rows."""
        return int(self.unit.max()) + 1 < len(self.unit)

    def fitted(self, scale: float = 1.0, slopes: np.ndarray | None = None) -> np.ndarray:
        """Return what the concept says of each row (n, d), its part scaled."""
        return self.mean + self.design @ (scale * (self.slopes if slopes is None else slopes))

    def rows(self, rest: np.ndarray) -> np.ndarray:
        """Return rows (n, d) that have a rest."""
        return (self.fitted() + rest).astype(self.dtype, copy=False)

    @property
    def members(self) -> np.ndarray:
        """The class of each row (n,), and 0 everywhere where the concept is numbers."""
        return np.zeros(len(self.z), dtype=int) if self.z.codes is None else self.z.codes

    @property
    def share(self) -> np.ndarray:
        """Share of each row's mean that its own unit makes up, (n,): its leverage.

        Of a class, the rows of the unit over all rows of the class; of numbers, the sum of the
        leverages of the rows of the unit.
        """
        if self.z.codes is None:
            root = basis(np.column_stack([np.ones(len(self.z)), self.design]))
            each = np.einsum("nq,nq->n", root, root)
            return np.bincount(self.unit, each)[self.unit]
        code = self.unit * self.z.n_columns + self.z.codes
        own = np.bincount(code, minlength=int(code.max()) + 1)[code]
        return own / np.bincount(self.z.codes)[self.z.codes]

    def units_in_class(self) -> int:
        """Return how many units the class has that has fewest; of numbers, how many there are."""
        pairs = np.unique(np.stack([self.members, self.unit]), axis=1)
        return int(np.bincount(pairs[0]).min())


def basis(A: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (n, r) of what the columns of A (n, q) span."""
    left, sizes, _ = np.linalg.svd(A, full_matrices=False)
    return left[:, sizes > NO_DIRECTION * sizes.max(initial=0.0)]
