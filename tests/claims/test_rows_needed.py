"""How many rows would bring a verdict where a claim is unclear."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from support.evidence import evidence, null, nulls, seen

from nullprobe import audit
from nullprobe.claims import CLAIMS, Thresholds, judged
from nullprobe.claims.rows_needed import NO_NUMBER, READINGS, rounded_up
from nullprobe.measures.verdict_rows import rows_for_verdict
from nullprobe.stats.sample_size import to_detect, to_exclude

A, B = norm.ppf(0.975) + norm.ppf(0.8), norm.ppf(0.9875) + norm.ppf(0.8)


def unclear(key="raw", value=0.52, spread=0.03, draws=0.05, rows=400, adjusted=None, **changed):
    """Return evidence in which one reading is neither above chance nor excluded."""
    drawn = nulls(chance={key: replace(null(0.5, draws), adjusted=adjusted)})
    return evidence(nulls=drawn, rows=rows, **({key: seen(value, spread)} | changed))


@pytest.mark.parametrize(("name", "key"), READINGS.items())
def test_a_number_follows_from_both_spreads(name, key):
    found = unclear(key)
    claim = judged(name, found)
    s0, s1 = found.chance(key).sd, found.observed(key).resampled.std()
    exact = 400 * ((A * s0 + B * s1) / 0.05) ** 2
    assert str(claim.holds) == "unclear"
    assert exact <= claim.rows_needed <= exact * 1.1
    assert claim.rows_reason == ""


def test_with_so_many_rows_a_verdict_comes_whatever_is_true():
    """The worst true effect lies where detection and exclusion are equally hard."""
    s = 0.05 / (to_detect(0.05) + to_exclude(0.05))
    rng = np.random.default_rng(0)
    for delta in np.linspace(0, 0.05, 11):
        reading = delta + s * rng.standard_normal(20_000)
        detected = np.abs(reading) > norm.ppf(0.975) * s
        excluded = reading + norm.ppf(0.9875) * s < 0.05
        assert (detected | excluded).mean() > 0.79


def test_a_verdict_needs_no_rows():
    claim = judged("readable", evidence(rows=400))
    assert str(claim.holds) == "yes"
    assert (claim.rows_needed, claim.rows_reason) == (None, "")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"rows": 0}, "not known"),
        ({"thresholds": Thresholds(min_effect=0.0)}, "min_effect"),
        ({"value": 0.44}, "below chance"),
        ({"value": 0.535, "spread": 0.008, "draws": 0.015, "adjusted": 0.2}, "four of five"),
    ],
)
def test_where_no_number_can_be_named_there_is_a_reason(changed, word):
    claim = judged("erasure_holds", unclear("erased", **changed))
    assert str(claim.holds) == "unclear"
    assert claim.rows_needed is None
    assert word in claim.rows_reason


def test_overfitted_numbers_need_rows_until_they_overfit_less():
    bar, draws = Thresholds(), null(-0.4, 0.001)
    assert bar.rows_needed(seen(-0.1, 0.001, chance=0.0), draws, 100) == pytest.approx(
        800, rel=0.01
    )


def test_each_claim_has_a_number_or_a_reason():
    assert {*READINGS} | {*NO_NUMBER} == {*CLAIMS, "used"} - {"one_direction"}
    assert not {*READINGS} & {*NO_NUMBER}


def test_digits_are_two_and_never_fewer_rows():
    for rows in (1.0, 9.5, 99.1, 100.0, 4616.2, 123456.7):
        found = rounded_up(rows)
        assert rows <= found < rows * 1.1 + 1
        assert found % 10 ** max(0, math.floor(math.log10(found)) - 1) == 0


@pytest.mark.slow
def test_an_audit_of_noise_agrees_with_the_formula():
    """Its own spreads are averages over partitions, so that they are not larger."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(400, 4)), np.arange(400) % 2
    X[:, 0] += 0.25 * y
    options = {"draws": 99, "independent": True, "claims": ["dependent", "readable"]}
    claim = audit(X, y, **options)["readable"]
    assert str(claim.holds) == "unclear"
    assert 0.6 * rows_for_verdict() < claim.rows_needed < 1.2 * rows_for_verdict()
