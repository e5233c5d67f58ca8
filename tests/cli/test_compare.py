"""nullprobe compare: a file in, a table, a page and its twin out."""

import io
import itertools
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from support import comparisons as handmade
from support.command_files import (
    LABELS,
    N,
    X,
    Y,
    documents,
    done,
    files,
    refused,
    refuses,
    write,
)

from nullprobe import compare
from nullprobe.cli import main, showing
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.erasers import ERASERS
from nullprobe.heldout.fresh_probe import FRESH

QUICK = ["--erasers", "leace", "--probes", "linear"]


def printed(result, columns=80):
    written = io.StringIO()
    showing.erasers(result.document().plain(), Console(width=columns, file=written))
    return written.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("compare none.csv --concept y", ["File not found: 'none.csv'"]),
        ("compare data.csv", ["Missing option '--concept'", "nullprobe compare --help"]),
        ("compare data.csv --concept heigth", ["'heigth'", "did you mean 'height'?"]),
        ("compare data.csv --concept y --erasers leaze", ["'leaze' must name", "'leace'"]),
        ("compare data.csv --concept y --probes liner", ["'liner' must name", "'linear'"]),
        (
            "compare data.csv --concept y --probes rbf,,linear",
            ["'rbf,,linear' has an empty one", "leave that comma out"],
        ),
        ("compare data.csv --concept y --erasers leace,", ["'leace,' has an empty one"]),
        ("compare data.csv --concept y --keep z", ["'z' must name a column", "'height'"]),
        ("compare data.csv --concept y --keep y", ["its own column", "'y'"]),
        ("compare data.csv --concept y --keep width --keep width", ["--keep has 'width' twice"]),
        (
            "compare data.csv --concept y --keep width --leave-out width",
            ["--leave-out and --keep name 'width'"],
        ),
        ("compare data.csv --concept y --groups y", ["two columns", "'y'"]),
        (
            "compare data.csv --concept y --out data.csv",
            ["--out must name the folder", "is a file"],
        ),
        ("compare data.csv --concept y --seed -1", ["'--seed'"]),
        ("compare text.csv --concept label --kind numeric", ["'label' must hold numbers"]),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_faults_in_the_data_are_refused(capsys):
    spoilt = X.copy()
    spoilt[7, 1] = np.nan
    write(Path("nan.npz"), spoilt)
    write(Path("few.npz"), X[:8], Y[:8])
    write(Path("one.npz"), X, np.ones(N, dtype=int))
    assert "row 7" in refused(capsys, "compare", "nan.npz", "--concept", "y")
    assert "at least 6 rows" in refused(capsys, "compare", "few.npz", "--concept", "y")
    assert "at least two classes" in refused(capsys, "compare", "one.npz", "--concept", "y")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".safetensors", ".parquet"])
def test_a_comparison_writes_a_page_and_its_twin(suffix, capsys):
    write(Path(f"data{suffix}"))
    out = done(capsys, "compare", f"data{suffix}", "--concept", "y", "--out", "a/b", *QUICK)
    assert "Wrote a/b/data-y-compare.html" in out
    (document,) = documents("a/b/data-y-compare.json")
    assert [row["eraser"] for row in document["rows"]] == ["none", "leace"]
    assert document["provenance"]["source"] == {"file": f"data{suffix}", "concept": "y"}
    assert document["title"] == "data: y"
    assert "what each eraser leaves" in Path("a/b/data-y-compare.html").read_text("utf-8")
    assert files() == ["a/b/data-y-compare.html", "a/b/data-y-compare.json", f"data{suffix}"]


