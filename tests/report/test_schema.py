"""Schemas: what is published of the JSON is generated from the models, and is what is written."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError
from support import comparisons, documents
from support.pipeline import FEW, RAW

from nullprobe import ContrastPairs, InputError, audit, compare_pairs, worlds
from nullprobe.claims import CLAIMS, ComesFrom, Holds, Outcome, SimplerReading, Takes
from nullprobe.claims.explanations import REQUIREMENTS, SOURCES
from nullprobe.claims.used import NAME as USED
from nullprobe.report import schemas
from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.claim_document import PICTURES
from nullprobe.report.document import validated

PUBLISHED = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def schema():
    return json.loads((PUBLISHED / "audit.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def valid(schema):
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).validate


@pytest.fixture(scope="module")
def grouped():
    """Return a document with a baseline, and both claims that have pictures."""
    beside = (SimplerReading("inputs", "first", 0.9, (0.88, 0.92), (0.02, 0.08)),)
    claims = {claim.name: claim for claim in documents.all_claims()}
    claims["readable"] = documents.claims(beside=beside)[0]
    asked = [claims[name] for name in ("readable", "one_feature", "transfers")]
    return documents.sample(claims=asked, provenance={"baselines": ["first"]})


@pytest.mark.parametrize("name", schemas.FILES)
def test_what_is_published_is_what_the_models_generate(name):
    assert (PUBLISHED / f"{name}.schema.json").read_text("utf-8") == schemas.text(name)


@pytest.mark.parametrize("name", schemas.FILES)
def test_every_field_is_described(name):
    whole = schemas.schema(name)
    Draft202012Validator.check_schema(whole)
    models = [whole, *whole["$defs"].values()]
    fields = [field for model in models for field in model.get("properties", {}).items()]
    assert len(fields) > 12
    assert [key for key, field in fields if not field.get("description")] == []


@pytest.mark.slow
def test_comparisons_follow_their_schemas():
    found = comparisons.sample().to_json()
    Draft202012Validator(schemas.schema("comparison")).validate(json.loads(found))
    w = worlds.distractor(n=60, d=4, random_state=0)
    pairs = ContrastPairs(w.negative, w.positive, w.y)
    found = compare_pairs(pairs, n_random=9, n_permutations=9).to_json()
    Draft202012Validator(schemas.schema("pair_comparison")).validate(json.loads(found))


def classes():
    w = worlds.null(n=48, d=2, random_state=0)
    asked = ["one_direction", "erasure_holds", "no_halfspace"]
    return audit(w.X, w.y, claims=asked, **FEW).to_json()


def gone():
    w = worlds.null(n=60, d=2, random_state=0)
    return audit(w.X, w.y, claims=["gone"], **FEW).to_json()


def numbers():
    X = np.random.default_rng(0).normal(size=(60, 3))
    asked = ["readable", "one_direction", "one_feature"]
    return audit(X, X[:, :2] + 0.5, claims=asked, **FEW).to_json()


def paired():
    w = worlds.distractor(n=48, d=8, random_state=0)
    others = {"sentiment": w.distractor}
    found = audit(w.pairs, others=others, claims=["readable", "consistent"], **FEW)
    assert found.provenance["other_labels"] == ["sentiment"]
    assert [len(claim.beside) for claim in found.claims] == [0, 1]
    return found.to_json()


def by_hand():
    return json.dumps(documents.sample(claims=documents.all_claims()))


def left_out():
    X = np.random.default_rng(0).normal(size=(48, 1))
    groups = np.arange(48) // 2  # too few rows in each
    found = audit(X, X[:, 0], groups=groups, claims=None, **FEW)
    assert "transfers" in found.provenance["left_out"]
    return found.to_json()


def several():
    w = worlds.gaussian(n=60, d=3, random_state=0)
    return audit({"whole": w.X, "part": w.X[:, :1]}, w.y, **RAW).to_json()


@pytest.mark.slow
@pytest.mark.parametrize("made", [classes, gone, numbers, paired, by_hand, left_out, several])
def test_what_audits_write_follows_the_schema(made, valid):
    valid(json.loads(made()))


@pytest.mark.slow
def test_groups_and_baselines_follow_the_schema(audited, valid):
    found = audited.document().plain()
    assert found["provenance"]["baselines"] == ["first"]
    (beside,) = next(one["beside"] for one in found["claims"] if one["beside"])
    assert (beside["rung"], beside["name"]) == ("inputs", "first")
    assert all(any(claim[key] for claim in found["claims"]) for key in PICTURES.values())
    valid(found)


def test_the_schema_names_the_version_the_claims_and_the_axes_of_the_code(schema):
    defined = schema["$defs"]
    assert schema["title"] == AUDIT == defined["AuditDocument"]["properties"]["schema"]["const"]
    assert schema["$id"] == "urn:nullprobe:audit:4"
    claim = defined["ClaimDocument"]["properties"]
    assert claim["name"]["enum"] == [*CLAIMS, USED]  # which needs a model
    assert claim["holds"]["enum"] == [str(value) for value in Holds]
    assert claim["takes"]["enum"] == [str(value) for value in Takes]
    assert claim["comes_from"]["enum"] == [str(value) for value in ComesFrom]
    explanation = defined["ExplanationDocument"]["properties"]
    assert explanation["name"]["enum"] == [*REQUIREMENTS, *SOURCES]
    assert explanation["outcome"]["enum"] == [str(value) for value in Outcome]
    assert defined["NullDocument"]["properties"]["rung"]["enum"] == [*REQUIREMENTS, SOURCES[0]]


def set_to(*path):
    """Return what changes the value at a path of a document."""

    def change(document):
        *above, key, value = path
        for step in above:
            document = document[step]
        document[key] = value

    return change


def without(*path):
    """Return what removes the value at a path of a document."""

    def change(document):
        *above, key = path
        for step in above:
            document = document[step]
        del document[key]

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    [
        set_to("schema", "nullprobe.audit/3"),
        set_to("concept", "numbers"),
        set_to("rows", "pairs"),
        without("representation"),
        set_to("comment", "more"),
        without("portrait"),
        set_to("claims", 0, "holds", "perhaps"),
        set_to("claims", 0, "fact_about", "chance"),
        set_to("claims", 0, "takes", "representation"),
        set_to("claims", 0, "comes_from", "not tried"),
        without("claims", 0, "explanations"),
        set_to("claims", 0, "explanations", 0, "outcome", "refuted"),
        set_to("claims", 0, "explanations", 0, "name", "representation"),
        set_to("claims", 0, "explanations", 0, "reason", None),
        set_to("claims", 0, "explanations", 0, "difference", [0.1]),
        without("claims", 0, "explanations", 0, "adjusted_p"),
        without("claims", 0, "adjusted_p"),
        set_to("claims", 0, "name", "unheard_of"),
        set_to("claims", 0, "observed", "0.9"),
        set_to("claims", 0, "interval", [0.1]),
        set_to("claims", 0, "p_value", 1.5),
        set_to("claims", 0, "details", {"more": {"nested": {"twice": 1}}}),
        without("claims", 0, "metric"),
        set_to("claims", 0, "metric", "AUC"),
        set_to("claims", 0, "metric", "chance", "½"),
        set_to("claims", 0, "curve", {}),
        without("claims", 0, "reason"),
        set_to("claims", 0, "nulls", 0, "p_value", 0),
        set_to("claims", 0, "nulls", 0, "adjusted_p", True),
        set_to("claims", 0, "nulls", 0, "p_interval", [None, 0.1]),
        without("claims", 0, "nulls", 0, "p_interval"),
        without("claims", 0, "nulls", 0, "metric"),
        set_to("claims", 0, "nulls", 0, "values", ["a"]),
        without("claims", 0, "beside"),
        set_to("claims", 0, "beside", None),
        set_to("claims", 0, "beside", 0, "rung", "chance"),
        set_to("claims", 0, "beside", 0, "name", None),
        set_to("claims", 0, "beside", 0, "value", "0.9"),
        set_to("claims", 0, "beside", 0, "interval", [0.1]),
        set_to("claims", 0, "beside", 0, "gain", 0.1),
        set_to("claims", 0, "beside", 0, "gain", [0.1, 0.2, 0.3]),
        set_to("claims", 0, "beside", 0, "more", 1),
        without("claims", 0, "beside", 0, "gain"),
        set_to("claims", 1, "curve", None),
        without("claims", 1, "curve", "low"),
        set_to("claims", 1, "curve", "rung", "chance"),
        set_to("claims", 2, "matrices", None),
        set_to("claims", 2, "matrices", "read", [[0.5, "a"]]),
        set_to("portrait", "axes", []),
        set_to("scores", "other", []),
        set_to("provenance", "alpha", 0),
        set_to("provenance", "left_out", {}),
        set_to("provenance", "other_labels", []),
        without("provenance", "versions"),
    ],
)
def test_a_broken_document_is_refused(broken, grouped, valid):
    document = copy.deepcopy(grouped)
    broken(document)
    with pytest.raises(ValidationError):
        valid(document)
    with pytest.raises(ValidationError):
        valid([grouped, document])
    with pytest.raises(InputError, match="AuditDocument"):
        validated(AuditDocument, document)


def test_a_list_of_one_document_is_refused(grouped, valid):
    """One document is written as itself."""
    with pytest.raises(ValidationError):
        valid([grouped])
