"""What the calibration study counts as an error, its tests, and its page."""

import json

import judge
import pytest
from cells import Cell, Truth, nothing, shifted
from page import page
from scipy.stats import binomtest


def verdict(holds, takes="undecided", comes_from="not_tried", **outcomes):
    explanations = [[name, outcome, None, None] for name, outcome in outcomes.items()]
    return {
        "holds": holds,
        "takes": takes,
        "comes_from": comes_from,
        "explanations": explanations,
    }


SHIFT, GAUSSIAN = shifted("erasure_holds", "t3"), shifted("erasure_holds", "gaussian")
READ, LEFT = shifted("readable", "t3"), Truth("structure", 0.1, (("no", "structure"),))

FROM, OTHER = (Truth("moments", 0.1, (("yes", None),), source) for source in ("inputs", "unknown"))


@pytest.mark.parametrize(
    ("claim", "truth", "found", "expected"),
    [
        ("readable", nothing("readable"), verdict("yes"), "presence"),
        ("readable", nothing("readable"), verdict("no", "chance", chance="sufficient"), None),
        ("erasure_holds", nothing("erasure_holds"), verdict("no", "moments"), "presence"),
        ("no_halfspace", nothing("no_halfspace"), verdict("no"), "presence"),
        ("gone", nothing("gone"), verdict("yes", "chance"), None),
        ("gone", nothing("gone"), verdict("unclear"), None),
        ("one_feature", nothing("one_feature"), verdict("no", "structure"), "presence"),
        ("one_feature", nothing("one_feature"), verdict("yes", "moments"), "presence"),
        ("transfers", nothing("transfers"), verdict("yes"), "presence"),
        ("transfers", Truth("carries", 0.1), verdict("no"), "direction"),
        ("transfers", Truth("tilted", 0.1), verdict("yes"), "direction"),
        ("transfers", Truth("tilted", 0.1), verdict("unclear"), None),
        ("erasure_holds", SHIFT, verdict("no", "structure", noise="rejected"), "above"),
        ("erasure_holds", SHIFT, verdict("no", "noise", moments="rejected"), None),
        ("erasure_holds", GAUSSIAN, verdict("no", "noise", moments="rejected"), "above"),
        ("erasure_holds", GAUSSIAN, verdict("no", "noise", moments="undecided"), None),
        ("erasure_holds", GAUSSIAN, verdict("no", "moments"), None),
        ("erasure_holds", GAUSSIAN, verdict("yes", "chance", chance="sufficient"), None),
        ("readable", READ, verdict("no", "chance"), "absence"),
        ("readable", READ, verdict("yes", "undecided", chance="rejected"), None),
        ("readable", READ, verdict("yes", "moments", comes_from="training"), "source"),
        ("readable", FROM, verdict("yes", comes_from="inputs"), None),
        ("readable", OTHER, verdict("yes", comes_from="inputs"), "source"),
        ("readable", OTHER, verdict("yes", comes_from="undecided"), None),
        ("readable", OTHER, verdict("yes", inputs="sufficient"), "source"),
        ("readable", OTHER, verdict("yes", inputs="rejected"), None),
        ("readable", FROM, verdict("yes", inputs="rejected"), "source"),
        ("readable", FROM, verdict("yes", inputs="undecided"), None),
        ("readable: alone", nothing("readable"), verdict("yes"), "presence"),
        ("no_halfspace", LEFT, verdict("yes", "chance"), "absence"),
        ("no_halfspace", LEFT, verdict("unclear", chance="sufficient"), "absence"),
        ("no_halfspace", LEFT, verdict("no", "structure"), None),
        ("gone", Truth("moments", 0.01), verdict("yes", "chance", chance="sufficient"), None),
    ],
)
def test_an_error_is_what_says_more_or_less_than_is_true(claim, truth, found, expected):
    assert judge.error(claim, truth, found) == expected


