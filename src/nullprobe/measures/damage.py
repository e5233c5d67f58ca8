"""Damage: how far an eraser moves the representation, next to the least that it takes.

Problem. A distance has the units of X, and says nothing until one knows how little would have
been enough.

Solution. The mean squared distance with every feature in units of its standard deviation, and
its ratio to what LEACE, fitted where the eraser was fitted, moves on the same rows. Of all
affine maps that guard a concept LEACE moves the fitting sample least, in every inner product at
once, so that there the ratio of no other is below 1. On new rows, for maps that are told the
concept, and for maps that do not guard, it may be.

Reference. N. Belrose et al., "LEACE: Perfect linear concept erasure in closed form", 2023,
arXiv 2306.03819, Theorem 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array
from nullprobe.erasers.leace import leace
from nullprobe.moments import Moments

# Each number of an erased row is off by some eps of the number that it was.
ROUNDING = 4.0
NOTHING = (
    "LEACE moves nothing here: no linear reading of the concept was there to be removed, so that "
    "there is no least distance to compare with"
)


@dataclass(frozen=True)
class Damage:
    """How far rows were moved; the damage of two sets of rows adds up to that of both.

    Attributes
    ----------
    rows : int
        How many rows were measured.
    moved : float
        Mean squared distance of a row, each feature in units of its standard deviation where
        the eraser was fitted. In these units the fitting rows have a variance of 1 a feature.
        Features that are constant there have no unit and are left out.
    least : float
        The same for LEACE.
    distance : float
        Mean squared Euclidean distance of a row, in the units of X.
    variance : float
        Mean squared Euclidean distance of a row, before, from the mean of the fitting rows.

    Examples
    --------
    >>> first, second = (Damage(rows, 2.0, 1.0, 8.0, 16.0) for rows in (100, 300))
    >>> first.ratio, first.share, (first + second).rows
    (2.0, 0.5, 400)
    """

    rows: int
    moved: float
    least: float
    distance: float
    variance: float

    @property
    def ratio(self) -> float | None:
        """``moved`` as a multiple of what LEACE moves; None where LEACE moves nothing."""
        return self.moved / self.least if self.least > 0 else None

    @property
    def share(self) -> float | None:
        """Share of the total variance that was moved; None where nothing varies."""
        return self.distance / self.variance if self.variance > 0 else None

    @property
    def reason(self) -> str:
        """Why there is no ratio; "" where there is one."""
        return NOTHING if self.ratio is None else ""

    def __add__(self, other: Damage) -> Damage:
        """Return the damage to the rows of both."""
        if not isinstance(other, Damage):
            return NotImplemented
        n = self.rows + other.rows
        a, b = self.rows / n, other.rows / n
        return Damage(
            n,
            a * self.moved + b * other.moved,
            a * self.least + b * other.least,
            a * self.distance + b * other.distance,
            a * self.variance + b * other.variance,
        )

    def __radd__(self, other: object) -> Damage:
        """Let ``sum(pieces)`` start from 0."""
        return self if other == 0 else NotImplemented


def damage(X: Array, X_: Array, y: Any = None, *, moments: Moments | None = None) -> Damage:
    """Return how far rows were moved, next to what LEACE moves.

    Parameters
    ----------
    X, X_ : array of shape (n, d)
        Representation before and after erasure.
    y : array-like of shape (n,) or (n, k), optional
        Concept of these rows, if the eraser was fitted to them.
    moments : Moments, optional
        Moments of X and the concept where the eraser was fitted, if that was elsewhere; units
        and LEACE's optimum come from there.

    Returns
    -------
    Damage
        ``.moved``, ``.ratio`` to LEACE and ``.share`` of the variance.

    Raises
    ------
    InputError
        If X and X_ differ in shape, hold a number that is not finite, or neither or both of
        ``y`` and ``moments`` are given.

    Notes
    -----
    Where everything that LEACE moves is rounding, ``least`` is 0 and there is no ratio. Damage
    is a distance; what is lost with it depends on what else was to be read.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [2.0, 2.0]]), [0, 0, 1, 1]
    >>> found = damage(X, np.array([[1.0, 0.0]] * 4), y)
    >>> round(found.least, 9), round(found.moved, 9), round(found.ratio, 9)
    (1.0, 10.0, 10.0)
    """
    X, X_ = (validation.finite(validation.representation(a)) for a in (X, X_))
    _same_shape(X, X_)
    if (y is None) == (moments is None):
        validation.complain(
            "damage needs either y or moments",
            f"{'both' if moments is not None else 'neither'} arrived",
            "pass y if the eraser was fitted to these rows, and else the moments of those it "
            "was fitted to",
        )
    moments = Moments.of(X, y) if moments is None else moments
    validation.width(X.shape[1], moments.d)
    optimum, inverse = leace(moments), linalg.reciprocal(moments.scale)
    totals, rounding = np.zeros(4), 0.0
    for where, block in arrays.row_blocks(X):
        before = arrays.host(block)
        ideal = arrays.host(optimum.apply(block)) - before
        move = arrays.host(X_[where]) - before
        away = before - moments.mean
        squares = ((move * inverse) ** 2, (ideal * inverse) ** 2, move**2, away**2)
        totals += [float(s.sum()) for s in squares]
        rounding += float(((before * inverse) ** 2).sum())
    moved, least, distance, variance = (totals / len(X)).tolist()
    rounding *= (ROUNDING * max(map(arrays.precision, (X, X_)))) ** 2 / len(X)
    return Damage(len(X), moved, least if least > rounding else 0.0, distance, variance)


def _same_shape(X: Array, X_: Array) -> None:
    if tuple(X.shape) != tuple(X_.shape):
        validation.complain(
            f"the erased X must have the shape {tuple(X.shape)} of the one before",
            f"it has shape {tuple(X_.shape)}",
            "pass the same rows before and after",
        )
