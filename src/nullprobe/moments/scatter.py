"""Spread: weight, mean and scatter of X. Second moments are formed only here.

Problem. Second moments must be accurate for float32 input, for means that are a million standard
deviations from zero, and in any number of pieces.

Solution. Each block is centred on its provisional mean, and products are formed in the dtype of the
data. The products are added to float64 totals with the pairwise update of Chan, Golub and LeVeque
(1983), which never subtracts two large numbers.

Reference. T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
variance", The American Statistician 37 (1983), equations 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array

# Number of rows for the provisional mean of a block; its standard error is sd/16.
PROVISIONAL_ROWS = 256
# Number of pieces of a stream that become one block, and how many elements each may have.
GATHERED_PIECES, GATHERED_ELEMENTS = 2, 1 << 22


@dataclass(eq=False)
class Spread:
    """Weight, mean and weighted scatter of X."""

    weight: float
    rows: int
    mean: np.ndarray  # (d,) float64
    scatter: Array  # (d, d) float64 total of w (x - mean)(x - mean)ᵀ, on the data's device
    eps: float  # largest relative rounding error of the products so far

    @classmethod
    def zeros(cls, X: Array) -> Spread:
        """Return an empty spread on the device for the totals of X (n, d)."""
        d = X.shape[1]
        return cls(0.0, 0, np.zeros(d), arrays.float64_square(d, X), 0.0)

    def add(self, weight: float, rows: int, mean: np.ndarray, eps: float) -> None:
        """Update weight and mean, and add the rank-one part of Chan's update to the scatter."""
        total = self.weight + weight
        shift = mean - self.mean
        if self.weight > 0:
            arrays.add_outer(self.scatter, shift, self.weight * weight / total)
        self.mean = self.mean + shift * (weight / total)
        self.weight, self.rows, self.eps = total, self.rows + rows, max(self.eps, eps)

    def merge(self, other: Spread) -> None:
        """Add the rows of another spread."""
        if other.weight > 0:
            arrays.add_total(self.scatter, other.scatter)
            self.add(other.weight, other.rows, other.mean, other.eps)

    def copy(self) -> Spread:
        """Return an independent copy."""
        return Spread(self.weight, self.rows, self.mean.copy(), self.scatter + 0.0, self.eps)


@dataclass(frozen=True, eq=False)
class Block:
    """One block of rows: deviations from its provisional mean, and their weighted sums."""

    deviation: Array  # (m, d) in working dtype
    centre: np.ndarray  # (d,) float64, exactly the subtracted values
    w: np.ndarray | None  # (m,) weights, None for ones
    first_row: int  # position of the block within its array

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
    """Return the slice of n rows that gives a provisional mean."""
    return slice(None, None, max(1, n // PROVISIONAL_ROWS))


def provisional_mean(X: Array) -> Array:
    """Return the mean (d,) of a few rows, in the dtype and on the device of these rows."""
    X = arrays.working(X)
    return arrays.like(arrays.host(X).mean(axis=0), X)


def complain_not_finite(block: Array, first_row: int) -> None:
    """Raise an error that names the first value of a block (b, d) that is not finite."""
    block = arrays.host(block)
    finite = np.isfinite(block)
    if finite.all():  # all values are finite, but their sums overflow
        linalg.need_finite(np.square(np.abs(block).max(axis=0)))
    row, column = np.argwhere(~finite)[0]
    validation.complain_not_finite(first_row + row, column)


def blocks(X: Array, weights: np.ndarray | None) -> Iterator[tuple[slice, Block]]:
    """Yield the blocks of X (n, d) with weights (n,), each with the slice of its rows."""
    for rows, block in arrays.row_blocks(X):
        w = None if weights is None else weights[rows]
        if w is not None and not w.any():
            continue
        yield rows, Block.of(block, w, rows.start)


class Gathering:
    """Deviations of successive pieces of rows from one centre, which become one block.

    A product of many rows costs less for each row than products of few, and its addition to the
    (d, d) total costs the same. The memory is used for one block after the other.

    Examples
    --------
    >>> gathering = Gathering()
    >>> for X in (np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([[5.0, 2.0]])):
    ...     gathering.add(X)
    >>> gathering.block().deviation.tolist(), gathering.n
    ([[-1.0, 0.0], [1.0, 0.0], [3.0, 0.0]], 0)
    """

    def __init__(self) -> None:
        self.n = 0
        self._first_row = 0
        self._memory = np.empty((0, 0))
        self._centre = np.empty(0)

    def has_room(self, X: np.ndarray) -> bool:
        """Whether rows X (b, d) fit into the memory, behind the rows that are there."""
        same = self._memory.shape[1] == X.shape[1] and self._memory.dtype == arrays.working_dtype(X)
        return same and self.n + len(X) <= len(self._memory)

    def add(self, X: np.ndarray) -> None:
        """Add rows X (b, d), for which there is room or which are the first of a block."""
        if not self.n:
            self._centre = provisional_mean(X[few(len(X))])
            if not np.isfinite(self._centre).all():
                complain_not_finite(X, self._first_row)
            if not self.has_room(X):
                n = min(GATHERED_PIECES * len(X), max(len(X), arrays.MOST_BLOCK_ROWS))
                self._memory = np.empty((n, X.shape[1]), arrays.working_dtype(X))
        self.n, start = self.n + len(X), self.n
        np.subtract(arrays.working(X), self._centre, out=self._memory[start : self.n])

    def block(self) -> Block:
        """Return the deviations as a block, which is valid until rows are added; forget them."""
        block = Block(self._memory[: self.n], arrays.host(self._centre), None, self._first_row)
        self.n, self._first_row = 0, self._first_row + self.n
        return block


class Deviations:
    """Whether any row of a stream deviates from the first, as far as variances do not show it."""

    def __init__(self) -> None:
        self._first: np.ndarray | None = None
        self._any = False

    def add(self, X: Array, variance: np.ndarray, w: np.ndarray | None = None) -> None:
        """Add rows X (n, d) with weights (n,); ``variance`` (d,) covers all rows so far."""
        self._any |= bool((np.abs(variance) >= linalg.SMALLEST).any())
        if self._any:
            return
        for rows, block in arrays.row_blocks(X):
            values = arrays.host(block)
            values = values if w is None else values[w[rows] > 0]
            if self._first is None or not len(self._first):
                self._first = values[:1]
            rounding = linalg.NOISE_MARGIN * arrays.precision(X) * np.abs(self._first)
            for _, part in arrays.cache_blocks(values):
                self._any |= bool((np.abs(part - self._first) > rounding).any())
                if self._any:
                    return

    def need_squares(self, variance: np.ndarray) -> None:
        """Complain if rows deviate, and the variance (d,) of all rows vanishes."""
        if self._any and not (np.abs(variance) >= linalg.SMALLEST).any():
            validation.complain(
                "the squares of X must not all vanish",
                "the deviations of X from its mean are so small that their squares underflow",
                "multiply X by a constant",
            )


def need_squares(X: Array, w: np.ndarray | None, variance: np.ndarray) -> None:
    """Complain about X (n, d) that varies, but so little that all its squares vanish.

    X must hold all rows: in a stream, larger values may follow. If only some features are so
    small, they count as constant.
    """
    deviations = Deviations()
    deviations.add(X, variance, w)
    deviations.need_squares(variance)


def complain_width(required: int, arrived: int) -> None:
    """Raise an error about rows with another number of features than earlier rows."""
    validation.complain(
        f"X must have {required} features, as in earlier pieces",
        f"X has {arrived} features (X has {arrived} features, but this is expecting {required} "
        "features as input)",
        "pass rows of the same representation",
    )
