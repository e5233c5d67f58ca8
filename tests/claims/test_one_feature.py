from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from support.evidence import STEPS, curve, evidence, nulls, outcomes, seen

from nullprobe.auditing.document import claim_document
from nullprobe.claims import Holds, Takes, Thresholds
from nullprobe.claims.one_feature import one_feature
from nullprobe.report.text import rungs
from nullprobe.report.text.verdicts import conclusion
from nullprobe.stats.null_distribution import Null

MIDDLE = (0.9, 0.7, 0.6)
TIGHT = {"spread": 0.005}


def verdict(found=None, **changed):
    found = found or curve(MIDDLE, **TIGHT)
    given = {"curve": found, "nulls": nulls(curve=found)} | changed
    claim = one_feature(evidence(**given))
    return claim.holds, claim.takes, claim


def test_a_curve_like_those_of_data_of_the_same_moments_holds():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.MOMENTS)
    assert claim.name == "one_feature"
    assert [n.rung for n in claim.nulls] == ["moments"]
    assert claim.p_value > 0.05
    assert claim.interval is None


def test_a_curve_that_is_merely_not_rejected_is_unclear():
    """Draws that are spread by more than the effect of interest cannot be enough."""
    holds, takes, claim = verdict(curve(MIDDLE, spread=0.05))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert outcomes(claim.explanations)["moments"] == "undecided"


def test_a_departure_that_is_too_small_to_matter_is_none():
    holds, takes, claim = verdict(curve((0.9, 0.715, 0.6), spread=0.003))
    assert claim.p_value <= 0.05
    assert (holds, takes) == (Holds.YES, Takes.MOMENTS)


@pytest.mark.parametrize(("left", "pace"), [(0.5, "faster"), (0.8, "more slowly")])
def test_leaving_less_or_more_takes_more_than_moments(left, pace):
    holds, takes, claim = verdict(curve((0.9, left, 0.6)))
    assert (holds, takes) == (Holds.NO, Takes.UNDECIDED)  # the shape of the noise was not tried
    assert claim.p_value == pytest.approx(0.01)
    assert f"the data give {left:.3f}" in claim.reason
    assert "after one removal" in claim.reason
    assert f"({pace} than" in claim.reason
    low, high = next(one for one in claim.explanations if one.name == "moments").difference
    assert low < left - 0.7 < high or low < 0 < high


@pytest.mark.parametrize(
    ("noise", "takes"), [((0.9, 0.8, 0.6), Takes.NOISE), ((0.9, 0.6, 0.6), Takes.STRUCTURE)]
)
def test_the_shape_of_the_noise_is_tried_after_moments(noise, takes):
    found = curve((0.9, 0.8, 0.6), noise=noise, **TIGHT)
    assert verdict(found)[:2] == (Holds.NO, takes)


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (MIDDLE, (Holds.YES, Takes.NOISE)),
        ((0.9, 0.5, 0.6), (Holds.NO, Takes.STRUCTURE)),
    ],
)
def test_where_moments_were_not_drawn_the_shape_of_the_noise_decides(noise, expected):
    found = curve(MIDDLE, moments=None, noise=noise, **TIGHT)
    holds, takes, claim = verdict(found, notes={"moments curve": "too few rows"})
    assert (holds, takes) == expected
    assert claim.explanations[0].reason == "too few rows"
    assert claim.shown["curve"]["rung"] == "noise"


def test_a_curve_without_draws_is_unclear_and_says_why():
    found = replace(curve(MIDDLE), drawn={})
    notes = {"moments curve": "too few rows", "noise curve": "too many columns"}
    holds, takes, claim = verdict(found, notes=notes)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert (claim.nulls, claim.p_value, claim.adjusted_p) == ((), None, None)
    assert all(reason in claim.reason for reason in notes.values())
    assert "curve" not in claim.shown


def test_noise_that_is_rejected_denies_where_moments_are_undecided():
    """What the shape of the noise cannot explain, means and covariances cannot."""
    rng = np.random.default_rng(0)
    found = curve((0.9, 0.8, 0.6), noise=(0.9, 0.7, 0.6), **TIGHT)
    wide = np.array(MIDDLE) + 0.1 * rng.standard_normal((99, 3))
    found = replace(found, drawn={**found.drawn, "moments": wide})
    holds, takes, claim = verdict(found)
    assert outcomes(claim.explanations)["moments"] == "undecided"
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)


def test_what_is_read_before_any_removal_decides_nothing():
    assert verdict(curve((0.99, 0.7, 0.6), **TIGHT))[0] is Holds.YES


