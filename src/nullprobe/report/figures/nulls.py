"""Nulls: histograms of draws, with the observation and what simpler readers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.histograms import null_bins
from nullprobe.report.limits import Limits, constant, finite, limits
from nullprobe.report.text import rungs
from nullprobe.report.text.wording import number

OBSERVED = ("metric", "observed", "interval")
FIRST_CIRCLE = 0.95  # how high the first circle stands, the highest bar being 1
DIAMOND = 1.15  # how high the observation stands
TOP = 1.3  # upper end of the axis
WORDS = (0.55, 0.35, 0.75)  # heights of the words on nulls that are constant


def ladders(claim: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each statistic of a claim with its nulls, and with what simpler readers read.

    Most claims have one. What erasing leaves in other groups and what is read there are two:
    drawn into one picture, the one would seem to be tested by the nulls of the other.

    Parameters
    ----------
    claim : mapping
        Of a document.
    """
    first: dict[str, Any] = {key: claim[key] for key in OBSERVED}
    first |= {"nulls": [], "beside": claim["beside"]}
    statistics: dict[str, dict[str, Any]] = {claim["metric"]["name"]: first}
    for null in claim["nulls"]:
        other: dict[str, Any] = {key: null[key] for key in OBSERVED}
        other |= {"nulls": [], "beside": []}
        statistics.setdefault(null["metric"]["name"], other)["nulls"].append(null)
    return list(statistics.values())


def nulls(ladder: Mapping[str, Any], ax: Axes) -> list[str]:
    """Draw the histograms of a claim's nulls, the observation and simpler readers.

    Draws that are all equal are a line with words. Simpler readers are open circles.

    Parameters
    ----------
    ladder : mapping
        One statistic of a claim: "metric", "observed", "interval", "nulls" and "beside".
    ax : Axes

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    metric, observed = ladder["metric"], ladder["observed"]
    scale = 1.0 if metric["kind"] == "residual" else 0.0
    still = [constant(null["values"], scale) for null in ladder["nulls"]]
    spread = [null for null, value in zip(ladder["nulls"], still, strict=True) if value is None]
    bins = null_bins({**ladder, "nulls": spread})
    top = max((float(share.max()) for share in bins.shares), default=0.0) or 1.0
    shown = _limits(ladder, spread, [value for value in still if value is not None])
    shares = iter(bins.shares)
    for position, (null, value) in enumerate(zip(ladder["nulls"], still, strict=True)):
        known = rungs.rung(null["rung"])
        style = {"color": roles.rung_hex(known.colour), "label": axis.key(known.drawn)}
        if value is None:
            hatch = roles.HATCHES[position % len(roles.HATCHES)]
            ax.stairs(
                next(shares), bins.edges, fill=True, alpha=0.7, linewidth=0, hatch=hatch,
                facecolor=style["color"], edgecolor=roles.LIGHT["paper"], label=style["label"],
            )  # fmt: skip
        else:
            height = WORDS[position % len(WORDS)] * top
            ax.vlines(value, 0, top, linewidth=2.5, **style)
            who = f"{known.drawn}: " if len(ladder["nulls"]) > 1 else ""
            _words(ax, who, null, value, shown, height)
    notes = axis.not_shown(
        Limits(shown.low, shown.high, bins.shown.below, bins.shown.above), "draw"
    )
    steps = np.linspace(FIRST_CIRCLE, 0, len(ladder["beside"]), endpoint=False)
    for one, step in zip(ladder["beside"], steps.tolist(), strict=True):
        _circle(ax, one, step * top, shown, notes)
    if observed is not None:
        _observation(ax, ladder, top, shown, notes)
    axis.frame(ax, metric["name"], "share of draws")
    ax.set_xlim(*shown.ends)
    ax.set_ylim(0, TOP * top)
    if spread:
        ax.locator_params(axis="y", nbins=4)
        axis.percent(ax)
    else:
        axis.blank(ax, "left")
        ax.set_ylabel("")
    ax.locator_params(axis="x", nbins=6)
    return notes


def _limits(
    ladder: Mapping[str, Any], spread: Sequence[Mapping[str, Any]], still: Sequence[float]
) -> Limits:
    """Return the limits: draws without outliers, and observation and simpler readers in full."""
    metric = ladder["metric"]
    shown = [*still, ladder["observed"], *(ladder["interval"] or ())]
    for one in ladder["beside"]:
        shown += [one["value"], *(one["interval"] or ())]
    if metric["kind"] == "residual":
        shown += [0.0, 1.0]
    return limits([null["values"] for null in spread], shown, axis.floor(metric))


def _words(
    ax: Axes, who: str, null: Mapping[str, Any], value: float, shown: Limits, height: float
) -> None:
    """Say next to a line that all draws are there."""
    many, right = len(finite(null["values"])), value > (shown.low + shown.high) / 2
    rounded = value == 0.0 and bool(np.any(finite(null["values"])))
    end = f"{number(value)}{' but for rounding' if rounded else ''}"
    words = f"all {many:,} draws are {end}" if many > 1 else f"the one draw is {end}"
    ax.annotate(
        who + words, (value, height),
        xytext=(-6 if right else 6, 0), textcoords="offset points",
        ha="right" if right else "left", va="center", **axis.small(ax),
    )  # fmt: skip


def _circle(
    ax: Axes, one: Mapping[str, Any], height: float, shown: Limits, notes: list[str]
) -> None:
    """Draw what one simpler reader reads, with its interval."""
    value = one["value"]
    if value is None:
        return
    colour = roles.rung_hex(one["rung"])
    axis.whiskers(ax, [value], [one["interval"]], [height], colour, upright=False)
    label = axis.key(one["name"])
    place = axis.within(value, shown, f"{label}: {number(value)}", notes)
    ax.plot(
        place, height, "o", color=colour, markerfacecolor="none", markersize=7, clip_on=False,
        label=label,
    )  # fmt: skip


def _observation(
    ax: Axes, ladder: Mapping[str, Any], top: float, shown: Limits, notes: list[str]
) -> None:
    """Draw the observation as a line, and a diamond with its interval above the nulls."""
    value, height, ink = ladder["observed"], DIAMOND * top, axis.ink(ax)
    place = axis.within(value, shown, f"observed: {number(value)}", notes)
    ax.vlines(place, 0, height, colors=ink, linewidth=1.6)
    axis.whiskers(ax, [value], [ladder["interval"]], [height], ink, upright=False)
    ax.plot(place, height, "D", color=ink, markersize=7, label="observed", clip_on=False)
