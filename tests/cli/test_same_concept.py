"""nullprobe same-concept: two columns of labels in, a page and its twin out."""

import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from support.command_files import X, Y, done, files, refuses, write

from nullprobe import same_concept

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(240, 3))
FIRST = np.where(ROWS[:, 0] > 0, "yes", "no")
SECOND = np.where(ROWS[:, 0] + 2 * ROWS[:, 1] > 0, "yes", "no")
FEW = ["--draws", "39", "--n-splits", "1", "--independent"]
SCHEMA = Path(__file__).parents[2] / "docs" / "same_concept.schema.json"


@pytest.mark.slow
def test_two_columns_make_a_page_and_its_twin(capsys, folder):
    write(Path("labels.csv"), ROWS, FIRST, other=SECOND)
    out = done(capsys, "same-concept", "labels.csv", "--concept", "y,other", *FEW, "--out", "r")
    assert files() == [
        "labels.csv",
        "r/labels-y-and-other-same-concept.html",
        "r/labels-y-and-other-same-concept.json",
    ]
    found = json.loads(Path("r/labels-y-and-other-same-concept.json").read_text("utf-8"))
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(found)
    assert found["names"] == ["y", "other"]
    assert found["holds"] == "no"
    assert len(found["crossed"]) == 4
    provenance = found["audit"]["provenance"]
    assert provenance["command"].startswith("nullprobe same-concept labels.csv --concept y,other")
    assert provenance["source"]["concept"] == "y, other"
    options = {"draws": 39, "n_splits": 1, "independent": True, "names": ("y", "other")}
    expected = same_concept(ROWS, FIRST, SECOND, **options)
    assert found["agreement"] == pytest.approx(expected.agreement)
    assert found["differing"] == expected.differing
    assert f"differ in {expected.differing}" in out
    for option in ("--verbose", "--baseline"):  # which the command does not have
        assert option not in out
    assert "where it comes from was not tested" in " ".join(out.split())
    page = Path("r/labels-y-and-other-same-concept.html").read_text("utf-8")
    assert "across the two sets of labels" in page
    assert f"differ in {expected.differing}" in page


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("same-concept data.csv --concept y", ["two columns of labels"]),
        ("same-concept data.csv --concept a,b,c", ["two columns of labels"]),
        ("same-concept data.csv --concept y,y", ["'y' is there twice"]),
        ("same-concept data.csv --concept y,z", ["'z'"]),
        ("same-concept data.csv --concept y,height", ["two classes", "numbers"]),
        ("same-concept labels.csv --concept y,copy", ["equal in all rows"]),
        ("same-concept none.csv --concept y,z", ["none.csv"]),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, parts, capsys, folder):
    write(Path("data.csv"))
    write(Path("labels.csv"), X, Y, copy=Y)
    refuses(capsys, arguments, parts)
