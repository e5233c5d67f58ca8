"""Document: plain values, six digits, nothing undefined, and files that are whole or not there."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import documents
from support.pipeline import FEW, RAW

from nullprobe import Audit, InputError, Layers, audit, worlds
from nullprobe.auditing.document import claim_of, document
from nullprobe.auditing.upgrade import upgraded
from nullprobe.claims import Claim, Explanation, Holds, Outcome
from nullprobe.claims.observation import Beside
from nullprobe.data.metric import Metric
from nullprobe.report.document import AUDIT, AuditDocument, write_json
from nullprobe.stats.null_distribution import Null

OLD = Path(__file__).parent / "data"  # written by version 2
SNAKE = re.compile("[a-z][a-z0-9_]*")


def plain(value):
    if isinstance(value, dict):
        return all(type(k) is str and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


def keys(value, skipped=("classes", "versions", "agreements", "parts_read_by", "left_out")):
    """Yield all keys of a document, but for those that are names of a user's."""
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from () if key in skipped else keys(inner)


@pytest.fixture(scope="module")
def grouped():
    """Return an audit with groups and a baseline, and both claims that have pictures."""
    w = worlds.shared(n=90, d=3, n_groups=3, random_state=0)
    asked = ["readable", "one_direction", "one_feature", "transfers"]
    options = {"groups": w.groups, "baselines": {"first": w.X[:, :1]}, "claims": asked, **FEW}
    return audit(w.X, np.where(w.y == 1, "yes", "no"), **options)


def left_out():
    X = np.random.default_rng(0).normal(size=(48, 1))
    return audit(X, X[:, 0] + 0.5, groups=np.arange(48) // 2, **FEW)


def columns():
    X = np.random.default_rng(0).normal(size=(60, 3))
    return audit(X, X[:, :2] + 0.5, claims=["readable"], **FEW)


def paired():
    w = worlds.distractor(n=48, d=8, random_state=0)
    return audit(w.pairs, others={"sentiment": w.distractor}, claims=["consistent"], **FEW)


def test_a_document_holds_plain_values_only():
    found = documents.sample()
    assert plain(found)
    assert found["schema"] == AUDIT
    assert found["claims"][0]["holds"] == "yes"
    assert found["claims"][0]["takes"] == "undecided"
    assert found["claims"][0]["comes_from"] == "training"
    assert "fact_about" not in found["claims"][0]  # it follows from the two


@pytest.mark.parametrize("made", [left_out, columns, paired, "grouped"])
def test_every_key_of_a_document_is_in_snake_case(made, request):
    found = request.getfixturevalue(made) if made == "grouped" else made()
    wrong = [key for key in keys(found.document().plain()) if not SNAKE.fullmatch(key)]
    assert wrong == []


@pytest.mark.parametrize("made", [left_out, columns, paired, "grouped"])
def test_an_audit_is_read_back_as_the_same(made, request, tmp_path):
    found = request.getfixturevalue(made) if made == "grouped" else made()
    text = found.to_json()
    again = Audit.from_json(text)
    assert again == found
    assert again.to_json() == text
    assert str(again) == str(found)
    found.to_json(tmp_path / "audit.json")
    assert Audit.from_json(tmp_path / "audit.json") == found
    for path, one in (("a.html", found), ("b.html", again)):
        one.to_html(tmp_path / path)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_another_audit_is_not_the_same(grouped):
    assert grouped != replace(grouped, title="other")
    assert grouped != replace(grouped, claims=grouped.claims[:1])
    assert grouped != "audit"


def test_layers_are_read_back_as_the_same():
    w = worlds.gaussian(n=60, d=3, random_state=0)
    found = audit({"whole": w.X, "a: part": w.X[:, :1]}, w.y, title="a: model", **RAW)
    again = Layers.from_json(found.to_json())
    assert again == found
    assert list(again.audits) == ["whole", "a: part"]
    claim, copy = found["whole"]["readable"], again["whole"]["readable"]
    assert copy.p_value == claim.p_value
    assert copy.nulls[0].p_value(claim.observed) == claim.p_value
    assert copy.adjusted_p == pytest.approx(claim.adjusted_p, rel=1e-5)  # for both representations
    alone = audit({"one": w.X}, w.y, **RAW)
    assert Layers.from_json(alone.to_json()) == alone


def test_a_claim_survives_as_a_document_whatever_it_shows():
    for claim in documents.all_claims():
        found = document("t", [claim], None, None, None, documents.PROVENANCE).claims[0].plain()
        (again,) = document(
            "t", [claim_of(found)], None, None, None, documents.PROVENANCE
        ).claims  # fmt: skip
        assert again.plain() == found
        copy = claim_of(found)
        assert (copy.takes, copy.comes_from) == (claim.takes, claim.comes_from)
        assert copy.fact_about is claim.fact_about


def test_adjusted_p_values_and_their_intervals_survive_as_a_document():
    claim = documents.claims()[0]
    drawn = replace(claim.nulls[0], adjusted=0.034)
    tried = Explanation("chance", Outcome.REJECTED, "", 0.01, 0.034, (0.4, 0.5))
    claim = replace(claim, nulls=(drawn,), explanations=(tried,))
    (found,) = document("t", [claim], None, None, None, documents.PROVENANCE).plain()["claims"]
    assert found["adjusted_p"] == found["nulls"][0]["adjusted_p"] == 0.034
    low, high = found["nulls"][0]["p_interval"]
    assert low <= found["nulls"][0]["p_value"] <= high
    (one,) = found["explanations"]
    assert one == {
        "name": "chance", "outcome": "rejected", "reason": "", "p_value": 0.01,
        "adjusted_p": 0.034, "difference": [0.4, 0.5],
    }  # fmt: skip
    copy = claim_of(found)
    assert copy.explanations == (tried,)
    assert (copy.adjusted_p, copy.nulls[0].judged_p(claim.observed)) == (0.034, 0.034)
    rounded = json.loads(json.dumps(found))
    assert claim_of(rounded).nulls[0].p_interval(found["observed"]) == (low, high)


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
        assert before["portrait"] == after["portrait"]
        for one, other in zip(before["claims"], after["claims"], strict=True):
            for key in ("name", "holds", "observed", "interval", "p_value", "beside"):
                assert one[key] == other[key]
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
        beside = Beside("inputs", "words", 0.9, (0.88, 0.92), gain)
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


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("no such file.json", "no such file"),
        ("{", "JSON"),
        ("[]", "there are 0"),
        ("[1]", "AuditDocument"),
        ('{"schema": "nullprobe.audit/4"}', "title"),
        ('{"schema": "nullprobe.audit/3"}', "as nullprobe wrote it"),
    ],
)
def test_what_is_no_audit_is_refused(source, field):
    with pytest.raises(InputError, match=field):
        Audit.from_json(source)


