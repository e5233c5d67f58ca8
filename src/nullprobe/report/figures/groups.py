"""Groups: a matrix of readings; rows are the groups of the fit, columns the groups scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import floats

MOST_WRITTEN = 12  # groups up to which the numbers stand in the cells
WIDELY = 6  # groups up to which there is room for the 0 before the point
LONGEST = 18  # letters of a group's name next to its row
CELL, ENDS = 34, 96  # pixels of a row, and of what is above and below all
GAP = 0.05  # between two cells, in their width
N_STEPS = 20  # of the scale of colours


def height(n_groups: int) -> int:
    """Return how many pixels high a matrix of so many groups should be.

    Examples
    --------
    >>> height(2) < height(12) == height(13)
    True
    """
    return ENDS + CELL * max(4, min(n_groups, MOST_WRITTEN))


def matrix(
    groups: Sequence[str],
    values: Sequence[Sequence[Any]],
    metric: Mapping[str, Any],
    fitted: str,
    ax: Axes,
) -> list[str]:
    """Draw a matrix of readings: a row for each group of the fit, a column for each scored.

    Parameters
    ----------
    groups : sequence of G str
    values : sequence of sequences of float or None, (G, G)
    metric : mapping
        What is read: its name, and its value at chance.
    fitted : str
        What was done in the group of the row: "fitted", "erased".
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.

    Notes
    -----
    Every matrix of one metric has the same scale, from chance to 1, so that two can be compared.
    """
    n, chance = len(groups), metric["chance"] or 0.0
    read = np.array([floats(row) for row in values]).reshape(n, n)
    rows, columns = (places.ravel() for places in np.indices((n, n)))
    shades = np.nan_to_num(np.clip((read.ravel() - chance) / (1 - chance), 0, 1))
    _cells(ax, columns, rows, shades.tolist(), 1 - GAP)
    if n <= MOST_WRITTEN:
        for y, x, value in zip(rows, columns, read.ravel().tolist(), strict=True):
            words = cell_text(None if np.isnan(value) else value, short=n > WIDELY)
            ax.text(x, y, words, ha="center", va="center", **axis.small(ax))
    else:
        _scale(ax, chance, metric["name"])
    axis.frame(ax, "scored in", f"{fitted} in")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlim(-0.55, n - 0.45)
    ax.set_ylim(n - 0.45, -0.55)
    for side in ("x", "y"):
        axis.names_at(ax, side, range(n), groups, LONGEST)
    ax.tick_params(length=0)
    return []


def _cells(ax: Axes, x: Any, y: Any, shades: list[float], side: float) -> None:
    """Draw squares around places, shaded from 0 to 1."""
    ax.barh(
        y, side, side, x - side / 2, color=[(roles.LIGHT["heat"], shade) for shade in shades],
        edgecolor=roles.LIGHT["rule"], linewidth=0.7,
    )  # fmt: skip


def _scale(ax: Axes, chance: float, name: str) -> None:
    """Draw the scale of colours at the right."""
    bar = ax.inset_axes((1.03, 0.0, 0.03, 1.0))
    bar.patch.set_visible(False)
    bar.xaxis.label.set(size=axis.size(ax), color=axis.ink(ax))
    step = (1 - chance) / N_STEPS
    at = chance + step * np.arange(N_STEPS)
    shades = (np.arange(N_STEPS) + 0.5) / N_STEPS
    bar.bar(
        0, step, 1, at, color=[(roles.LIGHT["heat"], float(shade)) for shade in shades], linewidth=0
    )
    axis.frame(bar, None, name)
    bar.set_xlim(-0.5, 0.5)
    bar.set_ylim(chance, 1)
    bar.spines[["left", "bottom"]].set_visible(False)
    bar.set_xticks([])
    bar.yaxis.tick_right()
    bar.yaxis.set_label_position("right")
    bar.yaxis.label.set(size=axis.size(ax), color=axis.ink(ax))
    bar.locator_params(axis="y", nbins=6)


def cell_text(value: float | None, *, short: bool = False) -> str:
    """Write a reading into a cell; without the 0 before the point where there is little room.

    Examples
    --------
    >>> cell_text(0.8765), cell_text(0.8765, short=True), cell_text(-0.25), cell_text(None)
    ('0.88', '.88', '−0.25', '—')
    """
    if value is None:
        return "—"
    if abs(value) >= 1000:
        return f"{value:.0e}".replace("-", "−")
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if short and abs(value) < 1 else text