def test_a_curve_without_removals_takes_nothing():
    found = curve((0.9,), moments=(0.9,))
    holds, _, claim = verdict(found)
    assert holds is Holds.YES
    assert "no second direction" in claim.reason


def test_rounding_where_nothing_is_left_is_no_departure():
    """Once all is removed every reading is one half, up to the order of a sum."""
    found = curve((0.9, 0.7, 0.5 + 6e-17), **TIGHT)
    drawn = found.drawn["moments"]
    drawn[:, 2] = 0.5
    found.values[2] = 0.5 - 5.6e-17
    assert found.largest("moments")[0] < 4
    assert verdict(found)[:2] == (Holds.YES, Takes.MOMENTS)


def test_nothing_can_be_removed_where_nothing_is_read():
    holds, takes, claim = verdict(curve((0.5, 0.3, 0.3)), raw=seen(0.5))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    sd = np.std(STEPS, ddof=1) * 0.02
    least = 0.5 + (norm.isf(0.025) + norm.ppf(0.8)) * sd
    assert f"an AUC below {least:.3f}" in claim.reason


@pytest.mark.parametrize("spread", [0.005, 0.05])
@pytest.mark.parametrize("raw", [0.5, 0.9])
def test_no_departure_has_the_smallest_detectable_value_of_a_reading(raw, spread):
    """Departures are in standard deviations, and what is detectable of a reading is an AUC."""
    assert verdict(curve(MIDDLE, spread=spread), raw=seen(raw))[2].detectable is None


def test_what_was_not_tried_is_not_called_undecided():
    found = curve(MIDDLE, moments=None)
    holds, takes, claim = verdict(found, nulls=nulls(moments=None, noise=None, curve=found))
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert "was not tried" in conclusion(claim.reason)
    shown = rungs.takes(claim_document(claim))
    assert (shown.key, shown.height) == ("not_tried", 0)
    tried = rungs.takes(claim_document(verdict(curve(MIDDLE, spread=0.05))[2]))
    assert tried.key == "undecided"


def test_p_values_are_uniform_where_the_curve_is_one_of_the_draws():
    """With 39 draws the largest of 40 departures is any of them: P(p ≤ .1) = .1."""
    rng = np.random.default_rng(0)
    spread = np.array([0.02, 0.03, 0.01])
    p = []
    for _ in range(1000):
        values = 0.7 + spread * rng.standard_normal(3)
        drawn = 0.7 + spread * rng.standard_normal((39, 3))
        found = replace(curve(values), drawn={"moments": drawn})
        observed, null = found.largest("moments")
        p.append(null.p_value(observed))
    for level in (0.1, 0.5):
        share = np.mean(np.array(p) <= level)
        assert abs(share - level) < 3.5 * np.sqrt(level * (1 - level) / 1000)


@pytest.mark.slow
def test_curves_suffice_wrongly_in_a_share_alpha_at_most():
    """A curve that is off by what matters, after one of two removals, may pass in 1 of 20."""
    rng, wrong, bar = np.random.default_rng(0), 0, Thresholds()
    for _ in range(1000):
        values = 0.7 + 0.02 * rng.standard_normal(3) + np.array([0, 0.05, 0])
        drawn = 0.7 + 0.02 * rng.standard_normal((99, 3))
        found = replace(curve(values), drawn={"moments": drawn})
        wrong += found.explained(found.largest("moments")[1], bar).suffices
    assert wrong / 1000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_the_adjusted_p_decides():
    found = curve((0.9, 0.5, 0.6))
    drawn = nulls(curve=found)
    drawn["moments"]["curve"] = replace(drawn["moments"]["curve"], adjusted=1.0)
    holds, _, claim = verdict(found, nulls=drawn)
    assert (holds, claim.adjusted_p) == (Holds.UNCLEAR, 1.0)
    assert claim.p_value == pytest.approx(0.01)


def test_pictures_get_the_band_and_thresholds_are_kept():
    found = curve((0.9, 0.5, 0.6))
    drawn = nulls(chance={"raw": Null("chance", "", np.linspace(0.4, 0.6, 9999))}, curve=found)
    claim = verdict(found, thresholds=Thresholds(alpha=0.001), nulls=drawn)[2]
    assert claim.holds is Holds.UNCLEAR  # .01 is no alarm at .001
    shown = claim.shown["curve"]
    assert shown["rung"] == "moments"
    assert (shown["low"] < shown["middle"]).all()
    assert (shown["middle"] < shown["high"]).all()
    np.testing.assert_array_equal(shown["values"], [0.9, 0.5, 0.6])
