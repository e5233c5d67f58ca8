"""Schema: what is published of the JSON is what audits write, and nothing else passes."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError
from support import documents
from support.pipeline import FEW, RAW

from nullprobe import audit, worlds
from nullprobe.auditing.document import OWN, SCHEMA
from nullprobe.claims import CLAIMS, FactAbout, Holds
from nullprobe.claims.used import NAME as USED

PUBLISHED = Path(__file__).parents[2] / "docs" / "audit.schema.json"


@pytest.fixture(scope="module")
def schema():
    return json.loads(PUBLISHED.read_text("utf-8"))


@pytest.fixture(scope="module")
def valid(schema):
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).validate


@pytest.fixture(scope="module")
def grouped(audited):
    return audited.document()


def classes():
    w = worlds.null(n=48, d=2, random_state=0)
    asked = ["one_direction", "erasure_holds", "no_halfspace"]
    return audit(w.X, w.y, claims=asked, **FEW).document()


def gone():
    w = worlds.null(n=60, d=2, random_state=0)
    return audit(w.X, w.y, claims=["gone"], **FEW).document()


def numbers():
    X = np.random.default_rng(0).normal(size=(60, 3))
    asked = ["readable", "one_direction", "one_feature"]
    return audit(X, X[:, :2] + 0.5, claims=asked, **FEW).document()


def paired():
    w = worlds.distractor(n=48, d=8, random_state=0)
    others = {"sentiment": w.distractor}
    found = audit(w.pairs, others=others, claims=["readable", "consistent"], **FEW).document()
    assert found["provenance"]["other_labels"] == ["sentiment"]
    assert [len(claim["beside"]) for claim in found["claims"]] == [0, 1]
    return found


def by_hand():
    return documents.sample(claims=documents.all_claims(), provenance=paired()["provenance"])


def left_out():
    X = np.random.default_rng(0).normal(size=(48, 1))
    groups = np.arange(48) // 2  # too few rows in each
    found = audit(X, X[:, 0], groups=groups, claims=None, **FEW).document()
    assert "transfers" in found["provenance"]["left_out"]
    return found


def several():
    w = worlds.gaussian(n=60, d=3, random_state=0)
    return audit({"whole": w.X, "part": w.X[:, :1]}, w.y, **RAW).documents()


@pytest.mark.parametrize("made", [classes, gone, numbers, paired, by_hand, left_out, several])
def test_what_audits_write_follows_the_schema(made, valid):
    valid(json.loads(json.dumps(made())))


def test_groups_and_baselines_follow_the_schema(grouped, valid):
    assert grouped["provenance"]["baselines"] == ["first"]
    (beside,) = grouped["claims"][0]["beside"]
    assert (beside["rung"], beside["name"]) == ("inputs", "first")
    assert {key for claim in grouped["claims"] for key in claim["shown"]} == set(OWN)
    valid(grouped)


def test_the_schema_names_the_version_the_claims_and_the_rungs_of_the_code(schema):
    defined = schema["$defs"]
    assert schema["title"] == SCHEMA == defined["document"]["properties"]["schema"]["const"]
    assert schema["$id"] == "urn:" + SCHEMA.replace(".", ":").replace("/", ":")
    claim = defined["claim"]["properties"]
    assert claim["name"]["enum"] == [*CLAIMS, USED]  # which needs a model
    assert claim["holds"]["enum"] == [str(value) for value in Holds]
    assert claim["fact_about"]["enum"] == [str(value) for value in FactAbout]
    assert set(claim["shown"]["properties"]) == set(OWN)


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


@pytest.mark.parametrize(
    "broken",
    [
        set_to("schema", "nullprobe.audit/1"),
        set_to("comment", "more"),
        without("portrait"),
        set_to("claims", 0, "holds", "perhaps"),
        set_to("claims", 0, "fact_about", "random subspaces"),
        set_to("claims", 0, "name", "unheard_of"),
        set_to("claims", 0, "observed", "0.9"),
        set_to("claims", 0, "interval", [0.1]),
        set_to("claims", 0, "p_value", 1.5),
        set_to("claims", 0, "details", {"more": {"nested": 1}}),
        set_to("claims", 0, "shown", {"curve": None}),
        without("claims", 0, "reason"),
        set_to("claims", 0, "nulls", 0, "p_value", 0),
        without("claims", 0, "nulls", 0, "statistic"),
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
        without("claims", 1, "shown", "curve"),
        without("claims", 1, "shown", "curve", "low"),
        without("claims", 2, "shown", "matrices"),
        set_to("claims", 2, "shown", "matrices", "read", [[0.5, "a"]]),
        set_to("portrait", "axes", []),
        set_to("scores", "other", []),
        set_to("provenance", "alpha", 0),
        set_to("provenance", "left out", {}),
        set_to("provenance", "other labels", []),
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


def test_a_list_of_one_document_is_refused(grouped, valid):
    """One document is written as itself."""
    with pytest.raises(ValidationError):
        valid([grouped])
