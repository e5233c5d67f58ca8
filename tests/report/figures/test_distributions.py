"""Figures and scatter: what is drawn is what the document holds, on common axes."""

import json
import re

import numpy as np
import pytest
from support import documents

from nullprobe.report import histograms
from nullprobe.report.figures import distributions, scatter, style
from nullprobe.report.pages.claim import ladders
from nullprobe.report.text import alt_text, tables


def axes_of(figure):
    layout = figure["layout"]
    found = layout.get("scene", layout)
    axes = [found.get(name, {}) for name in ("xaxis", "yaxis", "zaxis")]
    return [axis["range"] for axis in axes if "range" in axis]


@pytest.mark.parametrize(("n_axes", "kinds"), [(1, {"2d"}), (2, {"2d"}), (3, {"2d", "3d"})])
def test_fewer_than_three_axes_give_no_third_dimension(n_axes, kinds):
    found = scatter.portrait(documents.sample(n_axes=n_axes)["portrait"], False)
    assert {name.split()[1] for name in found} == kinds
    assert len(found) == 4 * len(kinds)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_before_and_after_share_their_axes(n_axes):
    found = scatter.portrait(documents.sample(n_axes=n_axes)["portrait"], False)
    for name, figure in found.items():
        assert axes_of(figure) == axes_of(found[name.replace("after", "before")])


def test_every_point_is_drawn_where_it_lies():
    shown = documents.sample(n_axes=3)["portrait"]
    figure = scatter.portrait(shown, False)["standardised 3d after"]
    drawn = [list(p) for t in figure["data"] for p in zip(t["x"], t["y"], t["z"], strict=True)]
    assert sorted(drawn) == sorted(shown["erased_standardised"])


def test_classes_differ_in_colour_and_in_symbol():
    figure = scatter.portrait(documents.sample(labels=list("abcde"))["portrait"], False)[
        "raw 2d before"
    ]
    assert len({trace["marker"]["symbol"] for trace in figure["data"]}) == 5
    assert len({trace["meta"]["ink"] for trace in figure["data"]}) == 5


def test_sixty_four_classes_look_different():
    assert len({style.look(i) for i in range(64)}) == 64


def test_a_numeric_concept_is_a_colour_scale():
    figure = scatter.portrait(documents.numeric()["portrait"], True)["raw 2d before"]
    (trace,) = figure["data"]
    assert trace["marker"]["color"] == pytest.approx(np.linspace(0, 1, 50).tolist(), abs=1e-5)
    assert trace["marker"]["showscale"]


def test_points_that_coincide_are_fanned_out_and_the_others_stay():
    points = np.array([[0.0, 0.0]] * 30 + [[1.0, 1.0]])
    fanned = scatter.fanned(points, np.ones(2))
    assert len(np.unique(fanned, axis=0)) == 31
    assert np.abs(fanned - points).max() < 0.07
    np.testing.assert_array_equal(fanned[-1], points[-1])


def test_a_flat_picture_has_room_even_for_one_place():
    shown = documents.sample(n_axes=2)["portrait"]
    still = [[0.0, 0.0]] * 60
    shown |= dict.fromkeys(("raw", "erased", "raw_standardised", "erased_standardised"), still)
    for figure in scatter.portrait(shown, False).values():
        assert all(high > low for low, high in axes_of(figure))


def test_the_observation_is_marked_with_its_interval():
    claim = documents.sample()["claims"][2]
    figure = distributions.nulls(claim, histograms.null_bins(claim))
    mark = figure["data"][-1]
    assert mark["x"] == [0.61]
    assert mark["error_x"]["array"] == pytest.approx([0.03])
    assert mark["error_x"]["arrayminus"] == pytest.approx([0.03])
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < min(claim["nulls"][0]["values"])
    assert high > max(0.64, *claim["nulls"][1]["values"])


def test_an_undefined_observation_is_not_drawn():
    claim = documents.sample()["claims"][2] | {"observed": None, "interval": None}
    figure = distributions.nulls(claim, histograms.null_bins(claim))
    assert [trace["type"] for trace in figure["data"]] == ["bar", "bar"]


def beside(*several, **changed):
    """Return the ladder of a claim with these beside it; by default what a document holds."""
    claim = documents.sample(claims=documents.all_claims())["claims"][-1] | changed
    (ladder,) = ladders(claim | ({"beside": list(several)} if several else {}))
    return ladder


def simpler(name, value, interval=None, gain=None, rung="inputs"):
    return {"rung": rung, "name": name, "value": value, "interval": interval, "gain": gain}


def drawn(ladder):
    return distributions.nulls(ladder, histograms.null_bins(ladder))


