"""Damage: how far an eraser moves the representation, in comparison with LEACE.

Problem. A distance has the units of X. It means little without the least distance that erasure
needs.

Solution. The mean squared distance, with each feature in units of its standard deviation, and its
ratio to the distance of LEACE. LEACE is fitted to the rows that the eraser was fitted to, and moves
the same rows. Among affine maps that guard a concept, LEACE moves the fitting sample least, for
every inner product. So the ratio of another such map is at least 1 on the fitting sample. It may be
below 1 on new rows, for maps that need the labels, and for maps that do not guard.

Reference. N. Belrose et al., "LEACE: Perfect linear concept erasure in closed form", 2023,
arXiv 2306.03819, Theorem 4.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array
from nullprobe._core.frames import Table
from nullprobe.erasers.leace import leace
from nullprobe.moments import Moments

# Rounding error of a number of an erased row, in units of eps times the number before.
ROUNDING = 4.0
NO_RATIO = (
    "LEACE moves nothing: the concept was not linearly readable before erasure, so there is no "
    "least distance to compare with"
)


@dataclass(frozen=True)
class Damage:
    """How far rows were moved. The sum of two is the damage to both sets of rows.

    Attributes
    ----------
    rows : int
        Number of rows.
    moved : float
        Mean squared distance of a row, with each feature in units of its standard deviation in the
        fitting rows. In these units, a feature has a variance of 1 in the fitting rows. Features
        that are constant in the fitting rows are left out.
    least : float
        The mean squared distance that LEACE moves a row, in the same units.
    distance : float
        Mean squared Euclidean distance of a row, in the units of X.
    variance : float
        Mean squared Euclidean distance of a row before erasure from the mean of the fitting rows.

    Examples
    --------
    >>> first, second = (Damage(rows, 2.0, 1.0, 8.0, 16.0) for rows in (100, 300))
    >>> first.ratio, first.share, first.relative_move, (first + second).rows
    (2.0, 0.5, 0.5, 400)
    """

    rows: int
    moved: float
    least: float
    distance: float
    variance: float

    @property
    def ratio(self) -> float | None:
        """``moved / least``, the ratio to LEACE; None if LEACE moves nothing."""
        return self.moved / self.least if self.least > 0 else None

    @property
    def share(self) -> float | None:
        """``distance / variance``, as a share of the total variance; None if nothing varies."""
        return self.distance / self.variance if self.variance > 0 else None

    @property
    def relative_move(self) -> float | None:
        """How far a row moves, as a share of the distance between two random rows.

        Both are root mean squares. Two random rows have a mean squared distance of twice the
        variance, so this is ``sqrt(share / 2)``; None if nothing varies.
        """
        return None if self.share is None else math.sqrt(self.share / 2.0)

    @property
    def reason(self) -> str:
        """Reason why there is no ratio; "" if there is one."""
        return NO_RATIO if self.ratio is None else ""

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
        """Return the damage itself if added to 0, so that ``sum`` works."""
        return self if other == 0 else NotImplemented

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with one row; ``kind`` is "pandas", "polars" or "pyarrow"."""
        return DAMAGE.frame([self], kind)


DAMAGE = Table(
    {
        "rows": int,
        **dict.fromkeys(("moved", "least", "ratio", "distance", "variance", "share"), float),
        "reason": str,
    },
    lambda one: [{name: getattr(one, name) for name in DAMAGE.columns}],
)


def damage(X: Array, X_: Array, y: Any = None, *, moments: Moments | None = None) -> Damage:
    """Return how far rows were moved, in comparison with LEACE.

    Parameters
    ----------
    X, X_ : array of shape (n, d)
        Representation before and after erasure.
    y : array-like of shape (n,) or (n, k), optional
        Concept of these rows, if the eraser was fitted to these rows.
    moments : Moments, optional
        Moments of the rows and the concept that the eraser was fitted to, if it was fitted to
        other rows. Units and LEACE come from these moments.

    Returns
    -------
    Damage
        It has ``.moved``, the ``.ratio`` to LEACE, the ``.share`` of the variance, and the
        ``.relative_move`` (in distances between two random rows).

    Raises
    ------
    InputError
        If X and X_ differ in shape or hold a number that is not finite, or if not exactly one of
        ``y`` and ``moments`` is passed.

    Notes
    -----
    If LEACE moves rows only by rounding, ``least`` is 0 and there is no ratio. Damage is a
    distance. It does not show how much a probe of another label loses.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [2.0, 2.0]]), [0, 0, 1, 1]
    >>> result = damage(X, np.array([[1.0, 0.0]] * 4), y)
    >>> round(result.least, 9), round(result.moved, 9), round(result.ratio, 9)
    (1.0, 10.0, 10.0)
    """
    X, X_ = (validation.finite(validation.representation(a)) for a in (X, X_))
    _same_shape(X, X_)
    if (y is None) == (moments is None):
        validation.complain(
            "damage needs either y or moments",
            f"{'both' if moments is not None else 'neither'} arrived",
            "pass y if the eraser was fitted to these rows, else the moments of its fitting rows",
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
            f"X and the erased X must have the same shape, {tuple(X.shape)}",
            f"the erased X has shape {tuple(X_.shape)}",
        )
