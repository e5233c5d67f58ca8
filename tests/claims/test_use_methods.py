"""Verdicts of methods, from effects made by hand: which null has power, and who decides."""

import numpy as np
import pytest

from nullprobe.claims import Holds, Observation, Thresholds, Use
from nullprobe.claims.combined_use import combined_use
from nullprobe.claims.use_methods import (
    ADDING,
    ERASING,
    INTERCHANGE,
    Method,
    Placebo,
    judged,
    pairs_needed,
)
from nullprobe.stats.null_distribution import Null

BAR = Thresholds()
RNG = np.random.default_rng(0)
PAIRS = {"matched": True, "distance": 1.0, "first": [0], "second": [1], "same_label": [2],
         "examples": []}  # fmt: skip


def reading(value, sd=0.05):
    return Observation(value, "shift (nats)", 0.0, value + sd * RNG.normal(size=1000))


def placebo(mean, effect, *, name="permuted_labels", sd=0.1, overlap=0.02, upper=True):
    rung = "chance" if name == "permuted_labels" else name
    values = mean + sd * np.linspace(-2, 2, 99)
    return Placebo(name, Null(rung, name, values, upper), effect, np.full(99, overlap))


def interchange(value, *, null=0.0, whole=1.0, overlap=0.02, sd=0.05):
    effect = reading(value, sd)
    nulls = (placebo(null, effect, overlap=overlap),)
    return Method(INTERCHANGE, effect, nulls, reading(whole, sd))


def erasing(value, *, null=-0.05, overlap=0.02):
    effect = reading(value, sd=0.01)
    nulls = (
        placebo(null, effect, overlap=0.02, upper=False),
        placebo(null, effect, name="random_subspaces", overlap=overlap, upper=False),
    )
    return Method(ERASING, effect, nulls)


def adding(value):
    effect = reading(value)
    return Method(ADDING, effect, (placebo(0.0, effect),), reading(1.0), ((1.0, effect),))


@pytest.mark.parametrize(
    ("method", "holds"),
    [
        (interchange(0.9), Holds.YES),
        (interchange(0.01, sd=0.01), Holds.NO),  # below 5 % of the whole state
        (interchange(0.4, null=0.4), Holds.UNCLEAR),  # a placebo does as much
        (interchange(0.4, null=0.9), Holds.NO),  # a placebo does more
        (interchange(0.2, sd=0.3), Holds.UNCLEAR),  # the interval includes 0
        (interchange(0.9, overlap=0.9), Holds.UNCLEAR),  # no null has power
        (interchange(0.0, whole=0.0, sd=0.01), Holds.NO),  # nothing there moves the answer
        (interchange(0.0, whole=0.1, sd=0.1), Holds.UNCLEAR),  # or it is not known
        (erasing(-0.9), Holds.YES),
        (erasing(-0.05), Holds.NO),
        (erasing(-0.2, null=-0.5), Holds.NO),  # removing anything else does more
        (erasing(-0.2), Holds.UNCLEAR),
    ],
)
def test_a_method_says_yes_only_beyond_every_null_with_power(method, holds):
    assert judged(method, BAR)[0] is holds


def test_a_null_whose_draws_contain_the_concept_has_no_power():
    effect = reading(0.5)
    null = Null("chance", "x", np.linspace(0, 1, 100), True)
    for many, powerless in ((5, False), (6, True)):
        overlap = np.where(np.arange(100) < many, 0.51, 0.49)
        one = Placebo("permuted_labels", null, effect, overlap)
        assert bool(one.without_power(0.05)) is powerless


def test_one_null_without_power_does_not_count():
    """Erasing, where random subspaces of as much variance contain the concept: no evidence."""
    effect = reading(-0.9)
    strong = placebo(-0.9, effect, name="random_subspaces", overlap=0.9, upper=False)
    weak = placebo(0.0, effect, upper=False)
    assert judged(Method(ERASING, effect, (weak, strong)), BAR)[0] is Holds.YES
    counted = placebo(-0.9, effect, name="random_subspaces", overlap=0.1, upper=False)
    assert judged(Method(ERASING, effect, (weak, counted)), BAR)[0] is not Holds.YES


def use(erased):
    random = erased.placebos[1].null
    return Use(-1.0, erased.effect, random, erased.effect)


@pytest.mark.parametrize(
    ("erased", "exchanged", "decides", "holds"),
    [
        (erasing(-0.9), interchange(0.9), "interchange", Holds.YES),
        (erasing(-0.9), interchange(0.01, sd=0.01), "interchange", Holds.NO),
        (erasing(-0.9, overlap=0.9), interchange(0.9), "interchange", Holds.YES),
        (erasing(-0.9), interchange(0.9, overlap=0.9), "erasing", Holds.YES),
        (erasing(-0.9), interchange(0.0, whole=0.1, sd=0.1), "erasing", Holds.YES),
        (erasing(-0.05), interchange(0.0, whole=0.1, sd=0.1), "erasing", Holds.NO),
        # Erasing edits all tokens: a later path from another one does not count.
        (erasing(-0.9), interchange(0.0, whole=0.0, sd=0.01), "interchange", Holds.NO),
    ],
)
def test_the_verdict_is_that_of_the_method_with_power(erased, exchanged, decides, holds):
    claim = combined_use(use(erased), [erased, exchanged, adding(0.5)], BAR, PAIRS)
    assert claim.shown["use"]["verdict_from"] == decides
    assert claim.holds is holds
    chosen = exchanged if decides == "interchange" else erased
    assert claim.observed == chosen.effect.value


def test_if_no_method_has_power_the_verdict_is_unclear_and_says_why():
    effect = reading(-0.9)
    strong = tuple(
        placebo(-0.9, effect, name=name, overlap=0.9, upper=False)
        for name in ("permuted_labels", "random_subspaces")
    )
    erased = Method(ERASING, effect, strong)
    exchanged = interchange(0.9, overlap=0.9)
    claim = combined_use(use(erased), [erased, exchanged, adding(0.5)], BAR, PAIRS)
    assert claim.holds is Holds.UNCLEAR
    assert claim.shown["use"]["verdict_from"] is None
    (warning,) = claim.warnings
    assert all(name in warning for name in ("erasing", "interchange"))
    assert all(one.outcome != "rejected" for one in claim.explanations)


def test_a_null_without_power_is_named_with_its_reason():
    erased = erasing(-0.9, overlap=0.9)
    claim = combined_use(use(erased), [erased, interchange(0.9), adding(0.5)], BAR, PAIRS)
    (warning,) = claim.warnings
    assert "random subspaces" in warning
    nulls = claim.shown["use"]["methods"][0]["nulls"]
    assert [bool(one["no_power"]) for one in nulls] == [False, True]
    assert warning in claim.reason


def test_pairs_needed_detect_the_effect_with_the_power_that_is_stated():
    rng, sd, least = np.random.default_rng(1), 2.0, 0.5
    units = sd * rng.normal(size=100_000)
    m = pairs_needed(units, 1, least, 0.05)
    means = least + sd * rng.normal(size=(4000, m)).mean(axis=1)
    share = (means > 1.96 * sd / np.sqrt(m)).mean()
    assert share == pytest.approx(0.8, abs=0.03)
    assert pairs_needed(units, 2, least, 0.05) == 2 * m
    assert pairs_needed(units, 1, 0.0, 0.05) is None
