"""Outlying rows: rows that are so extreme that they alone may determine a result.

A single row, multiplied by 10,000, determines means, variances and directions. But long rows are
normal under heavy tails: among 2,000 rows of t3 noise, a few are 10 times as long as most. So the
tail is fitted. Beyond the upper quarter, the tail of the log radius is assumed to fall at least as
fast as between its .75 and .95 quantiles. This is a Pareto tail (Hill 1975) for t3, and a bound for
Gaussian, Laplace and log-normal rows. Up to 5 % outlying rows do not mask each other.
"""

from __future__ import annotations

import numpy as np

LOWER, UPPER = 0.75, 0.95  # quantiles between which the tail is fitted
EXPECTED = 0.05  # expected number of rows beyond the bound under the fitted tail
FACTOR = 3.0  # rows within this multiple of the upper quartile are harmless
LEAST = 20  # fewest rows for a tail
BLOCK = 4_000_000  # numbers in one batch


def outlying_rows(X: np.ndarray) -> np.ndarray:
    """Return the positions of outlying rows; labels are not used.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows; n may be less than d.

    Returns
    -------
    ndarray of shape (m,)
        Positions, ascending; empty for n < 20.

    Notes
    -----
    The radius is the root mean square of (x − median) / scale over features. The scale is the
    median distance from the median. If more than half of the rows have the same value, it is the
    median distance of the *other* rows, so that rows with a rare feature are not outlying
    (`aside_features` detects rare features).

    Let q be the quantiles of log r and θ = (q.95 − q.75) / log 5. A row is outlying if

        log r > q.75 + max(θ log(n / 4 / .05), log 3).

    With an exponential tail, .05 of n rows are expected beyond this bound. With independent
    heavy-tailed features (t3), a few of 2,000 rows exceed it.

    Not detected: rows that are outlying only along directions in which X hardly varies (the metric
    is diagonal), and more than 5 % of rows. A distant class with fewer than 5 % of rows *is*
    outlying, so the caller must not remove a whole class.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(600, 20))
    >>> X[7] *= 10_000
    >>> outlying_rows(X).tolist()
    [7]
    """
    n = len(X)
    if n < LEAST or not X.shape[1]:
        return np.zeros(0, dtype=int)
    squares = np.zeros(n)
    step = max(1, BLOCK // n)
    for start in range(0, X.shape[1], step):
        A = np.array(X[:, start : start + step].T, dtype=np.float64)
        np.subtract(A, np.median(A, axis=1, keepdims=True), out=A)
        np.abs(A, out=A)
        # Divided by the largest value first, so that squares do not overflow.
        largest = A.max(axis=1)
        shares = A[largest > 0] / largest[largest > 0, None]
        squares += ((shares / _scale(shares)[:, None]) ** 2).sum(axis=0)
    with np.errstate(divide="ignore"):
        logs = 0.5 * np.log(squares)
    lower, upper = np.quantile(logs, [LOWER, UPPER], method="lower")
    if not np.isfinite(lower):
        return np.zeros(0, dtype=int)
    slope = (upper - lower) / np.log((1 - LOWER) / (1 - UPPER))
    reach = slope * np.log(max((1 - LOWER) * n / EXPECTED, 1.0))
    return np.flatnonzero(logs > lower + max(reach, np.log(FACTOR)))


def _scale(A: np.ndarray) -> np.ndarray:
    """Return the median distance of each row; if it is 0, the median of the positive distances."""
    scale = np.median(A, axis=1)
    for j in np.flatnonzero(scale == 0):
        scale[j] = np.median(A[j][A[j] > 0])
    return scale
