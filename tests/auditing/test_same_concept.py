"""Two sets of labels for one idea."""

import json

import numpy as np
import pytest

from nullprobe import InputError, SameConcept, same_concept
from nullprobe.claims import Holds

FEW = {"draws": 39, "n_splits": 1, "independent": True}


def annotated(seed, n=2000, d=6, strict=0.0):
    """Return rows, and two annotators' noisy labels of the same feature, one stricter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    first = X[:, 0] + rng.normal(size=n) > 0
    second = X[:, 0] + rng.normal(size=n) > strict
    return X, first, second


@pytest.mark.slow
def test_two_annotators_of_one_thing_are_not_told_apart_however_strict_one_is():
    for strict in (0.0, 0.3):
        X, first, second = annotated(0, strict=strict)
        found = same_concept(X, first, second, **FEW)
        assert found.holds is not Holds.NO
        assert found.differing == (first != second).sum()
        assert 0.2 < found.kappa < found.agreement


@pytest.mark.slow
def test_a_proxy_that_reads_something_else_is_told_apart():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(800, 6))
    thing = X[:, 0] + 0.5 * rng.normal(size=800) > 0
    proxy = X[:, 0] + X[:, 1] + 0.5 * rng.normal(size=800) > 0
    found = same_concept(X, thing, proxy, names=("thing", "proxy"), **FEW)
    assert found.holds is Holds.NO
    assert found.crossed["thing", "thing"].value > found.crossed["proxy", "thing"].value
    assert "fitted to proxy, scored on thing" in str(found)
    assert repr(found).startswith("SameConcept(no, agreement")
    assert set(found.audit.provenance["classes"]) == {"thing", "proxy"}


@pytest.mark.slow
def test_wrong_alarms_are_as_rare_as_alpha():
    wrong = sum(same_concept(*annotated(s, n=160), **FEW).holds is Holds.NO for s in range(10))
    assert wrong <= 3  # at .05, 1 in 1,000 samples has more


@pytest.mark.slow
def test_groups_stay_whole():
    X, first, second = annotated(2, n=600)
    groups = np.arange(600) // 4
    found = same_concept(X, first, second, groups=groups, **{**FEW, "independent": False})
    assert found.audit.provenance["groups"] > 0


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (["a", "b"] * 20, ["a", "b"] * 20, "must differ in some rows"),
        (["a", "b"] * 20, ["a", "c"] * 20, "the same two classes"),
        (["a", "b", "c", "a"] * 10, ["a", "b"] * 20, "two classes each"),
        (list(np.linspace(0, 1, 40)), ["a", "b"] * 20, "one has numbers"),
        (["a", "b"] * 20, ["b", "a"] + ["a", "b"] * 19, "needs at least"),
    ],
)
def test_what_cannot_be_asked_is_refused(first, second, said):
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(InputError, match=said):
        same_concept(X, first, second, **FEW)


def test_labels_that_are_a_part_of_others_are_refused_in_words():
    rng = np.random.default_rng(0)
    X, thing = rng.normal(size=(200, 3)), np.arange(200) % 2 == 0
    with pytest.raises(InputError, match="rows that differ, only 'first' says so"):
        same_concept(X, thing, thing & (rng.random(200) < 0.5))


@pytest.fixture(scope="module")
def compared():
    X, first, second = annotated(3, n=400)
    return same_concept(X, first, second, names=("a", "b"), **FEW)


@pytest.mark.slow
def test_a_result_is_read_back_as_the_same(compared, tmp_path):
    text = compared.to_json()
    again = SameConcept.from_json(text)
    assert again == compared
    assert again.to_json() == text
    assert str(again) == str(compared)
    assert again.audit == compared.audit
    assert again.crossed["a", "b"].interval == pytest.approx(
        compared.crossed["a", "b"].interval, rel=1e-5
    )
    compared.to_json(tmp_path / "same.json")
    assert SameConcept.from_json(tmp_path / "same.json") == compared
    for path, one in (("a.html", compared), ("b.html", again)):
        one.to_html(tmp_path / path)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert compared != "same"
    X, first, second = annotated(4, n=400)
    assert compared != same_concept(X, first, second, names=("a", "b"), **FEW)


def _without(key):
    return lambda fields: fields.pop(key)


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        (_without("kappa"), "kappa"),
        (_without("audit"), "audit"),
        (lambda fields: fields.update(schema="nullprobe.audit/4"), "schema"),
        (lambda fields: fields.update(schema="nullprobe.same_concept/2"), "schema"),
        (lambda fields: fields.update(holds="perhaps"), "holds"),
        (lambda fields: fields.update(names=["a", "c"]), "crossed"),
        (lambda fields: fields["crossed"].pop(), "crossed"),
        (lambda fields: fields["audit"]["claims"].pop(), "readable"),
    ],
)
def test_a_broken_document_is_refused_in_words(broken, where, compared):
    fields = json.loads(compared.to_json())
    broken(fields)
    with pytest.raises(InputError) as refused:
        SameConcept.from_json(json.dumps(fields))
    assert where in refused.value.received


def test_what_is_no_document_is_refused_in_words(compared, tmp_path):
    text = compared.to_json()
    path = tmp_path / "half.json"
    path.write_text(text[: len(text) // 2], "utf-8")
    several = json.dumps([json.loads(text)] * 2)
    for source in (path, tmp_path / "none.json", several, compared.audit.to_json(), "[3]"):
        with pytest.raises(InputError):
            SameConcept.from_json(source)


@pytest.mark.slow
def test_no_baseline_is_missed_where_none_can_be_passed(tmp_path):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    found = same_concept(X, X[:, 0] > 0, X[:, 0] + 2 * X[:, 1] > 0, **FEW)
    found.to_html(tmp_path / "same.html")
    texts = (tmp_path / "same.html").read_text("utf-8"), found.to_json(), str(found)
    assert found.audit["readable"].holds is Holds.YES
    assert all("no baseline was passed" not in text for text in texts)
    assert "takes no baselines" in found.audit["readable"].explanations[-1].reason


def test_two_sets_of_one_name_are_refused():
    X, first, second = annotated(0, n=200)
    with pytest.raises(InputError, match="'a' is there twice"):
        same_concept(X, first, second, names=("a", "a"), **FEW)


def test_swapped_classes_are_named_and_others_are_not():
    X, first, second = annotated(0, n=600)
    swapped = same_concept(X, first, ~second, **FEW)
    assert len(swapped.findings) == 3
    assert "swap the two classes" in swapped.findings[2]
    assert SameConcept.from_json(swapped.to_json()).findings == swapped.findings
    assert len(same_concept(X, first, second, **FEW).findings) == 2
