"""Audits with confounds: what is credited to the inputs, and what is not."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from nullprobe import Audit, ComesFrom, InputError, audit, matched_rows

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


@pytest.mark.slow
def test_a_reading_that_confounds_explain_is_credited_to_the_inputs():
    X, y, W = words(0)
    claim = audit(X, y, confounds={"either": W[:, 0], "or": W[:, 1]}, **FEW)["readable"]
    assert (str(claim.holds), str(claim.comes_from)) == ("yes", "inputs")
    assert "Labels drawn from either, or alone give" in claim.reason
    assert claim.details["covariance_p"] > 0.05
    assert claim.details["rows_open"] < 400
    assert [null.rung for null in claim.nulls][-1] == "inputs"


@pytest.mark.slow
def test_a_reading_beyond_confounds_is_not():
    X, y, W = words(1, beyond=1.5)
    claim = audit(X, y, confounds=W, **FEW)["readable"]
    found = {one.name: str(one.outcome) for one in claim.explanations}
    assert found["inputs"] == "rejected"
    assert str(claim.comes_from) == "undecided"  # nothing was said of an untrained network
    assert "the confounds passed do not explain it" in claim.reason


@pytest.mark.slow
def test_without_confounds_none_are_tried_and_nothing_changes():
    X, y, W = words(2)
    plain, given = audit(X, y, **FEW)["readable"], audit(X, y, confounds=W, **FEW)["readable"]
    assert "covariance_p" not in plain.details
    assert (plain.observed, plain.p_value) == (given.observed, given.p_value)
    assert [*plain.nulls[0].values] == [*given.nulls[0].values]


@pytest.mark.slow
def test_odds_that_may_be_wrong_are_told_where_labels_are_drawn_by_a_model():
    X, y, W = words(3, beyond=1.5)
    length = W[:, 0] + np.random.default_rng(0).normal(size=400)
    claim = audit(X, y, confounds={"length": length}, **FEW)["readable"]
    assert claim.details["odds_may_be_off_by"] >= 1.25


@pytest.mark.slow
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


def test_a_declared_order_goes_with_no_confounds():
    X, y, W = words(8)
    with pytest.raises(InputError, match="both confounds= and order= arrived"):
        audit(X, y, confounds=W, order=np.arange(400), **{**FEW, "independent": False})


@pytest.mark.slow
def test_confounds_that_say_what_the_concept_is_neither_account_for_it_nor_are_excluded():
    rng = np.random.default_rng(0)
    y = np.arange(240) % 2
    X = rng.normal(size=(240, 4)) + 2 * y[:, None]
    nearly = np.where(rng.random(240) < 0.01, 1 - y, y)
    with pytest.warns(UserWarning, match="nearly determine the concept"):
        found = audit(X, y, confounds={"copy": nearly}, **FEW)["readable"]
    assert found.comes_from is ComesFrom.UNDECIDED
    assert "the confounds nearly determine the concept" in found.reason


@pytest.mark.slow
def test_dates_are_numbers_and_names_of_rows_are_refused():
    rng = np.random.default_rng(0)
    days = rng.permutation(240)
    y = (rng.random(240) < days / 240).astype(int)
    X = rng.normal(size=(240, 4)) + (days / 60)[:, None]
    dates = np.datetime64("2020-01-01") + days.astype("timedelta64[D]")
    frame = pd.DataFrame({"when": dates})
    by_date, by_day = (
        audit(X, y, confounds=W, **FEW)["readable"] for W in (frame, {"when": days.astype(float)})
    )
    given = [one.nulls[-1].mean for one in (by_date, by_day)]
    assert "Labels drawn from when alone give" in by_date.reason
    assert given[0] == pytest.approx(given[1], abs=0.02)
    assert given[0] > 0.6
    for ids in (dates.astype(str), [f"row {j}" for j in range(240)]):
        with pytest.raises(InputError, match="240 different values in 240 rows"):
            audit(X, y, confounds={"when": ids}, **FEW)
    with pytest.raises(InputError, match="date in every row"):
        audit(X, y, confounds={"when": np.append(dates[1:], np.datetime64("NaT"))}, **FEW)


@pytest.mark.parametrize("option", ["baselines", "untrained", "confounds"])
def test_data_that_readable_needs_are_not_ignored_without_it(option):
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    given = {option: {"one": X[:, :1]}}
    with pytest.raises(InputError, match=f"{option} need the claim 'readable'"):
        audit(X, y, claims=["erasure_holds"], **given)


@pytest.mark.slow
def test_confounds_and_warnings_stand_in_print_on_the_page_and_in_the_document(tmp_path):
    X, y, W = words(9)
    found = audit(X, y, confounds={"either": W[:, 0], "or": W[:, 1]}, **FEW)
    assert found.provenance["confounds"] == ["either", "or"]
    assert Audit.from_json(found.to_json()) == found
    assert json.loads(found.to_json())["claims"][0]["nulls"][-1]["rung"] == "inputs"
    (warning,) = found["readable"].warnings
    pairs = found["readable"].details["matched_pairs"]
    assert pairs == len(matched_rows(y, W)) >= 20
    assert f"{pairs} pairs" in warning
    assert json.loads(found.to_json())["claims"][0]["warnings"] == [warning]
    assert f"{pairs} pairs" in " ".join(str(found).split())
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert f"Warning: {pairs} pairs" in page
    assert "abels permuted among rows with the same either, or" in page