def test_right_answers_may_name_what_it_takes():
    assert judge.is_right(LEFT, verdict("no", "structure"))
    assert not judge.is_right(LEFT, verdict("no", "moments"))
    assert judge.is_right(READ, verdict("yes", "undecided"))
    assert judge.is_right(FROM, verdict("yes", comes_from="inputs"))
    assert not judge.is_right(FROM, verdict("yes", comes_from="undecided"))


def test_adjusted_p_values_are_those_of_holm():
    assert judge.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert judge.holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(("wrong", "n"), [(0, 400), (10, 400), (400, 400)])
def test_upper_bounds_are_exact(wrong, n):
    exact = binomtest(wrong, n, alternative="less").proportion_ci(0.95, method="exact")
    assert judge.upper(wrong, n) == pytest.approx(exact.high)


def cells():
    level = Cell("level", "level", dict, {}, {"readable": nothing("readable")})
    power = Cell("power", "power", dict, {}, {"readable": READ}, before=(19, 20))
    return level, power


def row(cell, seed, found=None, **more):
    claims = {} if found is None else {"claims": {"readable": found}}
    return {
        "cell": cell,
        "seed": seed,
        "version": "0",
        "options": {},
        "seconds": 36.0,
        **claims,
        **more,
    }


def records(errors, refused=0, found=50):
    level = [row("level", s, verdict("yes" if s < errors else "unclear")) for s in range(100)]
    level += [row("level", 100 + s, refused="too few rows") for s in range(refused)]
    power = [row("power", s, verdict("yes" if s < found else "unclear")) for s in range(50)]
    return level + power


@pytest.mark.parametrize(("errors", "holds"), [(5, True), (10, True), (11, False)])
def test_a_cell_that_errs_too_often_fails_the_study(errors, holds):
    results = judge.judged(cells(), records(errors))
    line = results["lines"][0]
    assert line["wrong"] == errors
    assert line["p"] == pytest.approx(binomtest(errors, 100, 0.05, "greater").pvalue)
    assert line["adjusted_p"] == pytest.approx(min(1.0, 2 * line["p"]))
    assert results["passes"]["no cell errs too often"] == holds
    assert results["pooled"] == {
        "wrong": errors,
        "audited": 150,
        "upper": judge.upper(errors, 150),
    }


def test_refusals_and_failures_are_counted_and_are_no_verdicts():
    results = judge.judged(cells(), [*records(3, refused=7), row("level", 900, failed="E: x")])
    line = results["lines"][0]
    assert (line["audited"], line["refused"], line["failed"]) == (100, 7, 1)
    assert not results["passes"]["no audit failed"]
    assert results["audits"] == 158
    assert results["hours"] == pytest.approx(1.58)


@pytest.mark.parametrize(("found", "lost", "unclear"), [(40, False, False), (37, True, True)])
def test_lost_power_and_unclear_verdicts_are_marked(found, lost, unclear):
    results = judge.judged(cells(), records(0, found=found))
    line = results["lines"][1]
    assert (line["lost"], line["too_unclear"]) == (lost, unclear)
    assert results["passes"]["what was found is found"] != lost
    assert results["passes"]["sure cells are seldom unclear"] != unclear


def test_cells_without_records_are_named_and_fail():
    results = judge.judged(cells(), records(0)[:100])
    assert results["not_run"] == ["power"]
    assert not results["passes"]["every cell has all its seeds"]
    assert "power" in page(results)


def test_the_page_shows_every_count_of_truth_and_verdict():
    text = page(judge.judged(cells(), records(4, refused=7)))
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| readable")]
    chance = next(one for one in rows if one[1] == "chance" and one[2] == "107")
    assert {"4", "96", "7", "(4) |"} <= set(chance)
    assert "4/100 (0.040)" in text
    assert "50/50 (1.00)" in text


def test_the_committed_page_is_made_of_the_committed_results():
    results = json.loads(judge.RESULTS.read_text("utf-8"))
    assert judge.PAGE.read_text("utf-8") == page(results)
