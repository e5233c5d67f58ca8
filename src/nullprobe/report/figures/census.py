"""Census: a concept among the lexical concepts of its texts and random labels, over layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.layers import LONGEST, shortened_names
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import floats

CHANCE = 0.5
LEXICAL, CONTROL = "rung-inputs", "rung-noise"  # roles of their colours


def census(rows: Sequence[Mapping[str, Any]], ax: Axes) -> list[str]:
    """Draw the AUC of a concept over sites, with 90 % of the lexical concepts, and control tasks.

    Parameters
    ----------
    rows : sequence of mapping
        "site", "auc", "interval", "lexical" (5 %, median, 95 %) or None, "control" or None.
    ax : Axes

    Returns
    -------
    list of str
        What is not shown: nothing.
    """
    x = np.arange(len(rows))
    edges = np.arange(len(rows) + 1) - 0.5
    quantiles = floats([value for row in rows for value in (row["lexical"] or (None,) * 3)])
    low, middle, high = quantiles.reshape(len(rows), 3).T
    colour = roles.LIGHT[LEXICAL]
    if not np.isnan(low).all():
        ax.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, middle, color=colour, linewidth=1.1, linestyle=roles.DASHES[1])
    control = floats([row["control"] for row in rows])
    if not np.isnan(control).all():
        ax.plot(
            x, control, color=roles.LIGHT[CONTROL], linewidth=1.1, linestyle=roles.DASHES[0],
            marker="s", markersize=3.5, markerfacecolor="none",
        )  # fmt: skip
    ink, auc = axis.ink(ax), [row["auc"] for row in rows]
    axis.whiskers(ax, auc, [row["interval"] for row in rows], x.tolist(), ink)
    ax.plot(x, floats(auc), "o-", color=ink, linewidth=0.9, markersize=5)
    pattern, short = shortened_names([str(row["site"]) for row in rows])
    axis.frame(ax, pattern, "AUC")
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ends = [one for row in rows for one in row["interval"]]
    every = np.concatenate([floats(auc), floats(ends), quantiles, control, [CHANCE, 0.6]])
    ax.set_ylim(max(0.0, np.nanmin(every) - 0.03), min(1.02, np.nanmax(every) + 0.03))
    axis.rule(ax, CHANCE, "chance", upright=False)
    ax.locator_params(axis="y", nbins=6)
    axis.names_at(ax, "x", x.tolist(), short, LONGEST)
    return []
