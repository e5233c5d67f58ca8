"""Figures: distributions, of scores by class, and of nulls with the observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import canvas, style
from nullprobe.report.histograms import Bins
from nullprobe.report.text import wording

FIRST_CIRCLE = 0.95  # how high the first circle stands, the highest bar being 1
PATTERNS = ("", "/", ".")  # tell overlapping bars apart without colour


def scores(bins: Bins, names: Sequence[Any], title: str) -> dict[str, Any]:
    """Return overlaid histograms of the scores of each class."""
    figure = canvas.empty()
    for i, (name, share) in enumerate(zip(names, bins.shares, strict=True)):
        style_of: dict[str, Any] = {"name": style.text(name), "hoverinfo": "name+x+y"}
        style_of["meta"] = {"ink": f"class-{style.look(i).colour}", "group": i}
        if len(names) <= len(PATTERNS):
            figure.add_bar(**_bars(bins, share, i), opacity=0.6, **style_of)
        else:
            style_of |= {"mode": "lines", "line": {"shape": "hvh", "width": 2}}
            figure.add_scatter(x=bins.centres.tolist(), y=share.tolist(), **style_of)
    figure.update_xaxes(title=style.text(title), zeroline=False)
    figure.update_yaxes(title="share of the class", tickformat=".0%", rangemode="tozero", nticks=5)
    figure.update_layout(barmode="overlay", bargap=0)
    return style.plain(figure)


def scores_numeric(values: Sequence[Any], labels: Sequence[Any], title: str) -> dict[str, Any]:
    """Return held-out scores against a numeric concept."""
    figure = canvas.empty()
    figure.add_scatter(
        x=style.numbers(labels),
        y=list(values),
        mode="markers",
        marker={"size": 6, "opacity": 0.7},
        hoverinfo="x+y",
        meta={"ink": "class-0"},
    )
    figure.update_xaxes(title="concept")
    figure.update_yaxes(title=style.text(title))
    return style.plain(figure)


def nulls(claim: Mapping[str, Any], bins: Bins) -> dict[str, Any]:
    """Return the histograms of a claim's nulls with the observation marked and its interval.

    Simpler readers are circles below it, with their intervals.
    """
    figure = canvas.empty()
    top = max((float(share.max()) for share in bins.shares), default=1.0) or 1.0
    for i, (null, share) in enumerate(zip(claim["nulls"], bins.shares, strict=True)):
        known = wording.rung(null["rung"])
        figure.add_bar(
            **_bars(bins, share, i),
            opacity=0.75,
            name=style.text(known.drawn),
            hoverinfo="name+x+y",
            meta={"ink": f"rung-{known.colour}"},
        )
    if claim["observed"] is not None:
        _mark(figure, claim, top)
    steps = np.linspace(FIRST_CIRCLE, 0, len(claim["beside"]), endpoint=False)
    for one, step in zip(claim["beside"], steps, strict=True):
        style_of = {"meta": {"ink": f"rung-{one['rung']}"}, "name": style.text(one["name"])}
        marker = {"symbol": "circle-open", "size": 10}
        _point(figure, one["value"], one["interval"], step * top, marker, style_of)
    figure.update_xaxes(
        title=style.text(claim["metric"]["name"]), zeroline=False, range=_room(claim, bins)
    )
    figure.update_yaxes(title="share of draws", tickformat=".0%", range=[0, 1.3 * top], nticks=4)
    figure.update_layout(barmode="overlay", bargap=0)
    return style.plain(figure)


def _mark(figure: canvas.Figure, claim: Mapping[str, Any], top: float) -> None:
    """Draw the observation as a line, and a diamond with its interval above the nulls."""
    value, height = claim["observed"], 1.15 * top
    style_of = {"meta": {"ink": "ink"}, "name": "observed"}
    line = {"x": [value, value], "y": [0, height], "mode": "lines", "line": {"width": 2}}
    figure.add_scatter(**line, hoverinfo="skip", **style_of)
    marker = {"symbol": "diamond", "size": 11}
    _point(figure, value, claim["interval"], height, marker, style_of)


def _point(
    figure: canvas.Figure,
    value: float | None,
    interval: Sequence[float] | None,
    height: float,
    marker: Mapping[str, Any],
    style_of: dict[str, Any],
) -> None:
    """Draw one value with its interval, at some height."""
    if value is None:
        return
    if interval and None not in interval:
        style_of = {**style_of, "error_x": style.error([value], [interval], width=5, thickness=2)}
    marked = {"x": [value], "y": [height], "mode": "markers", "marker": marker}
    figure.add_scatter(**marked, hoverinfo="name+x", **style_of)


def _room(claim: Mapping[str, Any], bins: Bins) -> list[float]:
    """Return the range of the axis: draws, observation and simpler readers, with intervals."""
    shown = [claim["observed"], *(claim["interval"] or ())]
    for one in claim["beside"]:
        shown += [one["value"], *(one["interval"] or ())]
    finite = [float(v) for v in (*shown, bins.edges[0], bins.edges[-1]) if v is not None]
    low, high = min(finite), max(finite)
    room = 0.05 * (high - low)
    return [low - room, high + room]


def _bars(bins: Bins, share: np.ndarray, position: int) -> dict[str, Any]:
    """Return the bars of one distribution, the second and the third hatched."""
    shape = PATTERNS[position % len(PATTERNS)]
    pattern = {"shape": shape, "fillmode": "overlay", "solidity": 0.35, "size": 6}
    return {
        "x": bins.centres.tolist(),
        "y": share.tolist(),
        "width": bins.widths.tolist(),
        "marker": {"pattern": pattern, "line": {"width": 0}},
    }
