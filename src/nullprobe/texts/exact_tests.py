"""Exact tests of many properties against one label, adjusted over all of them.

Problem. A file has thousands of words. By chance alone, some of them occur mostly with one label.

Solution. Fisher's exact test of each property, and Holm's adjustment over all properties that could
be significant at all. Whether one could is known from the number of rows that have it, without
labels, so leaving out the others is valid (Tarone).

Reference. R. E. Tarone, "A modified Bonferroni method for discrete data", 1990. S. Holm, "A simple
sequentially rejective multiple test procedure", 1979.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import hypergeom, mannwhitneyu

ALPHA = 0.05
ROUNDING = 1 + 1e-7  # probabilities that are equal but for rounding


def fisher(n_rows: np.ndarray, n_positive: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return adjusted p-values of m properties (m,).

    Parameters
    ----------
    n_rows, n_positive : ndarray of shape (m,)
        Number of rows that have each property, and of those with a positive label.
    y : ndarray of shape (n,), bool

    Returns
    -------
    ndarray of shape (m,)
        1 for properties of so few, or so many, rows that no labels make them significant.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.arange(40) < 20
    >>> fisher(np.array([20, 2]), np.array([18, 2]), y).round(7).tolist()
    [5e-07, 1.0]
    """
    n, total = len(y), int(y.sum())

    @cache
    def of(k: int) -> tuple[int, np.ndarray]:
        """Return the least number of positives among k rows, and the p-value of each number."""
        low, high = max(0, k - (n - total)), min(k, total)
        mass = hypergeom.pmf(np.arange(low, high + 1), n, total, k)
        order = np.argsort(mass, kind="stable")
        cumulated = np.cumsum(mass[order])
        # Equal probabilities count together.
        last = np.searchsorted(mass[order], mass * ROUNDING, side="right") - 1
        return low, np.minimum(cumulated[last], 1.0)

    least = np.array([of(int(k))[1].min() for k in n_rows])
    tested = np.flatnonzero(least <= _level(least))
    p = np.array(
        [of(int(n_rows[i]))[1][int(n_positive[i]) - of(int(n_rows[i]))[0]] for i in tested]
    )
    adjusted = np.ones(len(n_rows))
    adjusted[tested] = holm(p)
    return adjusted


def _level(least: np.ndarray) -> float:
    """Return α/k for the least k such that at most k of the least p-values are below α/k."""
    ordered = np.sort(least)
    for k in range(1, len(least) + 1):
        if np.searchsorted(ordered, ALPHA / k, side="right") <= k:
            return ALPHA / k
    return ALPHA


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values (m,) adjusted by Holm's method.

    Examples
    --------
    >>> import numpy as np
    >>> holm(np.array([0.01, 0.5, 0.02])).tolist()
    [0.03, 0.5, 0.04]
    """
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result


def rank_sum(values: np.ndarray, y: np.ndarray) -> float:
    """Return the p-value of the rank-sum test of values (n,) with positives against negatives.

    Examples
    --------
    >>> import numpy as np
    >>> round(rank_sum(np.arange(8.0), np.arange(8) > 3), 3)
    0.029
    """
    return float(mannwhitneyu(values[y], values[~y]).pvalue)


def purity(codes: np.ndarray, y: np.ndarray, seed: int = 0, draws: int = 1999) -> tuple[int, float]:
    """Return how many rows have a code of one label only, and the p-value of that number.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Entity of each row; −1 for rows without one.
    y : ndarray of shape (n,), bool
    seed, draws : int
        Labels are permuted ``draws`` times.

    Returns
    -------
    n_rows : int
        Rows whose entity occurs at least twice, and with one label only.
    p_value : float

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.repeat(np.arange(10), 4)
    >>> purity(codes, codes < 5)
    (40, 0.0005)
    """
    rows = codes >= 0
    codes, labels = np.unique(codes[rows], return_inverse=True)[1], y[rows]
    sizes = np.bincount(codes)

    def pure(labels: np.ndarray) -> int:
        positives = np.bincount(codes, labels, minlength=len(sizes))
        return int(sizes[((positives == 0) | (positives == sizes)) & (sizes > 1)].sum())

    rng, observed = np.random.default_rng(seed), pure(labels)
    drawn = sum(pure(rng.permutation(labels)) >= observed for _ in range(draws))
    return observed, (1 + drawn) / (1 + draws)
