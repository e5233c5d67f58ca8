"""Pairs: how often readers of contrast pairs agree with each label, next to random directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nullprobe.report.figures import axis, erasers
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.text.comparisons import percentiles

RANDOM = "random directions"
LEAST = 0.4  # lower end of the axis at most


def agreements(document: Mapping[str, Any], ax: Axes) -> list[str]:
    """Draw the agreement of every reader with every label, and of random directions.

    Parameters
    ----------
    document : mapping
        Of a comparison of pair readers.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences: nothing.
    """
    rows, labels = document["rows"], document["labels"]
    names = [*(row["name"] for row in rows), RANDOM]
    lowest = LEAST
    for i, (name, shift) in enumerate(zip(labels, erasers.shifts(len(labels)), strict=True)):
        cells = [row["agreements"][name] for row in rows]
        low, middle, high = percentiles(document["random"][name])
        values = [*(cell["share"] for cell in cells), middle]
        ends = [*(cell["interval"] for cell in cells), [low, high]]
        at = [y + shift for y in range(len(names))]
        erasers.mark(ax, values, ends, at, i, name)
        lowest = min([lowest, *(value - 0.05 for value in values)])
    erasers.lines(ax, names)
    axis.frame(ax, "share of held-out pairs")
    ax.set_xlim(lowest, 1.02)
    axis.rule(ax, document["chance"], "chance")
    ax.locator_params(axis="x", nbins=6)
    return []
