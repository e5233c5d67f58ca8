"""Stratified rows: a random part of the rows with all classes in proportion, and whole groups.

Problem. A file may hold more rows than fit in memory, or than an audit needs. The first rows are
not a sample: files are often sorted. Simple random rows may lack a rare class, and divide groups.
Solution. Each class gets its share of the rows, and at least two where that is possible. Groups are
drawn whole: first some for each class, then in random order, as long as they fit.

Reference. W. G. Cochran, "Sampling techniques", 3rd edition, 1977, chapters 5 and 9.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept, concept
from nullprobe.data.quarters import quarters_of

LEAST = 2  # rows of a class, where n allows as many of each


def stratified_rows(
    y: Any, n: int, *, groups: Any = None, random_state: RandomState = 0
) -> np.ndarray:
    """Return at most n random rows, with all classes in proportion and whole groups.

    Parameters
    ----------
    y : array-like of shape (N,) or (N, k)
        Labels or numbers; the strata of numbers are their quarters.
    n : int
        Number of rows to draw.
    groups : array-like of shape (N,), optional
        Group of each row. Groups are drawn whole, so fewer than n rows may be drawn.
    random_state : None, int or Generator

    Returns
    -------
    ndarray of shape (m,), int
        Positions of the rows, ascending; m ≤ n, and m = min(n, N) without groups.

    Raises
    ------
    InputError
        If no group has at most n rows, or if lengths differ.

    Notes
    -----
    Without groups, every class of two rows or more has at least two of the drawn rows if n is at
    least twice the number of classes. With groups, each class has some if n allows groups that
    cover the classes; the groups for rare classes are drawn first.

    Examples
    --------
    >>> y = ["a"] * 90 + ["b"] * 8 + ["c"] * 2
    >>> rows = stratified_rows(y, 20)
    >>> len(rows), [sum(y[i] == label for i in rows) for label in "abc"]
    (20, [16, 2, 2])
    """
    parameters.whole_number("n", n, least=1)
    z, rng = concept(y), generator(random_state)
    if n >= len(z):
        return np.arange(len(z))
    strata = _strata(z)
    counts = np.bincount(strata)
    wanted = _allocated(counts, n)
    if groups is None:
        each = [np.flatnonzero(strata == code) for code in np.flatnonzero(wanted)]
        drawn = [
            rng.choice(rows, size, replace=False)
            for rows, size in zip(each, wanted[wanted > 0], strict=True)
        ]
        return np.sort(np.concatenate(drawn))
    units = concept(groups, n=len(z), name="groups", kind="labels").data
    draw = _Draw(units, strata, n)
    for code in np.argsort(counts, kind="stable"):
        draw.cover(int(code), min(LEAST, int(wanted[code])), rng)
    draw.fill(wanted, rng)
    rows = np.flatnonzero(draw.chosen[units])
    if not len(rows):
        validation.complain(
            "groups are drawn whole, so some group must have at most as many rows as are drawn",
            f"the smallest group has {draw.sizes.min()} rows, and {n} are to be drawn",
            "draw more rows",
        )
    return rows


def _strata(z: Concept) -> np.ndarray:
    """Return the stratum of each row: codes from 0, without gaps."""
    codes = z.data if z.is_classes else quarters_of(z)
    return np.unique(codes, return_inverse=True)[1]


def _allocated(counts: np.ndarray, n: int) -> np.ndarray:
    """Return how many of n rows each stratum gets, in proportion to its number of rows."""
    ideal = n * counts / counts.sum()
    least = np.minimum(counts, LEAST)
    if least.sum() > n:
        least = np.minimum(counts, 1) if len(counts) <= n else np.zeros_like(counts)
    share = np.maximum(np.floor(ideal).astype(int), least)
    while share.sum() > n:
        surplus = np.where(share > least, share - ideal, -np.inf)
        share[surplus.argmax()] -= 1
    while share.sum() < n:
        lack = np.where(share < counts, ideal - share, -np.inf)
        share[lack.argmax()] += 1
    return share


class _Draw:
    """A draw of whole groups; ``chosen`` (G,) says which.

    Parameters
    ----------
    units, strata : ndarray of shape (N,)
        Group and stratum of each row, as codes.
    n : int
        Most rows.
    """

    def __init__(self, units: np.ndarray, strata: np.ndarray, n: int) -> None:
        self.sizes = np.bincount(units)
        self.chosen = np.zeros(len(self.sizes), dtype=bool)
        self.left = n
        # The strata of each group, with the number of rows.
        pairs, numbers = np.unique(np.column_stack([units, strata]), axis=0, return_counts=True)
        self._unit, self._stratum, self._rows = pairs[:, 0], pairs[:, 1], numbers
        self._drawn = np.zeros(int(strata.max()) + 1, dtype=int)

    def cover(self, stratum: int, least: int, rng: np.random.Generator) -> None:
        """Draw groups until there are ``least`` rows of a stratum, or none fits."""
        holders = rng.permutation(self._unit[self._stratum == stratum])
        while self._drawn[stratum] < least:
            open_ = holders[~self.chosen[holders] & (self.sizes[holders] <= self.left)]
            if not len(open_):
                return
            # Large groups for one stratum would leave no room for the others.
            room = self.left // max(1, int((self._drawn == 0).sum()))
            small = open_[self.sizes[open_] <= room]
            self._take(small[0] if len(small) else open_[self.sizes[open_].argmin()])

    def fill(self, wanted: np.ndarray, rng: np.random.Generator) -> None:
        """Draw groups in random order, by their most frequent stratum, as long as they fit."""
        order = np.lexsort((self._rows, self._unit))
        last = np.flatnonzero(np.diff(self._unit[order], append=-1))
        main = self._stratum[order][last]  # the groups are codes without gaps
        room = wanted - self._drawn
        for in_proportion in (True, False):
            for i in rng.permutation(np.flatnonzero(~self.chosen)).tolist():
                if self.left == 0:
                    return
                most = min(self.left, room[main[i]]) if in_proportion else self.left
                if self.sizes[i] <= most:
                    room[main[i]] -= self.sizes[i]
                    self._take(i)

    def _take(self, i: int) -> None:
        self.chosen[i] = True
        self.left -= int(self.sizes[i])
        first, end = np.searchsorted(self._unit, (i, i + 1))
        self._drawn[self._stratum[first:end]] += self._rows[first:end]
