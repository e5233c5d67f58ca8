"""Features to set aside: constant, rare, copied, or linear combinations of others.

An eraser is fitted on one part of the rows, and a probe on another. A feature that differs from its
most common value in a handful of rows has a different variance in each part. A probe may then
predict the concept after erasure for this reason alone. A copy of another feature, or a combination
of others, gives a direction without variance, which shrinkage fills. Labels are not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from nullprobe._core import linalg
from nullprobe.stats.outlying import outlying_rows

PARTS = 3  # parts of the rows: eraser, probe, scores
# Rows off the mode (with another value than the most common one) in each part. If m rows of a part
# determine the variance of a feature, its relative error is √(1 / m), and the error of the log
# ratio of two parts is √(2 / m). A ratio within a factor of 2 for 95 of 100 features needs
# m ≥ 2 (1.96 / log 2)² = 16.
ROWS_A_PART = 16
SHARE = 0.1  # share of n: features that are off the mode in more rows are not rare
SAME = 1e-6  # a feature is a copy of another if 1 − |r| is below this
PROJECTIONS = 8
SIGMAS = 6.0
BLOCK = 4_000_000  # numbers in one batch


@dataclass(frozen=True, eq=False)
class AsideFeatures:
    """Features to set aside, each for the first reason that applies, in this order.

    Attributes
    ----------
    constant : ndarray of shape (c,)
        Positions of features with a single value.
    rare : ndarray of shape (r,)
        Positions of features that differ from their most common value in too few rows.
    off_mode : ndarray of shape (d,)
        Number of rows in which each feature differs from its median. The median is the most common
        value if more than half of the rows have this value.
    copy, copy_of : ndarray of shape (m,)
        Positions of copies, and of the earlier feature that each of them repeats.
    combined : ndarray of shape (g,)
        Positions of features that are linear combinations of others: one for each direction
        without variance among the rest. Empty for n ≤ d.
    rank : int
        Rank of the centred features that are not set aside.
    """

    constant: np.ndarray
    rare: np.ndarray
    off_mode: np.ndarray
    copy: np.ndarray
    copy_of: np.ndarray
    combined: np.ndarray
    rank: int

    @property
    def keep(self) -> np.ndarray:
        """Return the positions of all other features; this may be empty (one-hot symbols)."""
        aside = np.concatenate([self.constant, self.rare, self.copy, self.combined])
        return np.setdiff1d(np.arange(len(self.off_mode)), aside)

    @property
    def reasons(self) -> dict[int, str]:
        """Return the reason why each feature is set aside, by position."""
        reasons = dict.fromkeys(self.constant.tolist(), "has one value")
        for j in self.rare.tolist():
            reasons[j] = f"leaves its most common value in {self.off_mode[j]} rows"
        for j, i in zip(self.copy.tolist(), self.copy_of.tolist(), strict=True):
            reasons[j] = f"repeats feature {i}"
        reasons |= dict.fromkeys(self.combined.tolist(), "is a linear combination of others")
        return dict(sorted(reasons.items()))


def least_rows(n: int) -> int:
    """Return the number of rows off the mode that a feature needs among n rows.

    It is 48 for three parts (16 in each), but at most a tenth of the rows, so that small samples
    keep features that are not rare.

    Examples
    --------
    >>> least_rows(1797), least_rows(300)
    (48, 30)
    """
    return min(PARTS * ROWS_A_PART, int(np.ceil(SHARE * n)))


def aside_features(X: np.ndarray, seed: int = 0) -> AsideFeatures:
    """Find features to set aside; labels are not used.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows.
    seed : int
        Seed of the projections that detect copies; the result hardly depends on it.

    Returns
    -------
    AsideFeatures

    Notes
    -----
    Rare: fewer than `least_rows` rows off the mode. A feature with more rows has on average at
    least 16 in each of three parts. For the digits data this limit is 48. There, pixels that are
    lit in fewer than 50 of 1,797 rows make the concept detectable after erasure, and pixels that
    are lit in 50 or more rows do not (measured).

    If there are copies or combinations, the search is repeated without outlying rows.

    Copies: |r| > 1 − 1e-6. Standardised columns with such an r differ by at most √2e-6 of their
    length, so their projections on random vectors nearly agree, up to a common sign. Sorting one
    projection gives the candidates, and r is computed only for them: O(n d + d log d).

    Combinations: pivoted Cholesky decomposition of the correlations of the remaining features, if
    n > d. Otherwise the decomposition of the Gram matrix gives only the rank: a rank of n − 1 is
    then normal, and combinations are not defined.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> X[:, 1] = 3 - 2 * X[:, 0]
    >>> X[:, 2] = np.arange(200) < 4
    >>> aside_features(X).reasons
    {1: 'repeats feature 0', 2: 'leaves its most common value in 4 rows'}
    """
    n = len(X)
    off_mode = _off_mode(X)
    constant = np.flatnonzero(off_mode == 0)
    rare = np.flatnonzero((off_mode > 0) & (off_mode < least_rows(n)))
    rest = np.flatnonzero(off_mode >= max(least_rows(n), 1))
    copy, copy_of, combined, rank = _repeats(X[:, rest], seed)
    if len(copy) or len(combined):
        far = outlying_rows(X)
        if len(far):  # a row with several extreme features makes them look like copies
            copy, copy_of, combined, rank = _repeats(np.delete(X, far, axis=0)[:, rest], seed)
    return AsideFeatures(constant, rare, off_mode, rest[copy], rest[copy_of], rest[combined], rank)


def _repeats(X: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return copies, the features that they repeat, combinations of others, and the rank."""
    Z = _standardised(X)
    copy, copy_of = _copies(Z, np.random.default_rng(seed))
    single = np.setdiff1d(np.arange(int(X.shape[1])), copy)
    combined, rank = _combined(Z[:, single])
    return copy, copy_of, single[combined], rank


