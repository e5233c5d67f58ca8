from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from support.evidence import STEPS, null, seen

from nullprobe.claims import Observation, Outcome, SimplerReading, Thresholds
from nullprobe.claims.sentences import number, p_text
from nullprobe.stats.null_distribution import Null


def test_interval_holds_95_percent_of_the_replicates():
    low, high = seen(0.7, 0.1).interval
    assert low == pytest.approx(0.7 - 1.96 * 0.1, abs=0.01)
    assert high == pytest.approx(0.7 + 1.96 * 0.1, abs=0.01)


def test_replicates_that_are_undefined_are_left_out_of_the_interval():
    holes = np.concatenate([np.full(50, np.nan), np.linspace(0.6, 0.8, 50)])
    low, high = Observation(0.7, "AUC", 0.5, holes).interval
    assert 0.6 < low < 0.62
    assert 0.78 < high < 0.8


def test_few_replicates_are_no_interval():
    assert Observation(0.7, "AUC", 0.5, np.linspace(0, 1, 19)).interval is None
    assert not Thresholds().negligible(Observation(0.5, "AUC", 0.5, np.full(19, 0.5)))


@pytest.mark.parametrize(
    ("value", "out"),
    [(0.5, False), (0.5375, False), (0.5395, True), (0.4625, False), (0.4605, True)],
)
def test_observation_beyond_either_tail_stands_out(value, out):
    assert Thresholds().stands_out(seen(value), null(0.5, 0.04)) is out


@pytest.mark.parametrize(("value", "spread", "is_so"), [(0.5, 0.02, True), (0.5, 0.03, False)])
def test_effect_is_negligible_if_the_interval_leaves_no_room(value, spread, is_so):
    assert Thresholds().negligible(seen(value, spread)) is is_so
    assert Thresholds().negligible(seen(value - 0.5, spread, chance=0.0)) is is_so


def test_detectable_effect_is_found_four_times_out_of_five():
    draws = null(0.5, 0.1)
    least = Thresholds().detectable(seen(0.5), draws)
    rng = np.random.default_rng(0)
    chance = draws.values.std(ddof=1) * rng.standard_normal((2, 20_000))
    limits = np.quantile(0.5 + chance[0], [0.025, 0.975])
    assert np.mean(least + chance[1] > limits[1]) == pytest.approx(0.8, abs=0.01)
    assert draws.sd == pytest.approx(0.1 * STEPS.std(ddof=1))


@pytest.mark.parametrize(
    ("value", "text"), [(0.71234, "0.712"), (0, "0"), (3e-16, "3.0e-16"), (-0.25, "-0.250")]
)
def test_small_numbers_are_not_written_as_zero(value, text):
    assert number(value) == text


def test_p_is_written_with_three_digits():
    assert p_text(0.0123456) == "p = 0.0123"


def share(right, trials, spread=0.02):
    replicates = right / trials + spread * np.random.default_rng(0).standard_normal(2000)
    return Observation(right / trials, "share of held-out pairs", 0.5, replicates, trials)


@pytest.mark.parametrize(("right", "trials"), [(0, 12), (7, 12), (12, 12), (150, 300), (299, 300)])
def test_interval_of_a_share_is_that_of_wilson(right, trials):
    """Its ends are where the normal test of a share gives up: (p̂ − p)² = z² p (1 − p) / n."""
    z = norm.ppf(0.975)
    for end in share(right, trials).interval:
        gap = (right / trials - end) ** 2 - z**2 * end * (1 - end) / trials
        assert gap == pytest.approx(0.0, abs=1e-12)


def test_a_share_of_none_or_all_is_not_certain():
    none, every = (share(right, 100, spread=0.0).interval for right in (0, 100))
    assert none == (pytest.approx(0.0, abs=1e-12), pytest.approx(0.037, abs=5e-4))
    assert every == (pytest.approx(1 - none[1]), pytest.approx(1.0))
    low, high = share(50, 100, spread=0.0).interval
    assert (low, high) == (pytest.approx(0.404, abs=1e-3), pytest.approx(0.596, abs=1e-3))


def test_a_share_of_few_resamples_has_its_interval_all_the_same():
    few = Observation(0.5, "share", 0.5, np.full(19, 0.5), 800)
    assert few.interval is not None
    assert Thresholds().negligible(few)
    assert few.over(few).interval is None  # how it differs from another is known from them alone


