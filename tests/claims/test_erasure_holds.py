import pytest
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import ComesFrom, Holds, Takes
from nullprobe.claims.erasure_holds import erasure_holds


def verdict(**changed):
    claim = erasure_holds(evidence(**changed))
    return claim.holds, claim.takes, claim


def test_read_back_of_no_more_than_chance_holds():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
    assert [n.rung for n in claim.nulls] == ["chance", "moments", "noise"]
    assert claim.p_value > 0.05
    assert "not clearly readable before" not in claim.reason


def test_erasure_of_what_was_not_readable_before_says_so():
    holds, _, claim = verdict(raw=seen(0.5))
    assert holds is Holds.YES
    assert "not clearly readable before" in claim.reason


def test_read_back_that_could_be_hidden_by_noise_is_unclear():
    wide = nulls(chance={"erased": null(0.5, 0.1)})
    holds, takes, claim = verdict(erased=seen(0.52), nulls=wide)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable == pytest.approx(0.5 + 2.801585 * claim.nulls[0].sd)


def test_a_small_p_of_less_than_the_effect_of_interest_still_holds():
    holds, takes, claim = verdict(erased=seen(0.523, spread=0.01))
    assert claim.p_value <= 0.05
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)


@pytest.mark.parametrize(("value", "holds"), [(0.505, Holds.UNCLEAR), (0.523, Holds.NO)])
def test_draws_that_leave_no_room_are_not_enough_where_the_reading_leaves_some(value, holds):
    wide = seen(value, spread=0.03)
    assert wide.interval[1] > 0.55
    assert verdict(erased=wide)[0] is holds


@pytest.mark.parametrize(
    ("value", "takes"),
    [(0.6, Takes.MOMENTS), (0.7, Takes.NOISE), (0.55, Takes.STRUCTURE), (0.9, Takes.STRUCTURE)],
)
def test_what_is_read_back_takes_the_least_that_suffices(value, takes):
    holds, found, claim = verdict(erased=seen(value))
    assert (holds, found) == (Holds.NO, takes)
    assert claim.p_value == pytest.approx(0.01)
    assert claim.comes_from is ComesFrom.NOT_TRIED
    assert claim.fact_about is None or takes is not Takes.STRUCTURE


def test_what_is_merely_not_rejected_is_not_credited():
    """Draws that are too wide to suffice leave open what it takes."""
    holds, takes, claim = verdict(erased=seen(0.65), nulls=nulls(0.6, 0.7, spread=0.2))
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)
    found = outcomes(claim.explanations)
    assert (found["chance"], found["moments"], found["noise"]) == (
        "rejected", "undecided", "undecided",
    )  # fmt: skip


def test_read_back_below_chance_is_no_success():
    holds, takes, claim = verdict(erased=seen(0.3))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert "less than chance" in claim.reason


def test_read_back_below_chance_is_no_failure_either_whatever_draws_give():
    assert verdict(erased=seen(0.4), nulls=nulls(0.4))[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_what_was_not_tried_is_named_with_its_reason():
    without = nulls(moments=None, noise=None)
    notes = {"moments erased": "too wide", "noise erased": "too few rows"}
    holds, takes, claim = verdict(erased=seen(0.7), nulls=without, notes=notes)
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)
    reasons = {one.name: one.reason for one in claim.explanations}
    assert (reasons["moments"], reasons["noise"]) == ("too wide", "too few rows")
    assert all(reason in claim.reason for reason in notes.values())
    assert [n.rung for n in claim.nulls] == ["chance"]


def test_noise_that_is_rejected_rejects_moments_that_were_not_tried():
    takes = verdict(erased=seen(0.9), nulls=nulls(moments=None))[1]
    assert takes is Takes.STRUCTURE


def test_expectation_of_the_theory_stands_beside_the_reason():
    details = {"erasure_holds": {"expected_from_means": 0.612}}
    _, _, claim = verdict(erased=seen(0.6), details=details)
    assert "expects 0.612" in claim.reason
    assert claim.details["expected_from_means"] == 0.612


def test_prediction_worse_than_the_mean_is_not_read_back_though_chance_is_worse_still():
    chance = nulls(chance={"raw": null(-0.3, 0.1), "erased": null(-0.045, 0.02)})
    raw, erased = (seen(value, unit="R²", chance=0.0) for value in (0.4, -0.01))
    holds, takes, claim = verdict(raw=raw, erased=erased, nulls=chance)
    assert claim.p_value <= 0.05
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
