"""The page on sparse rows is executed, word for word."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "sparse.md"


@pytest.mark.slow
def test_the_page_on_sparse_rows_says_what_happens():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 8
