"""The page of nulls: its table names every action, and its numbers are those of the code."""

import re
from pathlib import Path

import pytest

from nullprobe import nulls
from nullprobe.auditing.bootstrap import LEAST_GROUPS, LEAST_ROWS
from nullprobe.nulls.action import Action
from nullprobe.nulls.matching import LEAST_UNITS, PILOTS
from nullprobe.stats.dependence import LEAST_BLOCKS, LONGER

PAGE = (Path(__file__).parents[2] / "docs/methods/nulls.md").read_text("utf-8")


def concrete(cls):
    """Return the classes under a class that can be made."""
    own = [] if cls.__abstractmethods__ else [cls]
    return own + [one for below in cls.__subclasses__() for one in concrete(below)]


def rows_of_table():
    table = PAGE[PAGE.index("| action | kept | broken | exact if |") :].split("\n\n")[0]
    return [line.split("|")[1:-1] for line in table.splitlines()[2:]]


def test_every_action_stands_in_the_table_once_with_all_that_it_keeps_and_breaks():
    named = [re.fullmatch(r" `(\w+)` ", row[0])[1] for row in rows_of_table()]
    ours = {one.__name__ for one in concrete(Action) if one.__module__.startswith("nullprobe.")}
    assert sorted(named) == sorted(ours)
    assert ours <= set(nulls.__all__)
    for row in rows_of_table():
        assert len(row) == 4
        assert all(len(cell.strip()) > 3 for cell in row)


@pytest.mark.parametrize(
    "words",
    [
        f"{LEAST_UNITS} units of each class",
        f"{LEAST_BLOCKS} blocks of twice the length ℓ of the dependence: {LEAST_BLOCKS * LONGER} ℓ",
        f"{LEAST_ROWS} rows and {LEAST_GROUPS} groups in each part",
        "eight pilot draws",
    ],
)
def test_numbers_of_units_are_those_of_the_code(words):
    assert words in PAGE
    assert PILOTS == 8


def test_links_lead_to_files():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs/methods" / target).exists()
