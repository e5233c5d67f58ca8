"""load_result: every result that is written is read back as the same, and nothing else is."""

import json
import re

import numpy as np
import pytest
from polars.testing import assert_frame_equal
from support import documents, saved_results
from support.results import MADE

import nullprobe
from nullprobe import (
    Attributes,
    Audit,
    Calibration,
    Comparison,
    InputError,
    Layers,
    SameConcept,
    audit_attributes,
    calibrate,
    compare,
    compare_pairs,
    load_result,
    worlds,
)
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.studies import StudyResult

KINDS = pytest.mark.parametrize("kind", MADE, ids=lambda kind: kind.__name__)


def test_every_result_that_writes_json_is_made_here():
    writes = {
        one for name in nullprobe.__all__
        if isinstance(one := getattr(nullprobe, name), type) and hasattr(one, "to_json")
    }  # fmt: skip
    assert writes | {PairComparison, StudyResult} == set(MADE)


@KINDS
def test_a_result_is_read_back_as_the_same(kind, tmp_path):
    result = MADE[kind]()
    path = tmp_path / "result.json"
    result.to_json(path)
    text = path.read_text("utf-8")
    assert text == result.to_json()
    for again in (load_result(path), load_result(text), kind.from_json(path)):
        assert type(again) is kind
        assert again == result
        assert again.to_json() == text
        assert str(again) == str(result)
        one, two = (
            each.to_frame(kind="polars").drop("seconds", strict=False)  # a time is in no file
            for each in (again, result)
        )
        assert_frame_equal(one, two, rel_tol=1e-5)  # a file has six digits


@KINDS
def test_a_result_is_not_equal_to_another(kind):
    others = [make() for other, make in MADE.items() if other is not kind]
    assert all(MADE[kind]() != other for other in others)


@KINDS
@pytest.mark.parametrize("other", MADE, ids=lambda kind: kind.__name__)
def test_a_document_of_another_kind_names_the_right_class(kind, other):
    audits = (Audit, Layers, Attributes)
    if kind is other or (kind in audits and other in audits):
        return
    right = "Audit" if other in audits else other.__name__
    with pytest.raises(InputError) as caught:
        kind.from_json(MADE[other]().to_json())
    assert caught.value.required.startswith(f"{kind.__name__}.from_json")
    assert f"a document of {right}" in caught.value.received
    assert caught.value.hint == f"use {right}.from_json or nullprobe.load_result"


def test_audits_that_are_not_of_attributes_are_refused_as_such():
    with pytest.raises(InputError) as caught:
        Attributes.from_json(MADE[Layers]().to_json())
    assert "Layers.from_json" in caught.value.hint
    documents = json.loads(MADE[Attributes]().to_json())
    for missing in range(5):
        part = documents[:missing] + documents[missing + 1 :]
        with pytest.raises(InputError, match="Attributes.from_json"):
            load_result(json.dumps(part))


def test_files_of_versions_2_and_3_are_loaded():
    for path in sorted(saved_results.OLD.glob("*-2.json")):
        found = load_result(path)
        assert type(found) is (Layers if path.name == "layers-2.json" else Audit)
        assert found == Layers.from_json(path) or found in Layers.from_json(path).audits.values()
    third = saved_results.third()
    assert load_result(json.dumps(third)) == Audit.from_json(json.dumps(third))
    several = [{**third, "representation": name} for name in ("a", "b")]
    assert list(load_result(json.dumps(several))) == ["a", "b"]


