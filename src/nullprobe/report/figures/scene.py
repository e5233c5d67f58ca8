"""Scene: a sample of rows before and after erasure, placed in a box of three axes.

The axes are columns, or directions of standardised features. Rows that lie so far out that all
others would be one spot are left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nullprobe.report.figures import roles
from nullprobe.report.text import wording

FLATTEST = 0.6  # shortest edge of the box, as a share of the longest
ROOM = 0.07  # of a range, on either side
MOST_POINTS = 700  # of a picture; the JSON and the table hold all
FAR = 3.0  # ranges of the middle 98 % beyond which a point is not drawn
LONGEST_NAME = 26  # letters of an axis
ASIDE = 0.5  # radians away from an axis, along which the box would look flat
SHADES = (*roles.shades()[::3], roles.shades()[-1])  # as flat pictures have them, in steps
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (CORNERS[a] != CORNERS[b]).sum() == 1]
Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Scene:
    """What stands in the box, in its coordinates: (0, 0, 0) is its centre.

    Attributes
    ----------
    size : sequence of 3 floats
        Half the length of each edge; a corner is 1 from the centre.
    names : sequence of str
        Of the axes.
    ticks : sequence of 3 sequences of (float, str)
        Places on each axis, and their numbers.
    groups : sequence of mapping
        Colour and mark of each class.
    points : sequence of (float, float, float, int)
        Coordinates, and the group.
    around : float
        Radians from which the box is first seen, anticlockwise from the first axis.
    line : sequence of two points, or None
        A removed direction through the mean, where the rows are before erasure.
    plane : sequence of points, or None
        Corners of the best halfspace's edge, where they are after it.
    """

    size: Sequence[float]
    names: Sequence[str]
    ticks: Sequence[Sequence[tuple[float, str]]]
    groups: Sequence[Mapping[str, str]]
    points: Points
    around: float
    line: Points | None = None
    plane: Points | None = None

    def plain(self) -> dict[str, Any]:
        """Return the scene for the page's script."""
        return asdict(self)


def before_and_after(shown: Mapping[str, Any], numeric: bool) -> tuple[Scene, Scene, int]:
    """Return the scenes before and after erasure, on common axes, and how many points they omit.

    Parameters
    ----------
    shown : mapping
        The portrait of a document, of three axes.
    numeric : bool
        Whether the concept is numbers, drawn as shades, rather than labels.
    """
    before, after = (np.array(shown[name], dtype=np.float64) for name in views(shown))
    shown_rows = _shown_rows(np.hstack([before, after]))
    chosen = np.flatnonzero(shown_rows)
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), MOST_POINTS)).astype(int)]
    low, high = _ends(np.concatenate([before[shown_rows], after[shown_rows]]))
    edges = np.clip((high - low) / (high - low).max(), FLATTEST, 1.0)
    size = edges / np.linalg.norm(edges)
    groups, of = _groups(shown["labels"], numeric)
    common: dict[str, Any] = {
        "size": _rounded(size),
        "names": [roles.text(name, LONGEST_NAME) for name in shown["axes"]],
        "ticks": [_ticks(*ends) for ends in zip(low, high, size, strict=True)],
        "groups": groups,
    }

    def placed(points: np.ndarray) -> np.ndarray:
        return ((points - low) / (high - low) * 2 - 1) * size

    removed, halfspace = shown.get(_removed(shown)), shown.get("halfspace")
    common["around"] = _first_angle(
        np.array(removed[0] if removed else [1.0, 0.0, 0.0]) / (high - low) * size,
        placed(after[chosen]),
    )
    scenes = [
        Scene(
            **common,
            points=[
                [*_rounded(place), int(group)]
                for place, group in zip(placed(points[chosen]), of[chosen], strict=True)
            ],
        )
        for points in (before, after)
    ]
    if removed and len(removed) == 1:
        middle = before[shown_rows].mean(axis=0)
        direction = np.array(removed[0]) / (high - low) * 2 * size
        line = _through(placed(middle[None])[0], direction, size)
        scenes[0] = replace(scenes[0], line=line)
    if halfspace and views(shown)[0] == "raw":
        weights = np.array(halfspace[:3]) * (high - low) / 2 / size
        threshold = halfspace[3] - np.array(halfspace[:3]) @ (low + high) / 2
        scenes[1] = replace(scenes[1], plane=_cut(weights, threshold, size))
    return scenes[0], scenes[1], int((~shown_rows).sum())


def views(shown: Mapping[str, Any]) -> tuple[str, str]:
    """Return which coordinates a picture shows: columns as they are, directions of standardised.

    Of raw features with different units, the widest unit alone would decide principal directions.
    """
    raw = "discriminant" not in shown["axes"]
    return ("raw", "erased") if raw else ("raw_standardised", "erased_standardised")