def test_layers_of_two_data_sets_keep_their_names_apart():
    one = Layers.from_json(OLD / "layers-2.json").audits.values()
    other = [replace(audit, title="another") for audit in one]
    text = write_json(None, [audit.document() for audit in (*one, *other)])
    found = Layers.from_json(text)
    assert len(found) == 4
    assert found["another: layer: 1"].title == "another"
    with pytest.raises(InputError, match="'another: layer: 0' is there twice"):
        Layers.from_json(write_json(None, [audit.document() for audit in (*other, *other)]))


def test_one_audit_is_not_several():
    both = Layers.from_json(OLD / "layers-2.json").to_json()
    with pytest.raises(InputError, match="Layers.from_json"):
        Audit.from_json(both)


def test_a_document_survives_json():
    found = documents.sample()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_floats_keep_six_digits():
    found = documents.sample(scores={"raw": np.full(60, np.pi), "erased": np.full(60, 1e-20 / 3)})
    assert found["scores"]["raw"][0] == 3.14159
    assert found["scores"]["erased"][0] == 3.33333e-21


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_absent(value):
    tried = Explanation("chance", Outcome.UNDECIDED, "", None, None, (value, 1.0))
    claim = Claim("readable", "It reads.", Holds.UNCLEAR, (tried,), value,
                  Metric("AUC", 0.5), (value, 1.0),
                  (Null("chance", "drawn", np.array([value, 1.0])),), value, "why",
                  value, {"more": value})  # fmt: skip
    scores = {"raw": np.array([value]), "erased": np.array([value])}
    with np.errstate(invalid="ignore"):
        found = document(
            "t", [claim], None, scores, np.array([value]), documents.PROVENANCE
        ).plain()  # fmt: skip
    (shown,) = found["claims"]
    assert shown["observed"] is shown["p_value"] is shown["detectable"] is None
    assert shown["interval"] == shown["explanations"][0]["difference"] == [None, 1.0]
    assert shown["nulls"][0]["p_interval"] is None
    assert shown["details"] == {"more": None}
    assert shown["nulls"][0]["values"] == [None, 1.0]
    assert found["scores"] == {"labels": [None], "raw": [None], "erased": [None]}
    assert found["portrait"] is None


def test_labels_of_the_portrait_are_those_of_its_rows():
    found = documents.sample(labels=["a", "b", "c"], n=9)
    assert found["portrait"]["labels"] == ["a", "b", "c"] * 3


def models(*titles):
    return [AuditDocument.model_validate(documents.sample(title)) for title in titles]


def test_one_document_is_written_as_itself_and_several_as_a_list(tmp_path):
    one, two = models("one", "two")
    write_json(tmp_path / "one.json", [one])
    write_json(tmp_path / "both.json", [one, two])
    assert json.loads((tmp_path / "one.json").read_text("utf-8")) == one.plain()
    assert json.loads((tmp_path / "both.json").read_text("utf-8")) == [one.plain(), two.plain()]


def test_the_same_documents_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_json(tmp_path / name, models("data"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "audit.json"
    path.write_text("before")

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="full"):
        write_json(path, models("data"))
    monkeypatch.undo()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["audit.json"]
