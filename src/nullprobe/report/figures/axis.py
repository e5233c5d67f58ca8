"""Axis: what all pictures do with the axes that they are given.

The sizes and the colour of letters follow the label of the x axis, so that a picture fits into a
user's figure as well as into the page. No user's string is read as mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import Limits, floats
from nullprobe.report.text.wording import counted, number

SMALL = 0.92  # size of the letters at ticks, next to those of the labels
LETTER = 0.62  # width of a letter, in its height
LINE = 1.25  # height of a line of text, in the height of a letter
LITERAL = {"parse_math": False, "usetex": False}  # letters as they are


def size(ax: Axes) -> float:
    """Return the height of the letters of a label, in points."""
    return float(ax.xaxis.label.get_size())


def ink(ax: Axes) -> Any:
    """Return the colour of the letters."""
    return ax.xaxis.label.get_color()


def small(ax: Axes, **more: Any) -> dict[str, Any]:
    """Return the keywords of small letters that are drawn as they are."""
    return {"fontsize": SMALL * size(ax), "color": ink(ax), **LITERAL, **more}


def frame(ax: Axes, x: Any = None, y: Any = None) -> None:
    """Draw the lines at the left and the bottom only, ticks in small letters, and label both."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(roles.LIGHT["rule-strong"])
    ax.tick_params(
        labelsize=SMALL * size(ax), color=roles.LIGHT["rule-strong"], labelcolor=ink(ax), length=3
    )
    for axis, label, room in zip((ax.xaxis, ax.yaxis), (x, y), pixels(ax), strict=True):
        if label is not None:
            longest = min(roles.LONGEST, max(12, int(SMALL * room / LETTER)))
            axis.label.set(text=roles.text(label, longest), **LITERAL)


def blank(ax: Axes, side: str) -> None:
    """Draw no line and no ticks at a side."""
    ax.spines[[side]].set_visible(False)
    axis = ax.yaxis if side == "left" else ax.xaxis
    axis.set_ticks([])


def heading(ax: Axes, words: Any) -> None:
    """Write a title above the axes."""
    ax.set_title(roles.text(words), fontsize=size(ax), color=ink(ax), loc="left", **LITERAL)


def pixels(ax: Axes) -> tuple[float, float]:
    """Return the width and height of the axes in heights of a small letter, before they adapt."""
    box, points = ax.bbox, ax.get_figure(root=True).dpi / 72 * SMALL * size(ax)  # pyright: ignore  (root=True: a Figure)
    return max(1.0, box.width / points), max(1.0, box.height / points)


def names_at(
    ax: Axes, side: str, places: Sequence[float], names: Sequence[Any], longest: int
) -> None:
    """Write names at ticks: every k-th where there is no room for all, upright where they are long.

    Parameters
    ----------
    side : {"x", "y"}
    places : sequence of float
        In the order of the axis, at equal distances.
    names : sequence of str
    longest : int
        Letters of a name.
    """
    ticks(ax, side, places, [roles.text(name, longest) for name in names])