def _first_angle(removed: np.ndarray, after: np.ndarray) -> float:
    """Return from where both the removed direction and what is left are seen at some length."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 61)
    angles = angles[np.abs(np.sin(2 * angles)) >= np.sin(2 * ASIDE)]
    if len(after) < 2:
        return round(float(angles[0]), 3)
    right = np.column_stack([-np.sin(angles), np.cos(angles)])
    removed = removed[:2] / max(float(np.linalg.norm(removed)), 1e-300)
    spread = np.sqrt(np.maximum(np.einsum("ai,ij,aj->a", right, np.cov(after[:, :2].T), right), 0))
    return round(float(angles[(np.abs(right @ removed) * spread).argmax()]), 3)


def _shown_rows(points: np.ndarray) -> np.ndarray:
    """Return which rows are finite and not so far out that all others would be one spot."""
    finite = np.asarray(np.isfinite(points).all(axis=1), dtype=bool)
    if not finite.any():
        return finite
    low, high = np.quantile(points[finite], [0.01, 0.99], axis=0)
    room = FAR * np.where(high > low, high - low, np.inf)
    with np.errstate(invalid="ignore"):
        above, below = points >= low - room, points <= high + room
    inside = np.asarray((above & below).all(axis=1), dtype=bool)
    return np.logical_and(finite, inside)


def _ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of each axis; of no points 0 and 1."""
    if not len(points):
        return np.zeros(3), np.ones(3)
    low: np.ndarray = points.min(axis=0)
    high: np.ndarray = points.max(axis=0)
    still = np.maximum(1e-3 * np.abs(low), 1.0)
    room: np.ndarray = np.where(high > low, ROOM * (high - low), still)
    return low - room, high + room


def _ticks(low: float, high: float, size: float) -> list[tuple[float, str]]:
    """Return three to seven round numbers between two ends, with their places on an edge."""
    power = float(10.0 ** np.floor(np.log10((high - low) / 2)))
    step = next(k * power for k in (5, 2, 1) if (high - low) / (k * power) >= 2.5 or k == 1)
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    ticks: list[tuple[float, str]] = []
    for count in range(first, last + 1):
        place = ((count * step - low) / (high - low) * 2 - 1) * size
        ticks.append((round(place, 4), f"{count * step:.4g}".replace("-", "−")))
    return ticks


def _groups(labels: Sequence[Any], numeric: bool) -> tuple[list[dict[str, str]], np.ndarray]:
    """Return how each group looks, and the group of each point."""
    if not numeric:
        names = wording.classes(labels)
        position = {name: i for i, name in enumerate(names)}
        looks = [roles.look(i) for i in range(len(names))]
        groups = [
            {"ink": f"class-{one.colour}{'' if one.filled else ' hollow'}", "mark": one.marker}
            for one in looks
        ]
        return groups, np.array([position[label] for label in labels])
    values = np.array([v[0] if isinstance(v, list) else v for v in labels], dtype=np.float64)
    edges = np.nanquantile(values, np.linspace(0, 1, len(SHADES) + 1)[1:-1])
    groups = [{"ink": "shade", "mark": "o", "shade": shade} for shade in SHADES]
    return groups, np.searchsorted(edges, values)


def _through(middle: np.ndarray, direction: np.ndarray, size: np.ndarray) -> list[list[float]]:
    """Return both ends, in the box, of the line through a point in it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.stack([(-size - middle) / direction, (size - middle) / direction])
    ahead = np.nanmin(np.where(steps > 0, steps, np.inf))
    behind = np.nanmax(np.where(steps < 0, steps, -np.inf))
    return [_rounded(middle + step * direction) for step in (behind, ahead)]


def _cut(weights: np.ndarray, threshold: float, size: np.ndarray) -> list[list[float]] | None:
    """Return the corners of where the plane {x : weights · x = threshold} cuts the box, in turn."""
    corners = CORNERS * size
    above = corners @ weights - threshold
    cuts = [
        corners[a] + above[a] / (above[a] - above[b]) * (corners[b] - corners[a])
        for a, b in EDGES
        if (above[a] > 0) != (above[b] > 0)
    ]
    if len(cuts) < 3:
        return None
    points = np.array(cuts)
    away = points - points.mean(axis=0)
    first = away[0] / np.linalg.norm(away[0])
    normal = weights / np.linalg.norm(weights)
    turn = np.arctan2(away @ np.cross(normal, first), away @ first)
    return [_rounded(point) for point in points[np.argsort(turn)]]


def _removed(shown: Mapping[str, Any]) -> str:
    return "removed" if views(shown)[0] == "raw" else "removed_standardised"


def _rounded(point: np.ndarray) -> list[float]:
    return [round(float(v), 4) for v in point]
