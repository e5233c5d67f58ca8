"""Scene: rows in a box, before and after erasure, and what is drawn among them."""

import numpy as np
import pytest
from support import documents

from nullprobe.report.figures import scene, space
from nullprobe.report.figures.scene import CORNERS, MOST_POINTS, before_and_after


def shown(raw, erased=None, labels=None, **more):
    """Return a portrait of three columns."""
    raw = np.asarray(raw, dtype=float)
    erased = raw if erased is None else np.asarray(erased, dtype=float)
    views = {"raw": raw, "erased": erased, "raw_standardised": raw, "erased_standardised": erased}
    labels = np.resize(["no", "yes"], len(raw)).tolist() if labels is None else labels
    plain = {key: value.tolist() for key, value in views.items()}
    return {"axes": ["a", "b", "c"], "labels": labels, **plain, **more}


def unplaced(place, given):
    """Return what stands at a place of the box, by its ticks alone."""
    found = []
    for at, ticks in zip(np.asarray(place, dtype=float).T, given.ticks, strict=True):
        places, numbers = zip(*ticks, strict=True)
        numbers = [float(text.replace("−", "-")) for text in numbers]
        found.append(np.polyval(np.polyfit(places, numbers, 1), at))
    return np.array(found).T


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal([5.0, 0.0, -3.0], [2.0, 1.0, 0.4], size=(200, 3))


def test_points_stand_at_their_coordinates_on_common_axes(rows):
    erased = rows * [0.1, 1.0, 1.0]
    before, after, omitted = before_and_after(shown(rows, erased), False)
    assert omitted == 0
    assert before.ticks == after.ticks
    for one, points in ((before, rows), (after, erased)):
        np.testing.assert_allclose(unplaced(np.array(one.points)[:, :3], one), points, atol=0.02)
        assert [p[3] for p in one.points] == [i % 2 for i in range(200)]
        assert np.all(np.abs(np.array(one.points)[:, :3]) <= one.size)


def test_the_removed_line_goes_through_the_mean_along_the_direction(rows):
    direction = [0.6, 0.8, 0.0]
    before, after, _ = before_and_after(shown(rows, removed=[direction]), False)
    assert after.line is None
    ends = unplaced(before.line, before)
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    np.testing.assert_allclose(np.abs(along @ direction), 1.0, atol=1e-3)
    away = rows.mean(axis=0) - ends[0]
    np.testing.assert_allclose(away - (away @ along) * along, 0.0, atol=0.02)
    for end in np.abs(before.line) / before.size:
        assert end.max() == pytest.approx(1.0, abs=1e-3)  # both ends lie on the box


def test_several_removed_directions_are_no_line(rows):
    before, _, _ = before_and_after(shown(rows, removed=np.eye(3)[:2].tolist()), False)
    assert before.line is None


@pytest.mark.parametrize("weights", [[0.6, -0.8, 0.1], [1.0, 0.0, 0.0], [0.3, 0.3, 0.9]])
def test_the_plane_lies_in_the_box_where_the_halfspace_ends(rows, weights):
    threshold = float(np.array(weights) @ rows.mean(axis=0))
    before, after, _ = before_and_after(shown(rows, halfspace=[*weights, threshold]), False)
    assert before.plane is None
    corners = np.array(after.plane)
    assert 3 <= len(corners) <= 6
    np.testing.assert_allclose(unplaced(corners, after) @ weights, threshold, atol=0.03)
    inside = np.abs(corners) / after.size
    assert inside.max() <= 1.001
    assert np.all((inside > 0.999).sum(axis=1) >= 2)  # each lies on an edge
    # In turn: each corner shares a face of the box with the next.
    faces = [
        {(k, np.sign(c[k])) for k in range(3) if abs(c[k]) > 0.999 * after.size[k]} for c in corners
    ]
    assert all(a & b for a, b in zip(faces, [*faces[1:], faces[0]], strict=True))


def test_a_halfspace_that_ends_outside_the_box_is_not_drawn(rows):
    _, after, _ = before_and_after(shown(rows, halfspace=[1.0, 0.0, 0.0, 1e6]), False)
    assert after.plane is None


