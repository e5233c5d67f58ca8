"""Space: a scene projected, and drawn from the back to the front."""

import re

import numpy as np
import pytest

from nullprobe.report.figures import space
from nullprobe.report.figures.scene import Scene
from nullprobe.report.figures.space import ABOVE, HEIGHT, REACH, SLICES, WIDTH

LOOKS = [{"ink": "class-0", "mark": "o"}, {"ink": "class-1", "mark": "D"}]


def box(points, around=0.7, **more):
    size = [0.7, 0.5, 0.5099]
    ticks = [[(-0.3, "−1"), (0.3, "1")]] * 3
    return Scene(size, ["a", "b<", "c"], ticks, LOOKS, points, around, **more)


def starts(svg):
    paths = re.findall(r'class="points[^>]* d="([^"]*)"', svg)
    return [
        (float(x), float(y))
        for path in paths
        for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path)
    ]


@pytest.mark.parametrize("around", [0.0, 0.7, -1.2, 3.0])
def test_a_point_is_projected_by_two_turns(around):
    """Turned about the upright axis, then tipped towards the eye; by matrices of rotation."""
    point = np.array([0.3, -0.2, 0.4])
    c, s = np.cos(-around), np.sin(-around)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ point
    low, high = np.cos(ABOVE), np.sin(ABOVE)
    # The eye is along the first axis now; tipping it up lowers what is near.
    x, y = turned[1], low * turned[2] - high * turned[0]
    (place,) = starts(space.drawn(box([[*point, 0]], around), "x", "k"))
    assert place == pytest.approx((WIDTH / 2 + REACH * x, HEIGHT / 2 - REACH * y), abs=0.051)


def test_the_centre_of_the_box_is_the_centre_of_the_picture():
    assert starts(space.drawn(box([[0, 0, 0, 0]]), "x", "k")) == [(WIDTH / 2, HEIGHT / 2)]


def test_what_is_behind_is_drawn_first():
    towards = space._frame(0.7, ABOVE)[2]
    depths = np.linspace(-0.4, 0.4, 50)
    points = [[*(depth * towards), i % 2] for i, depth in enumerate(depths)]
    rng = np.random.default_rng(0)
    shuffled = [points[i] for i in rng.permutation(50)]
    # Along the line of sight all points fall together, so step aside with the depth.
    aside = space._frame(0.7, ABOVE)[0]
    moved = [[*(np.array(p[:3]) + aside * (np.array(p[:3]) @ towards)), p[3]] for p in shuffled]
    xs = [x for x, _ in starts(space.drawn(box(moved), "x", "k"))]
    order = np.argsort(np.argsort(xs))
    assert np.abs(order - np.arange(50)).max() <= 50 // SLICES + 1


def test_line_plane_and_points_are_paths_of_their_own():
    line, plane = [[-0.1, 0, 0], [0.1, 0, 0]], [[0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]]
    svg = space.drawn(box([[0, 0, 0, 1]], line=line, plane=plane), "x", "k")
    kinds = re.findall(r'<path class="(\w+)', svg)
    assert kinds == ["box", "left", "points", "removed"]
    assert re.search(r'class="left" d="M[^"]*z"', svg)
    assert 'data-group="1"' in svg


def test_names_and_words_are_escaped():
    svg = space.drawn(box([]), 'a "b" <c>', "k&")
    assert ">b&lt;</text>" in svg
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in svg
    assert 'data-space="k&amp;"' in svg


@pytest.mark.parametrize("around", np.linspace(-3, 3, 7))
def test_ticks_and_names_of_axes_lie_outside_the_box_and_inside_the_picture(around):
    svg = space.drawn(box([], around), "x", "k")
    texts = re.findall(r'<text class="(\w+)" x="(-?[\d.]+)" y="(-?[\d.]+)"', svg)
    assert [kind for kind, *_ in texts] == ["tick", "tick", "name"] * 3
    for kind, x, y in texts:
        assert -6 < float(x) < WIDTH + 6, kind
        assert 0 < float(y) < HEIGHT + 6, kind