@pytest.mark.slow
def test_the_numbers_are_those_of_the_library(capsys):
    write(Path("data.csv"), y=LABELS, age=np.round(X[:, 0] * 10), code=np.arange(N) // 3)
    done(capsys, "compare", "data.csv", "--concept", "y", "--keep", "age", "--groups", "code",
         "--erasers", "leace,oracle_leace", "--probes", "linear,rbf", "--seed", "3")  # fmt: skip
    (found,) = documents("data-y-compare.json")
    frame = pd.read_csv("data.csv")
    expected = json.loads(compare(
        frame[["height", "width", "depth"]].to_numpy(), LABELS, erasers=["leace", "oracle_leace"],
        probes=["linear", "rbf"], others={"age": frame["age"].to_numpy()},
        groups=frame["code"].to_numpy(), random_state=3, title="data: y",
    ).to_json())  # fmt: skip
    assert found["rows"] == expected["rows"]
    assert found["provenance"]["data_hash"] == expected["provenance"]["data_hash"]
    assert found["others"][0]["metric"]["name"] == "R²"


@pytest.mark.slow
def test_the_command_in_a_document_makes_it_again(capsys):
    write(Path("my data.csv"), y=LABELS, age=X[:, 0] * 3, code=np.arange(N), g=np.arange(N) // 2)
    done(capsys, "compare", "my data.csv", "--concept", "y", "--keep", "age", "--leave-out", "code",
         "--groups", "g", *QUICK, "--seed", 3, "--out", "first")  # fmt: skip
    (first,) = documents("first/my data-y-compare.json")
    line = shlex.split(first["provenance"]["command"])
    assert line[:2] == ["nullprobe", "compare"]
    done(capsys, *line[1:], "--out", "second")
    assert documents("second/my data-y-compare.json") == [first]
    assert first["provenance"]["features"] == 3


def test_what_stands_beside_a_matrix_may_be_kept(capsys):
    np.save("X.npy", X)
    np.save("y.npy", Y)
    np.save("age.npy", X[:, 0] * 2)
    done(capsys, "compare", "X.npy", "--concept", "y", "--keep", "age", *QUICK)
    (document,) = documents("X-y-compare.json")
    assert document["provenance"]["features"] == 3
    assert document["rows"][0]["others"]["age"]["value"] > 0.9


def test_numbers_may_be_erased(capsys):
    write(Path("data.npz"), y=np.round(10 * X[:, 0]).astype(int))
    out = done(capsys, "compare", "data.npz", "--concept", "y", "--kind", "numeric")
    assert "linear R²" in out
    assert "mimic: it needs class labels, but the concept is numeric." in " ".join(out.split())


def test_every_number_of_the_table_is_that_of_the_document():
    result = handmade.sample()
    out = printed(result, 100)
    words = " ".join(out.split())
    for row in result.rows:
        assert row.eraser in out
        for cell in row.read_back.values():
            if cell.value is not None:
                assert f"{cell.value:.3f}" in out
    for reason in ("mimic: every class needs more rows.", "leace, age: age is too rare."):
        assert reason in words
    assert "Uses the labels: the eraser needs" in words
    assert ".49-.55" in out
    assert "-1.70 to .71" in out
    assert "0.80" in out  # what the oracle moves of LEACE's
    assert "1-2" in out
    lines = [line.split() for line in out.splitlines()]
    below = {now[0]: after for now, after in itertools.pairwise(lines[:13]) if now}
    assert below["leace"][-1:] == ["removed"]
    assert below["oracle_leace"][-2:] == ["moved", "in"]
    assert "nothing left in 1 of 3" in words
    assert "As set: mimic MiMiC(target='x')." in words


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_a_table_is_never_cut(columns):
    out = printed(handmade.sample(), columns)
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= columns


def test_nothing_to_compare_with_is_said():
    words = " ".join(printed(handmade.numeric()).split())
    assert "damage as a multiple of LEACE's: LEACE moves nothing" in words


@pytest.mark.parametrize("writer", ["to_html", "to_json"])
def test_an_interrupt_while_writing_leaves_neither_file(writer, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    write(Path("data.npz"))
    monkeypatch.setattr(Comparison, writer, interrupt)
    assert main(["compare", "data.npz", "--concept", "y", *QUICK]) == 130
    assert capsys.readouterr().err == "nullprobe: interrupted; nothing was left half-written.\n"
    assert files() == ["data.npz"]


def test_help_names_all_erasers_and_probes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["compare", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*ERASERS, *FRESH))


def test_the_twin_is_the_document(capsys):
    write(Path("data.csv"))
    done(capsys, "compare", "data.csv", "--concept", "y", *QUICK)
    page = Path("data-y-compare.html").read_text("utf-8")
    found = json.loads(Path("data-y-compare.json").read_text("utf-8"))
    assert f"{found['rows'][1]['read_back']['linear']['value']:.3f}" in page


@pytest.mark.parametrize(("rule", "rows"), [("group", 72), ("drop", 36), ("keep", 72)])
def test_copies_are_counted_in_a_line_and_dealt_with(rule, rows, capsys):
    X = np.random.default_rng(0).normal(size=(36, 8)).repeat(2, axis=0)
    np.savez("data.npz", X=X, y=Y.repeat(2))
    one = ["compare", "data.npz", "--concept", "y", *QUICK, "--duplicates", rule, "--independent"]
    assert main(one) == 0
    assert capsys.readouterr().err.startswith("nullprobe: 72 rows are copies of others (72 exact")
    found = documents("data-y-compare.json")[0]["provenance"]
    assert found["copies"]["rule"] == rule
    assert found["rows"] == rows
    assert found["dependence"] == {"independent": True}
    assert f"--duplicates {rule} --independent" in found["command"]


def test_rows_like_their_neighbours_are_warned_of_in_a_line(capsys):
    X = np.cumsum(np.random.default_rng(0).normal(size=(240, 4)), axis=0)
    np.savez("data.npz", X=X, y=np.random.default_rng(1).permutation(240) % 2)
    assert main(["compare", "data.npz", "--concept", "y", *QUICK]) == 0
    assert "neighbours in the file" in capsys.readouterr().err
    assert documents("data-y-compare.json")[0]["provenance"]["dependence"]["length"] > 2
