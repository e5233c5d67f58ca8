"""Pictures of studies: what shares an axis, a colour or a marker, and intervals over seeds."""

import numpy as np
import pytest

from nullprobe.report.figures.studies import looks
from nullprobe.studies import Study, run
from nullprobe.studies.effects import Estimate
from nullprobe.studies.pictures import series

OTHERS = {"difference": -5.0, "second": 3.0}
SOURCES = {"inputs": 0.1, "twin": 0.2, "corpus": 0.3}
SHARES = (Estimate((0.8, 1.0, 1.0)), Estimate((0.0, 0.1, 0.0)), Estimate((0.4, 0.5, 0.6)))


@pytest.mark.parametrize("limits", [(0.0, 1.0), (-np.inf, 1.0), (0.0, np.inf)])
def test_intervals_are_cut_at_what_is_possible_and_means_stay(limits):
    line, free = series("way", "abc", SHARES, limits), series("way", "abc", SHARES)
    assert line["y"] == free["y"] == [one.value for one in SHARES]
    assert line["low"] == np.clip(free["low"], *limits).tolist()
    assert line["high"] == np.clip(free["high"], *limits).tolist()
    assert free["high"][0] > 1
    assert free["low"][1] < 0


def test_one_seed_has_no_interval():
    line = series("way", [1], [Estimate((0.5,))], (0.0, 1.0))
    assert line["low"] is line["high"] is None


@pytest.mark.parametrize("factors", [{}, {"a": (0, 1)}, {"a": (0, 1), "b": ("x", "y", "z")}])
@pytest.mark.parametrize(
    ("more", "first", "rest"),
    [
        ({}, ["model"], None),
        (SOURCES, ["model", *SOURCES], None),
        (OTHERS, ["model"], list(OTHERS)),
        (OTHERS | SOURCES, ["model", *SOURCES], list(OTHERS)),
    ],
)
def test_what_is_measured_beside_the_first_has_its_own_axis(factors, more, first, rest):
    one = Study("made", lambda c, s, b: {"model": 0.5, **more}, "?", "share", factors=factors)
    figures = run(one, seeds=2).figures
    shown = [
        list(dict.fromkeys(
            str(name).partition(": ")[0]
            for line in figure["series"]
            for name in (line["x"] if not factors else [line["name"]])
        ))
        for figure in figures
    ]  # fmt: skip
    assert shown == [first, rest][: 1 + bool(rest)]
    assert [figure["y_label"] for figure in figures] == ["share", ""][: len(figures)]


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        ((0, 1), "lines"),
        ((0.0, 0.5, 1.0), "lines"),
        (("no", "yes"), "lines"),
        (("two", "three", "uneven"), "bars"),
        ((0, "some", 1), "bars"),
    ],
)
def test_lines_join_levels_that_have_an_order(levels, kind):
    one = Study("made", lambda c, s, b: {"model": 0.5}, "?", "share", factors={"a": levels})
    assert [figure["kind"] for figure in run(one, seeds=2).figures] == [kind]


def test_a_cell_has_a_colour_and_a_measurement_a_marker():
    names = [f"{kind}: a={level}" for kind in ("model", "twin", "corpus") for level in (0, 1)]
    drawn = looks([{"name": name} for name in names])
    assert [one.colour for one in drawn] == [0, 1, 0, 1, 0, 1]
    assert len({one.marker for one in drawn[::2]}) == 3
    assert [one.marker for one in drawn[::2]] == [one.marker for one in drawn[1::2]]
    many = looks([{"name": str(i)} for i in range(20)])
    assert len({(one.colour, one.marker) for one in many}) == 20
