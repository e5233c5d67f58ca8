"""Grouping: which rows belong together, and which column or entity says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core.printable import shortened
from nullprobe.data.splits import group_codes
from nullprobe.texts.templates import Templates

LEAST = 9  # groups, for four partitions of an audit
LARGE = 0.2  # share of the rows in one group that is too large to be in one part


@dataclass(frozen=True)
class Grouping:
    """Groups of rows.

    Attributes
    ----------
    n_groups : int
        0 if no groups were passed.
    smallest, largest : int
        Rows of the smallest and the largest group.
    n_pure : int
        Groups with one label only.
    column : str
        Column to name as groups; empty if none was passed that repeats, or groups were passed.
    slot : int or None
        Position of the slot whose entities can be the groups.
    sentences : tuple of str
        What to do about groups.
    """

    n_groups: int
    smallest: int
    largest: int
    n_pure: int
    column: str
    slot: int | None
    sentences: tuple[str, ...]


def suggested_groups(
    y: np.ndarray, codes: np.ndarray | None, forms: Templates, columns: Mapping[str, Any]
) -> Grouping:
    """Return the sizes of groups, or what could be the groups where none were passed.

    Parameters
    ----------
    y : ndarray of shape (n,), bool
    codes : ndarray of shape (n,) or None
        Group of each row.
    forms : Templates
    columns : mapping of str to array-like of shape (n,)
    """
    if codes is not None:
        return _of_groups(y, codes)
    each = [(name, group_codes(list(map(str, values)), len(y))) for name, values in columns.items()]
    fits = [(name, codes) for name, codes in each if codes is not None and _repeats(codes, y)]
    # The finest column that repeats: its groups are in the groups of coarser ones, if these nest.
    column = max(fits, key=lambda one: one[1].max(), default=("", None))[0]
    slot = next(
        (
            k for k, fillers in enumerate(forms.fillers)
            if _repeats(np.unique(np.array(fillers), return_inverse=True)[1], y)
        ),
        None,
    )  # fmt: skip
    lines = []
    if column:
        lines.append(f"Pass {shortened(column)!r} as groups: its values repeat.")
    if slot is not None:
        names = forms.slots[slot]
        shown = shortened(", ".join(names[:4]), 60)
        also = "Or pass" if column else "Pass"
        lines.append(
            f"{also} the entity of each text as groups ({len(names)} entities: {shown}, ...)."
        )
    if not lines:
        lines.append("Nothing that could be groups was recognised in the file.")
    return Grouping(0, 0, 0, 0, column, slot, tuple(lines))


def _repeats(codes: np.ndarray, y: np.ndarray) -> bool:
    """Return whether there are enough groups, and most of them have several rows."""
    sizes = np.bincount(codes)
    large_enough = LEAST <= len(sizes) <= len(codes) / 2
    return bool(large_enough and np.median(sizes) > 1)


def _of_groups(y: np.ndarray, codes: np.ndarray) -> Grouping:
    """Return the sizes of groups, with a sentence on what is unusual."""
    sizes, positives = np.bincount(codes), np.bincount(codes, y)
    sizes, positives = sizes[sizes > 0], positives[sizes > 0]
    n, pure = len(sizes), int(((positives == 0) | (positives == sizes)).sum())
    lines = [
        f"There are {n} groups of {sizes.min()} to {sizes.max()} rows; "
        f"{pure} of them have one label only."
    ]
    if n < LEAST:
        lines.append(f"An audit needs at least {LEAST} groups for four partitions.")
    if sizes.max() > LARGE * len(codes):
        lines.append("The largest group holds more than a fifth of the rows: divide it.")
    return Grouping(n, int(sizes.min()), int(sizes.max()), pure, "", None, tuple(lines))
