"""Pictures of studies: points with intervals over seeds, joined by lines or as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import floats

ROOM = 0.08  # of the range, above and below
BARS = 0.8  # of the distance of two places


def study_figure(shown: Mapping[str, Any], ax: Axes) -> list[str]:
    """Draw a figure of a study's document.

    Parameters
    ----------
    shown : mapping
        One of "figures" of a document.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown; empty.
    """
    series = shown["series"]
    named = any(isinstance(x, str) for one in series for x in one["x"])
    names = list(dict.fromkeys(str(x) for one in series for x in one["x"]))
    axis.frame(ax, shown["x_label"], shown["y_label"])
    _limits(shown, ax)
    for position, (one, look) in enumerate(zip(series, looks(series), strict=True)):
        places = [names.index(str(x)) if named else float(x) for x in one["x"]]
        draw = _bars if shown["kind"] == "bars" else _line
        draw(one, np.array(places, dtype=float), (position, len(series)), look, ax)
    if named:
        axis.names_at(ax, "x", range(len(names)), names, 40)
        ax.set_xlim(-0.6, len(names) - 0.4)
    for name, value in shown["rules"].items():
        axis.rule(ax, value, name, upright=False)
    return []


def looks(series: Sequence[Mapping[str, Any]]) -> list[roles.Look]:
    """Return how each series is drawn.

    Series named "measurement: levels" share a colour where the levels are the same, and a marker
    and a dash where the measurement is; others differ in all.

    Examples
    --------
    >>> [(one.colour, one.glyph) for one in looks([{"name": n} for n in ("p: a=0", "q: a=0")])]
    [(0, '●'), (0, '◆')]
    >>> [(one.colour, one.glyph) for one in looks([{"name": n} for n in ("p", "q")])]
    [(0, '●'), (1, '◆')]
    """
    parts = [str(one["name"]).partition(": ") for one in series]
    kinds = list(dict.fromkeys(kind for kind, _, _ in parts))
    groups = list(dict.fromkeys(group for _, _, group in parts))
    if "" in groups or len(kinds) == 1 or len(kinds) > len(roles.SYMBOLS):
        return [roles.look(i) for i in range(len(series))]
    return [
        roles.Look(
            groups.index(group) % roles.N_COLOURS,
            *roles.SYMBOLS[kinds.index(kind)],
            roles.DASHES[kinds.index(kind)],
        )
        for kind, _, group in parts
    ]


def _limits(shown: Mapping[str, Any], ax: Axes) -> None:
    series: Sequence[Mapping[str, Any]] = shown["series"]
    every = [v for one in series for k in ("y", "low", "high") for v in one[k] or ()]
    values = floats([*every, *shown["rules"].values(), *([0.0] if shown["kind"] == "bars" else [])])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    room = ROOM * ((high - low) or 1.0)
    ax.set_ylim(low - room, high + room)


def _line(
    one: Mapping[str, Any], x: np.ndarray, turn: tuple[int, int], look: roles.Look, ax: Axes
) -> None:
    shift = 0.03 * (turn[0] - (turn[1] - 1) / 2) * (np.ptp(x) or 1.0) / max(1, len(x) - 1)
    at = x + shift  # so that intervals do not hide each other
    ax.plot(at, floats(one["y"]), linestyle=look.dash, linewidth=1.3, markersize=6, **look.mark)
    _whiskers(one, at, look.hex, ax)


def _bars(
    one: Mapping[str, Any], x: np.ndarray, turn: tuple[int, int], look: roles.Look, ax: Axes
) -> None:
    width = BARS / turn[1]
    at = x + (turn[0] - (turn[1] - 1) / 2) * width
    hatch = roles.HATCHES[turn[0] % len(roles.HATCHES)]
    ax.bar(at, floats(one["y"]), 0.92 * width, color=look.hex, alpha=0.75, hatch=hatch)
    _whiskers(one, at, axis.ink(ax), ax)


def _whiskers(one: Mapping[str, Any], at: np.ndarray, colour: Any, ax: Axes) -> None:
    if one["low"] is not None and one["high"] is not None:
        pairs = list(zip(one["low"], one["high"], strict=True))
        axis.whiskers(ax, one["y"], pairs, at.tolist(), colour)
