from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, kstest
from scipy.stats import t as student

from nullprobe import InputError
from nullprobe.probes.pairs.random_directions import RandomAccuracies
from nullprobe.stats.null_distribution import Null, together


def null(values):
    return Null("chance", "labels permuted", np.asarray(values, dtype=float))


@pytest.mark.parametrize(("observed", "p"), [(100.0, 0.01), (-9.0, 0.01), (49.0, 1.0)])
def test_p_value_is_the_share_of_all_that_are_as_far_out_with_the_observation(observed, p):
    assert null(np.arange(99)).p_value(observed) == pytest.approx(p)


@pytest.mark.parametrize("observed", [98.3, 0.4, 94.2, 60.0, 3.1])
def test_p_value_counts_departures_from_the_common_mean_to_either_side(observed):
    every = np.append(np.arange(99), observed)
    far = np.abs(every - every.mean()) >= abs(observed - every.mean()) - 1e-9
    assert null(np.arange(99)).p_value(observed) == pytest.approx(far.mean())


def test_departures_are_compared_in_standard_errors_of_their_own():
    rng = np.random.default_rng(0)
    values, observed = rng.standard_normal(99), 1.5
    errors = rng.uniform(0.2, 5, 99)
    centre = np.append(values, observed).mean()
    far = np.abs(values - centre) / errors >= abs(observed - centre)
    found = Null("chance", "", values, errors=errors)
    assert found.p_value(observed) == pytest.approx((1 + far.sum()) / 100)
    assert found.p_value(observed) != null(values).p_value(observed)
    (judged,) = together([found], [observed])
    assert judged.adjusted == found.p_value(observed)
    several = together([found, null(values)], [observed, 0.0])
    assert several[0].p_value(observed) == found.p_value(observed)


def test_equal_errors_change_nothing():
    values = np.random.default_rng(0).standard_normal(99)
    same = Null("chance", "", values, errors=np.ones(99))
    assert same.p_value(1.5) == null(values).p_value(1.5)


def test_ties_count_in_both_tails():
    assert null([0.5] * 99).p_value(0.5) == 1.0
    assert null([0.5] * 90 + [0.6] * 9).p_value(0.6) == pytest.approx(0.1)


@pytest.mark.parametrize("off", [1e-15, -1e-15, 1e-12, -1e-12])
def test_sums_in_another_order_are_ties(off):
    assert null([0.5] * 99).p_value(0.5 + off) == 1.0
    assert null([1e6] * 99).p_value(1e6 * (1 + off)) == 1.0


def test_difference_above_rounding_is_no_tie():
    assert null([0.5] * 99).p_value(0.5 + 1e-6) == pytest.approx(0.01)


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
    "p-value together": lambda x: together([null(np.arange(99))] * 2, [5.0, 7.0])[0].p_value(x),
    "judged p-value": lambda x: null(np.arange(99)).judged_p(x),
    "interval of the p-value": lambda x: null(np.arange(99)).p_interval(x),
    "z": lambda x: null(np.arange(99)).z(x),
    "together": lambda x: together([null(np.arange(99))] * 2, [5.0, x]),
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


def dependent(rng, n_nulls, m=99, shift=(), rho=0.7):
    """Return nulls whose draws share a part, and observations drawn alike but for a shift."""
    draws = np.sqrt(rho) * rng.standard_normal((1, m + 1))
    draws = draws + np.sqrt(1 - rho) * rng.standard_normal((n_nulls, m + 1))
    draws[: len(shift), 0] += shift
    draws = draws * np.arange(1, n_nulls + 1)[:, None] + 5  # each in its own unit
    return [null(row[1:]) for row in draws], draws[:, 0].tolist()


def adjusted(nulls, observed):
    return [one.adjusted for one in together(nulls, observed)]


def test_a_single_null_is_adjusted_for_nothing():
    alone = null(np.arange(99))
    for observed in (100.0, 94.0, 49.0, -1.0):
        assert adjusted([alone], [observed]) == [alone.p_value(observed)]
        assert together([alone], [observed])[0].judged_p(observed) == alone.p_value(observed)


@pytest.mark.parametrize("n_nulls", [2, 3, 8])
@pytest.mark.parametrize("upper", [False, True])
def test_adjusted_p_is_never_below_the_raw_one_and_follows_the_departures(n_nulls, upper):
    rng = np.random.default_rng(n_nulls)
    for _ in range(50):
        nulls, observed = dependent(rng, n_nulls, shift=(3.0,))
        nulls = [replace(one, upper=upper) for one in nulls]
        found = together(nulls, observed)
        raw = [one.p_value(value) for one, value in zip(nulls, observed, strict=True)]
        p = np.array([one.adjusted for one in found])
        assert (p >= np.array(raw) - 1e-12).all()
        assert (p <= 1).all()
        z = np.array([one.z(value) for one, value in zip(nulls, observed, strict=True)])
        # Departures are from the mean of the draws and the observation, in their deviations.
        m = 99
        off = z / np.sqrt(1 + z**2 / (m + 1))
        order = np.argsort(-(off if upper else np.abs(off)), kind="stable")
        assert (np.diff(p[order]) >= 0).all()
        assert [one.judged_p(value) for one, value in zip(found, observed, strict=True)] == list(p)


