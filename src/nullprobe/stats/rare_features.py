"""Features that must not decide: constant, rare, copied, or given by others; by X alone.

An eraser is fitted on one part of the rows, a probe on another. A feature that leaves its most
common value in a handful of rows looks different in each part: the eraser meets a variance that
the probe does not. What is then read after erasure is no fact about the concept. A copy of
another feature, or a combination of others, gives a direction along which nothing varies, which
shrinkage fills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from nullprobe._core import linalg
from nullprobe.stats.outlying import outlying_rows

PARTS = 3  # of the rows: eraser, probe, scores
# Rows off the mode that each part must hold. The variance of a feature that m rows carry has a
# relative error of √(1 / m) in a part, so the log of its ratio between two parts has √(2 / m);
# within a factor of 2 in 95 of 100 features: m ≥ 2 (1.96 / log 2)² = 16.
ROWS_A_PART = 16
SHARE = 0.1  # of n: a feature off its mode more often is rare in no sample, however small
SAME = 1e-6  # 1 − |r|, below which one feature is a copy of another
PROJECTIONS = 8
SIGMAS = 6.0
BLOCK = 4_000_000  # numbers that are worked on at once


@dataclass(frozen=True, eq=False)
class AsideFeatures:
    """Features to be set aside, each under the first reason that applies, in this order.

    Attributes
    ----------
    constant : ndarray of shape (c,)
        Positions of features that have one value.
    rare : ndarray of shape (r,)
        Positions of features that leave their most common value in too few rows.
    off_mode : ndarray of shape (d,)
        Rows in which each feature differs from its median, which is its most common value
        wherever that has more than half of the rows.
    copy, copy_of : ndarray of shape (m,)
        Positions of copies, and of the feature, earlier in X, that each repeats.
    given : ndarray of shape (g,)
        Positions of features that are linear combinations of others: as many as there are
        empty directions among the rest. 0 for n ≤ d unless the rank is below n − 1.
    rank : int
        Of the features that are not set aside, centred.
    """

    constant: np.ndarray
    rare: np.ndarray
    off_mode: np.ndarray
    copy: np.ndarray
    copy_of: np.ndarray
    given: np.ndarray
    rank: int

    @property
    def keep(self) -> np.ndarray:
        """Return the positions of all other features; may be empty (one-hot symbols)."""
        aside = np.concatenate([self.constant, self.rare, self.copy, self.given])
        return np.setdiff1d(np.arange(len(self.off_mode)), aside)

    @property
    def reasons(self) -> dict[int, str]:
        """Return why each feature is set aside, by position."""
        found = dict.fromkeys(self.constant.tolist(), "has one value")
        for j in self.rare.tolist():
            found[j] = f"leaves its most common value in {self.off_mode[j]} rows"
        for j, i in zip(self.copy.tolist(), self.copy_of.tolist(), strict=True):
            found[j] = f"repeats feature {i}"
        found |= dict.fromkeys(self.given.tolist(), "is a linear combination of others")
        return dict(sorted(found.items()))


def least_rows(n: int) -> int:
    """Return the rows off the mode that a feature needs among n rows.

    48 for three parts (16 in each), and never more than a tenth of the rows, so that small
    samples keep features that are rare in no sense.

    Examples
    --------
    >>> least_rows(1797), least_rows(300)
    (48, 30)
    """
    return min(PARTS * ROWS_A_PART, int(np.ceil(SHARE * n)))


def aside_features(X: np.ndarray, seed: int = 0) -> AsideFeatures:
    """Find features that must not decide what is read, by X alone.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows.
    seed : int
        Of the projections in which copies are looked for; the answer hardly depends on it.

    Returns
    -------
    AsideFeatures

    Notes
    -----
    Rare: fewer than `least_rows` rows off the mode, so that each of three parts is expected to
    hold 16. In digits, where pixels lit in fewer than 50 of 1,797 rows cause what is read after
    erasure and those lit in 50 or more do not (measured), this is 48.

    Copies and empty directions are looked for again without outlying rows where there are any.

    Copies: |r| > 1 − 1e-6. Standardised columns with such an r differ by at most √2e-6 of their
    length, so their projections on random vectors nearly agree up to one common sign. Candidates
    are found by sorting one projection, and r is computed for them alone: O(n d + d log d).

    Empty directions: pivoted Cholesky decomposition of the correlations of what is left (n > d),
    or of the Gram matrix, for the rank alone, where the smaller side is n: then a rank of n − 1
    is no sign of emptiness, and which features are combinations is not defined.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> X[:, 1] = 3 - 2 * X[:, 0]
    >>> X[:, 2] = np.arange(200) < 4
    >>> aside_features(X).reasons
    {1: 'repeats feature 0', 2: 'leaves its most common value in 4 rows'}
    """
    n, d = X.shape
    off_mode = _off_mode(X)
    constant = np.flatnonzero(off_mode == 0)
    rare = np.flatnonzero((off_mode > 0) & (off_mode < least_rows(n)))
    rest = np.flatnonzero(off_mode >= max(least_rows(n), 1))
    copy, copy_of, given, rank = _repeats(X[:, rest], seed)
    if len(copy) or len(given):
        far = outlying_rows(X)
        if len(far):  # a row that is out in several features makes them seem to repeat each other
            copy, copy_of, given, rank = _repeats(np.delete(X, far, axis=0)[:, rest], seed)
    return AsideFeatures(constant, rare, off_mode, rest[copy], rest[copy_of], rest[given], rank)


def _repeats(X: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return copies, what each repeats, combinations of others among the rest, and the rank."""
    Z = _standardised(X)
    copy, copy_of = _copies(Z, np.random.default_rng(seed))
    single = np.setdiff1d(np.arange(X.shape[1]), copy)
    given, rank = _given(Z[:, single])
    return copy, copy_of, single[given], rank


def _off_mode(X: np.ndarray) -> np.ndarray:
    """Return in how many rows each feature differs from its median.

    The median is the most common value wherever that has more than half of the rows.
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
    """Return columns of mean 0 and length 1."""
    Z = X - X.mean(axis=0, dtype=np.float64)
    Z *= linalg.reciprocal(np.abs(Z).max(axis=0, initial=0.0))
    Z -= Z.mean(axis=0)
    return Z * linalg.reciprocal(np.linalg.norm(Z, axis=0))


def _copies(Z: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return columns that repeat an earlier one, and the first that each repeats."""
    n, d = Z.shape
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
            # 1 − |r| from the difference, since a product of columns rounds at 1e-8 in float32.
            apart = min(((Z[:, i] - Z[:, j]) ** 2).sum(), ((Z[:, i] + Z[:, j]) ** 2).sum())
            if apart < 2 * SAME:
                of[j] = min(of[j], i)
    copy = np.flatnonzero(of < np.arange(d))
    while (of[of] != of).any():
        of = of[of]
    return copy, of[copy]


def _given(Z: np.ndarray) -> tuple[np.ndarray, int]:
    """Return columns that are combinations of others, and the rank."""
    n, d = Z.shape
    none = np.zeros(0, dtype=int)
    if not d:
        return none, 0
    tall = n > d
    R = Z.T @ Z if tall else Z @ Z.T
    cut = 64 * np.finfo(np.float64).eps * np.sqrt(n * d) * R.diagonal().max()
    _, pivots, rank, _ = lapack.dpstrf(R, tol=cut, lower=1)  # type: ignore[attr-defined]
    rank = int(rank)
    if tall:
        return np.sort(pivots[rank:] - 1), rank
    return none, rank
