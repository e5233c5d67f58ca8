"""Pages on audits are executed, word for word."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "methods"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "least"), [("confounds", 12), ("existence", 2), ("own_eraser", 20)]
)
def test_a_page_shows_what_happens(page, least):
    found = doctest.testfile(
        str(PAGES / f"{page}.md"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert found.failed == 0
    assert found.attempted >= least