def test_outliers_are_left_out_and_counted(rows):
    wild = rows.copy()
    wild[[3, 70], 1] = 1e6, -1e6
    before, after, omitted = before_and_after(shown(wild), False)
    assert omitted == 2
    assert len(before.points) == len(after.points) == 198
    numbers = [float(text.replace("−", "-")) for _, text in before.ticks[1]]
    assert max(map(abs, numbers)) < 5


def test_an_outlier_after_erasure_is_left_out_of_both(rows):
    wild = rows.copy()
    wild[9, 2] = 1e5
    before, after, omitted = before_and_after(shown(rows, wild), False)
    assert (omitted, len(before.points), len(after.points)) == (1, 199, 199)


def test_rows_that_are_not_finite_are_left_out_and_counted(rows):
    gaps = rows.copy()
    gaps[0, 1], gaps[5, 2] = np.nan, np.inf
    before, _, omitted = before_and_after(shown(gaps), False)
    assert omitted == 2
    assert np.isfinite(np.array(before.points)).all()
    assert "nan" not in space.drawn(before, "x", "k")


def test_rows_of_which_none_is_finite_are_an_empty_box():
    before, after, omitted = before_and_after(shown(np.full((4, 3), np.nan)), False)
    assert (before.points, after.points, omitted) == ([], [], 4)
    assert 'class="box"' in space.drawn(before, "x", "k")


@pytest.mark.parametrize("n", [1, 2, 40])
def test_constants_stand_in_the_middle(n):
    before, _, omitted = before_and_after(shown(np.full((n, 3), 7.0)), False)
    assert omitted == 0
    np.testing.assert_allclose([p[:3] for p in before.points], 0.0, atol=1e-9)
    assert all(len(ticks) >= 2 for ticks in before.ticks)
    assert "nan" not in space.drawn(before, "x", "k")


def test_two_points_are_drawn():
    before, _, omitted = before_and_after(shown([[0, 0, 0], [1, 2, 4]]), False)
    assert omitted == 0
    assert space.drawn(before, "x", "k").count('class="points') == 2


def test_forty_classes_have_as_many_looks(rows):
    labels = [f"class {i % 40:02}" for i in range(200)]
    before, _, _ = before_and_after(shown(rows, labels=labels), False)
    looks = {(group["ink"], group["mark"]) for group in before.groups}
    assert len(before.groups) == len(looks) == 40
    assert [p[3] for p in before.points] == [i % 40 for i in range(200)]
    assert {group["mark"] for group in before.groups} <= set(space.MARKS)


def test_numbers_are_shades_in_their_order(rows):
    labels = np.linspace(0, 1, 200).tolist()
    before, _, _ = before_and_after(shown(rows, labels=labels), True)
    groups = [p[3] for p in before.points]
    assert groups == sorted(groups)
    assert set(groups) == set(range(len(scene.SHADES)))
    svg = space.drawn(before, "x", "k")
    for shade in scene.SHADES:
        assert f'style="color:{shade}"' in svg


def test_of_many_rows_an_even_sample_is_drawn():
    many = np.random.default_rng(0).normal(size=(5000, 3))
    before, after, omitted = before_and_after(shown(many), False)
    assert omitted < 20
    assert len(before.points) == len(after.points) == MOST_POINTS


def test_the_box_is_seen_from_where_what_is_removed_and_what_is_left_are_long():
    rng = np.random.default_rng(0)
    left = rng.normal(size=(300, 3)) * [0.02, 2.0, 0.02]
    before, _, _ = before_and_after(
        shown(left + rng.normal(size=(300, 1)) * [2.0, 0, 0], left, removed=[[1.0, 0.0, 0.0]]),
        False,
    )
    c, s = np.cos(before.around), np.sin(before.around)
    assert abs(s) > 0.4  # the first axis, which is removed
    assert abs(c) > 0.4  # the second, which is left


def test_the_edges_of_a_box_join_neighbours():
    assert len(scene.EDGES) == 12
    for a, b in scene.EDGES:
        assert np.abs(CORNERS[a] - CORNERS[b]).sum() == 2


def test_directions_of_standardised_features_are_shown_where_axes_are_not_columns():
    given = documents.founding()["portrait"] | {"axes": ["discriminant", "b", "c"]}
    assert scene.views(given) == ("raw_standardised", "erased_standardised")
    before, after, _ = before_and_after(given, False)
    assert before.line is not None
    assert after.plane is None  # it is of the columns
