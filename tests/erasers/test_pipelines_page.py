"""The page on pipelines is executed, word for word."""

import doctest
from pathlib import Path

import pytest
import sklearn

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "pipelines.md"


def test_the_page_on_pipelines_says_what_happens():
    pytest.importorskip("fairlearn")
    with sklearn.config_context():
        found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 20
