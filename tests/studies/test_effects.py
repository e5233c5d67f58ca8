"""Effects: contrasts of cells, intervals over seeds, and how often these are right."""

import numpy as np
import pytest
from scipy import stats

from nullprobe.studies.definition import study
from nullprobe.studies.effects import Estimate, effects, estimate, weights


@study(question="?", unit="u", factors={"a": (0, 1), "b": ("x", "y", "z")})
def two(cell, seed, budget):
    return {"model": 0.0}


def table(of):
    return {(str(cell), seed): {"model": of(cell, seed)} for cell in two.cells for seed in range(4)}


def test_a_contrast_is_its_definition():
    values = table(lambda cell, seed: 3.0 * cell.a + 10 * (cell.b == "z") * cell.a + seed)
    made = effects(two, values, "model")
    assert set(made) == {"a", "b", "a × b"}
    # The mean over the levels of the other factor; last level less first.
    assert made["a"].value == pytest.approx(3 + 10 / 3)
    assert made["b"].value == pytest.approx(5)
    assert made["a × b"].value == pytest.approx(10)
    # What a seed adds to all cells is in no contrast, but in the mean.
    assert made["a"].error == pytest.approx(0, abs=1e-6)
    assert estimate(two, values, "model").values == pytest.approx(
        [1.5 + 5 / 3 + s for s in range(4)]
    )


def test_weights_of_every_contrast_sum_to_zero_and_those_of_the_mean_to_one():
    for factors in (("a",), ("b",), ("a", "b")):
        assert weights(two, factors).sum() == pytest.approx(0)
    assert weights(two, ()).sum() == pytest.approx(1)


def test_interval_and_p_value_are_those_of_the_t_test():
    rng = np.random.default_rng(0)
    values = tuple(rng.normal(0.3, 1, size=6))
    one = Estimate(values)
    reference = stats.ttest_1samp(values, 0.1)
    assert one.p_value(0.1) == pytest.approx(reference.pvalue)
    assert one.interval == pytest.approx(
        tuple(stats.ttest_1samp(values, 0).confidence_interval(0.95))
    )


def test_one_seed_has_no_interval_and_no_spread_is_no_error():
    one = Estimate((2.0,))
    assert one.interval is one.p_value() is one.detectable(0.05) is None
    same = Estimate((2.0, 2.0, 2.0))
    assert same.interval == (2.0, 2.0)
    assert same.p_value() < 1e-300
    assert same.p_value(2.0) == 1.0


def test_differences_are_taken_seed_by_seed():
    noisy = Estimate((1.0, 5.0, 9.0))
    assert (noisy - Estimate((0.9, 4.9, 8.9))).error == pytest.approx(0)


def test_what_is_detectable_is_detected_four_times_out_of_five():
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(4000, 5))
    reach = np.median([Estimate(tuple(row)).detectable(0.05) for row in draws[:400]])
    power = np.mean([Estimate(tuple(row + reach)).p_value() <= 0.05 for row in draws[:2000]])
    assert power == pytest.approx(0.8, abs=0.08)
