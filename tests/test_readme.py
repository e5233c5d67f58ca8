"""The README tells the truth: its table comes from the results, its length from restraint."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_results_table_is_the_one_that_the_results_make():
    table = [sys.executable, str(ROOT / "benchmarks" / "table.py"), "--check"]
    subprocess.run(table, check=True)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 120


def test_every_room_of_the_map_exists():
    rooms = (
        line.split()[0]
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("    ") and "/ " in line
    )
    for room in rooms:
        assert (ROOT / room).is_dir(), room
