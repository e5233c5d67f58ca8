"""nullprobe show: a saved result is printed as it was made, and two are compared."""

import copy
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import documents
from support.command_files import QUICK, X, Y, done, refused, write
from support.documents import HOSTILE, hostile
from support.saved_results import KINDS, OLD, layers, made, pairs, same_concept, save, third

from nullprobe.claims import Holds
from nullprobe.cli import main

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(240, 3))
WAYS = {"deleted": None, "null": None, "a word": "x", "a list": []}


def inputs():
    """Write what commands read."""
    first, second = (np.where(ROWS[:, i] > 0, "yes", "no") for i in (0, 1))
    write(Path("labels.csv"), ROWS, first, other=second)
    write(Path("data.csv"))
    np.savez("layers.npz", **{"layers.0": X[:, :2], "layers.1": X, "y": Y})
    np.savez("pairs.npz", negative=X - Y[:, None], positive=X + Y[:, None], y=Y)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "file"),
    [
        (f"audit --world two_features {shlex.join(QUICK)}", "two_features-audit.json"),
        (f"audit --world two_features {shlex.join(QUICK)} --verbose", "two_features-audit.json"),
        (
            f"audit layers.npz --concept y --layers 'layers.*' {shlex.join(QUICK)}",
            "layers-y-audit.json",
        ),
        (
            "same-concept labels.csv --concept y,other --draws 39 --n-splits 1 --independent",
            "labels-y-and-other-same-concept.json",
        ),
        (
            "compare data.csv --concept y --erasers leace --probes linear --independent",
            "data-y-compare.json",
        ),
        ("compare-pairs pairs.npz --concept y", "pairs-y-compare-pairs.json"),
    ],
)
def test_a_result_is_printed_as_by_the_command_that_made_it(command, file, capsys, folder):
    inputs()
    assert main(shlex.split(command)) == 0
    made = capsys.readouterr().out
    shown = done(capsys, "show", file, *(["--verbose"] if "--verbose" in command else []))
    if "same-concept" in command:  # which has no --verbose
        shown = shown.replace(
            "More: run it with --verbose, or open the page.", "More: open the page."
        )
    words = " ".join(made[: made.index("\nWrote ")].split())
    assert " ".join(shown.split()) == words


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("an audit", ["data", "Readable yes", "AUC 0.950, 95 % interval 0.930 to 0.970"]),
        ("layers", ["a model", "layer 2", "yes in 2 of 3 (layer 0, layer 1)"]),
        ("an audit of version 3", ["Readable yes", "Erasure holds no"]),
        ("same concept", ["No: where the labels differ", "κ = 0.800", "Dependent yes"]),
        ("a comparison", ["leace", "0.520", ".49-.55", "mimic: every class needs more rows"]),
        ("a comparison of pairs", ["60 pairs, 4 features", "CCS", "0.682 to 0.882"]),
    ],
)
def test_every_kind_is_shown(kind, parts, capsys):
    shown = " ".join(done(capsys, "show", save("a.json", made(kind))).split())
    for part in parts:
        assert part.lower() in shown.lower()


@pytest.mark.parametrize("name", ["layers-2.json", "numbers-2.json", "pairs-2.json"])
def test_files_of_version_2_are_shown_and_compared(name, capsys):
    assert "Readable" in done(capsys, "show", OLD / name) or "pairs" in name
    assert "changed. No number differs" in done(capsys, "show", OLD / name, OLD / name)


def test_verbose_adds_the_reasons(capsys):
    file = save("a.json", documents.sample())
    brief, full = (
        " ".join(done(capsys, "show", file, *more).split()) for more in ([], ["--verbose"])
    )
    assert full.count("Takes: means and covariances.") == brief.count("Takes: means and")
    reason = documents.sample()["claims"][0]["statement"]
    assert reason in full
    assert reason not in brief
    assert "--verbose" in brief
    assert "--verbose" not in full


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_does_not_differ_from_itself(kind, capsys):
    file = save("a.json", made(kind))
    out = done(capsys, "show", file, file)
    assert re.search(r"^0 of \d+ shared (verdicts?|readings?) changed", out, re.MULTILINE)
    assert "No setting differs." in out
    assert "→ b.json" not in out
    assert "observed" not in out
    assert "observed" in done(capsys, "show", file, file, "--verbose")