def test_an_absence_asks_more_of_an_interval_than_readers_are_shown():
    """Other probes of so many rows vary as well, which the interval leaves out."""
    resampled = 0.5 + 0.0238 * np.random.default_rng(0).standard_normal(20_000)
    one = Observation(0.5, "AUC", 0.5, resampled)
    assert one.interval[1] < 0.55 < one.within(0.975)[1]
    assert not Thresholds().negligible(one)
    assert Thresholds(alpha=0.2).negligible(one)


def test_a_difference_of_shares_is_no_share():
    gain = share(90, 100).over(share(60, 100))
    assert gain.trials is None
    assert gain.value == pytest.approx(0.3)
    assert gain.interval == (pytest.approx(0.3), pytest.approx(0.3))


@pytest.mark.parametrize(
    ("alpha", "least"), [(0.5, 39), (0.05, 39), (0.04, 49), (0.01, 199), (0.001, 1999)]
)
def test_least_draws_are_those_with_which_p_can_reach_half_of_alpha(alpha, least):
    bar = Thresholds(alpha)
    assert bar.least_draws == least
    assert Null("chance", "", np.zeros(least)).p_value(1.0) <= alpha / 2
    if least > 39:
        assert Null("chance", "", np.zeros(least - 1)).p_value(1.0) > alpha / 2


def test_detectable_effect_of_an_upper_tail_is_smaller():
    draws = null(0.5, 0.1)
    upper = replace(draws, upper=True)
    least = Thresholds().detectable(seen(0.5), upper)
    assert least < Thresholds().detectable(seen(0.5), draws)
    rng = np.random.default_rng(0)
    chance = draws.sd * rng.standard_normal((2, 20_000))
    limit = np.quantile(0.5 + chance[0], 0.95)
    assert np.mean(least + chance[1] > limit) == pytest.approx(
        0.8, abs=0.015
    )  # three standard errors


@pytest.mark.parametrize(
    ("simpler", "outcome"),
    [
        (0.95, "sufficient"),
        (0.9, "sufficient"),
        (0.89, "sufficient"),  # surpassed for certain, by less than the effect of interest
        (0.84, "rejected"),
        (0.5, "rejected"),
    ],
)
def test_what_is_simpler_suffices_unless_it_is_surpassed_by_what_matters(simpler, outcome):
    one = SimplerReading.of("inputs", "lengths", seen(simpler), seen(0.9), Thresholds())
    found = one.explanation(Thresholds())
    assert (found.name, found.outcome) == ("inputs", Outcome(outcome))
    assert (one.rung, one.name, one.value) == ("inputs", "lengths", simpler)
    assert one.interval == seen(simpler).interval
    assert one.gain == (pytest.approx(0.9 - simpler), pytest.approx(0.9 - simpler))
    assert found.difference == one.gain


def test_without_resamples_what_is_simpler_is_undecided():
    bare = Observation(0.2, "AUC", 0.5, np.full(2000, np.nan))
    one = SimplerReading.of("inputs", "lengths", bare, seen(0.9), Thresholds())
    assert one.gain is None
    assert one.explanation(Thresholds()).outcome is Outcome.UNDECIDED


def test_verdicts_rest_on_intervals_of_one_less_alpha_and_readers_see_95_percent():
    """A gain of 2.2 standard errors is clear at α = .05 and is not at .01."""
    draws = np.random.default_rng(0).permutation(norm.ppf((np.arange(2000) + 0.5) / 2000))
    observed = Observation(0.7, "AUC", 0.5, 0.7 + 0.01 * draws)
    simpler = Observation(0.678, "AUC", 0.5, np.full(2000, 0.678))
    for alpha, outcome in ((0.05, Outcome.REJECTED), (0.01, Outcome.UNDECIDED)):
        bar = Thresholds(alpha, min_effect=0.01)
        one = SimplerReading.of("inputs", "lengths", simpler, observed, bar)
        assert one.explanation(bar).outcome is outcome
        assert one.coverage == 1 - alpha
        reach = 0.01 * norm.ppf(1 - alpha / 2)
        np.testing.assert_allclose(bar.interval(observed), [0.7 - reach, 0.7 + reach], atol=2e-4)
        np.testing.assert_allclose(observed.interval, [0.7 - 0.0196, 0.7 + 0.0196], atol=2e-4)
    near = Observation(0.527, "AUC", 0.5, 0.527 + 0.01 * draws)
    assert Thresholds(0.05).negligible(near)
    assert not Thresholds(0.01).negligible(near)
