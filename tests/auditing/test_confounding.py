"""Audits with confounds: what is credited to the inputs, and what is not."""

import json

import numpy as np
import pytest
from scipy.special import expit

from nullprobe import Audit, InputError, audit

FEW = {"claims": ["readable"], "draws": 39, "n_splits": 1, "independent": True}


def words(seed, beyond=0.0, n=400):
    """Return rows that hold two words, labels that follow them, and the words."""
    rng = np.random.default_rng(seed)
    W = rng.random((n, 2)) < 0.4
    y = (rng.random(n) < expit(2.5 * W[:, 0] + W[:, 1] - 1.3)).astype(int)
    X = rng.normal(size=(n, 6))
    X[:, :2] += 2 * W
    X[:, 3] += beyond * y
    return X, y, W


def test_a_reading_that_confounds_explain_is_credited_to_the_inputs():
    X, y, W = words(0)
    claim = audit(X, y, confounds={"either": W[:, 0], "or": W[:, 1]}, **FEW)["readable"]
    assert (str(claim.holds), str(claim.comes_from)) == ("yes", "inputs")
    assert "labels drawn given either, or give" in claim.reason
    assert claim.details["covariance_p"] > 0.05
    assert claim.details["rows_open"] < 400
    assert [null.rung for null in claim.nulls][-1] == "inputs"


def test_a_reading_beyond_confounds_is_not():
    X, y, W = words(1, beyond=1.5)
    claim = audit(X, y, confounds=W, **FEW)["readable"]
    found = {one.name: str(one.outcome) for one in claim.explanations}
    assert found["inputs"] == "rejected"
    assert str(claim.comes_from) == "undecided"  # nothing was said of an untrained network
    assert "the inputs that were tried do not account for it" in claim.reason


def test_without_confounds_none_are_tried_and_nothing_changes():
    X, y, W = words(2)
    plain, given = audit(X, y, **FEW)["readable"], audit(X, y, confounds=W, **FEW)["readable"]
    assert "covariance_p" not in plain.details
    assert (plain.observed, plain.p_value) == (given.observed, given.p_value)
    assert [*plain.nulls[0].values] == [*given.nulls[0].values]


def test_odds_that_may_be_wrong_are_told_where_labels_are_drawn_by_a_model():
    X, y, W = words(3, beyond=1.5)
    length = W[:, 0] + np.random.default_rng(0).normal(size=400)
    claim = audit(X, y, confounds={"length": length}, **FEW)["readable"]
    assert claim.details["odds_may_be_off_by"] >= 1.25


def test_several_representations_numbers_and_groups_have_confounds_too():
    X, y, W = words(4)
    both = audit({"all": X, "words": X[:, :2]}, y, confounds=W, **FEW)
    for one in both.audits.values():
        assert one["readable"].nulls[-1].rung == "inputs"
        assert str(one["readable"].comes_from) in ("inputs", "undecided")
    rng = np.random.default_rng(0)
    number = X[:, 0] + rng.normal(size=400)
    claim = audit(X, number, confounds=X[:, 0], **FEW)["readable"]
    assert claim.nulls[-1].mean == pytest.approx(claim.observed, abs=0.1)
    groups = np.arange(400) // 4
    claim = audit(X, y, confounds=W, groups=groups, **{**FEW, "independent": False})["readable"]
    assert claim.nulls[-1].rung == "inputs"


def test_where_nothing_is_read_confounds_are_not_tried():
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(120, 3)), np.arange(120) % 2
    claim = audit(X, y, confounds=rng.normal(size=120), **FEW)["readable"]
    assert "inputs" not in [null.rung for null in claim.nulls]
    assert str(claim.comes_from) == "not_tried"


def test_confounds_that_nearly_are_the_concept_are_warned_of():
    X, y, _ = words(6, beyond=2.0)
    almost = y.copy()
    almost[:6] = 1 - almost[:6]
    with pytest.warns(UserWarning, match="the confounds nearly say what the concept is"):
        audit(X, y, confounds=almost.astype(str), **FEW)


def test_they_are_in_the_record_and_read_back(tmp_path):
    X, y, W = words(7)
    found = audit(X, y, confounds={"a": W[:, 0], "b": W[:, 1]}, **FEW)
    assert found.provenance["confounds"] == ["a", "b"]
    assert Audit.from_json(found.to_json()) == found
    assert json.loads(found.to_json())["claims"][0]["nulls"][-1]["rung"] == "inputs"
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "abels permuted among rows of the same a, b" in page


def test_a_declared_order_goes_with_no_confounds():
    X, y, W = words(8)
    with pytest.raises(InputError, match="both confounds= and order= arrived"):
        audit(X, y, confounds=W, order=np.arange(400), **{**FEW, "independent": False})
