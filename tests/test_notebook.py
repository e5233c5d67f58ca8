"""The notebook of docs/ is executed: a result is one small table, and a plot is one picture."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support.markup import Reader

PAGE = Path(__file__).parents[1] / "docs" / "notebook.ipynb"
LARGEST = 6_000  # characters of a table
RESULTS = ("result", 'result["readable"]', "layers", "comparison", "moments")


@pytest.fixture(scope="module")
def executed():
    """Return the outputs of each cell of code, by its last line."""
    page = nbformat.read(PAGE, as_version=4)
    assert not any(cell.get("outputs") for cell in page.cells)
    NotebookClient(page, timeout=300, kernel_name="python3").execute()
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    return {cell.source.splitlines()[-1]: cell.outputs for cell in code}


@pytest.mark.slow
def test_every_output_of_the_notebook_is_a_table_or_a_picture(executed):
    outputs = [one for each in executed.values() for one in each]
    assert {one.output_type for one in outputs} == {"execute_result", "display_data"}
    for line, each in executed.items():
        kinds = [key for one in each for key in one.data if key != "text/plain"]
        if "plot." in line:
            assert kinds == ["image/png"]
        elif not line.startswith("X, y ="):
            assert kinds == ["text/html"]
    assert {*RESULTS} < {*executed}


@pytest.mark.slow
def test_a_table_of_the_notebook_is_small_and_runs_nothing(executed):
    tables = [
        one.data["text/html"]
        for each in executed.values()
        for one in each
        if "text/html" in one.data
    ]
    assert len(tables) > len(RESULTS)
    for html in tables:
        read = Reader(html)
        names = [name for name, _ in read.elements]
        assert names.count("table") == 1
        assert {"script", "style", "link", "img"}.isdisjoint(names)
        assert len(html) < LARGEST


@pytest.mark.slow
def test_the_repr_of_a_result_in_the_notebook_is_one_line(executed):
    for line in RESULTS:
        (shown,) = executed[line]
        assert "\n" not in shown.data["text/plain"]
        assert len(shown.data["text/plain"]) < 100
