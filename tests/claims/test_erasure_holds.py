import pytest
from support.evidence import evidence, null, seen

from nullprobe.claims import Holds, Takes
from nullprobe.claims.erasure_holds import erasure_holds


def verdict(**changed):
    claim = erasure_holds(evidence(**changed))
    return claim.holds, claim.takes, claim


def test_read_back_of_no_more_than_chance_holds():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
    assert [n.rung for n in claim.nulls] == ["chance", "moments"]
    assert claim.p_value > 0.05
    assert "not clearly readable before" not in claim.reason


def test_erasure_of_what_was_not_readable_before_says_so():
    holds, _, claim = verdict(raw=seen(0.5))
    assert holds is Holds.YES
    assert "not clearly readable before" in claim.reason


def test_read_back_that_could_be_hidden_by_noise_is_unclear():
    holds, takes, claim = verdict(erased=seen(0.52, 0.05))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.CHANCE)
    assert claim.detectable == pytest.approx(0.5 + 2.801585 * claim.nulls[0].sd)


def test_read_back_as_of_gaussian_data_is_credited_to_the_moments():
    holds, takes, claim = verdict(erased=seen(0.6))
    assert (holds, takes) == (Holds.NO, Takes.MOMENTS)
    assert "does not tell it from the observed" in claim.reason
    assert claim.p_value == pytest.approx(0.02)


@pytest.mark.parametrize("value", [0.55, 0.8])
def test_read_back_unlike_gaussian_data_is_credited_to_the_representation(value):
    holds, takes, claim = verdict(erased=seen(value))
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert "than observed" in claim.reason


def test_read_back_below_chance_is_no_success():
    holds, takes, claim = verdict(erased=seen(0.3))
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert "below chance" in claim.reason


def test_read_back_below_chance_may_be_that_of_gaussian_data():
    below = {"erased": null(0.4, 0.04, "moments")}
    assert verdict(erased=seen(0.4), moments=below)[:2] == (Holds.NO, Takes.MOMENTS)


def test_rung_that_was_not_tried_is_named_with_its_reason():
    holds, takes, claim = verdict(erased=seen(0.7), moments={}, notes={"moments": "too wide"})
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert "not tried: too wide" in claim.reason
    assert [n.rung for n in claim.nulls] == ["chance"]


def test_expectation_of_the_theory_stands_beside_the_reason():
    details = {"erasure_holds": {"expected_from_means": 0.612}}
    _, _, claim = verdict(erased=seen(0.6), details=details)
    assert "lead one to expect 0.612" in claim.reason
    assert claim.details["expected_from_means"] == 0.612


def test_prediction_worse_than_the_mean_is_not_read_back_though_chance_is_worse_still():
    chance = {"raw": null(-0.3, 0.1), "erased": null(-0.3, 0.1)}
    raw, erased = (seen(value, unit="R²", chance=0.0) for value in (0.4, -0.1))
    holds, takes, claim = verdict(raw=raw, erased=erased, chance=chance)
    assert (holds, takes) == (Holds.YES, Takes.CHANCE)
    assert "no better than always saying the mean" in claim.reason
