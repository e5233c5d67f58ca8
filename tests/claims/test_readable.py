from dataclasses import replace

import pytest
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import (
    ComesFrom,
    Confounded,
    Holds,
    Observation,
    Outcome,
    SimplerReading,
    Takes,
    Thresholds,
)
from nullprobe.claims.readable import MATCHED, readable


def verdict(**changed):
    claim = readable(evidence(**changed))
    return claim.holds, claim.comes_from, claim


def baselines(**sources):
    """Return baselines by source and name, from readings by source."""
    return {
        source: {f"{source} {i}": one for i, one in enumerate(several)}
        for source, several in sources.items()
    }


def test_reading_above_chance_holds_and_where_from_was_not_tried():
    holds, source, claim = verdict()
    assert (holds, source) == (Holds.YES, ComesFrom.NOT_TRIED)
    assert claim.takes is Takes.UNDECIDED
    assert claim.fact_about is None
    assert claim.p_value == pytest.approx(0.01)
    assert claim.observed == 0.9
    assert claim.interval[0] < 0.9 < claim.interval[1]
    assert claim.detectable is None
    assert outcomes(claim.explanations) == {
        "chance": "rejected",
        "moments": "not_tried",
        "noise": "not_tried",
        "inputs": "not_tried",
        "architecture": "not_tried",
    }
    reasons = {one.name: one.reason for one in claim.explanations}
    assert reasons["noise"] == MATCHED
    assert all(reason for name, reason in reasons.items() if name != "chance")


def test_reading_as_of_data_of_the_same_moments_takes_no_more():
    drawn = nulls()
    drawn["moments"]["raw"] = null(0.9, 0.02, "moments")
    assert verdict(nulls=drawn)[2].takes is Takes.MOMENTS
    drawn["moments"]["raw"] = null(0.7, 0.02, "moments")
    claim = verdict(nulls=drawn)[2]
    assert claim.takes is Takes.UNDECIDED  # the shape of the noise was not tried
    assert [one.rung for one in claim.nulls] == ["chance", "moments"]


@pytest.mark.parametrize(
    ("readings", "source"),
    [
        ({"inputs": [0.9]}, ComesFrom.INPUTS),
        ({"inputs": [0.55, 0.93]}, ComesFrom.INPUTS),
        ({"inputs": [0.6], "architecture": [0.9]}, ComesFrom.ARCHITECTURE),
        ({"inputs": [0.6], "architecture": [0.6]}, ComesFrom.TRAINING),
        ({"inputs": [0.6, 0.7], "architecture": [0.6, 0.7]}, ComesFrom.TRAINING),
        ({"inputs": [0.6]}, ComesFrom.UNDECIDED),
        ({"architecture": [0.6]}, ComesFrom.UNDECIDED),
    ],
)
def test_where_a_reading_comes_from_depends_on_what_was_tried(readings, source):
    given = {key: [seen(value) for value in values] for key, values in readings.items()}
    holds, found, claim = verdict(baselines=baselines(**given))
    assert (holds, found) == (Holds.YES, source)
    assert [(one.rung, one.value) for one in claim.beside] == [
        (key, value) for key, values in readings.items() for value in values
    ]


def test_baselines_are_compared_in_pairs():
    """Replicates that move together tell .90 from .845, though the intervals overlap."""
    both = seen(0.845, 0.03)
    apart = Observation(0.845, "AUC", 0.5, both.resampled[::-1])
    for one, outcome in ((both, Outcome.REJECTED), (apart, Outcome.UNDECIDED)):
        claim = verdict(baselines=baselines(inputs=[one]))[2]
        assert outcomes(claim.explanations)["inputs"] is outcome


def test_reading_as_much_as_chance_is_denied_if_there_is_no_room_for_more():
    holds, source, claim = verdict(raw=seen(0.5))
    assert (holds, claim.takes, source) == (Holds.NO, Takes.CHANCE, ComesFrom.NOT_TRIED)
    assert claim.detectable is None


