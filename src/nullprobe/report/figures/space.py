"""Space: a scene as SVG, which the page's script turns.

Python draws the first view, which stands on paper and where no script runs; the script draws all
others from the same scene. Both project alike, and draw what lies behind first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

import numpy as np

from nullprobe.report.figures.scene import CORNERS, EDGES, Points, Scene

WIDTH, HEIGHT, REACH = 440, 380, 176  # pixels of the picture, and from its centre to a corner
ROOM = 14  # pixels below, for the names of axes
CROP = 12  # pixels above that only a box seen from above would fill
ABOVE = 0.36  # radians above the horizon from which the box is first seen
SIDEWAYS = 0.35  # of a direction of length 1, from which a text begins or ends at its place
SLICES = 16  # from the back to the front
# Matplotlib's marks around a place, as paths of SVG.
MARKS = {
    "o": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    "D": "m0-3.8l3.8 3.8-3.8 3.8-3.8-3.8z",
    "s": "m-2.7-2.7h5.4v5.4h-5.4z",
    "P": "m-1.1-3.4h2.2v2.3h2.3v2.2h-2.3v2.3h-2.2v-2.3h-2.3v-2.2h2.3z",
    "X": "m-3.2-1.7l1.5-1.5 1.7 1.7 1.7-1.7 1.5 1.5-1.7 1.7 1.7 1.7-1.5 1.5-1.7-1.7-1.7 1.7-1.5-1.5"
    " 1.7-1.7z",
}
Flat = Callable[[Points | np.ndarray], np.ndarray]  # projects points


def drawn(scene: Scene, label: str, key: str) -> str:
    """Return the first view of a scene as SVG.

    Parameters
    ----------
    scene : Scene
    label : str
        What the picture says.
    key : str
        Under which the page's script finds the scene.
    """
    inside = "".join(_parts(scene))
    return (
        f'<svg class="space" role="img" aria-label="{escape(label)}" data-space="{escape(key)}" '
        f'viewBox="0 {CROP} {WIDTH} {HEIGHT + ROOM - CROP}" data-above="{ABOVE}">{inside}</svg>'
    )


def _parts(scene: Scene) -> Iterator[str]:
    right, up, towards = _frame(scene.around, ABOVE)

    def flat(points: Points | np.ndarray) -> np.ndarray:
        placed = np.asarray(points, dtype=np.float64)
        x = WIDTH / 2 + REACH * placed @ right
        return np.column_stack([x, HEIGHT / 2 - REACH * placed @ up])

    corners = CORNERS * np.asarray(scene.size)
    path = " ".join(
        f"M{_pair(a)}L{_pair(b)}"
        for a, b in (flat(corners[[first, second]]) for first, second in EDGES)
    )
    yield f'<path class="box" d="{path}"/>'
    yield from _axes(scene, flat)
    if scene.plane:
        yield f'<path class="left" d="M{"L".join(map(_pair, flat(scene.plane)))}z"/>'
    points = np.array(scene.points)
    if len(points):
        yield from _slices(scene, points, flat(points[:, :3]), points[:, :3] @ towards)
    if scene.line:
        yield f'<path class="removed" d="M{"L".join(map(_pair, flat(scene.line)))}"/>'


def _slices(
    scene: Scene, points: np.ndarray, places: np.ndarray, depths: np.ndarray
) -> Iterator[str]:
    order = np.argsort(depths, kind="stable")
    for part in np.array_split(order, min(SLICES, len(order))):
        for number, group in enumerate(scene.groups):
            rows = part[points[part, 3] == number]
            if len(rows):
                mark = MARKS[group["mark"]]
                path = "".join(f"M{_pair(places[row])}{mark}" for row in rows)
                ink = f' style="color:{group["shade"]}"' if "shade" in group else ""
                data = f' data-group="{number}"' if "shade" not in group else ""
                yield f'<path class="points {group["ink"]}"{ink}{data} d="{path}"/>'


def _axes(scene: Scene, flat: Flat) -> Iterator[str]:
    """Yield the numbers and the names of the axes, each along an edge on the outline."""
    size = np.array(scene.size)
    for axis, name in enumerate(scene.names):
        others = [other for other in range(3) if other != axis]
        starts = [
            np.array([0.0 if at == axis else signs[others.index(at)] * size[at] for at in range(3)])
            for signs in ((-1, -1), (-1, 1), (1, -1), (1, 1))
        ]
        middles = flat(np.array(starts))
        # The upright axis is written on the left, the other two below.
        best = int(middles[:, 0].argmin() if axis == 2 else middles[:, 1].argmax())
        out = middles[best] - (WIDTH / 2, HEIGHT / 2)
        out = out / max(float(np.linalg.norm(out)), 1.0)
        for at, text in scene.ticks[axis]:
            place = starts[best].copy()
            place[axis] = at
            yield _text(flat(place[None])[0] + 12 * out, text, "tick", out[0])
        upright = axis == 2
        yield _text(
            middles[best] + (42 if upright else 30) * out,
            name,
            "name",
            0.0 if upright else out[0],
            upright,
        )


def _text(place: np.ndarray, text: str, kind: str, out: float, upright: bool = False) -> str:
    x, y = place
    anchor = "start" if out > SIDEWAYS else "end" if out < -SIDEWAYS else "middle"
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if upright else ""
    where = f'x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}"{turn}'
    return f'<text class="{kind}" {where}>{escape(text)}</text>'


def _frame(around: float, above: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the directions to the right, up, and towards the eye."""
    c, s = np.cos(around), np.sin(around)
    low, high = np.cos(above), np.sin(above)
    right = np.array([-s, c, 0.0])
    up = np.array([-high * c, -high * s, low])
    return right, up, np.array([low * c, low * s, high])


def _pair(place: np.ndarray) -> str:
    return f"{place[0]:.1f} {place[1]:.1f}"
