"""Dependence of rows: groups, copies, and blocks of neighbours in the file.

Rows that repeat other rows, or that resemble their neighbours in the file, are not independent
evidence. Copies stay together. If neighbours resemble each other, rows are divided into blocks in
the order of the file, which are longer than the dependence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import linalg, parameters, sparse_rows, validation
from nullprobe._core.caller_warnings import warn
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.stats.copies import Copies, copies
from nullprobe.stats.crowds import LARGEST, NEAREST
from nullprobe.stats.neighbours import Resemblance, resemblance
from nullprobe.stats.sparse_copies import sparse_copies

RULES = ("group", "drop", "keep")
LOOKED_AT = 3  # representations: a row is a copy if it is a copy in the first, middle and last
SMALLEST = NEAREST + 2  # rows of a tight set that is too large to be joined
LEVEL = 0.01
LONGER = 2  # ratio of the length of blocks to the length of the dependence
LEAST_BLOCKS = 27  # three for each of nine blocks of the partitions
# 8 runs of two classes have 70 orders; fewer runs cannot reach p = .025.
LEAST_RUNS = 8
LEAST_OF_MIXED = 6  # two for each of three parts, if labels are permuted only within units


def with_copies(
    data: Dataset, rule: str, seed: int
) -> tuple[np.ndarray, np.ndarray | None, dict[str, Any]]:
    """Return the rows to use, the permutation unit of each, and a record of copies.

    Parameters
    ----------
    data : Dataset
    rule : {"group", "drop", "keep"}
        Treatment of copies: they are grouped, all but the first are dropped, or they count as
        independent rows.
    seed : int

    Returns
    -------
    rows : ndarray of shape (m,)
        Positions of the rows to use: all, or the first of each set of copies.
    unit : ndarray of shape (m,) or None
        Groups, or else sets of copies; None if rows are permuted individually.
    record : dict
        Number of copies, the rule, and how many are dropped, or have other labels than the row
        that is kept; estimated number of rows in large tight sets. Empty without any of these.

    Warns
    -----
    UserWarning
        If there are copies, if dropped copies have other labels than the row that is kept, or if
        rows lie in tight sets that are too large to be joined.

    Raises
    ------
    InputError
        If squares of a feature overflow, so that distances cannot be compared.
    """
    parameters.choice("duplicates", rule, list(RULES))
    for X in data.representations.values():
        if validation.is_sparse(X):
            stored: Any = X
            sparse_rows.moments(stored, None)
            continue
        with np.errstate(over="ignore"):
            linalg.need_finite(np.square(np.abs(X).max(axis=0), dtype=np.float64))
    repeats = _in_all(list(data.representations.values()), seed)
    every = np.arange(len(data.z))
    large = _large_sets(repeats, data.groups, rule)
    if not repeats.any:
        return every, data.groups, large
    if data.groups is not None and rule == "group":
        # Rows that all texts share, such as a start token, would join all groups into one.
        return every, data.groups, _across_groups(repeats, data.groups)
    count = repeats.n_exact + repeats.n_near
    record = {"exact": repeats.n_exact, "near": repeats.n_near, "rule": rule} | large
    effect = {
        "group": "each set of copies is kept together, as a group",
        "drop": "all but the first of each set of copies are dropped",
        "keep": "they count as independent rows, because of duplicates='keep'",
    }[rule]
    warn(
        f"{count} rows are copies of others ({repeats.n_exact} exact, {repeats.n_near} near): "
        f"{effect}; if rows form groups, such as texts or people, pass groups= instead"
    )
    if rule == "keep":
        return every, data.groups, record
    if rule == "drop":
        first = np.sort(np.unique(repeats.codes, return_index=True)[1])
        record |= _dropped(data.z, repeats.codes, first)
        return first, None if data.groups is None else data.groups[first], record
    return every, repeats.codes, record


def _large_sets(repeats: Copies, groups: np.ndarray | None, rule: str) -> dict[str, Any]:
    """Warn about tight sets that are not joined, unless groups are given; return their rows."""
    if not repeats.n_large or groups is not None or rule == "keep":
        return {}
    warn(
        f"about {repeats.n_large} rows lie in tight sets of {SMALLEST} to {LARGEST + 1} rows, "
        "which may be near copies or classes far apart: they count as independent rows; if the "
        "rows of a set have one origin, pass groups= instead"
    )
    return {"in_large_sets": repeats.n_large}


def _dropped(z: Concept, codes: np.ndarray, first: np.ndarray) -> dict[str, Any]:
    """Return how many copies are dropped; warn about those with other labels than the first."""
    origin = np.unique(codes, return_index=True)[1][codes]  # codes count from 0
    other = int((z.data != z.data[origin]).reshape(len(codes), -1).any(axis=1).sum())
    count = len(codes) - len(first)
    if not other:
        return {"dropped": count}
    warn(
        f"{other} of {count} dropped rows have other labels than the row that is kept, which is "
        "the first of its copies: check these labels, or pass duplicates='group' to use all rows"
    )
    return {"dropped": count, "other_labels": other}


def _across_groups(repeats: Copies, groups: np.ndarray) -> dict[str, Any]:
    """Warn about copies of rows in other groups, which are not joined; return their number."""
    pairs = np.unique(np.stack([repeats.codes, groups]), axis=1)
    shared = np.flatnonzero(np.bincount(pairs[0]) > 1)
    count = int(np.isin(repeats.codes, shared).sum())
    if not count:
        return {}
    warn(
        f"{count} rows are copies of rows in other groups: the groups do not change; pass "
        "duplicates='drop' to drop all but the first of each set of copies"
    )
    return {"across_groups": count, "rule": "keep"}


def _in_all(representations: Sequence[np.ndarray], seed: int) -> Copies:
    """Return the rows that are copies in all representations; at most three are compared."""
    n = len(representations)
    places = sorted({0, n // 2, n - 1})[:LOOKED_AT]
    each = [
        sparse_copies(one, seed) if validation.is_sparse(one) else copies(one, seed)
        for one in (representations[i] for i in places)
    ]
    if len(each) == 1:
        return each[0]
    codes = np.unique(np.stack([one.codes for one in each]), axis=1, return_inverse=True)[1]
    codes = codes.ravel()
    repeated = int((np.bincount(codes)[codes] > 1).sum())
    exact = min(min(one.n_exact for one in each), repeated)
    equal, large = min(one.n_equal for one in each), min(one.n_large for one in each)
    return Copies(codes, exact, repeated - exact, equal, large)


def neighbours(data: Dataset, unit: np.ndarray | None, seed: int) -> Resemblance:
    """Test whether neighbours in the file resemble each other in the last representation."""
    return resemblance(list(data.representations.values())[-1], data.z, seed, unit, alpha=LEVEL)


@dataclass(frozen=True)
class FewBlocks:
    """Rows that are too few to be cut into blocks of neighbours.

    Attributes
    ----------
    length : int
        Length of the dependence, in rows or groups.
    what : {"rows", "groups"}
    count, least : int
        Blocks that there are, and that are needed.
    size : int
        Rows or groups in a block.
    rows_needed : int
        Rows of as many blocks as are needed.
    """

    length: int
    what: str
    count: int
    least: int
    size: int
    rows_needed: int

    def __str__(self) -> str:
        """Return the reason: length, blocks, and blocks needed."""
        return (
            f"neighbours resemble each other over {self.length} {self.what}, which leaves "
            f"{self.count} blocks of {self.size} {self.what}, and {self.least} are needed"
        )


def blocks(z: Concept, unit: np.ndarray | None, length: int) -> np.ndarray | FewBlocks:
    """Return codes (n,) of blocks in the order of the file, longer than the dependence.

    Parameters
    ----------
    z : Concept
        Concept of n rows. If every unit has several labels, these are permuted within units. This
        is exact for any dependence between units, so fewer blocks suffice.
    unit : ndarray of shape (n,) or None
        Units that stay together; a block holds whole units, in the order of their first rows.
    length : int
        Length of the dependence, in rows or units.

    Returns
    -------
    ndarray of shape (n,), or FewBlocks
        The blocks, or why there are too few.
    """
    code = np.arange(len(z)) if unit is None else unit
    _, first, member = np.unique(code, return_index=True, return_inverse=True)
    other = np.zeros(len(first), dtype=bool)
    np.logical_or.at(other, member, (z.data != z.data[first[member]]).reshape(len(z), -1).any(1))
    least = LEAST_OF_MIXED if other.all() else LEAST_BLOCKS
    place = np.argsort(np.argsort(first))[member]
    size = LONGER * length if length > 1 else 1
    block = place // size
    count = int(block.max()) + 1
    if count < least:
        what = "rows" if unit is None else "groups"
        rows = -(-least * size * len(z) // len(first))  # rounded up
        return FewBlocks(length, what, count, least, size, rows)
    return block


def few_runs(z: Concept) -> str:
    """Return the reason why labels of a series may be confounded with drift, or an empty string."""
    if z.codes is None:
        return ""
    runs = 1 + int(np.count_nonzero(np.diff(z.codes)))
    if runs >= LEAST_RUNS:
        return ""
    return (
        f"labels form {runs} runs along the series, so that a slow drift would look the same, and "
        f"{LEAST_RUNS} are needed"
    )
