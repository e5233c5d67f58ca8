"""Document: plain values, six digits, nothing undefined, and files that are whole or not there."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import documents
from support.documents import SNAKE, keys
from support.pipeline import FEW, RAW

from nullprobe import Audit, InputError, Layers, audit, worlds
from nullprobe.auditing.document import claim_document, claim_of, document
from nullprobe.claims import Claim, Explanation, Holds, Outcome
from nullprobe.data.metric import Metric
from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.document import write_json
from nullprobe.report.text import tables
from nullprobe.stats.null_distribution import Null

OLD = Path(__file__).parent / "data"  # written by version 2


def plain(value):
    if isinstance(value, dict):
        return all(type(k) is str and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


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


@pytest.mark.slow
@pytest.mark.parametrize("made", [left_out, columns, paired, "grouped"])
def test_every_key_of_a_document_is_in_snake_case(made, request):
    found = request.getfixturevalue(made) if made == "grouped" else made()
    wrong = [key for key in keys(found.document().plain()) if not SNAKE.fullmatch(key)]
    assert wrong == []


@pytest.mark.slow
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


@pytest.mark.slow
def test_another_audit_is_not_the_same(grouped):
    assert grouped != replace(grouped, title="other")
    assert grouped != replace(grouped, claims=grouped.claims[:1])
    assert grouped != "audit"


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("no such file.json", "no such file"),
        ("{", "JSON"),
        ("[]", "with one audit, but it has 0"),
        ("[1]", "AuditDocument"),
        ('{"schema": "nullprobe.audit/4"}', "title"),
        ('{"schema": "nullprobe.audit/3"}', "no readable 'claims'"),
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
    with pytest.raises(InputError, match="'another: layer: 0' is the name of two"):
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


def test_a_theorem_has_draws_and_no_p_value():
    """Others have one; so do tables of a document that was written with one."""
    for claim in documents.all_claims():
        shown = claim_document(claim)
        frame = claim.to_frame("nulls")
        for null, p in zip(shown["nulls"], frame["p_value"], strict=True):
            is_theorem = null["metric"]["kind"] == "residual"
            assert null["values"]
            assert (null["p_value"] is None) is (null["p_interval"] is None) is is_theorem
            assert bool(np.isnan(p)) is is_theorem
            null["p_value"] = 1.0
        if shown["nulls"] and shown["metric"]["kind"] == "residual":
            table = tables.evidence([shown])
            assert [row[-1] for row in table.rows[1:]] == [None] * len(shown["nulls"])
            assert [row[-2] for row in table.rows[1:]] == [len(n["values"]) for n in shown["nulls"]]
