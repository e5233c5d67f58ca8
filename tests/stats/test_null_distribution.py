import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.nulls import Null
from nullprobe.probes.pairs.random_directions import RandomAccuracies
from nullprobe.stats.null_distribution import among


def null(values):
    return Null("chance", "labels permuted", np.asarray(values, dtype=float))


@pytest.mark.parametrize(
    ("observed", "p"),
    [(100.0, 0.02), (-1.0, 0.02), (98.0, 0.04), (0.0, 0.04), (94.0, 0.12), (49.0, 1.0)],
)
def test_p_value_is_twice_the_smaller_tail_with_the_observation_in_it(observed, p):
    assert null(np.arange(99)).p_value(observed) == pytest.approx(p)


def test_ties_count_in_both_tails():
    assert null([0.5] * 99).p_value(0.5) == 1.0
    assert null([0.5] * 90 + [0.6] * 9).p_value(0.6) == pytest.approx(0.2)


@pytest.mark.parametrize("off", [1e-15, -1e-15, 1e-12, -1e-12])
def test_sums_in_another_order_are_ties(off):
    assert null([0.5] * 99).p_value(0.5 + off) == 1.0
    assert null([1e6] * 99).p_value(1e6 * (1 + off)) == 1.0


def test_difference_above_rounding_is_no_tie():
    assert null([0.5] * 99).p_value(0.5 + 1e-6) == pytest.approx(0.02)


def test_mean_sd_and_z_are_those_of_the_draws():
    values = np.array([0.4, 0.5, 0.7])
    assert null(values).mean == pytest.approx(values.mean())
    assert null(values).sd == pytest.approx(values.std(ddof=1))
    assert null(values).z(0.9) == pytest.approx((0.9 - values.mean()) / values.std(ddof=1))


def test_z_of_draws_that_are_all_alike_is_absent():
    assert null([0.5, 0.5]).z(0.7) is None


JUDGES = {
    "p-value": lambda x: null(np.arange(99)).p_value(x),
    "p-value of the upper tail": lambda x: Null("", "", np.arange(99.0), upper=True).p_value(x),
    "p-value among several": lambda x: among([null(np.arange(99))] * 2, [5.0, 7.0])[0].p_value(x),
    "z": lambda x: null(np.arange(99)).z(x),
    "among several": lambda x: among([null(np.arange(99))] * 2, [5.0, x]),
    "accuracy among random directions": lambda x: RandomAccuracies(np.arange(9.0)).p_value(x),
}


@pytest.mark.parametrize("undefined", [float("nan"), np.float64("nan"), None])
@pytest.mark.parametrize("judge", JUDGES)
def test_an_undefined_observation_is_refused(judge, undefined):
    with pytest.raises(InputError):
        JUDGES[judge](undefined)
    assert JUDGES[judge](5.0) is not None


def test_an_undefined_draw_is_refused():
    with pytest.raises(InputError):
        null([0.4, np.nan, 0.6]).p_value(0.5)
