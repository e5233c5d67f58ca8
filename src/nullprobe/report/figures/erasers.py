"""Erasers: one line an eraser, one mark a probe, so that a reader sees who is left to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import Limits, finite, floats, limits
from nullprobe.report.text.comparisons import label

LINE, MARK, ENDS = 22, 11, 70  # pixels of a line, of each mark in it, of what is above and below
LONGEST = 26  # letters of an eraser's name next to its line
SHOWN = 0.25  # of the way from chance to 1 at least, or noise would look like a finding
LEACE = 1.0  # what LEACE moves, as a multiple of itself


def height(n_rows: int, n_marks: int) -> int:
    """Return how many pixels high a picture of so many lines and marks a line should be.

    Examples
    --------
    >>> height(3, 2) < height(4, 2) < height(4, 3)
    True
    """
    return ENDS + n_rows * (LINE + MARK * n_marks)


def shifts(n_marks: int) -> list[float]:
    """Return how far below its line each mark stands, in distances of lines.

    Examples
    --------
    >>> shifts(1), [round(shift, 2) for shift in shifts(2)]
    ([0.0], [-0.12, 0.12])
    """
    middle = (n_marks - 1) / 2
    return [(i - middle) * MARK / (LINE + MARK * n_marks) for i in range(n_marks)]


def readings(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], key: str, ax: Axes
) -> list[str]:
    """Draw what probes read after each eraser, with intervals and a line at chance.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of a document, from top to bottom.
    columns : sequence of mapping
        Probes or other labels, all with the same chance.
    key : str
        Where a row holds these: "read_back" or "others".
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    chance = columns[0]["metric"]["chance"]
    visible, read = [chance, chance + SHOWN * (1 - chance)], list[float]()
    for i, (column, shift) in enumerate(zip(columns, shifts(len(columns)), strict=True)):
        cells: list[dict[str, Any]] = [row[key].get(column["name"]) or {} for row in rows]
        values = [cell.get("value") for cell in cells]
        ends = [cell.get("interval") for cell in cells]
        at = [y + shift for y in range(len(rows))]
        mark(ax, values, ends, at, i, column["name"])
        known = floats(values)
        read += known[~np.isnan(known)].tolist()
        visible += finite([end for pair in ends if pair for end in pair]).tolist()
    least = axis.floor({"kind": "reading", "chance": chance})
    shown = limits([], [*visible, *read], least)
    shown = Limits(shown.low, shown.high, sum(value < shown.low for value in read))
    lines(ax, [label(row) for row in rows], [row["needs_labels"] for row in rows])
    axis.frame(ax, _units(columns))
    ax.set_xlim(*shown.ends)
    axis.rule(ax, chance, "chance")
    ax.locator_params(axis="x", nbins=6)
    return axis.not_shown(shown, "reading")


def mark(
    ax: Axes, values: Sequence[Any], ends: Sequence[Any], at: Sequence[float], position: int,
    name: Any,
) -> None:  # fmt: skip
    """Draw the marks of one probe or label, with their intervals."""
    look = roles.look(position)
    axis.whiskers(ax, values, ends, at, look.hex, upright=False)
    style: dict[str, Any] = {"linestyle": "", "markersize": 6, "label": axis.key(name)}
    ax.plot(floats(values), at, **look.mark, **style)


def lines(ax: Axes, names: Sequence[str], needs_labels: Sequence[bool] = ()) -> None:
    """Write names at the lines, the first at the top."""
    needed = [*needs_labels, *[False] * (len(names) - len(needs_labels))]
    written = [
        roles.text(name, LONGEST) + ("\nuses the labels" if uses else "")
        for name, uses in zip(names, needed, strict=True)
    ]
    axis.ticks(ax, "y", range(len(names)), written)
    ax.set_ylim(max(1, len(names)) - 0.5, -0.5)
    for y in range(1, len(names)):
        ax.axhline(y - 0.5, color=roles.LIGHT["rule"], linewidth=0.7, zorder=0.5)


def damage(rows: Sequence[Mapping[str, Any]], ax: Axes) -> list[str]:
    """Draw how far each eraser moves rows: as a multiple of LEACE's distance where it has one.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of a document, from top to bottom.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    relative = any(row["damage"] and row["damage"]["ratio"] is not None for row in rows)
    key = "ratio" if relative else "moved"
    costs: list[dict[str, Any]] = [row["damage"] or {} for row in rows]
    values = floats([cost.get(key) for cost in costs])
    shown = limits([values], [0.0, LEACE if relative else 0.0])
    ax.plot(values, range(len(rows)), "D", color=axis.ink(ax), markersize=6, label="moved")
    for y in np.flatnonzero(values > shown.high):
        ax.plot(shown.high, y, ">", color=axis.ink(ax), markersize=6)
    lines(ax, [label(row) for row in rows])
    axis.frame(ax, "mean squared distance" + (", LEACE = 1" if relative else ""))
    ax.set_xlim(*(shown.ends if shown.high > shown.low else (-0.05, 1.05)))
    if relative:
        axis.rule(ax, LEACE, "LEACE")
    ax.locator_params(axis="x", nbins=6)
    return axis.not_shown(shown, "distance")


def _units(columns: Sequence[Mapping[str, Any]]) -> str:
    """Return the unit of most columns, and which have another."""
    units = [column["metric"]["name"] for column in columns]
    usual = max(units, key=units.count)
    odd = [f"{c['name']}: {c['metric']['name']}" for c in columns if c["metric"]["name"] != usual]
    return usual + (f" ({', '.join(odd)})" if odd else "")
