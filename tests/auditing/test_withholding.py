"""Verdicts are withheld where rows cannot test a claim, and what is needed is stated once."""

import json
import re

import numpy as np
import pytest

from nullprobe import audit
from nullprobe.claims import Holds


def grouped(n_groups, size=10, seed=11):
    """Groups of one label each, with a large gap between the classes."""
    rng = np.random.default_rng([seed, n_groups])
    groups = np.repeat(np.arange(n_groups), size)
    y = rng.permutation(np.arange(n_groups) % 2)[groups]
    X = rng.normal(size=(n_groups, 6))[groups] + rng.normal(size=(len(groups), 6))
    X[:, 0] += 6.0 * y
    return X, y, groups


def autoregressive(n=300, seed=0):
    rng = np.random.default_rng([seed, 7])
    series = np.zeros((n, 5))
    for i in range(1, n):
        series[i] = 0.9 * series[i - 1] + rng.normal(size=5)
    return series[:, :4], (series[:, 4] > np.median(series[:, 4])).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [6, 7, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_too_few_groups_withhold_every_verdict_whatever_the_draws_are(n_groups, seed):
    X, y, groups = grouped(n_groups)
    found = audit(X, y, groups=groups, draws=99, random_state=seed)
    for name in ("dependent", "readable", "erasure_holds", "no_halfspace", "gone"):
        claim = found[name]
        assert claim.holds is Holds.UNCLEAR
        assert claim.rows_needed == 90  # nine groups of ten rows have 27 labellings
        assert "9 groups" in claim.rows_reason
        assert claim.detectable is None
    assert found["one_direction"].holds is Holds.YES  # it rests on algebra


@pytest.mark.slow
def test_as_many_groups_as_are_needed_bring_a_verdict():
    X, y, groups = grouped(9)
    found = audit(X, y, groups=groups, claims=["readable"], draws=99, random_state=0)
    assert "can be exchanged in" not in found["readable"].reason


@pytest.mark.slow
def test_fewer_labellings_suffice_for_a_larger_alpha():
    X, y, groups = grouped(7)  # 12 labellings
    found = audit(X, y, groups=groups, claims=["readable"], draws=99, alpha=0.1, random_state=0)
    assert "can be exchanged in" not in found["readable"].reason


@pytest.mark.slow
def test_no_impossible_value_is_called_detectable():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(9), 4)
    y = (np.arange(9) % 2)[groups]
    X = rng.normal(size=(9, 5))[groups] + 0.1 * rng.normal(size=(36, 5))
    found = audit(X, y, groups=groups, draws=99, random_state=0)
    unclear = [claim for claim in found.claims if claim.holds is Holds.UNCLEAR]
    assert unclear
    for claim in json.loads(found.to_json())["claims"]:
        assert claim["detectable"] is None or claim["detectable"] <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("declared", [False, True])
def test_too_few_blocks_state_the_rows_needed_once(declared):
    X, y = autoregressive()
    order = np.arange(len(y)) if declared else None
    found = audit(X, y, order=order, claims=["readable"], draws=99, random_state=0)
    claim, length = found["readable"], found.provenance["dependence"]["length"]
    assert claim.holds is Holds.UNCLEAR
    assert claim.rows_needed == 27 * 2 * length
    rows = f"{claim.rows_needed:,} rows"
    for text in (str(found), found.report()):
        words = " ".join(text.split())
        assert f"over {length} rows" in words
        assert words.count(rows) == 1
        assert "27 are needed" in words
        assert "not valid for these rows" in words
        assert "cannot be stated" not in words


@pytest.mark.slow
def test_an_order_is_not_advised_where_it_changes_nothing():
    X, y = autoregressive()
    found = audit(X, y, claims=["readable"], draws=99, random_state=0)["readable"]
    again = audit(X, y, order=np.arange(len(y)), claims=["readable"], draws=99, random_state=0)
    assert again["readable"].holds is found.holds
    assert not re.search("declare the order", found.reason)
    assert re.search("Name the groups", found.reason)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_groups", "size", "least"), [(12, 10, "5 groups"), (15, 10, ""), (24, 1, "10 rows")]
)
def test_a_missing_interval_has_its_reason_in_every_output(n_groups, size, least):
    X, y, groups = grouped(n_groups, size)
    options = {"groups": groups} if size > 1 else {"independent": True}
    found = audit(X, y, claims=["readable", "erasure_holds"], draws=99, random_state=0, **options)
    documents = json.loads(found.to_json())["claims"]
    for claim, document in zip(found.claims, documents, strict=True):
        reasons = [one for one in claim.warnings if "no interval" in one]
        assert (claim.interval is None) == bool(reasons) == bool(least)
        assert all(f"at least {least}" in one for one in reasons)
        assert document["warnings"] == list(claim.warnings)
    for text in (str(found), found.report()):
        assert ("no interval" in " ".join(text.split())) == bool(least)