def test_what_differs_in_further_digits_is_equal(capsys):
    one = made("an audit")
    two = made("an audit")
    two["claims"][0]["observed"] += 1e-5
    out = done(capsys, "show", save("a.json", one), save("b.json", two))
    assert "0 of 4 shared verdicts changed. No number differs" in out


def changed():
    """Return layers of which one verdict, one number, one claim and two settings differ."""
    found = layers()
    readable = replace(
        documents.claims()[0], holds=Holds.UNCLEAR, explanations=documents.unclear(), observed=0.6,
        interval=(0.5, 0.7), p_value=0.2,
    )  # fmt: skip
    other = documents.sample(
        claims=[readable, *documents.claims()[2:]], representation="layer 2",
        provenance={"versions": {"numpy": "3"}, "random_state": 7},
    )  # fmt: skip
    number = copy.deepcopy(found[1])
    number["claims"][2]["observed"] = 0.62
    number["provenance"] |= {"random_state": 7}
    return [number, {**other, "title": "a model"}]


def test_verdicts_numbers_claims_and_settings_that_differ_are_listed(capsys):
    files = save("a.json", layers()), save("b.json", changed())
    out = done(capsys, "show", *files)
    words = " ".join(out.split())
    assert "1 of 11 shared verdicts changed. 1 changed in numbers" in words
    assert "layer 1 Erasure holds no 0.610 → 0.620" in words
    assert "layer 2 Readable no → unclear 0.520 → 0.600 0.400 → 0.200" in words
    assert "[0.480, 0.560] → [0.500, 0.700]" in words
    assert "Only in a.json: layer 0 (8 verdicts); layer 2: One direction." in words
    assert "Only in b.json" not in words
    assert "seed: 0 → 7" in words
    assert "versions › numpy: 2 → 3" in words
    assert "No halfspace" not in out.partition("Only in")[0]


def test_what_an_observation_takes_and_comes_from_is_compared(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    one = documents.claims()[2]
    two = replace(one, explanations=documents.structure(inputs="sufficient"))
    files = [save(f"{i}.json", documents.sample(claims=[c])) for i, c in enumerate((one, two))]
    words = " ".join(done(capsys, "show", *files).split())
    assert "0 of 1 shared verdict changed. 1 changed in numbers or explanations alone." in words
    assert "takes means and covariances → more structure" in words
    assert "from not tried → the inputs" in words


def test_single_audits_are_compared_whatever_they_are_of(capsys):
    two = documents.sample("other data", representation="layer 3")
    words = " ".join(done(capsys, "show", save("a.json", third()), save("b.json", two)).split())
    assert "data → other data: layer 3" in words
    assert "0 of 4 shared verdicts changed." in words


def test_readings_of_other_results_are_compared(capsys):
    one = made("a comparison")
    two = made("a comparison")
    two["rows"][2]["read_back"]["rbf"]["value"] = 0.7
    two["rows"][2]["damage"]["ratio"] = 3.0
    del two["rows"][1]
    words = " ".join(done(capsys, "show", save("a.json", one), save("b.json", two)).split())
    assert "2 of 11 shared readings changed." in words
    assert "leace rbf 0.940 → 0.700" in words
    assert "1.000 → 3.000" in words
    assert "Only in a.json: oracle_leace (6 readings)." in words
    one, two = pairs(), pairs()
    two["rows"][0]["agreements"]["length"] |= {"share": 0.6, "p_value": 0.3}
    words = " ".join(done(capsys, "show", save("a.json", one), save("b.json", two)).split())
    assert "1 of 4 shared readings changed." in words
    assert "CCS length 0.800 → 0.600 0.010 → 0.300" in words
    one, two = same_concept(), same_concept(holds=Holds.UNCLEAR)
    words = " ".join(done(capsys, "show", save("a.json", one), save("b.json", two)).split())
    assert "1 of 3 shared verdicts changed." in words
    assert "Same concept no → unclear" in words


@pytest.mark.parametrize("text", [HOSTILE[3], "[red]\x1b]0;owned\x07\x1b[31m\u202e\n"])
def test_no_string_of_a_file_reaches_the_terminal_as_it_is(text, capsys):
    one = save("a.json", [hostile(text), documents.sample()])
    two = save("b.json", [hostile(text + "?"), hostile(text)])
    for arguments in ([one], [one, "--verbose"], [one, two, "--verbose"]):
        out = done(capsys, "show", *arguments)
        assert set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)) == set()


