"""Bins: distributions as shares, counted once for the picture, its table and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe.report.limits import Limits, finite, limits

MOST_BINS = 40
LEAST_BINS = 8


@dataclass(frozen=True, eq=False)
class Bins:
    """Several distributions over the same bins.

    Attributes
    ----------
    edges : ndarray of shape (b + 1,)
    shares : tuple of ndarray of shape (b,)
        Of each distribution, the share that falls into each bin; they sum to 1 unless outliers lie
        beyond the bins.
    sizes : tuple of int
        How many values each distribution has.
    shown : Limits
        Where the bins begin and end, and how many values lie beyond.
    """

    edges: np.ndarray
    shares: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]
    shown: Limits

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


def binned(samples: Sequence[Iterable[Any]], ends: tuple[float, float] | None = None) -> Bins:
    """Count several samples over the same bins, outliers left out.

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
    values = [finite(sample) for sample in samples]
    shown = limits(values) if ends is None else Limits(*ends)
    low, high = shown.low, shown.high
    if ends is None and high - low <= 1e-9 * max(abs(low), abs(high)):
        room = max(abs(low) * 1e-3, 1e-3)
        low, high = low - room, high + room
    if ends is not None:  # the whole of a scale
        values = [np.clip(sample, low, high) for sample in values]
    size = sum(map(len, values)) / max(1, len(values))
    n_bins = MOST_BINS if ends is not None else int(np.clip(2 * size**0.5, LEAST_BINS, MOST_BINS))
    edges = np.linspace(low, high, n_bins + 1)
    counts = [np.histogram(sample, edges)[0] for sample in values]
    sizes = tuple(map(len, values))
    shares = tuple(count / max(1, n) for count, n in zip(counts, sizes, strict=True))
    return Bins(edges, shares, sizes, shown)


def null_bins(ladder: Mapping[str, Any]) -> Bins:
    """Count the draws of each null of one statistic.

    Residuals in the whole sample are shown on the whole of their scale, from 0 to 1: in its own
    units their rounding would look like a finding.
    """
    ends = (0.0, 1.0) if ladder["metric"]["kind"] == "residual" else None
    return binned([null["values"] for null in ladder["nulls"]], ends)


def class_bins(scores: Sequence[Any], labels: Sequence[Any], names: Sequence[Any]) -> Bins:
    """Count the scores of each class."""
    samples: dict[Any, list[Any]] = {name: [] for name in names}
    for score, label in zip(scores, labels, strict=True):
        if label in samples:
            samples[label].append(score)
    return binned([samples[name] for name in names])
