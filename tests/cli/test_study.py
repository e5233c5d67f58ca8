"""The command study: it lists, runs a file, goes on, and refuses what is no study."""

import json
import os
import re
from pathlib import Path

import pytest
from support.command_files import done, refused

from nullprobe import load_result
from nullprobe.cli import main

STUDY = """
from nullprobe import studies

@studies.study(question="Does it double?", unit="size", factors={"size": (1, 2)})
def doubling(cell, seed, budget):
    return {"model": 2.0 * cell.size + seed / 100}
"""


PID = """    with open(__file__.replace(".py", ".pids"), "a") as file:
        file.write(f"{os.getpid()} ")"""


@pytest.fixture(autouse=True)
def _one_process(monkeypatch, request):
    """Keep runs in this process, where starting others would take most of the time."""
    if request.function is not test_processes_measure_what_one_measures:
        monkeypatch.setattr("nullprobe.cli.study_runs.effective_n_jobs", lambda _: 1)


def ran(capsys, *arguments):
    """Run a study; return what it printed, and the lines of its progress."""
    assert main(["study", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    return out, err.splitlines()


def test_studies_are_listed(capsys):
    assert "beliefs" in done(capsys, "study", "list")


def test_a_file_is_run_and_its_page_written(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(STUDY)
    printed, lines = ran(capsys, file, "--seeds", "3", "--out", tmp_path)
    assert "depends on size" in printed
    assert len(lines) == 6
    assert all(line.startswith("doubling: ") and line.endswith("done") for line in lines)
    result = json.loads((tmp_path / "doubling.json").read_text("utf-8"))
    command = result["provenance"]["command"]
    assert command == f"nullprobe study {file} --out {tmp_path} --seeds 3"
    _, lines = ran(capsys, *command.split()[2:])
    assert len([line for line in lines if "earlier" in line]) == 6
    assert len(list((tmp_path / "parts").iterdir())) == 6
    assert (tmp_path / "doubling.html").is_file()


def test_what_is_no_study_is_refused(capsys, tmp_path):
    assert "beliefs" in refused(capsys, "study", "belief", "--out", tmp_path)
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1")
    assert "defines 0" in refused(capsys, "study", empty, "--out", tmp_path)
    assert "mine.py" in refused(capsys, "study", tmp_path / "mine.py", "--out", tmp_path)
    assert "part" in refused(capsys, "study", "beliefs", "--part", "dose", "--out", tmp_path)


FAULTS = {
    "a factor that the cell lacks": ("cell.b", "AttributeError"),
    "a mistake in a call": ("len(5)", "TypeError"),
    "a mistake below numpy": ("__import__('numpy').ones(3) @ __import__('numpy').ones(4)",
                              "ValueError"),
    "a file that is not there": ("open('nope.txt')", "FileNotFoundError"),
    "the end of the program": ("exit()", "SystemExit"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_of_the_file_is_named_as_its_own_with_the_line(capsys, tmp_path, fault):
    code, error = FAULTS[fault]
    (tmp_path / "mine.py").write_text(STUDY.replace("    return", f"    {code}\n    return"))
    assert main(["study", str(tmp_path / "mine.py"), "--seeds", "1", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "bug of ours" not in said
    assert error in said
    assert "mine.py, line 6" in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (STUDY + "\n(", "mine.py, line"),
        (STUDY + "\n1 / 0", "mine.py, line 8"),
        ("import helper_with_a_fault\n" + STUDY, "helper_with_a_fault.py, line 2"),
        ("import no_such_helper\n" + STUDY, "mine.py, line 1"),
    ],
)
def test_an_error_while_a_file_is_loaded_is_named_as_its_own(capsys, tmp_path, text, place):
    (tmp_path / "mine.py").write_text(text)
    (tmp_path / "helper_with_a_fault.py").write_text("\nx = y")
    said = refused(capsys, "study", tmp_path / "mine.py", "--out", tmp_path / "out")
    assert "bug of ours" not in said
    assert place in said


HEAD = "import scipy.sparse\nfrom nullprobe import Moments, studies\n"
REFUSED = {
    "before the study": ("studies.Rule('a b', '', {})\n" + STUDY, "mine.py, line 3"),
    "in its decorator": (STUDY.replace("(1, 2)", "(1, 1)"), "mine.py, line 6"),
    "while it measures": (
        STUDY.replace("    return", "    studies.train(5, seed=0)\n    return"), "mine.py, line 8"
    ),
    "for its type": (
        STUDY.replace("    return", "    Moments.of(scipy.sparse.eye(3), [0, 1, 0])\n    return"),
        "mine.py, line 8",
    ),
    "in its neighbour": ("import a_refused_neighbour\n" + STUDY, "a_refused_neighbour.py, line 3"),
}  # fmt: skip


@pytest.mark.parametrize("where", REFUSED)
def test_what_this_library_refuses_is_named_with_the_line_of_the_file(capsys, tmp_path, where):
    text, place = REFUSED[where]
    (tmp_path / "mine.py").write_text(HEAD + text)
    neighbour = "from nullprobe import studies\n\nstudies.Rule('a b', '', {})"
    (tmp_path / "a_refused_neighbour.py").write_text(neighbour)
    said = refused(capsys, "study", tmp_path / "mine.py", "--out", tmp_path / "out")
    assert f"{place}: " in said
    assert "must run without an error" not in said


def test_what_this_library_refuses_after_the_function_has_no_line(capsys, tmp_path):
    (tmp_path / "mine.py").write_text(STUDY.replace("2.0 * cell.size + seed / 100", "None"))
    said = refused(capsys, "study", tmp_path / "mine.py", "--out", tmp_path / "out")
    assert "'model' must be a finite number" in said
    assert "line" not in said


@pytest.mark.parametrize("late", [False, True])
def test_a_file_imports_its_neighbours(capsys, tmp_path, late):
    name = f"neighbour_{late}".lower()
    (tmp_path / f"{name}.py").write_text("FACTOR = 2.0")
    head = "" if late else f"import {name}\n"
    body = f"    import {name}\n    return" if late else "    return"
    text = head + STUDY.replace("    return", body).replace("2.0", f"{name}.FACTOR")
    (tmp_path / "mine.py").write_text(text)
    printed, _ = ran(capsys, tmp_path / "mine.py", "--seeds", "3", "--out", tmp_path / "out")
    assert "depends on size" in printed


def test_a_weaker_run_replaces_nothing_without_force(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(STUDY)

    def seeds(number, *more):
        ran(capsys, file, "--seeds", number, "--out", tmp_path, *more)
        text = (tmp_path / "doubling.json").read_text("utf-8")
        return len({cell["seed"] for cell in json.loads(text)["cells"]})

    assert seeds(3) == seeds(3) == 3
    assert "--force" in refused(capsys, "study", file, "--seeds", "1", "--out", tmp_path)
    assert seeds(4) == 4  # the same seeds and one more
    assert seeds(1, "--force") == 1
    file.write_text(STUDY.replace("(1, 2)", "(1, 3)"))
    assert "--force" in refused(capsys, "study", file, "--seeds", "3", "--out", tmp_path)
    (tmp_path / "doubling.json").write_text("{}")  # somebody's file
    assert "--force" in refused(capsys, "study", file, "--seeds", "3", "--out", tmp_path)


def test_the_page_has_what_check_needs_and_what_its_words_mean(capsys, tmp_path):
    file = tmp_path / "mine.py"
    more = '"twin": 0.0, "corpus": 2.0 * cell.size, "inputs": 0.0'
    file.write_text(STUDY.replace("seed / 100", f"seed / 100, {more}"))
    ran(capsys, file, "--seeds", "3", "--out", tmp_path)
    page = (tmp_path / "doubling.html").read_text("utf-8")
    name = re.search(r"<code>(\w+)</code>: ", page)[1]
    assert main(["check", str(tmp_path / "doubling.json"), "--require", f"{name}=yes"]) == 0
    for word in ("twin", "corpus", "inputs", "architecture"):
        assert f"<b>{word}</b>: " in page
    assert "<b>training</b>" not in page
    assert "--out" in page


def test_a_saved_study_is_shown_and_checked(capsys):
    file = Path(__file__).parents[2] / "examples/studies/contexts/contexts.json"
    assert main(["show", str(file)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    study = load_result(file)
    assert study.answer in shown
    assert all(claim.name in shown for claim in study.claims)
    name, holds = study.claims[0].name, str(study.claims[0].holds)
    assert main(["check", str(file), "--require", f"{name}={holds}"]) == 0
    other = "no" if holds == "yes" else "yes"
    assert main(["check", str(file), "--require", f"{name}={other}"]) == 3
    assert main(["show", str(file), str(file)]) == 2


@pytest.mark.slow
def test_processes_measure_what_one_measures(capsys, tmp_path):
    file, found = tmp_path / "mine.py", {}
    file.write_text("import os\n" + STUDY.replace("    return", f"{PID}\n    return"))
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        _, lines = ran(capsys, file, "--seeds", "3", "--out", out, "--jobs", jobs)
        assert lines[0].partition(",")[0] == "doubling: 1 of 6"
        assert len([line for line in lines if line.endswith("done")]) == len(lines) == 6
        found[jobs] = (out / "doubling.json").read_text("utf-8").replace(str(out), "")
    assert found[1] == found[2]
    pids = file.with_suffix(".pids").read_text().split()
    assert len(pids) == 12
    assert os.getpid() not in map(int, pids[6:])
    file.write_text(STUDY.replace("    return", "    len(5) if cell.size == 2 else 0\n    return"))
    assert main(["study", str(file), "--out", str(tmp_path / "3"), "--jobs", "2"]) == 2
    said = capsys.readouterr().err
    assert "TypeError" in said
    assert "mine.py, line 6" in said
    assert len(list((tmp_path / "3" / "parts").iterdir())) == 5