def ticks(ax: Axes, side: str, places: Sequence[float], written: Sequence[str]) -> None:
    """Write lines of text at ticks, as `names_at` does."""
    width, height = pixels(ax)
    axis = ax.xaxis if side == "x" else ax.yaxis
    most = max(map(len, written), default=1)
    turned = False
    if side == "x":
        turned = (most + 1.5) * LETTER * len(written) > width and most > 3
        step = LINE if turned else (most + 1.5) * LETTER
        room = int(width / step)
    else:
        lines = max((name.count("\n") + 1 for name in written), default=1)
        room = int(height / (LINE * lines))
    every = -(-len(written) // max(1, room)) if written else 1
    axis.set_ticks(list(places)[::every], labels=written[::every], **LITERAL)
    if turned:
        ax.tick_params(axis="x", labelrotation=90)


def whiskers(
    ax: Axes, values: Sequence[Any], ends: Iterable[Any], at: Sequence[float], colour: Any,
    *, upright: bool = True,
) -> None:  # fmt: skip
    """Draw intervals around values; nothing where a value or an end is unknown."""
    pairs = [pair if pair is not None else (None, None) for pair in ends]
    low, high = floats([pair[0] for pair in pairs]), floats([pair[1] for pair in pairs])
    middle, place = floats(values), floats(at)
    known = ~np.isnan(low + high + middle + place)
    if not known.any():
        return
    draw = ax.vlines if upright else ax.hlines
    draw(place[known], low[known], high[known], colors=colour, linewidth=1.4)


def rule(ax: Axes, value: float, name: str = "", *, upright: bool = True) -> None:
    """Draw a dashed line across axes whose ends are set, with its name where there is room."""
    style: dict[str, Any] = {"color": roles.LIGHT["muted"], "linewidth": 1.1, "zorder": 0.9}
    draw = ax.axvline if upright else ax.axhline
    draw(value, linestyle=(0, (3, 2)), **style)
    if not name:
        return
    where = ax.get_xaxis_transform() if upright else ax.get_yaxis_transform()
    low, high = ax.get_xlim()
    right = value <= low + 0.85 * (high - low)
    place, shift = ((value, 1.0), (3 if right else -3, -1)) if upright else ((1.0, value), (0, 2))
    align = ("left" if right else "right", "top") if upright else ("right", "bottom")
    ax.annotate(
        name, place, xycoords=where, xytext=shift, textcoords="offset points", ha=align[0],
        va=align[1], **small(ax, color=roles.LIGHT["muted"]),
    )  # fmt: skip


def percent(ax: Axes) -> None:
    """Write the ticks of the y axis in percent."""
    ax.yaxis.set_major_formatter(_percent)


def thinned(n: int, most: int) -> np.ndarray:
    """Return the positions of rows that are drawn: all, or at most so many, evenly spread.

    Examples
    --------
    >>> thinned(3, 5), thinned(9, 3)
    (array([0, 1, 2]), array([0, 4, 8]))
    """
    return np.linspace(0, n - 1, min(n, most)).astype(int) if n else np.arange(0)


def not_shown(shown: Limits, noun: str = "value") -> list[str]:
    """Return sentences on what lies beyond the limits of an axis.

    Examples
    --------
    >>> not_shown(Limits(0.0, 1.0, above=2), "draw")
    ['2 draws above 1.000 are not shown.']
    """
    sides = ((shown.below, "below", shown.low), (shown.above, "above", shown.high))
    return [
        f"{counted(many, noun)} {where} {number(float(end))} {'is' if many == 1 else 'are'} "
        "not shown."
        for many, where, end in sides
        if many
    ]


def floor(metric: Mapping[str, Any]) -> float | None:
    """Return where an axis of readings ends: R² below −1 says no more than −1 does.

    Examples
    --------
    >>> floor({"kind": "reading", "chance": 0.0}), floor({"kind": "departure", "chance": None})
    (-1.0, None)
    """
    if metric["chance"] is None or metric.get("kind", "reading") != "reading":
        return None
    return 2.0 * float(metric["chance"]) - 1.0


def within(value: float, shown: Limits, words: str, notes: list[str]) -> float:
    """Return a value, or the end of the axis that it lies beyond, with a note."""
    inside = min(max(value, shown.low), shown.high)
    if inside != value:
        side = "left" if value < inside else "right"
        notes.append(f"Beyond the {side} end of the axis: {words}.")
    return inside


def key(name: Any) -> str:
    """Return the name of a mark in a legend; Matplotlib leaves out what begins with "_".

    Examples
    --------
    >>> key("chance"), key("_hidden")
    ('chance', ' _hidden')
    """
    words = roles.text(name)
    return f" {words}" if words.startswith("_") else words


def _percent(value: float, _: int) -> str:
    return f"{100 * value:.3g} %"
