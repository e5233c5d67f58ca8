"""Scatter: a sample of the rows before and after erasure, on common axes, solid and flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import canvas, style
from nullprobe.report.text import wording

SCALE = "Cividis"  # reads the same to colour-blind eyes
LONGEST_TITLE = 26  # characters of a title along an edge of the 3-D box
ROUND = ("circle", "circle-open")
FLATTEST = 0.6  # shortest edge of the 3-D box, as a share of the longest
CAMERA = {"eye": {"x": 1.4, "y": -1.7, "z": 0.85}, "center": {"x": 0, "y": 0, "z": -0.15}}
STRIP = 0.7  # height that the points of one class take in a strip
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def portrait(shown: Mapping[str, Any], numeric: bool) -> dict[str, dict[str, Any]]:
    """Return the scatter plots of a portrait.

    Parameters
    ----------
    shown : mapping
        The portrait of a document: one, two or three axes.
    numeric : bool
        Whether the concept is numbers, drawn as shades, rather than labels.

    Returns
    -------
    dict of str to dict
        Plotly figures by "raw 3d before", "standardised 2d after" and so on; no "3d" where
        there are fewer than three axes.
    """
    figures: dict[str, dict[str, Any]] = {}
    for view, suffix in (("raw", ""), ("standardised", "_standardised")):
        before, after = (
            np.array(shown[name + suffix], dtype=np.float64) for name in ("raw", "erased")
        )  # None becomes NaN
        ranges = _ranges(np.concatenate([before, after]))
        for when, points in (("before", before), ("after", after)):
            if len(shown["axes"]) >= 3:
                figures[f"{view} 3d {when}"] = _space(points, shown, ranges, numeric)
            figures[f"{view} 2d {when}"] = _plane(points, shown, ranges, numeric)
    return figures


def _space(
    points: np.ndarray, shown: Mapping[str, Any], ranges: list[list[float]], numeric: bool
) -> dict[str, Any]:
    """Return a 3-D scatter of the first three axes."""
    figure = canvas.empty()
    for group, rows in _groups(shown["labels"], numeric):
        x, y, z = (points[rows, axis].tolist() for axis in range(3))
        marker = group.pop("marker")
        # Plotly draws the other symbols wider than a circle of the same size.
        marker |= {"size": 4.5 if marker.get("symbol", "circle") in ROUND else 3.5}
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=marker,
                             hoverinfo="name+x+y+z", **group)  # fmt: skip
    lengths = np.array([high - low for low, high in ranges[:3]])
    edges = np.clip(lengths / lengths.max(), FLATTEST, 1.0)
    axes = {
        f"{letter}axis": {
            "title": {"text": style.text(name, LONGEST_TITLE)},
            "range": span,
            "nticks": 5,
        }
        for letter, name, span in zip("xyz", shown["axes"], ranges, strict=False)
    }
    volume = float(edges.prod())
    edges = edges / volume ** (1 / 3)  # the same room for a flat box as for a cube
    box = dict(zip("xyz", edges.tolist(), strict=True))
    figure.update_layout(
        scene={**axes, "aspectmode": "manual", "aspectratio": box, "camera": CAMERA}
    )
    return style.plain(figure)


def _plane(
    points: np.ndarray, shown: Mapping[str, Any], ranges: list[list[float]], numeric: bool
) -> dict[str, Any]:
    """Return the projection to the first two axes, or a strip where there is one."""
    figure = canvas.empty()
    strip = len(shown["axes"]) == 1
    hover = "name+x" if strip else "name+x+y"
    if strip:
        heights = style.numbers(shown["labels"]) if numeric else _strip(shown["labels"])
        flat = np.column_stack([points[:, 0], heights])
    else:
        flat = fanned(points[:, :2], np.array([high - low for low, high in ranges[:2]]))
    for group, rows in _groups(shown["labels"], numeric):
        x, y = flat[rows].T.tolist()
        group["marker"] |= {"size": 7}
        figure.add_scatter(x=x, y=y, mode="markers", hoverinfo=hover, **group)
    figure.update_xaxes(title=style.text(shown["axes"][0]), range=ranges[0])
    if not strip:
        figure.update_yaxes(title=style.text(shown["axes"][1]), range=ranges[1])
    elif numeric:
        figure.update_yaxes(title="concept")
    else:
        names = wording.classes(shown["labels"])
        group = [style.text(name) for name in names]
        figure.update_yaxes(tickvals=list(range(len(names))), ticktext=group)
    return style.plain(figure)


def _groups(labels: Sequence[Any], numeric: bool) -> list[tuple[dict[str, Any], list[int]]]:
    """Return, for each trace, how it looks and which points it holds."""
    if numeric:
        bar = {"title": {"text": "concept"}, "thickness": 12, "outlinewidth": 0}
        marker = {"color": style.numbers(labels), "colorscale": SCALE, "opacity": 0.85}
        marker |= {"showscale": True, "colorbar": bar}
        return [({"marker": marker, "name": ""}, list(range(len(labels))))]
    figures: list[tuple[dict[str, Any], list[int]]] = []
    for i, name in enumerate(wording.classes(labels)):
        look = style.look(i)
        group: dict[str, Any] = {"name": style.text(name)}
        group["meta"] = {"ink": f"class-{look.colour}", "group": i}
        group["marker"] = {"symbol": look.symbol, "opacity": 0.75}
        figures.append((group, [row for row, label in enumerate(labels) if label == name]))
    return figures


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
    turn = np.column_stack([np.cos(GOLDEN_ANGLE * rank), np.sin(GOLDEN_ANGLE * rank)])
    return points + radius[:, None] * turn * spans


def _strip(labels: Sequence[Any]) -> np.ndarray:
    """Return a height for each point of a strip: its class, spread evenly around it."""
    position = {name: i for i, name in enumerate(wording.classes(labels))}
    golden = (np.arange(len(labels)) * 0.6180339887498949) % 1.0
    return np.array([position[label] for label in labels]) + STRIP * (golden - 0.5)


def _ranges(points: np.ndarray) -> list[list[float]]:
    """Return the common range of each axis, with a margin."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    room = np.where(high > low, 0.07 * (high - low), 1.0)
    return np.column_stack([low - room, high + room]).tolist()