def _off_mode(X: np.ndarray) -> np.ndarray:
    """Return the number of rows in which each feature differs from its median.

    The median is the most common value if more than half of the rows have this value.
    """
    n, d = X.shape
    off = np.zeros(d, dtype=int)
    step = max(1, BLOCK // max(n, 1))
    for start in range(0, d, step):
        columns = np.ascontiguousarray(X[:, start : start + step].T)
        middle = np.partition(columns, n // 2, axis=1)[:, n // 2, None]
        off[start : start + step] = (columns != middle).sum(axis=1)
    return off


def _standardised(X: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and length 1."""
    Z = X - X.mean(axis=0, dtype=np.float64)
    np.multiply(Z, linalg.reciprocal(np.abs(Z).max(axis=0, initial=0.0)), out=Z)
    np.subtract(Z, Z.mean(axis=0), out=Z)
    return Z * linalg.reciprocal(np.linalg.norm(Z, axis=0))


def _copies(Z: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return columns that repeat an earlier column, and the first column that each repeats."""
    n, d = len(Z), int(Z.shape[1])
    if d < 2:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    tolerance = SIGMAS * np.sqrt(2 * SAME)
    P = Z.T @ rng.standard_normal((n, PROJECTIONS))
    order = np.abs(P[:, 0]).argsort(kind="stable")
    key = np.abs(P[order, 0])
    of = np.arange(d)
    for shift in range(1, d):
        near = np.flatnonzero(key[shift:] - key[:-shift] <= tolerance)
        if not len(near):
            break
        a, b = order[near], order[near + shift]
        same = np.abs(P[a] - P[b]).max(axis=1) <= tolerance
        same |= np.abs(P[a] + P[b]).max(axis=1) <= tolerance
        for i, j in zip(*np.sort([a[same], b[same]], axis=0), strict=True):
            # 1 − |r| from the difference: a product of float32 columns has rounding errors of 1e-8.
            distance = min(((Z[:, i] - Z[:, j]) ** 2).sum(), ((Z[:, i] + Z[:, j]) ** 2).sum())
            if distance < 2 * SAME:
                of[j] = min(of[j], i)
    copy = np.flatnonzero(of < np.arange(d))
    while (of[of] != of).any():
        of = of[of]
    return copy, of[copy]


def _combined(Z: np.ndarray) -> tuple[np.ndarray, int]:
    """Return columns that are combinations of others, and the rank."""
    n, d = Z.shape
    none = np.zeros(0, dtype=int)
    if not d:
        return none, 0
    tall = n > d
    R = Z.T @ Z if tall else Z @ Z.T
    cut = 64 * np.finfo(np.float64).eps * np.sqrt(n * d) * R.diagonal().max()
    _, pivots, rank, _ = lapack.dpstrf(R, tol=cut, lower=1)
    rank = int(rank)
    if tall:
        return np.sort(pivots[rank:] - 1), rank
    return none, rank
