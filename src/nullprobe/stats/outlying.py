"""Outlying rows: rows so far out that they alone may decide what is read.

One row times 10,000 sets means, variances and directions. Heavy tails are no fault of a row,
though: of 2,000 rows of t3 noise a few are 10 times as long as most. So the tail is fitted, not
assumed: beyond its upper quarter the log radius falls off as fast as it does between its .75
and .95 quantiles, or faster. That is a Pareto tail (Hill 1975) for t3 and a bound for Gaussian,
Laplace and log-normal rows. Up to 5 % of rows may lie out without hiding each other.
"""

from __future__ import annotations

import numpy as np

LOWER, UPPER = 0.75, 0.95  # between them the tail is fitted
EXPECTED = 0.05  # rows that a tail as fitted would put beyond the bound, in all
FACTOR = 3.0  # of the upper quarter's radius: nearer rows decide nothing
LEAST = 20  # rows, to speak of a tail
BLOCK = 4_000_000  # numbers that are worked on at once


def outlying_rows(X: np.ndarray) -> np.ndarray:
    """Return the positions of rows that lie far out, by X alone.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows; n may be less than d.

    Returns
    -------
    ndarray of shape (m,)
        Positions, rising; empty for n < 20.

    Notes
    -----
    The radius is the root mean square of (x − median) / scale over features. The scale is the
    median distance from the median; where more than half of the rows hold one value, it is the
    median distance of the *other* rows, so that a rare feature does not put the rows out that
    have it (`aside_features` looks for these).

    With q the quantiles of log r and θ = (q.95 − q.75) / log 5, a row lies out if

        log r > q.75 + max(θ log(n / 4 / .05), log 3),

    beyond which an exponential tail puts .05 of n rows. Where features are independent and heavy
    (t3), a few in 2,000 rows pass.

    Not seen: rows that lie out only along directions in which X hardly varies (the metric is
    diagonal), and more than 5 % of rows. A class of fewer than 5 % of rows that lies far from all
    others *is* seen, so the caller must not let a class vanish.

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
        A -= np.median(A, axis=1, keepdims=True)
        # Scaled by the largest value first, so that no square overflows.
        A = np.abs(A, out=A)
        largest = A.max(axis=1)
        A = A[largest > 0] / largest[largest > 0, None]
        squares += ((A / _scale(A)[:, None]) ** 2).sum(axis=0)
    with np.errstate(divide="ignore"):
        logs = 0.5 * np.log(squares)
    lower, upper = np.quantile(logs, [LOWER, UPPER], method="lower")
    if not np.isfinite(lower):
        return np.zeros(0, dtype=int)
    slope = (upper - lower) / np.log((1 - LOWER) / (1 - UPPER))
    reach = slope * np.log(max((1 - LOWER) * n / EXPECTED, 1.0))
    return np.flatnonzero(logs > lower + max(reach, np.log(FACTOR)))


def _scale(A: np.ndarray) -> np.ndarray:
    """Return the median of each row's distances, of those above 0 where most are 0."""
    scale = np.median(A, axis=1)
    for j in np.flatnonzero(scale == 0):
        scale[j] = np.median(A[j][A[j] > 0])
    return scale
