"""Pairs for an effect: the planned number detects it as often as stated."""

import numpy as np
import pytest

from nullprobe import InputError, pairs_for_effect
from nullprobe.claims import Thresholds
from nullprobe.measures.pairs_for_effect import LEAST, upper_limit
from nullprobe.stats.sample_size import units_to_detect
from nullprobe.usage.methods import Sample

DRAWS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.uniform(-1.0, 1.0, size=n) * np.sqrt(3.0),
    "two-valued": lambda rng, n: rng.choice([-1.0, 1.0], size=n),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draws", "effect", "sd", "power"),
    [*((draws, 0.5, 1.0, 0.8) for draws in DRAWS), ("normal", 0.9, 1.5, 0.9)],
)
def test_the_interval_of_an_audit_is_above_0_as_often_as_planned(draws, effect, sd, power):
    """Both directions of a pair have its shift and a deviation that cancels in their mean."""
    n, rng, bar = (
        pairs_for_effect(effect, sd=sd, power=power),
        np.random.default_rng(0),
        Thresholds(),
    )
    pairs, found, runs = np.tile(np.arange(n), 2), 0, 300
    for i in range(runs):
        shift = effect + sd * DRAWS[draws](rng, n)
        apart = rng.normal(size=n)
        interval = bar.interval(Sample(pairs, i).observed(np.r_[shift + apart, shift - apart]))
        found += interval[0] > 0
    assert found / runs == pytest.approx(power, abs=0.08)


def test_power_is_that_of_a_t_test():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(1)
    n = units_to_detect(1.0, 1.0, 0.05)
    assert n == 10
    ps = ttest_1samp(1.0 + rng.normal(size=(4000, n)), 0.0, axis=1)
    share = ((ps.pvalue < 0.05) & (ps.statistic > 0)).mean()
    assert 0.78 < share < 0.84


@pytest.mark.parametrize(("low", "high"), [({"effect": 0.5}, {"effect": 0.4}),
                                           ({"sd": 1.0}, {"sd": 1.2}),
                                           ({"power": 0.8}, {"power": 0.9}),
                                           ({"alpha": 0.05}, {"alpha": 0.01})])  # fmt: skip
def test_a_harder_question_takes_more_pairs(low, high):
    usual = {"effect": 0.5, "sd": 1.0}
    assert pairs_for_effect(**usual | low) < pairs_for_effect(**usual | high)


def test_the_limit_of_a_pilot_covers_the_spread_in_four_of_five():
    rng = np.random.default_rng(2)
    limits = [upper_limit(rng.normal(size=12).std(ddof=1), 12) for _ in range(3000)]
    assert np.mean(np.array(limits) > 1.0) == pytest.approx(0.8, abs=0.025)
    shifts = rng.normal(size=12)
    expected = pairs_for_effect(0.5, sd=upper_limit(shifts.std(ddof=1), 12))
    assert pairs_for_effect(0.5, pilot=shifts) == expected


def test_no_plan_has_fewer_pairs_than_an_audit_needs():
    assert pairs_for_effect(5.0, sd=0.1) == LEAST
    assert pairs_for_effect(5.0, sd=0.0) == LEAST


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "neither"),
        ({"sd": 1.0, "pilot": np.ones(9)}, "both"),
        ({"pilot": np.ones(5)}, "at least 6"),
        ({"pilot": np.full(9, np.nan)}, "finite"),
        ({"sd": -1.0}, "sd"),
        ({"sd": 1.0, "effect": 0.0}, "above 0"),
        ({"sd": 1.0, "power": 1.0}, "power"),
        ({"sd": 1.0, "power": 0.01}, "power"),
    ],
)
def test_what_cannot_be_planned_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        pairs_for_effect(**{"effect": 0.5, **wrong})