def test_the_order_of_nulls_does_not_matter():
    nulls, observed = dependent(np.random.default_rng(0), 5, shift=(3.0, 2.0))
    order = [3, 0, 4, 1, 2]
    again = adjusted([nulls[i] for i in order], [observed[i] for i in order])
    assert again == [adjusted(nulls, observed)[i] for i in order]


def test_copies_of_one_statistic_cost_nothing_but_the_second_tail():
    """The largest of several that always agree is any of them."""
    rng = np.random.default_rng(0)
    draws = rng.standard_normal(999)
    alone = null(draws)
    for observed in (3.0, -2.2, 0.4):
        p = adjusted([alone] * 4, [observed] * 4)
        assert len(set(p)) == 1
        assert alone.p_value(observed) <= p[0] <= alone.p_value(observed) + 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("n_nulls", "rho"), [(2, 0.0), (4, 0.7), (8, 0.95)])
def test_any_wrong_alarm_is_rare_under_dependent_nulls(n_nulls, rho):
    """The least of the adjusted p-values is at most .05 in 1 of 20 cases, however many."""
    rng, alarms, n = np.random.default_rng(0), 0, 1000
    for _ in range(n):
        alarms += min(adjusted(*dependent(rng, n_nulls, rho=rho))) <= 0.05
    assert alarms / n <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)
    assert alarms / n >= 0.01  # nor is it never: dependence is used


def test_true_findings_do_not_raise_wrong_alarms_about_the_others():
    """Stepping down keeps the level over those that are null, when others are not."""
    rng, alarms, found, n = np.random.default_rng(0), 0, 0, 500
    for _ in range(n):
        p = adjusted(*dependent(rng, 4, shift=(6.0, 6.0)))
        found += p[0] <= 0.05
        alarms += min(p[2:]) <= 0.05
    assert alarms / n <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)
    assert found / n > 0.95


def test_stepping_down_finds_more_than_the_largest_of_all_would():
    """Next to a very large departure, a middling one is held against what remains only."""
    values = np.linspace(-1, 1, 199)
    rng = np.random.default_rng(0)
    nulls = [null(rng.permutation(values)) for _ in range(2)]
    p = adjusted(nulls, [50.0, 0.99])
    single = (1 + sum((np.abs(n.values) >= 0.99).sum() for n in nulls)) / 200
    assert p[1] == pytest.approx(nulls[1].p_value(0.99))
    assert p[1] < single


@pytest.mark.parametrize("off", [0.0, 5e-17, -5e-17])
def test_a_statistic_that_never_varies_takes_nothing_from_the_others(off):
    """Rounding is no departure, and a null of ties must not stand before a finding."""
    values = np.random.default_rng(0).standard_normal(199)
    p = adjusted([null(values), null([0.5] * 199)], [5.0, 0.5 + off])
    assert p == [null(values).p_value(5.0), 1.0]


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("b", [0, 1, 7, 49])
def test_interval_of_p_is_that_of_the_share_of_draws_that_are_as_far_out(b, upper):
    sides = np.resize([2.0] if upper else [2.0, -2.0], b)
    one = replace(null(np.concatenate([sides, np.zeros(99 - b)])), upper=upper)
    low, high = one.p_interval(1.1)
    assert low == pytest.approx(beta.ppf(0.005, b, 100 - b) if b else 0.0)
    assert high == pytest.approx(beta.ppf(0.995, b + 1, 99 - b))
    assert low <= one.p_value(1.1) <= high


CENTRE = pytest.mark.xfail(
    strict=True,
    reason="the interval leaves out that the centre, from which all departs, is drawn: it misses "
    "14 % where a law ends abruptly",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "observed", "p", "upper"),
    [
        ("random", 0.95, 0.05, True),
        ("standard_normal", 1.96, 0.05, False),
        ("standard_normal", 2.5758, 0.01, False),
        pytest.param("random", 0.95, 0.1, False, marks=CENTRE),
    ],
)
def test_interval_of_p_holds_the_p_of_endless_draws(law, observed, p, upper):
    rng, missed = np.random.default_rng(0), 0
    for _ in range(500):
        draws = getattr(rng, law)(99)
        low, high = replace(null(draws), upper=upper).p_interval(observed)
        missed += not low <= p <= high
    assert missed <= 12  # 5 expected; three standard errors


def test_the_difference_is_a_prediction_interval_of_a_draw():
    values = np.array([0.4, 0.5, 0.55, 0.7])
    low, high = null(values).difference(0.9, 0.9)
    half = student.ppf(0.95, 3) * values.std(ddof=1) * np.sqrt(1.25)
    assert (low, high) == pytest.approx((0.9 - values.mean() - half, 0.9 - values.mean() + half))


@pytest.mark.slow
@pytest.mark.parametrize("m", [5, 39])
def test_the_difference_covers_zero_as_often_as_it_promises(m):
    rng, covered, n = np.random.default_rng(0), 0, 2000
    for _ in range(n):
        draws = rng.standard_normal(m + 1)
        low, high = null(draws[1:]).difference(draws[0], 0.9)
        covered += low <= 0 <= high
    assert abs(covered / n - 0.9) < 3 * np.sqrt(0.09 / n)


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((2000, 100))
    p = [null(row[1:]).p_value(row[0]) for row in draws]
    # On a grid of 50 steps a uniform p lies at most one step from the diagonal.
    assert kstest(p, "uniform").statistic < 0.02 + 1.63 / np.sqrt(2000)
