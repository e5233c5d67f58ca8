"""Figures: the pictures of the page, built from a plain document.

Colours stand for roles ("class-0", "rung-chance"), named in the ``meta`` of each trace; the
page paints them for light, dark and paper. No user string reaches Plotly unescaped, and none
becomes part of a template that it would interpret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from nullprobe.report import words
from nullprobe.report.bins import Bins

SYMBOLS = ("circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open")
GLYPHS = ("●", "◆", "■", "✚", "✖", "○", "◇", "□")
PATTERNS = ("", "/", ".")
N_COLOURS = 8
SCALE = "Cividis"  # reads the same to colour-blind eyes
LONGEST, LONGEST_3D = 60, 26  # characters of a user string that a picture shows
FLATTEST = 0.6  # shortest edge of the 3-D box, as a share of the longest
STRIP = 0.7  # height that the points of one class take in a strip
GOLDEN = np.pi * (3 - np.sqrt(5))


def look(position: int) -> tuple[int, int]:
    """Return the colour and the symbol of a class; 64 differ.

    Examples
    --------
    >>> look(1), look(9)
    ((1, 1), (1, 2))
    """
    return position % N_COLOURS, (position + position // N_COLOURS) % len(SYMBOLS)


def text(value: Any, longest: int = LONGEST) -> str:
    """Return a user string as Plotly shows it letter by letter.

    Plotly reads tags, entities and %{templates} in its texts, in flat pictures more than in 3-D
    ones; an invisible word joiner after their first letter makes them plain letters in both.

    Examples
    --------
    >>> text("<b>bold</b>").replace("\u2060", "|")
    '<|b>bold<|/b>'
    """
    said = " ".join(str(value).split())
    said = said if len(said) <= longest else said[: longest - 1] + "…"
    return re.sub("[<&%]", "\\g<0>\u2060", said)


def portrait(shown: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the scatter plots of a portrait.

    Parameters
    ----------
    shown : mapping
        The portrait of a document: one, two or three axes.

    Returns
    -------
    dict of str to dict
        Plotly figures by "raw 3d before", "standardised 2d after" and so on; no "3d" where
        there are fewer than three axes.
    """
    found = {}
    for view, suffix in (("raw", ""), ("standardised", "_standardised")):
        before, after = (_matrix(shown[name + suffix]) for name in ("raw", "erased"))
        ranges = _ranges(np.concatenate([before, after]))
        for when, points in (("before", before), ("after", after)):
            if len(shown["axes"]) >= 3:
                found[f"{view} 3d {when}"] = _space(points, shown, ranges)
            found[f"{view} 2d {when}"] = _plane(points, shown, ranges)
    return found


def scores(bins: Bins, names: Sequence[Any], title: str) -> dict[str, Any]:
    """Return overlaid histograms of the scores of each class."""
    figure = go.Figure()
    for i, (name, share) in enumerate(zip(names, bins.shares, strict=True)):
        colour = look(i)[0]
        said: dict[str, Any] = {"name": text(name), "hoverinfo": "name+x+y"}
        said["meta"] = {"ink": f"class-{colour}", "group": i}
        if len(names) <= len(PATTERNS):
            pattern = {"shape": PATTERNS[i], "fillmode": "overlay", "solidity": 0.35, "size": 6}
            marker = {"pattern": pattern, "line": {"width": 0}}
            width = bins.widths.tolist()
            figure.add_bar(x=bins.centres.tolist(), y=share.tolist(), width=width, marker=marker,
                           opacity=0.6, **said)  # fmt: skip
        else:
            line = {"shape": "hvh", "width": 2}
            figure.add_scatter(x=bins.centres.tolist(), y=share.tolist(), mode="lines", line=line, **said)
    figure.update_xaxes(title=text(title), zeroline=False)
    figure.update_yaxes(title="share of the class", tickformat=".0%", rangemode="tozero", nticks=5)
    figure.update_layout(barmode="overlay", bargap=0)
    return _plain(figure)


def scores_numeric(
    found: Sequence[Any], labels: Sequence[Any], title: str
) -> dict[str, Any]:
    """Return held-out scores against a numeric concept."""
    marker = {"size": 6, "opacity": 0.7}
    figure = go.Figure(go.Scatter(x=_numbers(labels), y=list(found), mode="markers", marker=marker,
                                  hoverinfo="x+y", meta={"ink": "class-0"}))  # fmt: skip
    figure.update_xaxes(title="concept")
    figure.update_yaxes(title=text(title))
    return _plain(figure)


