"""Bins: distributions as shares, counted once for the picture, its table and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_BINS = 40
LEAST_BINS = 8


@dataclass(frozen=True, eq=False)
class Bins:
    """Several distributions over the same bins.

    Attributes
    ----------
    edges : ndarray of shape (b + 1,)
    shares : tuple of ndarray of shape (b,)
        Of each distribution, the share that falls into each bin; they sum to 1.
    sizes : tuple of int
        How many values each distribution has.
    """

    edges: np.ndarray
    shares: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]

    @property
    def centres(self) -> np.ndarray:
        """Middle of each bin (b,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def widths(self) -> np.ndarray:
        """Width of each bin (b,)."""
        return np.diff(self.edges)

    def overlap(self, one: int, other: int) -> float:
        """Return what two distributions have in common: 0 for nothing, 1 for all.

        Examples
        --------
        >>> same = binned([[0.1, 0.4, 0.9], [0.9, 0.4, 0.1]])
        >>> round(same.overlap(0, 1), 6)
        1.0
        """
        return float(np.minimum(self.shares[one], self.shares[other]).sum())


def present(values: Sequence[Any]) -> np.ndarray:
    """Return the numbers among the values of a document, where None stands for undefined.

    Examples
    --------
    >>> present([0.5, None, 1])
    array([0.5, 1. ])
    """
    return np.array([v for v in values if v is not None], dtype=np.float64)


def binned(samples: Sequence[Sequence[Any]], ends: tuple[float, float] | None = None) -> Bins:
    """Count several samples over the same bins.

    Parameters
    ----------
    samples : sequence of sequences of float or None
    ends : tuple of two floats, optional
        Where the bins begin and end; by default where the values do.

    Examples
    --------
    >>> found = binned([[0, 1, 2, 3], [3, 3, None]], ends=(0, 4))
    >>> found.sizes, float(found.shares[1].max())
    ((4, 2), 1.0)
    """
    finite = [present(sample) for sample in samples]
    pooled = np.concatenate(finite) if finite else np.zeros(0)
    low, high = ends if ends is not None else _ends(pooled)
    size = len(pooled) / max(1, len(finite))
    n_bins = MOST_BINS if ends is not None else int(np.clip(2 * size**0.5, LEAST_BINS, MOST_BINS))
    edges = np.linspace(low, high, n_bins + 1)
    counts = [np.histogram(np.clip(k, low, high), edges)[0] for k in finite]
    sizes = tuple(map(len, finite))
    return Bins(edges, tuple(c / max(1, n) for c, n in zip(counts, sizes, strict=True)), sizes)


def _ends(pooled: np.ndarray) -> tuple[float, float]:
    if len(pooled) == 0:
        return 0.0, 1.0
    low, high = float(pooled.min()), float(pooled.max())
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = max(abs(low) * 1e-3, 1e-3)
    return low - room, high + room


def null_bins(ladder: Mapping[str, Any]) -> Bins:
    """Count the draws of each null of one statistic.

    Residuals in the whole sample are shown on the whole of their scale, from 0 to 1: in its own
    units their rounding would look like a finding.
    """
    ends = (0.0, 1.0) if ladder["metric"]["kind"] == "residual" else None
    return binned([null["values"] for null in ladder["nulls"]], ends)


def class_bins(scores: Sequence[Any], labels: Sequence[Any], names: Sequence[Any]) -> Bins:
    """Count the scores of each class."""
    pairs = list(zip(scores, labels, strict=True))
    return binned([[score for score, label in pairs if label == name] for name in names])
