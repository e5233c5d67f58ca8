"""Dependence: which rows move together, because groups say so, or because they are copies.

Rows that repeat others, and rows that resemble their neighbours in the file, are no independent
evidence. Copies are kept together. Where neighbours resemble each other, rows are cut into blocks
longer than the dependence, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe._core import linalg, parameters
from nullprobe._core.caller_warnings import warn
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.stats.copies import Copies, copies
from nullprobe.stats.neighbours import Resemblance, resemblance

RULES = ("group", "drop", "keep")
LOOKED_AT = 3  # representations: a row is a copy if it is one in the first, middle and last
LEVEL = 0.01
LONGER = 2  # blocks are so many times as long as the dependence
LEAST_BLOCKS = 27  # three to each of nine blocks of the partitions
# Runs of two classes have 70 orders if there are 8: fewer could not reach p = .025.
LEAST_RUNS = 8
LEAST_OF_MIXED = 6  # two to each of three parts, where labels move inside units alone


def with_copies(
    given: Dataset, rule: str, seed: int
) -> tuple[np.ndarray, np.ndarray | None, dict[str, Any]]:
    """Return which rows count, the unit that each of these moves with, and what was found.

    Parameters
    ----------
    given : Dataset
    rule : {"group", "drop", "keep"}
        What becomes of copies: they are kept together as groups, all but the first are dropped, or
        they count as independent rows.
    seed : int

    Returns
    -------
    rows : ndarray of shape (m,)
        Positions of the rows that count: all, or the first of each set of copies.
    unit : ndarray of shape (m,) or None
        Groups, or else copies of a row; None where rows move one by one.
    found : dict
        How many rows are copies, and the rule; empty where there are none.

    Warns
    -----
    UserWarning
        If there are copies, with their number.

    Raises
    ------
    InputError
        If squares of a feature overflow, so that no distance could be compared.
    """
    parameters.choice("duplicates", rule, list(RULES))
    for X in given.representations.values():
        with np.errstate(over="ignore"):
            linalg.need_finite(np.square(np.abs(X).max(axis=0), dtype=np.float64))
    found = _in_all(list(given.representations.values()), seed)
    every = np.arange(len(given.z))
    if not found.any:
        return every, given.groups, {}
    if given.groups is not None and rule == "group":
        # Rows that all texts share, such as a start token, would chain all groups into one.
        return every, given.groups, _across_groups(found, given.groups)
    count = found.n_exact + found.n_near
    record = {"exact": found.n_exact, "near": found.n_near, "rule": rule}
    done = {
        "group": "each set of copies is kept together, as a group",
        "drop": "all but the first of each set of copies are dropped",
        "keep": "they count as independent rows, as duplicates='keep' asks",
    }[rule]
    warn(
        f"{count} rows are copies of others ({found.n_exact} exact, {found.n_near} near): {done}; "
        "if rows come in groups, such as texts or people, pass groups= instead"
    )
    if rule == "keep":
        return every, given.groups, record
    if rule == "drop":
        first = np.sort(np.unique(found.codes, return_index=True)[1])
        return first, None if given.groups is None else given.groups[first], record
    return every, found.codes, record


def _across_groups(found: Copies, groups: np.ndarray) -> dict[str, Any]:
    """Warn of rows that are copies of rows in other groups, which are not joined; say how many."""
    pairs = np.unique(np.stack([found.codes, groups]), axis=1)
    shared = np.flatnonzero(np.bincount(pairs[0]) > 1)
    count = int(np.isin(found.codes, shared).sum())
    if not count:
        return {}
    warn(
        f"{count} rows are copies of rows in other groups: groups stay as they were named; pass "
        "duplicates='drop' to drop all but the first of each set of copies"
    )
    return {"across_groups": count, "rule": "keep"}


def _in_all(several: Sequence[np.ndarray], seed: int) -> Copies:
    """Return which rows are copies in each of several representations, of three at most."""
    places = sorted({0, len(several) // 2, len(several) - 1})[:LOOKED_AT]
    found = [copies(several[i], seed) for i in places]
    if len(found) == 1:
        return found[0]
    codes = np.unique(np.stack([one.codes for one in found]), axis=1, return_inverse=True)[1]
    codes = codes.ravel()
    repeated = int((np.bincount(codes)[codes] > 1).sum())
    exact = min(min(one.n_exact for one in found), repeated)
    return Copies(codes, exact, repeated - exact, min(one.n_equal for one in found))


def neighbours(given: Dataset, unit: np.ndarray | None, seed: int) -> Resemblance:
    """Return whether neighbours in the file resemble each other, by the last representation."""
    return resemblance(list(given.representations.values())[-1], given.z, seed, unit, alpha=LEVEL)


def blocks(z: Concept, unit: np.ndarray | None, length: int) -> np.ndarray | str:
    """Return codes (n,) of blocks in the order of the file, longer than a dependence.

    Parameters
    ----------
    z : Concept
        Of n rows. Where every unit has several labels, these are permuted inside units, which is
        exact whatever units have in common: fewer blocks will do.
    unit : ndarray of shape (n,) or None
        What moves together in any case; a block holds whole units, in order of their first rows.
    length : int
        Rows, or units, that the dependence spans.

    Returns
    -------
    ndarray of shape (n,), or str
        Why there are too few blocks.
    """
    code = np.arange(len(z)) if unit is None else unit
    _, first, member = np.unique(code, return_index=True, return_inverse=True)
    other = np.zeros(len(first), dtype=bool)
    np.logical_or.at(other, member, (z.data != z.data[first[member]]).reshape(len(z), -1).any(1))
    least = LEAST_OF_MIXED if other.all() else LEAST_BLOCKS
    place = np.argsort(np.argsort(first))[member]
    size = LONGER * length if length > 1 else 1
    found = place // size
    count = int(found.max()) + 1
    if count < least:
        what = "rows" if unit is None else "groups"
        return (
            f"neighbours resemble each other over {length} {what}, which leaves {count} blocks, "
            f"and {least} are needed: {least * size:,} {what}"
        )
    return found


def few_runs(z: Concept) -> str:
    """Return why labels of a series, in its order, cannot be told from drift; or nothing."""
    if z.codes is None:
        return ""
    runs = 1 + int(np.count_nonzero(np.diff(z.codes)))
    if runs >= LEAST_RUNS:
        return ""
    return (
        f"labels form {runs} runs along the series, so that a slow drift would look the same, and "
        f"{LEAST_RUNS} are needed"
    )
