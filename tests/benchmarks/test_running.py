"""Running the calibration study: records that survive a kill, equal depth, extensions."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import records
import run
from cells import Cell, nothing
from second import SECOND

from nullprobe._core.validation import InputError


def plain(rng, **_):
    return {"X": rng.standard_normal((6, 2)), "y": np.arange(6) % 2}


def cell(name, seeds=3, kind="level"):
    return Cell(name, kind, plain, {}, {"readable": nothing("readable")}, seeds=seeds)


@pytest.fixture
def says(monkeypatch):
    """Let audits say what is in the box, without running any."""
    box = {"holds": "unclear"}

    def called(data, claims, seed, options):
        if "raises" in box:
            raise box["raises"]
        claim = SimpleNamespace(
            name="readable", holds=box["holds"], takes="undecided", comes_from="not_tried",
            explanations=(), observed=0.5, p_value=float("nan"), adjusted_p=float("inf"),
        )  # fmt: skip
        return {"readable": [claim]}

    monkeypatch.setattr(run, "called", called)
    return box


def test_an_early_stop_leaves_cells_equally_deep_and_the_rest_is_run_later(says, tmp_path):
    every, path = [cell("a"), cell("b"), cell("c", seeds=2)], tmp_path / "r.jsonl"
    order = [(c.name, seed) for c, seed in run.pending(every, {})]
    assert order[:6] == [(n, s) for s in (1000, 1001) for n in "abc"]
    assert run.study(every, path, 0.0, 1) == 0
    assert run.study(every, path, 1.0, 1) == 8
    assert run.study(every, path, 1.0, 1) == 0
    assert Counter(row["cell"] for row in records.read(path)) == {"a": 3, "b": 3, "c": 2}


def test_a_line_that_was_cut_off_is_run_again(says, tmp_path):
    path = tmp_path / "r.jsonl"
    run.study([cell("a")], path, 1.0, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert len(records.read(path)) == 2
    assert run.study([cell("a")], path, 1.0, 1) == 1
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["seed"] for row in rows] == [1000, 1001, 1002]
    assert rows[0]["claims"]["readable"]["p"] is None


@pytest.mark.parametrize(("wrong", "kind", "n"), [(8, "level", 100), (9, "level", 400)])
def test_a_cell_that_errs_in_nine_of_a_hundred_seeds_is_extended(says, wrong, kind, n):
    one = cell("a", seeds=100, kind=kind)
    rows = []
    for k in range(100):
        says["holds"] = "yes" if k < wrong else "unclear"
        rows.append(run.measured(one, run.FIRST_SEED + k))
    assert run.wanted(one, rows) == n
    assert run.wanted(one, rows[:99]) == 100
    assert sum(1 for _ in run.pending([one], {"a": rows})) == n - 100


@pytest.mark.parametrize(
    ("error", "key"), [(InputError("rows", "2"), "refused"), (ValueError("x"), "failed")]
)
def test_refusals_and_faults_are_recorded_and_do_not_end_the_study(says, tmp_path, error, key):
    says["raises"] = error
    path = tmp_path / "r.jsonl"
    assert run.study([cell("a")], path, 1.0, 1) == 3
    assert all(key in row and "claims" not in row for row in records.read(path))
    del says["raises"]
    assert run.study([cell("a")], path, 1.0, 1) == 0
    again = 3 if key == "failed" else 0
    assert run.study([cell("a")], path, 1.0, 1, retry=True) == again
    assert sum("claims" in row for row in records.read(path)) == again


def test_two_runs_do_not_write_to_one_file(tmp_path):
    path, code = tmp_path / "r.jsonl", "import records, pathlib, sys\n"
    code += "with records.appending(pathlib.Path(sys.argv[1])): pass"
    where = Path(records.__file__).parent

    def another():
        call = [sys.executable, "-c", code, str(path)]
        return subprocess.run(call, cwd=where, check=False, capture_output=True).returncode

    with records.appending(path):
        assert another() == 1
    assert another() == 0


def test_of_a_family_of_verdicts_that_which_errs_counts():
    quiet, wrong = (
        {"holds": holds, "takes": "undecided", "comes_from": "not_tried", "explanations": []}
        for holds in ("unclear", "yes")
    )
    truth = nothing("readable")
    assert run.worst("readable: empty", truth, [quiet, wrong]) is wrong
    assert run.worst("readable: empty", truth, [quiet, quiet]) is quiet


@pytest.mark.slow
@pytest.mark.parametrize("name", ["second/layers/two of six", "second/attributes/nothing"])
def test_audits_of_several_answer_for_each_family(name):
    (one,) = [cell for cell in SECOND if cell.name == name]
    record = run.measured(one, 7, {"draws": 79, "n_splits": 1})
    assert set(record["claims"]) == set(one.truth)
    if "layers" in name:
        assert record["claims"]["readable: full"]["holds"] == "yes"


def test_packed_records_are_read_before_those_after_them(tmp_path):
    path = tmp_path / "r.jsonl"
    with records.appending(path) as file:
        for seed in (1, 0, 1):
            records.append(file, {"cell": "a", "seed": seed, "seconds": seed / 2})
    before = records.read(path)
    assert records.pack(path) == 2
    assert path.read_bytes() == b""
    assert sorted(records.read(path), key=lambda row: -row["seed"]) == before
    with records.appending(path) as file:
        records.append(file, {"cell": "a", "seed": 1, "seconds": 7})
    assert {row["seed"]: row["seconds"] for row in records.read(path)} == {0: 0, 1: 7}
    assert records.pack(path) == 2
    assert not [*tmp_path.glob("*.part")]
