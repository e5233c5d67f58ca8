"""The page on statements is executed, word for word."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "statements.md"


@pytest.mark.slow
def test_the_page_on_statements_shows_what_happens():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    outcome = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert outcome.failed == 0
    assert outcome.attempted > 8
