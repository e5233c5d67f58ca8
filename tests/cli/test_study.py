"""The command study: it lists, runs a file, goes on, and refuses what is no study."""

import json
from pathlib import Path

from support.command_files import done, refused

from nullprobe import load_result
from nullprobe.cli import main

STUDY = """
from nullprobe import studies

@studies.study(question="Does it double?", unit="size", factors={"size": (1, 2)})
def doubling(cell, seed, budget):
    return {"model": 2.0 * cell.size + seed / 100}
"""


def test_studies_are_listed(capsys):
    assert "beliefs" in done(capsys, "study", "list")


def test_a_file_is_run_and_its_page_written(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(STUDY)
    printed = done(capsys, "study", file, "--seeds", "3", "--out", tmp_path)
    assert "depends on size" in printed
    result = json.loads((tmp_path / "doubling.json").read_text("utf-8"))
    assert result["provenance"]["command"].endswith("--seeds 3")
    assert len(list((tmp_path / "parts").iterdir())) == 6
    assert (tmp_path / "doubling.html").is_file()


def test_what_is_no_study_is_refused(capsys, tmp_path):
    assert "beliefs" in refused(capsys, "study", "belief", "--out", tmp_path)
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1")
    assert "defines 0" in refused(capsys, "study", empty, "--out", tmp_path)
    assert "mine.py" in refused(capsys, "study", tmp_path / "mine.py", "--out", tmp_path)
    assert "part" in refused(capsys, "study", "beliefs", "--part", "dose", "--out", tmp_path)


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