REFUSED = {
    "no file": ("", ["File not found", "a.json"]),
    "no JSON": ("# a page", ["a.json", "must be JSON"]),
    "half a file": ('{"schema": "nullprobe.audit/4", "ti', ["a.json", "must be JSON"]),
    "not UTF-8": (b"\xff\xfe{", ["must be JSON"]),
    "too deep": ("[" * 100_000, ["must be JSON"]),
    "a number": ("3", ["schema"]),
    "nothing": ("[]", ["schema", "has none"]),
    "no schema": ("{}", ["schema", "has none"]),
    "a list as schema": ('{"schema": ["x"]}', ["schema"]),
    "another schema": ('{"schema": "nullprobe.comparison/2"}', ["nullprobe.comparison/2"]),
    "a schema alone": ('{"schema": "nullprobe.audit/4"}', ["AuditDocument"]),
    "a schema of version 2 alone": ('{"schema": "nullprobe.audit/2"}', ["nullprobe.audit/2"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_result_is_refused(name, capsys, folder):
    content, parts = REFUSED[name]
    if content:
        Path("a.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    for arguments in (["show", "a.json"], ["check", "a.json", "--require", "readable=yes"]):
        said = refused(capsys, *arguments)
        for part in parts:
            assert part in said


@pytest.mark.parametrize(("one", "two"), [("an audit", "same concept"), ("layers", "a comparison")])
def test_results_of_two_kinds_are_not_compared(one, two, capsys):
    said = refused(capsys, "show", save("a.json", made(one)), save("b.json", made(two)))
    assert "same kind" in said


def test_a_list_of_two_kinds_or_of_one_name_is_refused(capsys):
    save("a.json", [same_concept(), documents.sample()])
    assert "one result" in refused(capsys, "show", "a.json")
    save("a.json", [documents.sample(), documents.sample()])
    assert "different names" in refused(capsys, "show", "a.json")


def places(value, path=()):
    """Yield the path of each entry of a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from places(value[0], (*path, 0))


def damaged(document, path, way):
    """Return a document with one entry deleted or replaced."""
    copied = json.loads(json.dumps(document))
    *above, last = path
    inner = copied
    for key in above:
        inner = inner[key]
    if way == "deleted":
        del inner[last]
    else:
        inner[last] = WAYS[way]
    return copied


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_shown_or_refused_and_no_bug_of_ours(kind, capsys):
    document = made(kind)
    every = [(path, way) for path in places(document) for way in WAYS]
    chosen = np.random.default_rng(0).choice(len(every), min(60, len(every)), replace=False)
    for path, way in (every[i] for i in chosen):
        save("a.json", damaged(document, path, way))
        code = main(["show", "a.json"])
        out, err = capsys.readouterr()
        assert code in (0, 2), (path, way, err)
        assert (out == "") == (code == 2)
        assert err.count("\n") == (code == 2)
