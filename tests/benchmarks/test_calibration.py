"""The calibration study: exact intervals, a page that is made of its results, bounds that hold."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from support.organisms import brief

from nullprobe import audit_use

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "benchmarks" / "calibration" / "calibration.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("study", STUDY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("wrong", "n"), [(0, 400), (10, 400), (400, 400)])
def test_intervals_are_exact_binomial_ones(study, wrong, n):
    exact = binomtest(wrong, n).proportion_ci(0.98, method="exact")
    assert study.interval(wrong, n) == pytest.approx((exact.low, exact.high))


def test_the_page_is_made_of_the_results(study):
    results = json.loads(study.RESULTS.read_text("utf-8"))
    assert study.PAGE.read_text("utf-8") == study.as_page(results)


def test_no_claim_is_shown_to_name_too_high_a_rung_too_often(study):
    rows = [
        row
        for block in json.loads(study.RESULTS.read_text("utf-8"))["truths"].values()
        for row in block["rows"]
    ]
    assert rows
    for row in rows:
        assert row["seeds"] >= 400
        assert sum(row["verdicts"].values()) == row["seeds"]
        assert row["interval"][0] <= study.ALPHA


def test_a_block_counts_what_names_a_higher_rung(study, monkeypatch):
    said = [("yes", "chance"), ("no", "moments"), ("no", "representation"), ("yes", "chance")]
    verdicts = iter([{"erasure_holds": one} for one in said])
    monkeypatch.setattr(study, "verdicts", lambda *_, **__: next(verdicts))
    drawn = study.Truth(lambda _: {}, {"erasure_holds": "chance"}, 400)
    monkeypatch.setitem(study.TRUTHS, "null world", drawn)
    (row,) = study.truths("null world", 4, 1)
    assert row["too high"] == 2
    assert row["verdicts"]["yes, chance"] == 2


def test_surrogates_that_decide_nothing_are_not_drawn(study):
    """Verdicts are those of whole audits, where chance settles them and where it does not."""
    claims = ["readable", "erasure_holds"]
    for block, several in (("null world", range(1000, 1006)), ("Gaussian world", (1000,))):
        for seed in several:
            data = study.TRUTHS[block].draw(seed)
            whole = study.audit(**data, claims=claims, random_state=seed, **study.DRAWS)
            told = {c.name: (str(c.holds), str(c.fact_about)) for c in whole.claims}
            for quick in (True, False):
                assert study.verdicts(data, claims, seed, quick=quick) == told


def test_use_is_judged_of_a_language_model_with_labels_at_random(study, monkeypatch):
    monkeypatch.setattr(study, "organism", brief)
    said = [study.asked(40, 3, layer=1, at_random=at_random) for at_random in (True, False)]
    truth = brief().statements(40, 3).truth
    assert sorted(said[0]["y"]) == [0] * 20 + [1] * 20
    assert 0.2 < np.mean(said[0]["y"] == truth) < 0.8
    np.testing.assert_array_equal(said[1]["y"], truth)
    (one,) = audit_use(**said[0], n_draws=58, random_state=5).audits.values()
    (claim,) = one.claims
    found = study.verdicts(said[0], ["used"], 5)
    assert found == {"used": (str(claim.holds), str(claim.fact_about))}
