"""The page on plots is executed, word for word, and names every plot."""

import doctest
import re
from pathlib import Path

import pytest

from nullprobe import plot

PAGE = Path(__file__).parents[2] / "docs" / "plots.md"


@pytest.mark.slow
def test_the_page_on_plots_shows_what_happens():
    found = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert found.failed == 0
    assert found.attempted > 10


def test_the_page_on_plots_names_every_plot():
    rows = re.findall(r"^\| `plot\.(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(plot.__all__)