def test_reading_as_much_as_chance_is_unclear_if_there_is_room_for_more():
    wide = nulls(chance={"raw": null(0.5, 0.1)})
    holds, _, claim = verdict(raw=seen(0.53), nulls=wide)
    assert (holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable == pytest.approx(0.5 + 2.801585 * claim.nulls[0].sd)
    assert f"{claim.detectable:.3f}" in claim.reason


def test_reading_below_chance_is_a_sign_of_dependent_rows():
    holds, _, claim = verdict(raw=seen(0.3))
    assert (holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert "less than chance" in claim.reason


def test_where_nothing_is_read_it_comes_from_nowhere():
    claim = verdict(raw=seen(0.5), baselines=baselines(inputs=[seen(0.9)]))[2]
    assert (claim.takes, claim.comes_from) == (Takes.CHANCE, ComesFrom.NOT_TRIED)
    assert claim.beside[0].value == 0.9


def test_r_squared_is_compared_with_zero():
    numeric = nulls(chance={"raw": null(-0.05, 0.04)})
    claim = readable(evidence(raw=seen(0.2, unit="R²", chance=0.0), nulls=numeric))
    assert claim.holds is Holds.YES
    assert "R² is 0.200; permuted numbers give -0.050" in claim.reason


@pytest.mark.parametrize("value", [-0.01, -0.035])
def test_prediction_worse_than_the_mean_is_no_reading_though_chance_is_worse_still(value):
    """Probes of permuted labels overfit: their R² is below 0, whether or not p is small."""
    chance = nulls(chance={"raw": null(-0.045, 0.02)})
    claim = readable(evidence(raw=seen(value, unit="R²", chance=0.0), nulls=chance))
    assert (claim.p_value <= 0.05) is (value == -0.01)
    assert (claim.holds, claim.takes) == (Holds.NO, Takes.CHANCE)


@pytest.mark.parametrize("value", [-0.1, -0.25])
def test_probes_that_overfit_by_more_than_matters_show_no_absence(value):
    """With few rows a column, an R² of .3 in all rows ends in −.1 as surely as one of 0 does."""
    chance = nulls(chance={"raw": null(-0.3, 0.1)})
    claim = readable(evidence(raw=seen(value, unit="R²", chance=0.0), nulls=chance))
    assert (claim.holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_prediction_worse_than_the_mean_with_room_for_more_is_unclear():
    chance = nulls(chance={"raw": null(-0.3, 0.1)})
    claim = readable(evidence(raw=seen(-0.1, 0.2, unit="R²", chance=0.0), nulls=chance))
    assert (claim.holds, claim.takes) == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_the_adjusted_p_decides_and_stands_beside_the_raw_one():
    adjusted = {"raw": replace(null(0.5, 0.06), adjusted=0.2)}
    claim = readable(evidence(nulls=nulls(chance=adjusted)))
    assert (claim.holds, claim.p_value, claim.adjusted_p) == (Holds.UNCLEAR, 0.01, 0.2)


def test_a_baseline_that_does_not_beat_chance_accounts_for_nothing():
    raw, same = seen(0.9), seen(0.9)
    read = SimplerReading.of("inputs", "words", replace(same, chance_p=0.01), raw, Thresholds())
    noise = SimplerReading.of("inputs", "words", replace(same, chance_p=0.2), raw, Thresholds())
    assert str(read.explanation(Thresholds()).outcome) == "sufficient"
    assert str(noise.explanation(Thresholds()).outcome) == "undecided"


@pytest.mark.parametrize("source", ["inputs", "architecture"])
@pytest.mark.parametrize(("p", "warns"), [(0.01, False), (0.05, False), (0.06, True), (1.0, True)])
def test_a_baseline_that_reads_no_more_than_chance_has_a_warning(source, p, warns):
    given = baselines(**{source: [replace(seen(0.5), chance_p=p)]})
    claim = verdict(baselines=given)[2]
    assert bool(claim.warnings) is warns
    assert all(f"{source} 0" in one for one in claim.warnings)
    assert not verdict(raw=seen(0.5), baselines=given)[2].warnings  # nothing to explain


def test_a_reading_is_said_to_lie_beyond_what_was_passed_and_nothing_else():
    drawn = replace(null(0.6, 0.02, "inputs"), adjusted=0.01)
    length = Confounded(("length",), drawn, 0.01, "logistic", 100.0, None)
    read = {"inputs": [seen(0.6)], "architecture": [seen(0.6)]}
    for given, confounded, named in (
        (read, None, "baselines"),
        (read, length, "baselines and confounds"),
        ({"architecture": read["architecture"]}, length, "confounds"),
        ({"inputs": read["inputs"]}, None, "baselines"),
        ({}, length, "confounds"),
    ):
        reason = verdict(baselines=baselines(**given), confounded=confounded)[2].reason
        start = reason.partition(".")[0]
        assert start.startswith(f"A linear probe reads the concept; the {named} ")
        assert "the inputs" not in start


def test_a_baseline_that_holds_all_of_it_accounts_for_it_however_badly_it_is_read():
    found = SimplerReading.of("inputs", "words", seen(0.6), seen(0.9), Thresholds(), contains=True)
    assert str(found.explanation(Thresholds()).outcome) == "sufficient"


@pytest.mark.parametrize(("p", "outcome"), [(0.01, "rejected"), (0.2, "undecided")])
def test_confounds_are_rejected_only_where_the_covariance_agrees(p, outcome):
    drawn = replace(null(0.6, 0.02, "inputs"), adjusted=0.01)
    given = Confounded(("length",), drawn, p, "logistic", 100.0, None)
    assert str(given.explanation(0.9, Thresholds()).outcome) == outcome


@pytest.mark.parametrize(("columns", "outcome"), [(60, "rejected"), (61, "undecided")])
def test_wide_confounds_are_never_rejected(columns, outcome):
    drawn = replace(null(0.6, 0.02, "inputs"), adjusted=0.01)
    given = Confounded(("words",), drawn, 0.001, "logistic", 100.0, None, False, 600, columns)
    assert str(given.explanation(0.9, Thresholds()).outcome) == outcome
    alike = replace(given, null=null(0.9, 0.01, "inputs"), covariance_p=0.4)
    assert str(alike.explanation(0.9, Thresholds()).outcome) == "sufficient"
