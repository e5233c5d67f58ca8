import numpy as np
import pytest
from scipy.stats import norm
from support.evidence import STEPS, curve, evidence, seen

from nullprobe.claims import Holds, Takes, Thresholds
from nullprobe.claims.one_feature import one_feature
from nullprobe.stats.null_distribution import Null


def verdict(**changed):
    claim = one_feature(evidence(**changed))
    return claim.holds, claim.takes, claim


def test_a_curve_among_those_of_surrogates_is_a_fact_about_moments():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.MOMENTS)
    assert claim.name == "one_feature"
    assert [n.rung for n in claim.nulls] == ["moments"]
    assert claim.p_value > 0.05
    assert claim.interval is None


@pytest.mark.parametrize(("left", "word"), [(0.5, "less"), (0.8, "more")])
def test_leaving_less_or_more_than_surrogates_is_a_fact_about_the_representation(left, word):
    holds, takes, claim = verdict(curve=curve([0.9, left, 0.6]))
    assert (holds, takes) == (Holds.NO, Takes.STRUCTURE)
    assert claim.p_value == pytest.approx(0.01)
    assert f"held-out AUC {left:.3f} after one removal" in claim.reason
    assert f"{word} is left" in claim.reason


def test_what_is_read_before_any_removal_decides_nothing():
    assert verdict(curve=curve([0.99, 0.7, 0.6]))[0] is Holds.YES


def test_nothing_can_be_removed_where_nothing_is_read():
    unreadable = {"raw": seen(0.5), "curve": curve([0.5, 0.3, 0.3])}
    holds, takes, claim = verdict(**unreadable)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.CHANCE)
    sd = np.std(STEPS, ddof=1) * 0.04
    assert claim.detectable == pytest.approx(0.5 + (norm.isf(0.025) + norm.ppf(0.8)) * sd)
    assert f"{claim.detectable:.3f} is the least" in claim.reason
    assert verdict()[2].detectable is None


def test_p_values_are_uniform_where_the_curve_is_one_of_the_surrogates():
    """With 39 draws the largest of 40 departures is any of them: P(p ≤ .1) = .1."""
    rng = np.random.default_rng(0)
    spread = np.array([0.02, 0.03, 0.01])
    p = []
    for _ in range(1000):
        values = 0.7 + spread * rng.standard_normal(3)
        found = curve(values, gaussian=(0.7, 0.7, 0.7), n_drawn=39)
        found.drawn[:] = 0.7 + spread * rng.standard_normal((39, 3))
        observed, drawn = found.largest()
        p.append(drawn.p_value(observed))
    for level in (0.1, 0.5):
        share = np.mean(np.array(p) <= level)
        assert abs(share - level) < 3.5 * np.sqrt(level * (1 - level) / 1000)


def test_of_several_representations_the_largest_departure_counts():
    found = curve([0.9, 0.5, 0.6])
    told = np.full(99, 1e3)  # another one departs by more in every draw
    claim = verdict(curve=type(found)(found.values, "AUC", found.intervals, found.drawn, told))[2]
    assert claim.p_value == 1.0


def test_pictures_get_the_band_and_thresholds_are_kept():
    chance = {"raw": Null("chance", "", np.linspace(0.4, 0.6, 9999))}
    strict = {"thresholds": Thresholds(alpha=0.001), "chance": chance}
    claim = verdict(curve=curve([0.9, 0.5, 0.6]), **strict)[2]
    assert claim.holds is Holds.YES  # .01 is no alarm at .001
    shown = claim.shown["curve"]
    assert (shown["low"] < shown["middle"]).all()
    assert (shown["middle"] < shown["high"]).all()
    np.testing.assert_array_equal(shown["values"], [0.9, 0.5, 0.6])
