"""Largest gap: how far apart two classes may be, given how far apart their means were found.

T² of two Gaussian classes of one covariance, d features and n rows is, scaled, a noncentral F whose
noncentrality grows with the squared Mahalanobis gap D². Inverted for D, it bounds what the best
linear reader reads, Φ(D/√2), however many rows it is trained on.

Reference. B. Reiser, "Confidence intervals for the Mahalanobis distance", 2001.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import ncf, norm

from nullprobe.measures.expected_auc import squared_gap
from nullprobe.moments import Moments

LEAST_LEFT = 2  # degrees of freedom that features leave


def largest_auc(moments: Moments, coverage: float = 0.95) -> float | None:
    """Return the upper end of the interval of what the best linear reader of two classes reads.

    None where there are not two classes, or not more rows than features.

    Parameters
    ----------
    moments : Moments
    coverage : float
        Of the two-sided interval, if both classes are Gaussian with one covariance.
    """
    found = squared_gap(moments)
    if found is None:
        return None
    square, d = found
    p = float(moments.concept_mean[1])
    gap = largest_gap(square, d, (moments.n * (1.0 - p), moments.n * p), coverage)
    return None if gap is None else float(norm.cdf(gap / np.sqrt(2.0)))


def largest_gap(
    square: float, d: int, counts: tuple[float, float], coverage: float = 0.95
) -> float | None:
    """Return the upper end of the interval of the Mahalanobis gap; None with too few rows.

    Parameters
    ----------
    square : float
        D² of the sample, by the covariance that is divided by n − 2.
    d : int
        Independent features.
    counts : tuple of two floats
        Rows of each class.
    coverage : float
        Of the two-sided interval.

    Examples
    --------
    >>> round(largest_gap(0.25, 8, (120.0, 120.0)), 3)
    0.646
    """
    n = sum(counts)
    left, share = n - d - 1, counts[0] * counts[1] / n
    if left < LEAST_LEFT or d < 1:
        return None
    f, tail = left / (d * (n - 2)) * share * square, (1.0 - coverage) / 2.0

    def excess(noncentrality: float) -> float:
        return float(ncf.cdf(f, d, left, noncentrality)) - tail

    if excess(0.0) <= 0.0:
        return 0.0
    high = 1.0 + share * square
    while excess(high) > 0.0:
        high *= 2.0
    root: Any = brentq(excess, 0.0, high)
    return float(np.sqrt(root / share))