def nulls(claim: Mapping[str, Any], bins: Bins) -> dict[str, Any]:
    """Return the histograms of a claim's nulls with the observation marked and its interval."""
    figure = go.Figure()
    top = max((float(share.max()) for share in bins.shares), default=1.0) or 1.0
    for i, (null, share) in enumerate(zip(claim["nulls"], bins.shares, strict=True)):
        drawn = words.rung(null["rung"]).drawn
        pattern = {"shape": PATTERNS[i % 3], "fillmode": "overlay", "solidity": 0.35, "size": 6}
        figure.add_bar(
            x=bins.centres.tolist(), y=share.tolist(), width=bins.widths.tolist(), opacity=0.75,
            marker={"pattern": pattern, "line": {"width": 0}}, name=text(drawn),
            meta={"ink": f"rung-{_safe(null['rung'])}"}, hoverinfo="name+x+y",
        )  # fmt: skip
    if claim["observed"] is not None:
        _mark(figure, claim, top)
    figure.update_xaxes(title=text(claim["unit"]), zeroline=False, range=_room(claim, bins))
    figure.update_yaxes(title="share of draws", tickformat=".0%", range=[0, 1.3 * top], nticks=4)
    figure.update_layout(barmode="overlay", bargap=0)
    return _plain(figure)


def _mark(figure: go.Figure, claim: Mapping[str, Any], top: float) -> None:
    """Draw the observation as a line, and a diamond with its interval above the nulls."""
    value = claim["observed"]
    figure.add_scatter(
        x=[value, value], y=[0, 1.15 * top], mode="lines", line={"width": 2}, hoverinfo="skip",
        meta={"ink": "ink"},
    )  # fmt: skip
    error = None
    if claim["interval"] and None not in claim["interval"]:
        low, high = claim["interval"]
        error = {"type": "data", "symmetric": False, "array": [max(0.0, high - value)],
                 "arrayminus": [max(0.0, value - low)], "thickness": 2, "width": 5}  # fmt: skip
    figure.add_scatter(
        x=[value], y=[1.15 * top], mode="markers", marker={"symbol": "diamond", "size": 11},
        error_x=error, hoverinfo="x", name="observed", meta={"ink": "ink"},
    )  # fmt: skip


def _room(claim: Mapping[str, Any], bins: Bins) -> list[float]:
    """Return the range of the axis: all draws, the observation and its interval."""
    seen = [claim["observed"], *(claim["interval"] or ())]
    kept = [float(v) for v in (*seen, bins.edges[0], bins.edges[-1]) if v is not None]
    low, high = min(kept), max(kept)
    room = 0.05 * (high - low)
    return [low - room, high + room]


def _space(points: np.ndarray, shown: Mapping[str, Any], ranges: list[list[float]]) -> dict:
    """Return a 3-D scatter of the first three axes."""
    figure = go.Figure()
    for said, rows in _groups(shown["labels"]):
        x, y, z = (points[rows, axis].tolist() for axis in range(3))
        marker = said.pop("marker")
        # Plotly draws the other symbols wider than a circle of the same size.
        marker |= {"size": 4.5 if marker.get("symbol", "circle").startswith("circle") else 3.5}
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=marker,
                             hoverinfo="name+x+y+z", **said)  # fmt: skip
    lengths = np.array([high - low for low, high in ranges[:3]])
    edges = np.clip(lengths / lengths.max(), FLATTEST, 1.0)
    axes = {
        f"{letter}axis": {"title": {"text": text(name, LONGEST_3D)}, "range": span, "nticks": 5}
        for letter, name, span in zip("xyz", shown["axes"], ranges, strict=False)
    }
    edges = edges / np.prod(edges) ** (1 / 3)  # the same room for a flat box as for a cube
    camera = {"eye": {"x": 1.4, "y": -1.7, "z": 0.85}, "center": {"x": 0, "y": 0, "z": -0.15}}
    box = dict(zip("xyz", edges.tolist(), strict=True))
    figure.update_layout(
        scene={**axes, "aspectmode": "manual", "aspectratio": box, "camera": camera}
    )
    return _plain(figure)


