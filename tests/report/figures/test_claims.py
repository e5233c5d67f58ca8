"""Own figures: the curve of removals and the matrices of groups, drawn and said as they are."""

import json
import re

import numpy as np
import pytest
from support import documents

from nullprobe.data.metric import Metric
from nullprobe.report.document import plain
from nullprobe.report.figures import claims
from nullprobe.report.text import alt_text, tables


def curve(**changed):
    return plain(documents.curve() | changed)


def matrix(groups, metric=documents.AUC, key="read"):
    found = plain(documents.matrices(groups, metric))
    return found, claims.matrix(found["groups"], found[key], found["metric"], "fitted")


def test_the_curve_is_drawn_with_its_intervals_over_the_band():
    found = curve()
    band, middle, chance, observed = claims.curve(found)["data"]
    n = len(found["values"])
    assert band["x"] == [*range(n), *reversed(range(n))]
    assert band["y"] == found["low"] + found["high"][::-1]
    assert band["fill"] == "toself"
    assert middle["y"] == found["middle"]
    assert chance["y"] == [0.5, 0.5]
    assert observed["y"] == found["values"]
    for key in ("array", "arrayminus"):
        assert observed["error_y"][key] == pytest.approx([0.03] * n)
    assert (band["meta"]["ink"], observed["meta"]["ink"]) == ("rung-moments", "ink")


def test_all_of_the_curve_fits_into_its_picture():
    found = curve()
    low, high = claims.curve(found)["layout"]["yaxis"]["range"]
    assert low < min([0.5, *found["low"], *(a for a, _ in found["intervals"])])
    assert high > max([*found["high"], *(b for _, b in found["intervals"])])


def test_chance_of_a_numeric_concept_is_nothing_explained():
    found = curve(metric=Metric("R²", 0.0), values=np.array([0.5, 0.1, -30.0, 0.0]))
    figure = claims.curve(found)
    assert figure["data"][2]["y"] == [0.0, 0.0]
    # A prediction far worse than the mean does not press the rest together.
    assert figure["layout"]["yaxis"]["range"][0] > -1.2


def test_what_is_undefined_leaves_a_gap_in_the_curve():
    nothing = np.array([[np.nan, np.nan]] * 4)
    values = np.array([0.9, np.nan, 0.7, 0.5])
    found = curve(intervals=nothing, values=values, low=values, high=values)
    band, _, _, observed = claims.curve(found)["data"]
    assert band["x"] == [0, 2, 3, 3, 2, 0]
    assert observed["y"][1] is None
    assert observed["error_y"]["array"] == [0.0] * 4
    assert "0.900 before any removal" in alt_text.curve(found)
    assert tables.curve(found).has_gaps


def test_where_the_curve_leaves_its_band_is_said():
    assert alt_text.curve(curve()) == (
        "Held-out AUC 0.900 before any removal and 0.500 after 3 removals. It lies above where "
        "95 % of the draws lie (same class means and covariances) after 2 removals."
    )
    inside = curve(values=documents.curve()["middle"])
    assert "stays where 95 % of the draws lie" in alt_text.curve(inside)


def test_a_curve_of_one_point_is_drawn_and_said():
    one = {key: value if key in ("metric", "rung") else value[:1] for key, value in curve().items()}
    assert len(claims.curve(one)["data"][-1]["y"]) == 1
    assert alt_text.curve(one).startswith("Held-out AUC 0.900 before any removal. It stays")


def test_the_table_of_the_curve_holds_its_numbers():
    found = curve()
    table = tables.curve(found)
    assert len(table.columns) == len(table.rows[0]) == 7
    assert table.rows[2] == ("2", 0.75, 0.72, 0.78, 0.55, 0.6, 0.65)


def test_a_matrix_has_rows_where_fitted_and_columns_where_scored():
    found, figure = matrix("abc")
    (trace,) = figure["data"]
    assert trace["z"] == found["read"]
    assert trace["hovertext"][0][2] == "fitted in a, scored in c: 0.602"
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"  # as in the table: first on top
    assert figure["layout"]["yaxis"]["title"]["text"] == "fitted in"
    assert figure["layout"]["xaxis"]["title"]["text"] == "scored in"
    assert tables.matrix(found["groups"], found["read"], "").rows[0] == ("a", *found["read"][0])


def test_matrices_of_one_unit_share_their_scale():
    for unit, chance in (("AUC", 0.5), ("macro AUC", 0.5), ("R²", 0.0)):
        for key in ("read", "erased"):
            (trace,) = matrix("ab", Metric(unit, chance), key)[1]["data"]
            assert (trace["zmin"], trace["zmax"]) == (chance, 1.0)


@pytest.mark.parametrize(("n_groups", "first"), [(2, "0.90"), (6, "0.90"), (7, ".90"), (12, ".90")])
def test_numbers_are_written_into_the_cells(n_groups, first):
    (trace,) = matrix([f"group {i}" for i in range(n_groups)])[1]["data"]
    assert trace["text"][0][0] == first
    assert np.shape(trace["text"]) == (n_groups, n_groups)
    assert not trace["showscale"]


def test_many_groups_have_a_scale_in_place_of_numbers():
    (trace,) = matrix([f"group {i}" for i in range(13)])[1]["data"]
    assert "text" not in trace
    assert trace["showscale"]


def test_a_matrix_is_said_by_its_diagonal_and_its_extremes():
    found = plain(documents.matrices("abc"))
    assert alt_text.matrix(found["groups"], found["read"], "AUC") == (
        "AUC, 3 groups: within a group from 0.900 to 0.902; from one to another from 0.600 "
        "(“b” to “a”) to 0.602 (“b” to “c”)."
    )
    assert "no reading" in alt_text.matrix(["a", "b"], [[None, None], [None, None]], "AUC")


@pytest.mark.parametrize("text", documents.HOSTILE)
def test_no_markup_in_the_name_of_a_group_reaches_plotly(text):
    said = json.dumps(matrix([text, text + "!"])[1], ensure_ascii=False)
    said = said.replace("%{text}", "")  # ours, filled with numbers
    assert not re.search("[<&%](?!\u2060)", said)
    assert "hovertemplate" not in said
