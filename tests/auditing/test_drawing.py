"""Drawing stops where p-values are settled, goes on where they are not, and keeps its level."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import betabinom, binom

from nullprobe.auditing.drawing import adjusted, drawn, looks
from nullprobe.stats.null_distribution import Null
from nullprobe.stats.thresholds import Thresholds

LIMITS = (39, 99, 499)


@pytest.mark.parametrize("limit", [39, 40, 57, 60, 99, 200, 499, 999, 4999])
def test_looks_rise_from_the_fewest_draws_to_the_limit(limit):
    found = looks(limit, Thresholds(0.05))
    assert found[-1] == limit
    assert (np.diff(found) > 0).all()
    assert found[0] == 39 or limit < 60
    assert len(found) <= 5


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01, 0.001])
def test_no_look_comes_before_p_can_be_as_small_as_alpha(alpha):
    bar = Thresholds(alpha)
    first = looks(10 * bar.least_draws, bar)[0]
    assert 2 / (first + 1) <= alpha


# The level, exactly. Where the statistic is continuous and the null true, the number of draws
# that are as far out is uniform; given a of m, later ones are as in Pólya's urn.


@cache
def settled(m, as_far, alpha):
    null = Null("chance", "", np.where(np.arange(m) < as_far, 1.0, 0.0), upper=True)
    return replace(null, adjusted=null.p_value(0.5)).is_settled(0.5, alpha)


def level(limit, alpha):
    """Return how likely p ≤ α is at the look where drawing stops, and the draws on average."""
    at = looks(limit, Thresholds(alpha))
    going = np.full(at[0] + 1, 1 / (at[0] + 1))  # probability of a as far out, and still drawing
    level, draws = 0.0, 0.0
    for m, then in zip(at, [*at[1:], None], strict=True):
        as_far = np.arange(m + 1)
        stops = np.array([then is None or settled(m, a, alpha) for a in as_far])
        ended = np.where(stops, going, 0.0)
        level += ended[(as_far + 1) / (m + 1) <= alpha + 1e-12].sum()
        draws += m * ended.sum()
        if then is None:
            break
        more = then - m
        later, going = going, np.zeros(then + 1)
        for a in np.flatnonzero(~stops):
            urn = betabinom.pmf(np.arange(more + 1), more, a + 1, m - a + 1)
            going[a : a + more + 1] += later[a] * urn
    return level, draws


@pytest.mark.slow
@pytest.mark.parametrize("limit", LIMITS)
def test_level_of_the_rule_is_at_most_alpha_but_for_a_hundred_thousandth(limit):
    """Exact, by a programme over the urn: the rule adds less than .00002 to a level of .05."""
    found, draws = level(limit, 0.05)
    assert 0.0499 < found <= 0.05 + 2e-5
    assert draws < 40 + 0.1 * limit


@pytest.mark.slow
def test_level_at_a_stricter_alpha():
    found, draws = level(499, 0.01)
    assert 0.0099 < found <= 0.01 + 1e-5
    assert draws < 220


@pytest.mark.slow
def test_the_programme_agrees_with_drawing_many_times():
    """A check of the programme: 200 runs of the rule itself."""
    hits, runs, bar = 0, 200, Thresholds(0.05)
    for seed in range(runs):
        rng = np.random.default_rng([41, seed])
        observed, every = rng.normal(), rng.normal(size=99)
        nulls, _ = drawn(
            1,
            lambda i, draws, every=every: {"raw": every[draws.start : draws.stop]},
            lambda i, own, observed=observed: {"raw": (observed, Null("chance", "", own["raw"]))},
            99,
            bar,
        )
        hits += nulls[0]["raw"].judged_p(observed) <= 0.05
    low, high = binom.interval(0.999, runs, level(99, 0.05)[0])
    assert low <= hits <= high


class Source:
    """Draws of several representations and keys, which notes what was asked for."""

    def __init__(self, shifts, seed=0, keys=("raw",)):
        self.shifts, self.keys, self.asked = shifts, keys, []
        rng = np.random.default_rng([42, seed])
        common = rng.normal(size=4000)
        self.values = {
            (i, key): 0.8 * common + 0.6 * rng.normal(size=4000)
            for i in range(len(shifts))
            for key in keys
        }

    def draw(self, i, draws):
        self.asked.append((i, draws.start, draws.stop))
        return {key: self.values[i, key][draws.start : draws.stop] for key in self.keys}

    def judge(self, i, values):
        return {key: (self.shifts[i], Null("chance", "", own)) for key, own in values.items()}

    def run(self, limit=999, alpha=0.05):
        return drawn(len(self.shifts), self.draw, self.judge, limit, Thresholds(alpha))


@pytest.mark.parametrize(("shift", "draws"), [(0.0, 39), (0.3, 39), (9.0, 109), (-9.0, 109)])
def test_draws_stop_where_p_is_far_from_alpha(shift, draws):
    """Of 39 draws none of which is as far out, p may still be .13: 1 − .005^(1/39)."""
    source = Source([shift], seed=1)
    nulls, values = source.run()
    assert len(nulls[0]["raw"].values) == len(values[0]["raw"]) == draws


def test_draws_go_on_to_the_limit_where_p_is_near_alpha():
    source = Source([1.97])
    nulls, _ = source.run(499)
    assert len(nulls[0]["raw"].values) == 499
    assert nulls[0]["raw"].p_value(1.97) == pytest.approx(0.05, abs=0.03)


def test_every_draw_is_asked_for_once_and_in_order():
    source = Source([1.97, 0.0])
    source.run(499)
    for i in (0, 1):
        own = [(start, stop) for j, start, stop in source.asked if j == i]
        assert own == list(
            zip([0, *looks(499, Thresholds())], looks(499, Thresholds()), strict=False)
        )


def test_one_that_is_near_keeps_all_drawing_and_all_have_as_many_draws():
    source = Source([0.0, 1.97, 9.0], keys=("raw", "erased"))
    nulls, _ = source.run(499)
    assert {len(null.values) for own in nulls for null in own.values()} == {499}
    assert all(null.adjusted is not None for own in nulls for null in own.values())


def test_p_values_are_adjusted_over_keys_and_representations():
    source = Source([2.6, 0.1, -0.3], keys=("raw", "erased"))
    nulls, _ = source.run(999)
    one = nulls[0]["raw"]
    assert one.p_value(2.6) < 0.03 < one.adjusted < 6 * one.p_value(2.6) + 0.05
    alone = Source([2.6])
    assert alone.run(999)[0][0]["raw"].adjusted < one.adjusted


def test_what_is_read_and_not_judged_is_handed_back():
    source = Source([0.0], keys=("raw", "curve"))
    nulls, values = drawn(
        1, source.draw, lambda i, v: {"raw": (0.0, Null("chance", "", v["raw"]))}, 99, Thresholds()
    )
    assert set(nulls[0]) == {"raw"}
    assert set(values[0]) == {"raw", "curve"}


def test_nothing_to_judge_needs_no_more_than_one_look():
    asked = []

    def draw(i, draws):
        asked.append(draws)
        return {}

    nulls, values = drawn(2, draw, lambda i, own: {}, 999, Thresholds())
    assert nulls == values == [{}, {}]
    assert len(asked) == 2
    assert adjusted([{}, {}], 0.05) == ([{}, {}], True)


@pytest.mark.slow
def test_of_several_representations_together_hardly_any_is_rejected_by_chance():
    """The least adjusted p of four, stopped as they stop: at most .05, but for the stopping."""
    hits, runs = 0, 60
    for seed in range(runs):
        rng = np.random.default_rng([43, seed])
        together = rng.normal(size=100)[None] + rng.normal(size=(4, 100))
        nulls, _ = drawn(
            4,
            lambda i, draws, t=together: {"raw": t[i, 1:][draws.start : draws.stop]},
            lambda i, own, t=together: {"raw": (float(t[i, 0]), Null("chance", "", own["raw"]))},
            99,
            Thresholds(),
        )
        p = [own["raw"].judged_p(float(t[0])) for own, t in zip(nulls, together, strict=True)]
        hits += min(p) <= 0.05
    assert hits <= binom.ppf(0.999, runs, 0.05)
