"""What takes seconds and is shared by tests of the report: a real audit, and a real browser."""

import pytest
from support.browser import browser
from support.pipeline import FEW

from nullprobe import audit, worlds


@pytest.fixture(scope="session")
def audited():
    """Return an audit with groups and a baseline, and both claims that have pictures."""
    w = worlds.shared(n=90, d=3, n_groups=3, random_state=0)
    asked = ["readable", "one_feature", "transfers"]
    first = w.X[:, :1]
    return audit(w.X, w.y, groups=w.groups, baselines={"first": first}, claims=asked, **FEW)


@pytest.fixture(scope="module")
def page():
    """Return a page of a real browser, for all tests of a file."""
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder for the pages of a file's tests."""
    return tmp_path_factory.mktemp("pages")
