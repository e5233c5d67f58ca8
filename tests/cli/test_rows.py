"""--rows N: audits and comparisons of a random part of the rows, recorded in the result."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.command_files import refused

from nullprobe._core import memory as machine
from nullprobe.cli import main, memory
from nullprobe.data.stratified_rows import stratified_rows

N, ASKED = 300, 90
RNG = np.random.default_rng(0)
Y = np.sort(np.arange(N) % 3)
GROUPS = np.arange(N) // 2
X = RNG.standard_normal((N, 4)) + Y[:, None]
ONE = ["--draws", "39", "--claims", "one_direction", "--independent"]
QUICK = ["--draws", "39", "--claims", "readable", "--independent"]


@pytest.fixture(autouse=True)
def rows(folder):
    np.savez("rows.npz", X=X, y=Y, g=GROUPS, other=(Y + GROUPS) % 3)
    labels = {"one": Y > 0, "two": (Y > 0) ^ (GROUPS % 4 == 0)}
    np.savez("labels.npz", X=X, **labels)


def run(*arguments):
    assert main([*arguments, "--seed", "3", "--jobs", "1", "--force"]) == 0
    return json.loads(next(Path().glob("*.json")).read_text("utf-8"))


def cut(drawn):
    np.savez("rows.npz", X=X[drawn], y=Y[drawn], g=GROUPS[drawn], other=((Y + GROUPS) % 3)[drawn])


@pytest.mark.parametrize(
    ("command", "grouped"),
    [
        (["audit", "rows.npz", "--leave-out", "g", "--leave-out", "other", *ONE], False),
        (["audit", "rows.npz", "--groups", "g", "--leave-out", "other", *QUICK], True),
        (["audit", "rows.npz", "--layers", "X", "--leave-out", "g", *ONE], False),
        (
            ["compare", "rows.npz", "--concept", "y", "--keep", "other", "--groups", "g"]
            + ["--erasers", "leace", "--probes", "linear", "--independent"],
            True,
        ),
    ],
)
def test_a_part_of_the_rows_gives_what_a_file_of_these_rows_gives(command, grouped):
    found = run(*command, "--rows", str(ASKED))
    source = found["provenance"]["source"]
    record = [source[name] for name in ("rows_asked", "rows_of_file", "rows_seed")]
    assert record == [ASKED, N, 3]
    assert f"--rows {ASKED}" in found["provenance"]["command"]
    drawn = stratified_rows(Y, ASKED, groups=GROUPS if grouped else None, random_state=3)
    assert source["rows_drawn"] == len(drawn)
    cut(drawn)
    expected = run(*command)
    for key in ("claims", "rows", "table"):
        assert found.get(key) == expected.get(key)


@pytest.mark.slow
def test_a_comparison_of_labels_records_the_rows_too():
    command = ["same-concept", "labels.npz", "--concept", "one,two", "--draws", "39"]
    found = run(*command, "--rows", "200")
    document = found.get("audit", found)
    assert document["provenance"]["source"]["rows_drawn"] == 200


@pytest.mark.slow
def test_calibration_takes_a_part_of_the_rows(capsys):
    calibrate = ["calibrate", "rows.npz", "--concept", "y", "--audits", "1", "--draws", "39"]
    assert main([*calibrate, "--claims", "readable", "--rows", "90", "--jobs", "1"]) == 0


@pytest.mark.parametrize(
    "more", [["--pairs"], ["--baseline", "b=rows.npz"], ["--untrained", "b=rows.npz"]]
)
def test_rows_do_not_go_with_rows_of_other_files(more, capsys):
    assert "--rows" in refused(capsys, "audit", "rows.npz", "--rows", "9", *more)


def test_too_many_rows_are_refused_before_they_are_read(capsys, monkeypatch):
    np.save("X.npy", X)
    np.save("y.npy", Y)
    monkeypatch.setattr(memory, "SMALL_FILE", 0)
    free = int(100 * 4 * memory.OF_AUDIT)
    monkeypatch.setattr(memory, "available", lambda: free)
    message = refused(capsys, "audit", "X.npy", "--concept", "y", *QUICK)
    assert "--rows 100" in message
    assert "300 rows" in message
    assert main(["audit", "X.npy", "--concept", "y", *QUICK, "--rows", "90"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(memory, "available", lambda: free // 4)
    fit = ["fit", "X.npy", "--concept", "y", "--out", "e.safetensors", "--method", "inlp"]
    assert "about 75 rows fit" in refused(capsys, *fit)
    monkeypatch.setattr(memory, "WORTH_STATING", 0)
    monkeypatch.setattr(memory, "available", lambda: None)
    assert main(fit) == 0
    assert "300 rows in memory" in capsys.readouterr().err


def test_the_free_memory_of_this_machine_is_known_where_the_system_states_it():
    free = machine.available()
    assert free is None or 1 << 20 < free < 1 << 50
