"""Largest gap: an upper bound on the distance of two classes, from the distance of their means.

For two Gaussian classes with one covariance, d features and n rows, a multiple of T² has a
noncentral F distribution. Its noncentrality grows with the squared Mahalanobis gap D². Inverted for
D, it bounds the AUC of the best linear probe, Φ(D/√2), for any number of training rows.

Reference. B. Reiser, "Confidence intervals for the Mahalanobis distance", 2001.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import ncf, norm

from nullprobe.measures.expected_auc import squared_gap
from nullprobe.moments import Moments

LEAST_DOF = 2  # degrees of freedom of the covariance


def largest_auc(moments: Moments, coverage: float = 0.95) -> float | None:
    """Return the upper end of the interval of the best linear probe's AUC, for two classes.

    It returns None if there are not two classes, or too few rows for the number of features.

    Parameters
    ----------
    moments : Moments
    coverage : float
        Coverage of the two-sided interval, if both classes are Gaussian with one covariance.
    """
    sample = squared_gap(moments)
    if sample is None:
        return None
    square, d = sample
    p = float(moments.concept_mean[1])
    gap = largest_gap(square, d, (moments.n * (1.0 - p), moments.n * p), coverage)
    return None if gap is None else float(norm.cdf(gap / np.sqrt(2.0)))


def largest_gap(
    square: float, d: int, counts: tuple[float, float], coverage: float = 0.95
) -> float | None:
    """Return the upper end of the interval of the Mahalanobis gap; None if rows are too few.

    Parameters
    ----------
    square : float
        D² of the sample, with the covariance divided by n − 2.
    d : int
        Number of independent features.
    counts : tuple of two floats
        Rows of each class.
    coverage : float
        Coverage of the two-sided interval.

    Examples
    --------
    >>> round(largest_gap(0.25, 8, (120.0, 120.0)), 3)
    0.646
    """
    n = sum(counts)
    dof, share = n - d - 1, counts[0] * counts[1] / n
    if dof < LEAST_DOF or d < 1:
        return None
    f, tail = dof / (d * (n - 2)) * share * square, (1.0 - coverage) / 2.0

    def excess(noncentrality: float) -> float:
        return float(ncf.cdf(f, d, dof, noncentrality)) - tail

    if excess(0.0) <= 0.0:
        return 0.0
    high = 1.0 + share * square
    while excess(high) > 0.0:
        high *= 2.0
    root: Any = brentq(excess, 0.0, high)
    return float(np.sqrt(root / share))