def cut(text):
    return text[: len(text) // 2]


def changed(change):
    def damage(text):
        content = json.loads(text)
        change(content[0] if isinstance(content, list) else content)
        return json.dumps(content)

    return damage


def places(value, path=()):
    """Yield the path of each entry of a document that is no provenance or detail."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("provenance", "details"):
                yield (*path, key)
                yield from places(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from places(value[0], (*path, 0))


def inner(content, path):
    for key in path:
        content = content[key]
    return content


DAMAGES = {
    "cut": cut,
    "unknown key": changed(lambda d: d.update(more=1)),
    "no schema": changed(lambda d: d.pop("schema")),
    "a list": lambda text: f"[{text}, 1]",
    "NaN": lambda text: re.sub(r"\d+\.\d+(?=[,\n])", "NaN", text, count=1),
}


def first_claim(**fields):
    return changed(lambda d: d["claims"][0].update(fields))


OF_AUDITS = {
    "observed far outside": first_claim(observed=0.2),
    "an interval that ends before it begins": first_claim(interval=[0.97, 0.93]),
    "p above 1": first_claim(p_value=1.5),
    "p below 0": first_claim(p_value=-0.1),
    "a claim twice": changed(lambda d: d["claims"].append(d["claims"][0])),
    "no claims": changed(lambda d: d.update(claims=[])),
    "a null twice": changed(lambda d: d["claims"][0]["nulls"].append(d["claims"][0]["nulls"][0])),
    "a number as text": first_claim(observed="0.95"),
    "another word": first_claim(holds="maybe"),
}


@pytest.mark.parametrize("damage", OF_AUDITS)
@pytest.mark.parametrize("kind", [Audit, Layers, Attributes], ids=lambda kind: kind.__name__)
def test_an_edited_audit_is_refused_in_words(kind, damage):
    text = MADE[kind]().to_json()
    with pytest.raises(InputError):
        load_result(OF_AUDITS[damage](text))


def test_an_observation_may_lie_outside_of_its_interval_by_its_width():
    text = first_claim(observed=0.975)(MADE[Audit]().to_json())  # [.93, .97]
    assert load_result(text)["readable"].observed == 0.975


def again(name):
    """Return what names an explanation of the first claim a second time."""

    def twice(document):
        tried = document["claims"][0]["explanations"]
        one = {**tried[0], "name": name}
        tried[:] = [each for each in tried if each["name"] != name] + [one, one]

    return changed(twice)


def test_two_baselines_may_explain_one_claim_and_two_chances_may_not():
    text = MADE[Audit]().to_json()
    names = [one.name for one in load_result(again("inputs")(text))["readable"].explanations]
    assert names.count("inputs") == 2
    with pytest.raises(InputError):
        load_result(again("chance")(text))


@KINDS
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_in_words(kind, damage):
    text = MADE[kind]().to_json()
    with pytest.raises(InputError):
        load_result(DAMAGES[damage](text))


@KINDS
def test_an_entry_of_another_type_is_refused_or_read(kind):
    content = json.loads(MADE[kind]().to_json())
    first = content[0] if isinstance(content, list) else content
    every = list(places(first))
    chosen = np.random.default_rng(0).choice(len(every), min(40, len(every)), replace=False)
    refused = 0
    for i in chosen:
        *above, last = every[i]
        copied = json.loads(json.dumps(content))
        of = inner(copied[0] if isinstance(content, list) else copied, above)
        of[last] = {"a": [1]}
        try:
            load_result(json.dumps(copied))
        except InputError:
            refused += 1
    assert refused >= 0.9 * len(chosen)


@pytest.mark.slow
def test_results_of_small_data_are_read_back():
    w = worlds.gaussian(n=120, d=3, gap=2.0, random_state=0)
    p = worlds.distractor(n=60, d=6, random_state=0)
    few = {"claims": ["readable"], "draws": 79, "depth": "quick"}
    made = [
        audit_attributes(w.X, {"a": w.y, "b": w.X[:, 1] > 0}, **few),
        compare(w.X, w.y, erasers=["leace", "mimic"], probes=["linear"], others={"b": w.X[:, 1]}),
        compare_pairs(p.pairs, others={"s": p.distractor}, n_random=20, n_permutations=19),
        calibrate(w.X, w.y, claims=["readable"], n_audits=2, draws=39, n_splits=1),
    ]
    kinds = [Attributes, Comparison, PairComparison, Calibration]
    for result, kind in zip(made, kinds, strict=True):
        again = load_result(result.to_json())
        assert type(again) is kind
        assert again == result
        assert again.to_json() == result.to_json()
        assert str(again) == str(result)


def test_a_comparison_of_labels_has_the_audit_of_its_file():
    result = MADE[SameConcept]()
    assert load_result(result.to_json()).audit == result.audit
    assert documents.PROVENANCE.items() <= result.audit.provenance.items()
