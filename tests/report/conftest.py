"""A real audit for the tests of the report, made once: it takes seconds."""

import pytest
from pipeline import FEW

from nullprobe import audit, worlds


@pytest.fixture(scope="session")
def audited():
    """Return an audit with groups and a baseline, and both claims that have pictures."""
    w = worlds.shared(n=90, d=3, n_groups=3, random_state=0)
    asked = ["readable", "one_feature", "transfers"]
    first = w.X[:, :1]
    return audit(w.X, w.y, groups=w.groups, baselines={"first": first}, claims=asked, **FEW)
