"""Doses: how far the answer moves with each multiple of the mean difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe.report.figures import axis
from nullprobe.report.figures.sheet import Axes

ROOM = 0.1  # of the range, above and below


def doses(points: Sequence[Mapping[str, Any]], whole: float | None, ax: Axes) -> list[str]:
    """Draw the effect of each dose with its interval, and the effect of the whole state.

    Parameters
    ----------
    points : sequence of mapping
        "doses" of a method of a document.
    whole : float or None
        Effect of the whole state.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown; empty.
    """
    x = [float(one["dose"]) for one in points]
    values = [float(one["value"]) for one in points]
    axis.rule(ax, 0.0, "no shift", upright=False)
    if whole is not None:
        axis.rule(ax, whole, "whole state", upright=False)
    ink = axis.ink(ax)
    axis.whiskers(ax, values, [one["interval"] for one in points], x, ink)
    ax.plot(x, values, "D-", color=ink, markersize=6, linewidth=1.3, label="observed")
    ends = [end for one in points for end in one["interval"] or ()]
    every = [0.0, *values, *ends, *([] if whole is None else [whole])]
    room = ROOM * ((max(every) - min(every)) or 1.0)
    axis.frame(ax, "times the mean difference", "shift")
    ax.set_xlim(0.0, max(x) + 0.1)
    ax.set_ylim(min(every) - room, max(every) + room)
    ax.locator_params(axis="y", nbins=6)
    return []
