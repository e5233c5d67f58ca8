"""Spread: weight, mean and scatter of X, the one place where second moments are formed.

Problem. Second moments must come out right for float32 input, for means a million standard
deviations away, in any number of pieces.

Solution. Each block is centred on a provisional mean of its own before products are formed in
the width of the data; the products join float64 totals by the pairwise update of Chan, Golub
and LeVeque (1983), so that no two large numbers are ever subtracted.

Reference. T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
variance", The American Statistician 37 (1983), equations 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array

# Rows from which a block's provisional mean is taken: within sd/16 of the block's own mean.
PROVISIONAL_ROWS = 256


@dataclass(eq=False)
class Spread:
    """Weighted scatter of X alone: the one place where second moments are formed."""

    weight: float
    rows: int
    mean: np.ndarray  # (d,) float64
    scatter: Array  # (d, d) float64 total of w (x - mean)(x - mean)ᵀ, where the data live
    eps: float  # coarsest relative rounding error of the products so far

    @classmethod
    def zeros(cls, X: Array) -> Spread:
        """Return the spread of no rows, where the totals of X (n, d) belong."""
        d = X.shape[1]
        return cls(0.0, 0, np.zeros(d), arrays.float64_square(d, X), 0.0)

    def add(self, weight: float, rows: int, mean: np.ndarray, eps: float) -> None:
        """Move weight and mean; the rank-one part of Chan's update goes to the scatter."""
        total = self.weight + weight
        shift = mean - self.mean
        if self.weight > 0:
            arrays.add_outer(self.scatter, shift, self.weight * weight / total)
        self.mean = self.mean + shift * (weight / total)
        self.weight, self.rows, self.eps = total, self.rows + rows, max(self.eps, eps)

    def merge(self, other: Spread) -> None:
        """Take in the rows of another spread."""
        if other.weight > 0:
            arrays.add_total(self.scatter, other.scatter)
            self.add(other.weight, other.rows, other.mean, other.eps)

    def copy(self) -> Spread:
        """Return a copy that shares no memory."""
        return Spread(self.weight, self.rows, self.mean.copy(), self.scatter + 0.0, self.eps)


@dataclass(frozen=True, eq=False)
class Block:
    """One block of rows: deviations from its provisional mean, and their weighted sums."""

    deviation: Array  # (m, d) in working dtype
    centre: np.ndarray  # (d,) float64, exactly what was subtracted
    w: np.ndarray | None  # (m,) weights, None for ones
    first_row: int  # of the block within its array

    @classmethod
    def of(cls, block: Array, w: np.ndarray | None, first_row: int) -> Block:
        """Centre a block of rows (b, d) with weights (b,); errors count rows from ``first_row``."""
        block = arrays.working(block)
        centre = provisional_mean(block[few(len(block))])
        if not np.isfinite(arrays.host(centre)).all():
            complain_not_finite(block, first_row)
        return cls(block - centre, arrays.host(centre), w, first_row)

    @property
    def weight(self) -> float:
        """Return the total weight of the rows."""
        return float(len(self.deviation) if self.w is None else self.w.sum())

    def add_to(self, spread: Spread, total: np.ndarray) -> None:
        """Add to a spread; ``total`` (d,) is the weighted sum of the deviations."""
        weighted = self.deviation
        if self.w is not None:
            weighted = weighted * arrays.like(np.sqrt(self.w)[:, None], weighted)
        arrays.add_gram(spread.scatter, weighted)
        shift = total / self.weight
        arrays.add_outer(spread.scatter, shift, -self.weight)
        rows = len(self.deviation) if self.w is None else int(np.count_nonzero(self.w))
        spread.add(self.weight, rows, self.centre + shift, arrays.precision(self.deviation))


def few(n: int) -> slice:
    """Return which of n rows a provisional mean is taken from."""
    return slice(None, None, max(1, n // PROVISIONAL_ROWS))


def provisional_mean(X: Array) -> Array:
    """Return the mean (d,) of a few rows, as such a row would be stored."""
    X = arrays.working(X)
    return arrays.like(arrays.host(X).mean(axis=0), X)


def complain_not_finite(block: Array, first_row: int) -> None:
    """Raise an error that names the first value of a block (b, d) that is not finite."""
    block = arrays.host(block)
    finite = np.isfinite(block)
    if finite.all():  # the sums of what is finite are not
        linalg.need_finite(np.square(np.abs(block).max(axis=0)))
    row, column = np.argwhere(~finite)[0]
    validation.complain_not_finite(first_row + row, column)


def blocks(X: Array, weights: np.ndarray | None) -> Iterator[tuple[slice, Block]]:
    """Yield X (n, d) with weights (n,) block by block, with the rows that each block holds."""
    for rows, block in arrays.row_blocks(X):
        w = None if weights is None else weights[rows]
        if w is not None and not w.any():
            continue
        yield rows, Block.of(block, w, rows.start)


def need_squares(X: Array, w: np.ndarray | None, variance: np.ndarray) -> None:
    """Complain about X (n, d) that varies, all of whose squares vanish.

    Of rows that were all read at once: in a stream, what is large may be still to come. A feature
    that is that small beside others says nothing in their units, and is one that does not vary.
    """
    if (np.abs(variance) >= linalg.SMALLEST).any():
        return
    first = None
    for rows, block in arrays.row_blocks(X):
        some = arrays.host(block)
        some = some if w is None else some[w[rows] > 0]
        first = some[:1] if first is None or not len(first) else first
        rounding = linalg.NOISE_MARGIN * arrays.precision(X) * np.abs(first)
        if (np.abs(some - first) > rounding).any():
            validation.complain(
                "X must be large enough for its squares, or some of them, to be above zero",
                "it varies by so little that all of them vanish",
                "multiply X by a constant",
            )


def complain_width(required: int, arrived: int) -> None:
    """Raise an error about rows of another number of features than before."""
    validation.complain(
        f"X must have {required} features as before",
        f"X has {arrived} features (X has {arrived} features, but this is expecting {required} "
        "features as input)",
        "pass rows of the same representation",
    )
