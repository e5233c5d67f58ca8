"""Upgrade: files of earlier versions are read, and judged anew by the draws that they hold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import documents
from support.documents import SNAKE, keys

from nullprobe import Audit, InputError, Layers
from nullprobe.auditing.upgrade import upgraded
from nullprobe.claims import Holds
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.data.metric import Metric
from nullprobe.report.audit_document import AUDIT
from nullprobe.stats.null_distribution import Null

OLD = Path(__file__).parent / "data"  # written by version 2


@pytest.mark.parametrize("name", ["layers-2.json", "numbers-2.json", "pairs-2.json"])
def test_files_of_version_2_are_read(name):
    old = json.loads((OLD / name).read_text("utf-8"))
    old = old if isinstance(old, list) else [old]
    found = Layers.from_json(OLD / name)
    new = [one.plain() for one in found.documents()]
    assert len(new) == len(old)
    for before, after in zip(old, new, strict=True):
        assert after["schema"] == AUDIT
        assert before["title"] in (
            after["title"], f"{after['title']}: {after['representation']}"
        )  # fmt: skip
        assert before["scores"] == after["scores"]
        drawn, added = after["portrait"], after["portrait"].keys() - before["portrait"].keys()
        assert before["portrait"] == {key: drawn[key] for key in before["portrait"]}
        assert [drawn[key] for key in added] == [None] * 3
        for one, other in zip(before["claims"], after["claims"], strict=True):
            for key in ("name", "holds", "observed", "interval", "p_value"):
                assert one[key] == other[key]
            for old_one, new_one in zip(one["beside"], other["beside"], strict=True):
                assert old_one == {key: new_one[key] for key in old_one}
            assert one["smallest_effect"] == other["detectable"]
            assert one["unit"] == other["metric"]["name"]
            names = [each["name"] for each in other["explanations"]]
            assert {null["rung"] for null in other["nulls"]} <= set(names)
            assert len(names) == len(set(names))
            assert [null["values"] for null in one["nulls"]] == [
                null["values"] for null in other["nulls"]
            ]
        assert [key for key in keys(after) if not SNAKE.fullmatch(key)] == []
    assert Layers.from_json(found.to_json()) == found


def third(claim, fact_about, bar=(0.05, 0.05)):
    """Return a document of version 3 with one claim, as that version wrote it."""
    found = documents.sample(claims=[claim])
    (written,) = found["claims"]
    for key in ("takes", "comes_from", "explanations", "adjusted_p"):
        del written[key]
    for null in written["nulls"]:
        null["over_representations"] = null.pop("adjusted_p") is not None
        del null["p_interval"]
    if written["curve"] is not None:
        del written["curve"]["rung"]
    written["fact_about"] = fact_about
    found["provenance"] |= dict(zip(("alpha", "min_effect"), bar, strict=True))
    return {**found, "schema": "nullprobe.audit/3"}


def draws(rung, mean, sd, m=199):
    spread = np.linspace(-2, 2, m)
    return Null(rung, rung, mean + sd * spread / spread.std(ddof=1))


CASES = {
    "what was not rejected is not credited": (
        "moments", [("chance", 0.5, 0.01), ("moments", 0.6, 0.05)], "undecided"
    ),
    "what is enough is credited": (
        "moments", [("chance", 0.5, 0.01), ("moments", 0.61, 0.01)], "moments"
    ),
    "all that was tried being rejected, it is undecided": (
        "representation", [("chance", 0.5, 0.01), ("moments", 0.4, 0.01)], "undecided"
    ),
    "nothing but chance was tried": ("representation", [("chance", 0.5, 0.01)], "undecided"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_files_of_version_3_are_judged_anew_by_their_draws(case):
    about, nulls, takes = CASES[case]
    drawn = tuple(draws(*null) for null in nulls)
    written = documents.claims()[2]
    claim = replace(written, nulls=drawn, p_value=drawn[0].p_value(written.observed))
    old = json.dumps(third(claim, about))
    found = Audit.from_json(old)["erasure_holds"]
    assert (found.holds, found.takes, found.comes_from) == (Holds.NO, takes, "not_tried")
    assert found.p_value == pytest.approx(claim.p_value)
    for null, one in zip(drawn, found.explanations, strict=False):
        assert one.name == null.rung
        assert one.difference == pytest.approx(null.difference(written.observed, 0.9), rel=1e-4)
        assert one.p_value == pytest.approx(null.p_value(written.observed))
    untried = {one.name for one in found.explanations if one.outcome == "not_tried"}
    assert untried == {"moments", "noise", "inputs", "architecture"} - {n.rung for n in drawn}
    again = Audit.from_json(Audit.from_json(old).to_json())
    assert again == Audit.from_json(old)


@pytest.mark.parametrize("claim", documents.all_claims(), ids=lambda claim: claim.name)
def test_every_claim_of_version_3_is_read(claim):
    about = "linear_algebra" if claim.name == "one_direction" else "representation"
    found = Audit.from_json(json.dumps(third(claim, about)))[claim.name]
    assert (found.holds, found.observed) == (claim.holds, claim.observed)
    assert {one.name for one in found.beside} == {one.name for one in claim.beside}
    assert found.comes_from == "not_tried"
    if claim.name == "one_direction":
        assert found.takes == "linear_algebra"
        assert len(found.explanations) == 1


def test_p_values_over_representations_of_version_3_are_adjusted_ones():
    claim = documents.claims()[2]
    nulls = tuple(replace(null, adjusted=0.5) for null in claim.nulls)
    found = Audit.from_json(json.dumps(third(replace(claim, nulls=nulls), "moments")))
    for null in found["erasure_holds"].nulls:
        assert null.adjusted == null.p_value(claim.observed)


def test_a_baseline_of_version_3_that_read_as_much_is_an_input():
    claim = documents.claims()[0]
    for gain, source in (((-0.02, 0.03), "inputs"), ((0.1, 0.2), "undecided")):
        beside = SimplerReading("inputs", "words", 0.9, (0.88, 0.92), gain)
        old = json.dumps(third(replace(claim, beside=(beside,)), "inputs"))
        assert Audit.from_json(old)["readable"].comes_from == source


@pytest.mark.parametrize("version", [2, 3])
def test_a_broken_file_of_an_earlier_version_is_refused(version):
    schema = {"schema": f"nullprobe.audit/{version}"}
    whole = third(documents.claims()[0], "representation") | schema
    for broken in ({"claims": None}, {"claims": [{}]}, {"provenance": 3}):
        with pytest.raises(InputError):
            Audit.from_json(json.dumps(whole | broken))


def test_what_version_2_left_in_strings_is_a_field():
    layers = Layers.from_json(OLD / "layers-2.json")
    assert list(layers.audits) == ["layer: 0", "layer: 1"]
    one = layers["layer: 1"]
    assert (one.title, one.concept, one.rows) == ("a world: y", "labels", "rows")
    assert one["readable"].metric == Metric("AUC", 0.5)
    assert one["one_direction"].metric.kind == "residual"
    assert one["one_feature"].metric.kind == "departure"
    assert one["transfers"].shown["matrices"]["metric"] == Metric("AUC", 0.5)
    assert one["transfers"].nulls[1].rung == "random_subspaces"
    assert "in_sample_before_shuffled" in one["one_direction"].details
    numbers = Audit.from_json(OLD / "numbers-2.json")
    assert (numbers.concept, numbers["readable"].metric) == ("numeric", Metric("R²", 0.0))
    assert numbers["gone"].details["parts_read_by"] == {"none, nothing being left": 3}
    assert list(numbers.left_out) == ["transfers"]
    pairs = Audit.from_json(OLD / "pairs-2.json")
    assert pairs.rows == "pair_differences"
    assert list(pairs["consistent"].details["agreements"]) == ["sentiment"]
    assert pairs.provenance["other_labels"] == ["sentiment"]


def test_a_document_of_today_is_not_upgraded():
    found = documents.sample()
    assert upgraded(found) == found
