"""Running: cells and seeds in order, resumed after a kill, refused where it cannot be judged."""

import json
from collections import deque

import numpy as np
import pytest

from nullprobe import InputError, load_result
from nullprobe.studies import Cell, Measured, Study, run

CALLS = deque()  # not a plain value, so no part depends on it


def count(cell, seed, budget):
    CALLS.append((str(cell), seed, budget.quick))
    return Measured({"model": cell.a + seed / 3}, series={"curve": [1.0, 2.0]})


def counted(**changes):
    CALLS.clear()
    fields = {"factors": {"a": (0, 1)}, **changes}
    return Study("counted", count, "How many?", "calls", **fields)


def test_cells_and_seeds_run_one_after_the_other():
    result = run(counted(), seeds=2)
    calls = [("a=0", 0, False), ("a=0", 1, False), ("a=1", 0, False), ("a=1", 1, False)]
    assert list(CALLS) == calls
    assert [one.seed for one in result.records] == [0, 1, 0, 1]
    run(counted(), seeds=4, quick=True)
    assert list(CALLS) == [("a=0", 0, True), ("a=1", 0, True)]


def test_a_run_that_was_killed_goes_on_and_gives_the_same_bytes(tmp_path):
    study = counted()
    whole = run(study, seeds=3).to_json()
    CALLS.clear()

    def killed(stage, done, total):
        if len(CALLS) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(study, seeds=3, out=tmp_path, progress=killed)
    assert run(study, seeds=3, out=tmp_path).to_json() == whole
    assert len(CALLS) == 6
    # Another seed, a quick run and damage are measured; what is there is not.
    run(study, seeds=[7], out=tmp_path)
    assert len(CALLS) == 8
    run(study, seeds=1, quick=True, out=tmp_path)
    assert len(CALLS) == 10
    next((tmp_path / "parts").iterdir()).write_text("{")
    for _ in range(2):
        run(study, seeds=3, out=tmp_path)
    assert len(CALLS) <= 11
    assert not list(tmp_path.rglob(".nullprobe-*"))


def test_progress_names_the_cell_and_counts():
    stages = []
    run(counted(), seeds=1, progress=lambda *stage: stages.append(stage))
    assert [str(stage) for stage, *_ in stages] == [
        "a=0, seed 0 (1 of 2): done", "a=1, seed 0 (2 of 2): done",
    ]  # fmt: skip
    assert [(one.number, one.count) for one, *_ in stages] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda cell: {"model": float("nan")}, "finite"),
        (lambda cell: {}, "measure something"),
        (lambda cell: {"model": 1.0} if cell.a else {"corpus": 1.0}, "the same"),
    ],
)
def test_what_cannot_be_judged_is_refused(values, words):
    one = Study("bad", lambda c, s, b: values(c), "?", "u", factors={"a": (0, 1)})
    with pytest.raises(InputError) as error:
        run(one, seeds=1)
    assert words in error.value.required


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Not A Name"},
        {"factors": {"a": (1,)}},
        {"factors": {"a b": (0, 1)}},
        {"factors": {"a": (1, "1")}},
    ],
)
def test_a_study_that_cannot_be_is_refused(change):
    fields = {"name": "made", "measure": lambda c, s, b: {}, "question": "?", "unit": "u"}
    with pytest.raises(InputError):
        Study(**{**fields, **change})


@pytest.mark.parametrize("seeds", [0, [], [1, 1], [-1]])
def test_seeds_are_different_whole_numbers(seeds):
    with pytest.raises(InputError):
        run(counted(), seeds=seeds)


def test_a_part_runs_alone():
    part = counted()
    assert counted(parts={"dose": part}).part("dose") is part
    with pytest.raises(InputError):
        part.part("dose")


@pytest.mark.parametrize(
    ("factors", "required", "received"),
    [
        ({"a": (0.0, float("nan"))}, "finite", "nan"),
        ({"a": np.array([1.0, np.inf])}, "finite", "inf"),
        ({"a": ("x", None)}, "finite", "None"),
        ({"a": ("x",)}, "two levels", "'x'"),
        ({"a": ()}, "two levels", "none"),
        ({"a": (0, 1, 0)}, "differ", "0"),
        ({"a": (1, "1")}, "differ", "1"),
        ({"a": "xy"}, "sequence", "xy"),
        ({"a": 3}, "sequence", "3"),
        ({"a": {0, 1}}, "sequence", "{0, 1}"),
        ({"a": iter((0, 1))}, "sequence", "iterator"),
        ({"a b": (0, 1)}, "name", "a b"),
        ({7: (0, 1)}, "name", "7"),
    ],
)
def test_factors_without_two_finite_levels_are_refused_with_what_arrived(
    factors, required, received
):
    with pytest.raises(InputError) as refused:
        counted(factors=factors)
    assert required in refused.value.required
    assert received in refused.value.received


@pytest.mark.parametrize("levels", [(0, 1), np.array([0.5, 1.0]), ("no", "good"), (False, True)])
def test_factors_of_numbers_texts_and_truth_values_are_crossed(levels):
    cells = counted(factors={"a": levels, "b": (0, 1)}).cells
    assert [str(cell) for cell in cells] == [f"a={a}, b={b}" for a in levels for b in (0, 1)]


def test_a_cell_has_its_factors_and_no_other():
    cell = Cell({"a": 1})
    assert cell.a == 1
    with pytest.raises(AttributeError):
        _ = cell.b


def test_a_result_writes_a_page_and_a_file_with_all_numbers(tmp_path):
    result = run(counted(doubts=("<script>alert(1)</script>",)), seeds=3)
    result.to_html(tmp_path / "page.html")
    result.to_json(tmp_path / "study.json")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "How many?" in page
    assert page.count("<figure") == len(result.figures) == 1
    assert len(page) < 200_000
    fields = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert fields["schema"] == "nullprobe.study/1"
    assert [cell["values"]["model"] for cell in fields["cells"]][4] == 1.33333
    assert load_result(tmp_path / "study.json") == result
    frame = result.to_frame(kind="pandas")
    assert frame.columns.tolist() == ["a", "seed", "measurement", "value"]
    assert len(frame) == 6
    assert result["effect_of_a"].holds == "yes"
    assert result.answer in page
