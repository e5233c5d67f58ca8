"""How many rows a verdict takes."""

import numpy as np
import pytest

from nullprobe import InputError, rows_for_absence, rows_for_verdict
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.measures.absence import METRICS
from nullprobe.stats import metrics
from nullprobe.stats.sample_size import spread


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
