"""How many rows a verdict takes."""

import numpy as np
import pytest

from nullprobe import InputError, audit, rows_for_absence, rows_for_verdict
from nullprobe.claims import Holds
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.measures.absence import METRICS
from nullprobe.stats import metrics
from nullprobe.stats.sample_size import r_squared_spreads, spread


@pytest.mark.parametrize("claim", METRICS)
def test_a_verdict_takes_more_rows_than_an_absence(claim):
    assert rows_for_verdict(claim) > 2 * rows_for_absence(1, claim=claim)


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ({"min_effect": 0.1}, 1 / 4),
        ({"positive_fraction": 0.1}, 0.25 / 0.09),
        ({"claim": "no_halfspace"}, 12 / 16),
    ],
)
def test_rows_follow_the_variance_of_the_reading(more, times):
    assert rows_for_verdict(**more) == pytest.approx(times * rows_for_verdict(), abs=2)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_spreads_are_those_of_readings_of_nothing(share):
    rng, n = np.random.default_rng(0), 1000
    positive = (np.arange(n) < share * n)[None]
    scores = rng.normal(size=(2000, n))
    auc = metrics.auc(scores, np.repeat(positive, 2000, axis=0))
    right = metrics.balanced_accuracy(scores > 0, np.repeat(positive, 2000, axis=0))
    for values, name in ((auc, "AUC"), (right, "balanced accuracy")):
        assert values.std() * np.sqrt(n) == pytest.approx(spread(name, share), rel=0.06)


@pytest.mark.parametrize("claim", NO_NUMBER)
def test_a_claim_without_a_number_is_refused_with_the_reason(claim):
    for ask in (rows_for_verdict, lambda claim: rows_for_absence(9, claim=claim)):
        with pytest.raises(InputError) as error:
            ask(claim)
        assert repr(claim) in error.value.received
        assert NO_NUMBER[claim] in error.value.hint


@pytest.mark.parametrize(
    "wrong", [{"claim": "one_direction"}, {"min_effect": 0}, {"positive_fraction": 0.7}]
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        rows_for_verdict(**wrong)


FEW = {"claims": ["readable"], "draws": 79, "depth": "quick"}
FEW |= {"independent": True}


def numbers(seed, n, d, effect):
    """Return rows of d features, the first of which has a share of the variance of a number."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, np.sqrt(effect) * X[:, 0] + np.sqrt(1.0 - effect) * rng.standard_normal(n)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "effect"), [(4, 0.0), (30, 0.0), (4, 0.2), (30, 0.2)])
def test_spreads_of_held_out_r_squared_are_those_of_least_squares(d, effect):
    n, read = 900, []
    for seed in range(300):
        X, y = numbers(seed, n, d, effect)
        each = []
        for j in range(3):
            train, test = np.arange(n) % 3 == j, np.arange(n) % 3 == (j + 1) % 3
            design = np.column_stack([np.ones(n), X])
            wrong = y[test] - design[test] @ np.linalg.lstsq(design[train], y[train])[0]
            each.append(1.0 - (wrong**2).mean() / y[test].var())
        read.append(np.mean(each))
    overfitted = 3 * (d + 2) / n
    assert np.mean(read) == pytest.approx(effect - (1 - effect) * overfitted, abs=0.02)
    if effect == 0.0:
        assert np.mean(read) == pytest.approx(-overfitted, rel=0.15)
    spread_of_it = r_squared_spreads(n, d, effect, 3)[effect > 0]
    assert np.std(read) == pytest.approx(spread_of_it, rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 0.05, 0.1])
def test_rows_planned_for_a_number_bring_a_verdict(effect):
    d, reached = 8, []
    n = rows_for_verdict(kind="numeric", d=d, min_effect=0.1)
    for seed in range(8):
        X, y = numbers(seed, n, d, effect + 3 * (d + 2) / n * (effect > 0))
        found = audit(X, y, min_effect=0.1, **FEW)
        reached.append(found["readable"].holds is not Holds.UNCLEAR)
    assert sum(reached) >= 6  # of 8


@pytest.mark.slow
def test_far_fewer_rows_than_planned_leave_verdicts_open():
    d, unclear = 30, 0
    n = int(0.4 * rows_for_verdict(kind="numeric", d=d, min_effect=0.1))
    for seed in range(15):
        X, y = numbers(seed, n, d, 0.17)
        found = audit(X, y, min_effect=0.1, **FEW)
        unclear += found["readable"].holds is Holds.UNCLEAR
    assert unclear >= 1


def test_rows_for_a_number_grow_with_features_and_shrink_with_the_effect():
    rows = [rows_for_verdict(kind="numeric", d=d) for d in (1, 8, 64, 1000)]
    assert rows == sorted(rows)
    assert rows[-1] >= 3 * 1000 / 0.05
    assert rows_for_verdict("erasure_holds", kind="numeric", d=8) == rows[1]
    assert rows_for_verdict(kind="numeric", d=8, min_effect=0.1) < rows[1] / 2
    quarters = rows_for_verdict("gone", positive_fraction=0.25)
    assert rows_for_verdict("gone", kind="numeric") == quarters


@pytest.mark.parametrize(
    ("options", "required"),
    [
        ({"claim": "no_halfspace", "kind": "numeric", "d": 4}, "readable, erasure_holds, gone"),
        ({"kind": "numeric"}, "number of features"),
        ({"kind": "numeric", "d": 0}, "d must be"),
        ({"kind": "numeric", "d": 4, "positive_fraction": 0.2}, "positive_fraction"),
        ({"d": 4}, "kind='numeric'"),
        ({"kind": "number"}, "kind"),
    ],
)
def test_a_plan_that_numbers_do_not_have_is_refused(options, required):
    with pytest.raises(InputError) as error:
        rows_for_verdict(**options)
    assert required in error.value.required
