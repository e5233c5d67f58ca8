import pytest
from support.evidence import evidence, null, seen

from nullprobe.claims import Holds, Takes
from nullprobe.claims.readable import readable


def verdict(**changed):
    claim = readable(evidence(**changed))
    return claim.holds, claim.takes, claim


def test_reading_above_chance_is_credited_to_the_representation():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.STRUCTURE)
    assert claim.p_value == pytest.approx(0.02)
    assert claim.observed == 0.9
    assert claim.interval[0] < 0.9 < claim.interval[1]
    assert claim.detectable is None
    assert "rung of the inputs was not tried" in claim.reason


def test_baseline_that_reads_as_much_is_credited_to_the_inputs():
    holds, takes, claim = verdict(baselines={"bag of words": seen(0.9)})
    assert (holds, takes) == (Holds.YES, Takes.INPUTS)
    assert "'bag of words' reads 0.900" in claim.reason


def test_one_good_baseline_among_bad_ones_is_enough():
    baselines = {"lengths": seen(0.55), "untrained": seen(0.93)}
    assert verdict(baselines=baselines)[1] is Takes.INPUTS


def test_baseline_that_is_clearly_surpassed_leaves_it_to_the_representation():
    holds, takes, claim = verdict(baselines={"lengths": seen(0.6)})
    assert (holds, takes) == (Holds.YES, Takes.STRUCTURE)
    assert "every baseline ('lengths') reads less" in claim.reason


def test_baselines_are_compared_in_pairs():
    """Replicates that move together tell .90 from .89, though the intervals overlap."""
    together = seen(0.89)
    assert verdict(baselines={"close": together})[1] is Takes.STRUCTURE
    apart = type(together)(0.89, "AUC", 0.5, together.resampled[::-1])
    assert verdict(baselines={"close": apart})[1] is Takes.INPUTS


def test_reading_as_much_as_chance_is_denied_if_there_is_no_room_for_more():
    holds, takes, claim = verdict(raw=seen(0.5))
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)
    assert claim.detectable is None


def test_reading_as_much_as_chance_is_unclear_if_there_is_room_for_more():
    holds, takes, claim = verdict(raw=seen(0.53, 0.05))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.CHANCE)
    assert claim.detectable == pytest.approx(0.5 + 2.801585 * claim.nulls[0].sd)
    assert f"{claim.detectable:.3f}" in claim.reason


def test_reading_below_chance_is_a_sign_of_dependent_rows():
    holds, takes, claim = verdict(raw=seen(0.3))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.STRUCTURE)
    assert "below chance" in claim.reason


def test_baselines_are_not_asked_where_nothing_is_read():
    assert verdict(raw=seen(0.5), baselines={"b": seen(0.9)})[1] is Takes.CHANCE


def test_r_squared_is_compared_with_zero():
    numeric = {"raw": null(-0.05, 0.04)}
    claim = readable(evidence(raw=seen(0.2, unit="R²", chance=0.0), chance=numeric))
    assert claim.holds is Holds.YES
    assert "R² 0.200 against -0.050" in claim.reason


def test_prediction_worse_than_the_mean_is_no_reading_though_chance_is_worse_still():
    """Probes of permuted labels overfit: their R² is well below 0."""
    chance = {"raw": null(-0.3, 0.1)}
    claim = readable(evidence(raw=seen(-0.1, unit="R²", chance=0.0), chance=chance))
    assert claim.p_value <= 0.05
    assert (claim.holds, claim.takes) == (Holds.NO, Takes.CHANCE)
