"""Levels of factors: which are the same, and which names and levels a study may have."""

from __future__ import annotations

import keyword
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain

RESERVED = ("levels", "seed", "measurement", "value")  # of a cell, and of a table of measurements


def same(one: object, other: object) -> bool:
    """Return whether two levels are the same: equal numbers, or equal as text.

    Examples
    --------
    >>> same(0, 0.0), same("0", 0), same("a", "b")
    (True, True, False)
    """
    both = isinstance(one, numbers.Real) and isinstance(other, numbers.Real)
    return str(one) == str(other) or (both and one == other)


def need_factors(factors: Mapping[str, Sequence[Any]]) -> None:
    """Complain of factors whose names or levels cannot be used."""
    for name, levels in factors.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            complain(
                "a factor must have a name of letters, digits and _, which can stand after `cell.`",
                f"{name!r} arrived",
            )
        if name in RESERVED or name.startswith("__"):
            complain(
                f"a factor needs another name than {', '.join(RESERVED)}: these are taken",
                f"{name!r} arrived",
            )
        _need_different_levels(name, levels)


def _need_different_levels(name: str, levels: Any) -> None:
    if isinstance(levels, str | bytes) or not isinstance(levels, Sequence | np.ndarray):
        required = f"the levels of {name!r} must be a sequence, such as (0, 1)"
        complain(required, f"{levels!r} arrived")
    each = list(levels)
    for level in each:
        if level is None or (isinstance(level, numbers.Real) and not math.isfinite(level)):
            complain(
                f"every level of {name!r} must be a finite number, a text or the like",
                f"{level!r} arrived",
            )
    if len(each) < 2:
        arrived = f"only {each[0]!r} arrived" if each else "none arrived"
        complain(f"{name!r} must have at least two levels", arrived, "leave out what does not vary")
    twice = [one for i, one in enumerate(each) if any(same(one, other) for other in each[:i])]
    if twice:
        complain(f"the levels of {name!r} must differ", f"{twice[0]!r} arrived twice")


def need_levels(levels: Mapping[str, object], factors: Mapping[str, Sequence[Any]]) -> None:
    """Complain of levels that no factor has."""
    for factor, level in levels.items():
        known("factor", factor, list(factors))
        if not any(same(level, one) for one in factors[factor]):
            known(f"level of {factor}", str(level), list(map(str, factors[factor])))
