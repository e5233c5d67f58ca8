import numpy as np
import pytest
from handmade import STEPS, null, seen

from nullprobe.claims import FactAbout, Holds, Observation, Thresholds
from nullprobe.claims.verdict import number, p_text


def test_words_of_a_verdict_compare_as_strings():
    assert [str(h) for h in Holds] == ["yes", "no", "unclear"]
    assert FactAbout.MOMENTS == "moments"


def test_rungs_are_in_order_lowest_first():
    rungs = ["linear_algebra", "chance", "moments", "inputs", "representation"]
    assert [str(rung) for rung in FactAbout] == rungs


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


def test_smallest_effect_is_found_four_times_out_of_five():
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
