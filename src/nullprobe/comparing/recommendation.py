"""Recommendation: which eraser to use, for which rows, and what it costs.

Problem. A table of readings and costs leaves the choice to the reader.

Solution. An eraser *erases* if, after it, the 95 % interval of every fresh probe ends at or below
chance plus the smallest effect of interest. Among these, the eraser with the least damage is
recommended. An eraser that needs the labels of the rows that it erases is never recommended for
rows without labels.

Not guaranteed. The rows that choose an eraser also score it, and a stronger probe may read more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from nullprobe.comparing.eraser_rows import Cell, Column, Row
from nullprobe.report.text.wording import interval, number

LINEAR = "linear"  # name of the linear probe
SAME_ROWS = (
    "The same rows chose the eraser and scored it, so expect a little more to remain on other data."
)


@dataclass(frozen=True)
class Recommendation:
    """Eraser to use, for which rows, and why.

    Attributes
    ----------
    needed : bool
        Whether a probe reads more than chance plus ``min_effect`` before erasure, or may.
    eraser : str or None
        For rows without labels: of the erasers after which no probe reads more than chance plus
        ``min_effect``, the one that moves rows least. None if no eraser does this.
    linear : str or None
        The same, against the linear probe alone.
    labelled : str or None
        The same as ``eraser``, among erasers that need the labels of the rows that they erase.
    least_left : str or None
        Of the erasers that need no labels, the one after which the probes read least.
    min_effect : float
        Smallest effect of interest, above chance.
    sentences : tuple of str
        The recommendation with its reason.

    Examples
    --------
    >>> from nullprobe import compare, worlds
    >>> w = worlds.gaussian(n=900, d=3, gap=3.0, random_state=0)
    >>> result = compare(w.X, w.y, erasers=["leace"], probes=["linear"], min_effect=0.1)
    >>> result.recommendation.needed, result.recommendation.eraser
    (True, 'leace')
    """

    needed: bool
    eraser: str | None
    linear: str | None
    labelled: str | None
    least_left: str | None
    min_effect: float
    sentences: tuple[str, ...] = ()

    @classmethod
    def of_document(cls, fields: Mapping[str, Any] | None) -> Self | None:
        """Return the recommendation that a part of a document describes, if there is one."""
        if fields is None:
            return None
        return cls(**{**fields, "sentences": tuple(fields["sentences"])})


def recommended(
    rows: Sequence[Row], probes: Sequence[Column], others: Sequence[Column], min_effect: float
) -> Recommendation:
    """Return which eraser to use.

    Parameters
    ----------
    rows : sequence of Row
        Readings and costs; the first row is without an eraser.
    probes, others : sequence of Column
        Columns of ``read_back`` and of ``others``.
    min_effect : float
        Smallest effect of interest, above chance.
    """
    free = [row for row in rows if row.erases and not row.needs_labels and row.damage]
    using = [row for row in rows if row.erases and row.needs_labels and row.damage]
    linear = [probe for probe in probes if probe.name == LINEAR]
    left = [row for row in free if math.isfinite(excess(row, probes))]
    advice = Recommendation(
        excess(rows[0], probes) > min_effect,
        _least_damage(free, probes, min_effect),
        _least_damage(free, linear, min_effect) if linear else None,
        _least_damage(using, probes, min_effect),
        min(left, key=lambda row: excess(row, probes)).eraser if left else None,
        min_effect,
    )
    return replace(advice, sentences=tuple(_sentences(advice, rows, probes, others)))


def excess(row: Row, probes: Sequence[Column]) -> float:
    """Return how far above chance a probe may read: the largest upper end of an interval.

    It is infinite if a probe has no interval, since nothing bounds what remains.
    """
    return max((_above(row.read_back.get(probe.name), probe) for probe in probes), default=math.inf)


def _above(cell: Cell | None, probe: Column) -> float:
    if cell is None or cell.interval is None:
        return math.inf
    # Rounded, so that 0.55 is not more than 0.05 above 0.5.
    return round(cell.interval[1] - (probe.metric.chance or 0.0), 12)


def _least_damage(rows: Sequence[Row], probes: Sequence[Column], effect: float) -> str | None:
    erasing = [(row, row.damage) for row in rows if row.damage and excess(row, probes) <= effect]
    # The first of equals, and one that leaves something before one that leaves nothing.
    best = min(erasing, key=lambda one: (any(one[0].nothing_left), one[1].moved), default=None)
    return None if best is None else best[0].eraser


def _sentences(
    advice: Recommendation, rows: Sequence[Row], probes: Sequence[Column], others: Sequence[Column]
) -> Iterator[str]:
    """Yield the recommendation with its reason."""
    by_name = {row.eraser: row for row in rows}
    if not advice.needed:
        yield (
            f"No eraser is needed: before erasure no probe here reads the concept{_bar(advice)}. "
            "A stronger probe may."
        )
        return
    if advice.eraser is not None:
        row = by_name[advice.eraser]
        yield f"Use {row.eraser} for new rows: no probe here then reads the concept{_bar(advice)}."
        yield f"Of the erasers that do this without labels, it moves rows least: {_cost(row)}."
        yield from _lost(row, rows[0], others)
    elif advice.least_left is not None:
        yield (
            "No eraser here hides the concept in new rows: after each, a probe reads it, or may "
            f"read it (its 95 % interval ends above chance + {_short(advice.min_effect)})."
        )
        row = by_name[advice.least_left]
        yield (
            f"Of the erasers that need no labels, {row.eraser} leaves least: "
            f"{_most_read(row, probes)}. Its cost: {_cost(row)}."
        )
        if advice.linear is not None:
            same = advice.linear == advice.least_left
            cost = "" if same else f": {_cost(by_name[advice.linear])}"
            yield f"Against the linear probe alone, {advice.linear} is enough{cost}."
            yield from _lost(by_name[advice.linear], rows[0], others)
    else:
        yield "No eraser is recommended for new rows: no eraser without labels has readings here."
    if advice.labelled is not None and _better(by_name, advice):
        row = by_name[advice.labelled]
        yield (
            f"Use {advice.labelled} only for rows whose labels are known: after it no probe here "
            f"reads the concept, and {_cost(row)}."
        )
    yield SAME_ROWS


def _bar(advice: Recommendation) -> str:
    return f" (every 95 % interval ends at or below chance + {_short(advice.min_effect)})"


def _better(by_name: dict[str, Row], advice: Recommendation) -> bool:
    """Whether an eraser that uses labels erases where no other does, or moves rows less."""
    if advice.eraser is None:
        return True
    using, free = (by_name[str(name)].damage for name in (advice.labelled, advice.eraser))
    return using is not None and free is not None and using.moved < free.moved


def _cost(row: Row) -> str:
    """Say how far an eraser moves rows, in units of the rows themselves."""
    damage = row.damage
    if any(row.nothing_left):
        return "it leaves nothing, since all rows are the same after erasure"
    if damage is None or damage.relative_move is None:
        return "the rows do not vary"
    return (
        f"a row moves by {_percent(damage.relative_move)} of the distance between two random rows "
        f"({_percent(damage.share or 0.0)} of the variance)"
    )


def _percent(share: float) -> str:
    """Write a share in percent, with two digits.

    Examples
    --------
    >>> _percent(0.4269), _percent(0.0312), _percent(1.2)
    ('43 %', '3.1 %', '120 %')
    """
    return f"{100 * share:.{0 if share >= 0.1 else 1}f} %"


def _short(value: float) -> str:
    return f"{value:g}"


def _lost(row: Row, before: Row, others: Sequence[Column]) -> Iterator[str]:
    """Say what a linear probe still reads of other labels."""
    parts: list[str] = []
    for column in others:
        first, then = (one.others.get(column.name) for one in (before, row))
        if first and then and first.value is not None and then.value is not None:
            values = f"{number(then.value)}, before erasure {number(first.value)}"
            parts.append(f"{column.name} ({column.metric.name} {values})")
    if parts:
        yield f"A linear probe of other labels then reads {'; '.join(parts)}."


def _most_read(row: Row, probes: Sequence[Column]) -> str:
    probe = max(probes, key=lambda one: _above(row.read_back.get(one.name), one))
    cell = row.read_back[probe.name]
    value = "" if cell.value is None else f" {number(cell.value)}"
    return (
        f"the {probe.name} probe reads {probe.metric.name}{value} "
        f"(95 % interval {interval(cell.interval)})"
    )
