"""Removals: what is read as direction after direction is removed, over the band of the draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import Limits, finite, floats
from nullprobe.report.text.rungs import rung

SHOWN = 0.1  # of the way from chance to 1 at least, or noise would look like a finding
ROOM = 0.4  # of a removal, left and right of the curve


def removals(curve: Mapping[str, Any], ax: Axes) -> list[str]:
    """Draw a curve of removals with its intervals, over the band of the draws.

    Parameters
    ----------
    curve : mapping
        "curve" of a claim of a document.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    chance, known = curve["metric"]["chance"], rung(curve["rung"])
    values = floats(curve["values"])
    x = np.arange(len(values))
    low, middle, high = (floats(curve[key]) for key in ("low", "middle", "high"))
    colour = roles.rung_hex(known.colour)
    edges = np.concatenate([x - 0.08, x + 0.08]) if len(x) == 1 else x
    ax.fill_between(
        edges, np.resize(low, len(edges)), np.resize(high, len(edges)), color=colour, alpha=0.22,
        linewidth=0, label="95 % of draws",
    )  # fmt: skip
    ax.plot(x, middle, color=colour, linewidth=1.6, linestyle=(0, (4, 2)), label=known.drawn)
    if chance is not None:
        axis.rule(ax, chance, "chance", upright=False)
    ink = axis.ink(ax)
    axis.whiskers(ax, curve["values"], curve["intervals"], x.tolist(), ink)
    ax.plot(x, values, "D-", color=ink, markersize=6, linewidth=1.3, label="observed")
    shown = _limits(curve)
    axis.frame(ax, "directions removed", f"held-out {curve['metric']['name']}")
    ax.set_xlim(-ROOM, len(x) - 1 + ROOM)
    ax.set_ylim(*shown.ends)
    every = max(1, -(-len(x) // 12))
    ax.set_xticks(x[::every])
    ax.locator_params(axis="y", nbins=6)
    return axis.not_shown(shown, "reading")


def _limits(curve: Mapping[str, Any]) -> Limits:
    """Return the range of the readings: all that is drawn, chance, and a little above it."""
    metric, values = curve["metric"], finite(curve["values"])
    ends = [end for pair in curve["intervals"] if pair is not None for end in pair]
    drawn = [*finite([*ends, *curve["low"], *curve["high"]]), *values]
    chance, least = metric["chance"], axis.floor(metric)
    if chance is not None:
        drawn += [chance, chance + SHOWN * (1 - chance)]
    low, high = (float(min(drawn)), float(max(drawn))) if drawn else (0.0, 1.0)
    low = low if least is None else max(low, least)
    return Limits(low, high, int((values < low).sum()))
