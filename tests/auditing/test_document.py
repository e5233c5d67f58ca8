"""Document: plain values, six digits, nothing undefined, and files that are whole or not there."""

import json

import numpy as np
import pytest
from support import documents

from nullprobe.auditing.document import SCHEMA, document
from nullprobe.claims.verdict import Claim, FactAbout, Holds
from nullprobe.report.document import write_json
from nullprobe.stats.null_distribution import Null


def plain(value):
    if isinstance(value, dict):
        return all(type(k) is str and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


def test_a_document_holds_plain_values_only():
    found = documents.sample()
    assert plain(found)
    assert found["schema"] == SCHEMA
    assert found["claims"][0]["holds"] == "yes"
    assert found["claims"][0]["fact_about"] == "representation"


def test_a_document_survives_json():
    found = documents.sample()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_floats_keep_six_digits():
    found = documents.sample(scores={"raw": np.full(60, np.pi), "erased": np.full(60, 1e-20 / 3)})
    assert found["scores"]["raw"][0] == 3.14159
    assert found["scores"]["erased"][0] == 3.33333e-21


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_absent(value):
    claim = Claim("readable", "It reads.", Holds.UNCLEAR, FactAbout.CHANCE, value, "AUC",
                  (value, 1.0), (Null("chance", "drawn", np.array([value, 1.0])),), value, "why",
                  value, {"more": value})  # fmt: skip
    with np.errstate(invalid="ignore"):
        found = document("t", [claim], None, {"raw": np.array([value])}, np.array([value]), {})
    (shown,) = found["claims"]
    assert shown["observed"] is shown["p_value"] is shown["smallest_effect"] is None
    assert shown["interval"] == [None, 1.0]
    assert shown["details"] == {"more": None}
    assert shown["nulls"][0]["values"] == [None, 1.0]
    assert found["scores"] == {"labels": [None], "raw": [None]}
    assert found["portrait"] is None


def test_labels_of_the_portrait_are_those_of_its_rows():
    found = documents.sample(labels=["a", "b", "c"], n=9)
    assert found["portrait"]["labels"] == ["a", "b", "c"] * 3


def test_one_document_is_written_as_itself_and_several_as_a_list(tmp_path):
    one, two = documents.sample("one"), documents.sample("two")
    write_json(tmp_path / "one.json", [one])
    write_json(tmp_path / "both.json", [one, two])
    assert json.loads((tmp_path / "one.json").read_text("utf-8")) == one
    assert json.loads((tmp_path / "both.json").read_text("utf-8")) == [one, two]


def test_the_same_documents_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_json(tmp_path / name, [documents.sample()])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_json_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "audit.json"
    path.write_text("before")
    with pytest.raises(TypeError):
        write_json(path, [documents.sample() | {"strange": object()}])
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["audit.json"]
