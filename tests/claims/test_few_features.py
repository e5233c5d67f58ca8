"""The verdict on "few features read as well as all", from evidence made by hand."""

import numpy as np
import pytest
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import Holds, Observation, Outcome, Thresholds, judged
from nullprobe.claims.few_features import few_features

NOISE = np.random.default_rng(0).standard_normal(2000)


def reading(value, spread=0.01):
    """Return a reading whose errors are those of the others, as of the same held-out rows."""
    return Observation(value, "AUC", 0.5, value + spread * NOISE)


def verdict(few, raw=0.9, spread=0.01, **given):
    loss = 0.2 * spread * np.random.default_rng(1).standard_normal(2000)
    one = reading(few, spread)
    one = Observation(few, "AUC", 0.5, one.resampled + loss)
    return few_features(evidence(raw=reading(raw, spread), few=one, **given))


@pytest.mark.parametrize(
    ("few", "spread", "holds"),
    [
        (0.89, 0.01, Holds.YES),  # a loss of .01 ± .004: below .05
        (0.95, 0.01, Holds.YES),  # few features may read more than all
        (0.80, 0.01, Holds.NO),
        (0.86, 0.01, Holds.YES),  # a clear loss, and too small to matter
        (0.85, 0.10, Holds.NO),  # .05 ± .04
        (0.87, 0.20, Holds.UNCLEAR),  # .03 ± .08
    ],
)
def test_the_interval_of_the_loss_decides(few, spread, holds):
    claim = verdict(few, spread=spread)
    assert claim.holds is holds
    assert claim.observed == few
    assert claim.details["loss"] == pytest.approx(0.9 - few)
    assert claim.details["with_all_features"] == 0.9
    low, high = claim.details["loss_from"], claim.details["loss_to"]
    assert low < 0.9 - few < high


def test_the_smallest_effect_of_interest_bounds_a_negligible_loss():
    assert verdict(0.86).holds is Holds.YES
    assert verdict(0.86, thresholds=Thresholds(min_effect=0.03)).holds is Holds.NO


def test_a_concept_that_is_not_read_leaves_nothing_to_compare():
    claim = verdict(0.505, raw=0.505)
    assert claim.holds is Holds.UNCLEAR
    assert claim.detectable > 0.5
    assert judged("few_features", evidence(raw=seen(0.5), few=seen(0.5))).rows_reason


def test_few_features_that_read_what_all_do_not_hold():
    assert verdict(0.9, raw=0.505).holds is Holds.YES


def test_without_replicates_the_claim_is_unclear():
    bare = Observation(0.9, "AUC", 0.5, np.full(100, np.nan))
    claim = few_features(evidence(raw=bare, few=bare))
    assert claim.holds is Holds.UNCLEAR
    assert "loss_from" not in claim.details


@pytest.mark.parametrize(("middle", "outcome"), [(0.89, "sufficient"), (0.7, "rejected")])
def test_moments_are_judged_by_draws_in_which_features_are_chosen_anew(middle, outcome):
    found = verdict(0.89, nulls=nulls(moments=middle, spread=0.02))
    assert outcomes(found.explanations)["moments"] is Outcome(outcome)
    assert [one.rung for one in found.nulls] == ["chance", "moments"]


def test_p_values_are_of_what_the_few_features_read():
    chance = {"few": null(0.5, 0.4)}
    claim = verdict(0.89, nulls=nulls(chance=chance))
    assert claim.p_value == chance["few"].p_value(0.89)


def test_the_reason_names_the_features_and_their_number():
    details = {"few_features": {"n_features": 3, "probes_with": {"cat": 1.0, "dog": 0.5}}}
    claim = verdict(0.89, details=details)
    assert "3 features" in claim.statement
    assert "cat (100%), dog (50%)" in claim.reason
