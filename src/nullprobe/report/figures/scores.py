"""Scores: held-out scores by class, or against the numbers of a numeric concept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.histograms import binned
from nullprobe.report.limits import constant, floats, limits
from nullprobe.report.text.wording import counted, number

MOST_POINTS = 1200  # rows of a numeric concept that are drawn
MOST_LINES = 5  # of words on scores that are constant
TITLE = "held-out score"


def scores(
    values: Sequence[Any], labels: Sequence[Any], names: Sequence[Any], ax: Axes,
    title: str = TITLE,
) -> list[str]:  # fmt: skip
    """Draw the histogram of the scores of each class; of more than three classes its outline.

    Parameters
    ----------
    values : sequence of n float or None
    labels : sequence of n
        The class of each row.
    names : sequence of K
        The classes in order.
    ax : Axes
    title : str
        Label of the x axis.

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    samples = _samples(values, labels, names)
    still = [constant(sample) for sample in samples]
    spread = [i for i, sample in enumerate(samples) if len(sample) and still[i] is None]
    bins = binned([samples[i] for i in spread])
    top = max((float(share.max()) for share in bins.shares), default=0.0) or 1.0
    shares = dict(zip(spread, bins.shares, strict=True))
    overlaid = len(names) <= len(roles.HATCHES)
    for i, name in enumerate(names):
        look, label, value = roles.look(i), axis.key(name), still[i]
        if value is not None:
            ax.vlines(
                value, 0, top, colors=look.hex, linestyles=look.dash, linewidth=2, label=label
            )
        elif i in shares:
            style: dict[str, Any] = {"color": look.hex, "linestyle": look.dash, "linewidth": 1.6}
            if overlaid:
                style = {"fill": True, "alpha": 0.6, "facecolor": look.hex, "linewidth": 0}
                style |= {"edgecolor": roles.LIGHT["paper"], "hatch": roles.HATCHES[i]}
            ax.stairs(shares[i], bins.edges, label=label, **style)
    if not spread:
        _words(ax, samples, names)
    shown = limits([bins.edges] if spread else [], still)
    axis.frame(ax, title, "share of the class")
    ax.set_xlim(*shown.ends)
    ax.set_ylim(0, 1.08 * top)
    ax.locator_params(axis="x", nbins=6)
    if spread:
        axis.percent(ax)
        ax.locator_params(axis="y", nbins=5)
    else:
        axis.blank(ax, "left")
        ax.set_ylabel("")
    return axis.not_shown(bins.shown, "score") if spread else []


def _samples(
    values: Sequence[Any], labels: Sequence[Any], names: Sequence[Any]
) -> list[np.ndarray]:
    """Return the scores of each class."""
    position = {name: i for i, name in enumerate(names)}
    codes = np.array([position.get(label, -1) for label in labels], dtype=int)
    array = floats(values)
    return [array[(codes == i) & ~np.isnan(array)] for i in range(len(names))]


def _words(ax: Axes, samples: Sequence[np.ndarray], names: Sequence[Any]) -> None:
    """Say that the scores of every class are equal."""
    lines = [
        f"{roles.text(name, 18)}: all {counted(len(sample), 'score')} are "
        f"{number(float(sample[0]))}"
        for name, sample in zip(names, samples, strict=True)
        if len(sample)
    ]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES - 1 :] = [f"and {len(lines) - MOST_LINES + 1} more classes"]
    ax.text(
        0.03, 0.95, "\n".join(lines) or "no scores", transform=ax.transAxes, va="top",
        **axis.small(ax),
    )  # fmt: skip


def scores_numeric(
    values: Sequence[Any], labels: Sequence[Any], ax: Axes, title: str = TITLE
) -> list[str]:
    """Draw held-out scores against a numeric concept; of many rows an even sample.

    Parameters
    ----------
    values : sequence of n float or None
    labels : sequence of n
        Numbers; of several numbers a row, the first is shown.
    ax : Axes
    title : str
        Label of the y axis.

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    rows = axis.thinned(len(labels), MOST_POINTS)
    x = floats(roles.numbers([labels[i] for i in rows]))
    y = floats([values[i] for i in rows])
    known = ~np.isnan(x + y)
    shown = [limits([values[known]]) for values in (x, y)]
    colour = roles.LIGHT["class-0"]
    ax.plot(x[known], y[known], "o", color=colour, markersize=4, markeredgewidth=0, alpha=0.7)
    axis.frame(ax, "concept", title)
    ax.set_xlim(*shown[0].ends)
    ax.set_ylim(*shown[1].ends)
    for side in ("x", "y"):
        ax.locator_params(axis=side, nbins=6)
    notes = [note for one in shown for note in axis.not_shown(one, "row")]
    if len(rows) < len(labels):
        notes.append(f"{len(rows):,} of {len(labels):,} rows are shown.")
    return notes
