"""Accuracies: what a linear classifier gets right, of the same rows, new rows, shuffled labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nullprobe.report.figures import axis, roles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THICK = 0.62  # of a bar, the distance of two being 1
ROOM = 0.012  # between a bar and its number, as a share of the axis


@dataclass(frozen=True)
class Accuracy:
    """A share of rows that a classifier gets right.

    Attributes
    ----------
    name : str
        Rows that it is measured on.
    value : float or None
    interval : sequence of two floats, or None
        95 % interval.
    new : bool
        Whether the rows are new to eraser and classifier.
    shuffled : bool
        Whether labels were shuffled.
    """

    name: str
    value: float | None
    interval: Sequence[float | None] | None = None
    new: bool = False
    shuffled: bool = False


def accuracies(rows: Sequence[Accuracy], chance: float, ax: Axes) -> list[str]:
    """Draw a bar for each share, from 0, and a rule at the share of the largest class.

    Parameters
    ----------
    rows : sequence of Accuracy
        From top to bottom.
    chance : float
        What naming the largest class always gets right.
    ax : Axes
    """
    ink, draw = axis.ink(ax), cast(Any, ax)  # Matplotlib's keywords have no types
    for place, row in enumerate(rows):
        if row.value is None:
            continue
        role = "rung-structure" if row.new else "rung-chance" if row.shuffled else "class-0"
        hatch = roles.HATCHES[1] if row.shuffled else ""
        paper = roles.LIGHT["paper"]
        draw.barh(
            place, row.value, THICK, facecolor=roles.LIGHT[role], edgecolor=paper, hatch=hatch,
            linewidth=0,
        )  # fmt: skip
        axis.whiskers(ax, [row.value], [row.interval], [place], ink, upright=False)
        end = max(v for v in (row.value, *(row.interval or ())) if v is not None)
        draw.text(end + ROOM, place, f"{100 * row.value:.0f} %", va="center", **axis.small(ax))
    axis.rule(ax, chance)
    axis.frame(ax, "share that is right", "")
    axis.names_at(ax, "y", range(len(rows)), [row.name for row in rows], 40)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, 1.12)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axis.ticks(ax, "x", ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    return []