def circles(figure):
    return [t for t in figure["data"] if t.get("marker", {}).get("symbol") == "circle-open"]


def test_what_is_beside_is_a_circle_with_its_interval_in_the_colour_of_its_rung():
    figure = drawn(beside())
    (circle,) = circles(figure)
    assert circle["name"] == "first principal component"
    assert circle["x"] == [0.98]
    assert circle["error_x"]["array"] == pytest.approx([0.01])
    assert circle["error_x"]["arrayminus"] == pytest.approx([0.04])
    assert circle["meta"]["ink"] == "rung-moments"
    inputs = drawn(beside(simpler("lengths", 0.6)))
    assert circles(inputs)[0]["meta"]["ink"] == "rung-inputs"
    assert "error_x" not in circles(inputs)[0]


def test_circles_stand_below_the_observation_each_at_a_height_of_its_own():
    figure = drawn(beside(*(simpler(str(i), 0.6) for i in range(6))))
    top = max(max(t["y"]) for t in figure["data"] if t["type"] == "bar")
    (diamond,) = (t for t in figure["data"] if t.get("marker", {}).get("symbol") == "diamond")
    heights = [circle["y"][0] for circle in circles(figure)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 6
    assert 0 < heights[-1] < heights[0] < top < diamond["y"][0]
    assert diamond["y"][0] < figure["layout"]["yaxis"]["range"][1]


def test_all_that_is_beside_fits_into_the_picture():
    several = simpler("bad", 0.1, [0.05, 0.2]), simpler("good", 0.98, [0.9, 1.4])
    low, high = drawn(beside(*several))["layout"]["xaxis"]["range"]
    assert low < 0.05
    assert high > 1.4


def test_what_is_beside_and_undefined_is_not_drawn():
    several = simpler("a", None, None), simpler("b", 0.6, [None, 0.7]), simpler("c", 0.7)
    ladder = beside(*several)
    found = circles(drawn(ladder))
    assert [circle["name"] for circle in found] == ["b", "c"]
    assert all("error_x" not in circle for circle in found)
    said = alt_text.claim(ladder)
    assert "For comparison, a" not in said
    assert "For comparison, c: 0.700." in said
    assert tables.evidence([ladder]).rows[-3:] == (
        ("a", None, None, None, None, None, None),
        ("b", 0.6, None, None, 0.7, None, None),
        ("c", 0.7, None, None, None, None, None),
    )


def test_what_is_beside_stands_in_the_table_and_what_it_leaves_below_it():
    ladder = beside()
    table = tables.evidence([ladder])
    assert table.rows[-1] == ("first principal component", 0.98, None, 0.94, 0.99, None, None)
    assert len(table.rows) == 4  # the observation and two nulls above it
    end = "Observed less first principal component, 95 % interval: −0.060 to 0.010."
    assert table.note.endswith(end)
    assert alt_text.claim(ladder).endswith(
        "For comparison, first principal component: 0.980, 95 % interval 0.940 to 0.990; "
        "the observed is larger by −0.060 to 0.010 (95 % interval)."
    )


@pytest.mark.parametrize("text", documents.HOSTILE)
def test_no_markup_in_the_name_of_a_baseline_reaches_plotly(text):
    claim = documents.hostile(text)["claims"][0]
    (ladder,) = ladders(claim)
    assert ladder["beside"][0]["name"] == text
    said = json.dumps(drawn(ladder), ensure_ascii=False)
    assert not re.search("[<&](?!\u2060)", said)
    assert not re.search("%{", said)


def test_shares_sum_to_one_for_every_null():
    claim = documents.sample()["claims"][2]
    for share in histograms.null_bins(claim).shares:
        assert share.sum() == pytest.approx(1)


def test_rounding_is_shown_on_the_scale_of_correlations():
    claim = documents.sample()["claims"][1]
    found = histograms.null_bins(claim)
    assert (found.edges[0], found.edges[-1]) == (0, 1)
    assert found.shares[0][0] == 1


def test_absent_scores_are_left_out():
    found = histograms.class_bins([0.1, None, 0.3, 0.2], ["a", "a", "b", "b"], ["a", "b"])
    assert found.sizes == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("text", documents.HOSTILE)
def test_no_markup_of_a_user_reaches_plotly(text):
    found = scatter.portrait(documents.hostile(text)["portrait"], False)
    said = json.dumps(found, ensure_ascii=False)
    assert not re.search("[<&%](?!\u2060)", said)
    assert said.count("\u2060") > 0 or not set(text) & set("<&%")
    traces = [trace for figure in found.values() for trace in figure["data"]]
    assert all("hovertemplate" not in trace for trace in traces)
