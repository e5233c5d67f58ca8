"""Limits: how much of the data an axis shows, so that a few outliers do not flatten the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST = 10  # values; in fewer, no value counts as an outlier
INNER = (0.1, 0.9)  # quantiles between which the bulk of a sample lies
REACH = 3.0  # how far beyond the bulk an axis goes at most, in widths of the bulk
MARGIN = 0.05  # share of the range that stays free at either end
LARGEST = 1e100  # what an axis can hold without overflow
SAME = 1e-9  # relative difference up to which values count as equal


@dataclass(frozen=True)
class Limits:
    """Ends of what is shown, and how many values lie beyond them.

    Attributes
    ----------
    low, high : float
        Smallest and largest value that is shown.
    below, above : int
        Numbers of values that are not shown.
    """

    low: float
    high: float
    below: int = 0
    above: int = 0

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the axis: what is shown, with a margin.

        Examples
        --------
        >>> Limits(0.0, 1.0).ends
        (-0.05, 1.05)
        """
        span = self.high - self.low
        level = max(abs(self.low), abs(self.high))
        margin = MARGIN * (span if span > SAME * level else level or 1.0)
        return self.low - margin, self.high + margin


def floats(values: Iterable[Any]) -> np.ndarray:
    """Return values as an array; None becomes NaN, and what no axis can hold is cut.

    Examples
    --------
    >>> floats([0.5, None, 1])
    array([0.5, nan, 1. ])
    """
    array = np.array(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64)
    return np.clip(array, -LARGEST, LARGEST)


def finite(values: Iterable[Any]) -> np.ndarray:
    """Return the numbers among values, where None or NaN stands for undefined.

    Examples
    --------
    >>> finite([0.5, None, float("nan"), 1])
    array([0.5, 1. ])
    """
    array = floats(values)
    return array[~np.isnan(array)]


def constant(values: Iterable[Any], scale: float = 0.0) -> float | None:
    """Return the value of a sample whose values are equal but for rounding, else None.

    Parameters
    ----------
    values : iterable of float or None
    scale : float
        Size of values next to which a difference of 1e-9 is rounding.

    Examples
    --------
    >>> constant([0.5, 0.5]), constant([1e-16, 2e-16], scale=1.0), constant([0.0, 1.0])
    (0.5, 0.0, None)
    """
    sample = finite(values)
    if not len(sample):
        return None
    low, high = float(sample.min()), float(sample.max())
    if high - low > SAME * max(scale, abs(low), abs(high)):
        return None
    return 0.0 if max(abs(low), abs(high)) <= SAME * scale else low


def limits(
    samples: Sequence[Iterable[Any]], shown: Iterable[Any] = (), least: float | None = None
) -> Limits:
    """Return limits that hold the bulk of each sample, and all that must be shown.

    A value is left out if it lies more than three times the range of the middle 80 % of its
    sample beyond that range.

    Parameters
    ----------
    samples : sequence of iterables of float or None
    shown : iterable of float or None
        Values that are always within the limits, but for ``least``.
    least : float, optional
        The lower limit does not go below it.

    Examples
    --------
    >>> limits([[*range(100), 1e6]])
    Limits(low=0.0, high=99.0, below=0, above=1)
    """
    values = [finite(sample) for sample in samples]
    parts = [*map(_bulk, values), finite(shown)]
    within = np.concatenate(parts) if parts else np.zeros(0)
    low, high = (float(within.min()), float(within.max())) if len(within) else (0.0, 1.0)
    if least is not None:
        low, high = max(low, least), max(high, least)
    pooled = np.concatenate(values) if values else np.zeros(0)
    return Limits(low, high, int((pooled < low).sum()), int((pooled > high).sum()))


def _bulk(sample: np.ndarray) -> np.ndarray:
    """Return a sample without its outliers."""
    if len(sample) < LEAST:
        return sample
    low, high = np.quantile(sample, INNER)
    reach = REACH * (high - low)
    if reach <= 0:
        return sample
    return sample[(sample >= low - reach) & (sample <= high + reach)]