def _plane(points: np.ndarray, shown: Mapping[str, Any], ranges: list[list[float]]) -> dict:
    """Return the projection to the first two axes, or a strip where there is one."""
    figure = go.Figure()
    strip = len(shown["axes"]) == 1
    numeric = words.is_numeric(shown["labels"])
    if strip:
        heights = _numbers(shown["labels"]) if numeric else _strip(shown["labels"])
        flat = np.column_stack([points[:, 0], heights])
    else:
        flat = fanned(points[:, :2], np.array([high - low for low, high in ranges[:2]]))
    for said, rows in _groups(shown["labels"]):
        marker = {**said.pop("marker"), "size": 7}
        figure.add_scatter(x=flat[rows, 0].tolist(), y=flat[rows, 1].tolist(), mode="markers",
                           marker=marker, hoverinfo="name+x" + ("" if strip else "+y"), **said)  # fmt: skip
    figure.update_xaxes(title=text(shown["axes"][0]), range=ranges[0])
    if not strip:
        figure.update_yaxes(title=text(shown["axes"][1]), range=ranges[1])
    elif numeric:
        figure.update_yaxes(title="concept")
    else:
        names = words.classes(shown["labels"])
        figure.update_yaxes(tickvals=list(range(len(names))), ticktext=[text(n) for n in names])
    return _plain(figure)


def _groups(labels: Sequence[Any]) -> list[tuple[dict[str, Any], list[int]]]:
    """Return, for each trace, how it looks and which points it holds."""
    if words.is_numeric(labels):
        bar = {"title": {"text": "concept"}, "thickness": 12, "outlinewidth": 0}
        marker = {"color": _numbers(labels), "colorscale": SCALE, "showscale": True, "colorbar": bar}
        return [({"marker": {**marker, "opacity": 0.85}, "name": ""}, list(range(len(labels))))]
    found = []
    for i, name in enumerate(words.classes(labels)):
        colour, symbol = look(i)
        said = {"name": text(name), "meta": {"ink": f"class-{colour}", "group": i}}
        said["marker"] = {"symbol": SYMBOLS[symbol], "opacity": 0.75}
        found.append((said, [row for row, label in enumerate(labels) if label == name]))
    return found


def fanned(points: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return points (n, 2) with those that coincide spread like the seeds of a sunflower.

    Points alone stay where they are; of m in one place each stays near it, on a disc whose
    area grows with m.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    spans : ndarray of shape (2,)
        Lengths of the axes.

    Examples
    --------
    >>> import numpy as np
    >>> spread = fanned(np.zeros((3, 2)), np.ones(2))
    >>> len(np.unique(spread, axis=0)), bool(np.abs(spread).max() < 0.03)
    (3, True)
    """
    cells = np.round(np.nan_to_num(points) / spans * 1e5)
    _, place, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    step = min(0.012, 0.055 / np.sqrt(counts.max(initial=1)))
    order = np.argsort(place, kind="stable")
    rank = np.empty(len(points))
    rank[order] = np.arange(len(points)) - np.repeat(np.cumsum(counts) - counts, counts)
    radius = np.where(counts[place] > 1, step * np.sqrt(rank), 0.0)
    turn = np.column_stack([np.cos(GOLDEN * rank), np.sin(GOLDEN * rank)])
    return points + radius[:, None] * turn * spans


def _strip(labels: Sequence[Any]) -> np.ndarray:
    """Return a height for each point of a strip: its class, spread evenly around it."""
    position = {name: i for i, name in enumerate(words.classes(labels))}
    golden = (np.arange(len(labels)) * 0.6180339887498949) % 1.0
    return np.array([position[label] for label in labels]) + STRIP * (golden - 0.5)


def _ranges(points: np.ndarray) -> list[list[float]]:
    """Return the common range of each axis, with a margin."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    room = np.where(high > low, 0.07 * (high - low), 1.0)
    return np.column_stack([low - room, high + room]).tolist()


def _matrix(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    return np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=np.float64)


def _numbers(labels: Sequence[Any]) -> list[Any]:
    """Return the (first) value of each label of a numeric concept."""
    return [label[0] if isinstance(label, list) else label for label in labels]


def _safe(key: str) -> str:
    return key if any(key == known.key for known in words.RUNGS) else "other"


def _plain(figure: go.Figure) -> dict[str, Any]:
    """Return data and layout as plain values, without Plotly's own looks."""
    figure.update_layout(template="none", showlegend=False, margin={"l": 56, "r": 12, "t": 8, "b": 44})
    plain = json.loads(figure.to_json() or "{}")
    plain["layout"].pop("template", None)
    return {"data": plain["data"], "layout": plain["layout"]}
