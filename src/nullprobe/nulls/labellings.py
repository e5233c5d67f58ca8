"""Labellings: how many labellings a permutation test draws from, and how many groups suffice.

Problem. A p-value is at least one over the number of labellings. A few groups with a single label
each have so few that p ≤ α is impossible, or happens by luck of the draws.

Solution. Labellings are counted, not drawn: multinomial coefficients of the blocks. Classes that
can exchange their names in every block leave each reading as it is, so such labellings count once.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import gammaln

MOST_GROUPS = 1000  # that `groups_needed` tries
LARGEST_LOG = 40.0  # larger numbers than e⁴⁰ are all the same for a test


def log_arrangements(stratum: np.ndarray, kind: np.ndarray) -> float:
    """Return the log of the number of ways to exchange kinds (n,) within strata (n,).

    Examples
    --------
    Two strata, with one and two of three rows of kind 1:

    >>> stratum, kind = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 1, 1])
    >>> round(float(np.exp(log_arrangements(stratum, kind))))
    9
    """
    if not len(stratum):
        return 0.0
    _, rows = np.unique(stratum, return_counts=True)
    _, each = np.unique(np.stack([stratum, kind]), axis=1, return_counts=True)
    return float(gammaln(rows + 1.0).sum() - gammaln(each + 1.0).sum())


def log_renamings(stratum: np.ndarray, kind: np.ndarray) -> float:
    """Return the log of the number of renamings of kinds that keep their counts in each stratum.

    Examples
    --------
    Two classes with equal counts in each stratum can exchange their names:

    >>> round(float(np.exp(log_renamings(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])))))
    2
    """
    _, place = np.unique(stratum, return_inverse=True)
    _, number = np.unique(kind, return_inverse=True)
    table = np.zeros((place.max() + 1, number.max() + 1), dtype=int)
    np.add.at(table, (place, number), 1)
    alike = np.unique(table, axis=1, return_counts=True)[1]
    return float(gammaln(alike + 1.0).sum())


def period(labels: np.ndarray) -> int:
    """Return how many cyclic shifts of labels (n,) differ.

    Examples
    --------
    >>> period(np.array([0, 1, 0, 1])), period(np.array([0, 0, 1]))
    (2, 3)
    """
    n = len(labels)
    return next(k for k in range(1, n + 1) if n % k == 0 and (np.roll(labels, k) == labels).all())


def whole(log_count: float) -> float:
    """Return the number whose logarithm is given, rounded; at most e⁴⁰."""
    return float(np.rint(np.exp(min(log_count, LARGEST_LOG))))


def groups_needed(
    kind: np.ndarray, n_blocks: int, least: float, *, are_classes: bool
) -> int | None:
    """Return the fewest groups, dealt to blocks, that have so many labellings.

    Parameters
    ----------
    kind : ndarray of shape (G,)
        Label of each group that there is. Added groups keep the shares of the labels.
    n_blocks : int
    least : float
        Labellings needed.
    are_classes : bool
        As in `Permutations.n_labellings`.

    Returns
    -------
    int or None
        None if 1,000 groups do not suffice.

    Examples
    --------
    >>> groups_needed(np.array([0, 0, 0, 1, 1, 1]), 3, 20, are_classes=True)
    9
    """
    _, counts = np.unique(kind, return_counts=True)
    shares, counts = counts / len(kind), counts.copy()
    for total in itertools.count(len(kind) + 1):
        if total > MOST_GROUPS or len(counts) < 2:
            return None
        counts[np.argmax(shares * total - counts)] += 1
        if are_classes and counts.min() < n_blocks:
            continue  # each part of a split needs every class
        dealt = np.repeat(np.arange(len(counts)), counts)
        block = np.arange(total) % n_blocks
        count = log_arrangements(block, dealt)
        if are_classes:
            count -= log_renamings(block, dealt)
        if whole(count) >= least:
            return total
    return None
