from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from support.evidence import evidence, null, nulls, outcomes, seen

from nullprobe.claims import Followed, Holds, Observation, Takes, Thresholds
from nullprobe.claims.consistent import FIRST, consistent
from nullprobe.stats.null_distribution import Null

UNIT = "share of held-out pairs"


def share(value, spread=0.02):
    return seen(value, spread, UNIT)


def drawn(at_least, of=99, low=0.5, high=0.99, rung="chance"):
    """Return a null of the upper tail with so many draws that are high, and the others low."""
    return Null(rung, "", np.repeat([high, low], [at_least, of - at_least]), upper=True)


def upper(mean, spread, rung="chance"):
    return replace(null(mean, spread, rung), upper=True)


def followed(agreement=0.9, first=0.6, random=0.6, others=(), supervised=0.97):
    """Return what CCS follows where it finds the concept and nothing simpler does, but for changes.

    ``others`` are triples: a name, how often CCS agrees with it, and its null.
    """
    return Followed(
        agreement=share(agreement),
        random=upper(random, 0.1, "random_directions"),
        first=share(first),
        others={name: (share(value), chance) for name, value, chance in others},
        supervised=share(supervised),
    )


def judged(found, thresholds=None, details=None, chance=None):
    by_chance = {"consistent": chance or upper(0.5, 0.08)}
    given = evidence(nulls=nulls(chance=by_chance), details=details or {})
    claim = consistent(replace(given, followed=found, thresholds=thresholds or Thresholds()))
    return claim.holds, claim.takes, claim


def verdict(thresholds=None, details=None, **changed):
    return judged(followed(**changed), thresholds, details)


def test_what_nothing_simpler_finds_is_found():
    holds, takes, claim = verdict()
    assert (holds, takes) == (Holds.YES, Takes.UNDECIDED)  # no noise was drawn
    assert outcomes(claim.explanations) == {
        "chance": "rejected", "random_directions": "rejected", "moments": "rejected",
        "noise": "not_tried", "inputs": "not_tried", "architecture": "not_tried",
    }  # fmt: skip
    assert (claim.name, claim.unit, claim.observed) == ("consistent", UNIT, 0.9)
    assert claim.interval[0] < 0.9 < claim.interval[1]
    assert claim.p_value == pytest.approx(0.01)
    assert [n.rung for n in claim.nulls] == ["chance", "random_directions"]
    assert claim.detectable is None
    assert "better than random directions and the first component" in claim.reason
    assert "No other label was passed" in claim.reason


def test_the_first_component_stands_beside_the_observation():
    (beside,) = verdict(first=0.6)[2].beside
    assert (beside.rung, beside.name, beside.value) == ("moments", FIRST, 0.6)
    assert beside.interval[0] < 0.6 < beside.interval[1]
    assert beside.gain == (pytest.approx(0.3), pytest.approx(0.3))  # replicates move together


def test_numbers_stand_beside_the_verdict():
    others = [("sentiment", 0.55, upper(0.5, 0.08))]
    claim = verdict(others=others, details={"consistent": {"more": 1.0}})[2]
    assert claim.details == {
        "labelled_probe": 0.97,
        "agreements": {"sentiment": 0.55},
        "more": 1.0,
    }
    assert "It follows none of 'sentiment' instead" in claim.reason


def test_another_label_that_is_followed_instead_is_named():
    others = [("length", 0.7, drawn(0)), ("sentiment", 0.95, drawn(0))]
    holds, takes, claim = verdict(agreement=0.5, others=others)
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)
    assert "with 'sentiment' in 0.950" in claim.reason  # the one most
    assert claim.detectable is None


def test_another_label_that_is_followed_more_denies_even_what_is_above_chance():
    """A label that goes along with the concept leaves agreement with it far above one half."""
    found = verdict(agreement=0.8, others=[("sentiment", 0.99, drawn(0))])
    assert found[2].p_value == pytest.approx(0.01)
    assert found[:2] == (Holds.NO, Takes.UNDECIDED)


@pytest.mark.parametrize("value", [0.3, 0.89, 0.9])
def test_another_label_that_is_agreed_with_no_more_often_is_not_followed(value):
    assert verdict(others=[("sentiment", value, drawn(0))])[0] is Holds.YES


def test_agreements_are_compared_in_pairs():
    """Replicates that move together tell .92 from .90; those that do not leave it open."""
    found = verdict(others=[("sentiment", 0.92, drawn(0))])
    assert found[:2] == (Holds.NO, Takes.UNDECIDED)
    loose = 0.92 + 0.02 * np.random.default_rng(1).standard_normal(2000)
    others = {"sentiment": (Observation(0.92, UNIT, 0.5, loose), drawn(0))}
    assert judged(replace(followed(), others=others))[0] is Holds.YES


def test_without_an_interval_no_other_label_is_followed():
    few = {
        name: Observation(value, UNIT, 0.5, np.full(19, value))
        for name, value in (("agreement", 0.9), ("first", 0.6), ("other", 0.95))
    }
    found = replace(followed(), agreement=few["agreement"], first=few["first"])
    found = replace(found, others={"sentiment": (few["other"], drawn(0))})
    holds, takes, claim = judged(found)
    assert (holds, takes) == (Holds.YES, Takes.UNDECIDED)
    assert outcomes(claim.explanations)["moments"] == "undecided"


def test_what_permuted_labels_are_agreed_with_as_often_is_not_followed():
    """More than the concept by .45, and still chance; what is left is to judge the concept."""
    found = verdict(agreement=0.5, others=[("sentiment", 0.95, drawn(5))])
    assert found[:2] == (Holds.NO, Takes.CHANCE)
    assert "sentiment" not in found[2].reason


@pytest.mark.parametrize(
    ("n_others", "as_high", "is_followed"),
    [(1, 4, True), (1, 5, False), (2, 1, True), (2, 2, False), (5, 0, True), (6, 0, False)],
)
def test_other_labels_are_tested_at_alpha_over_their_number(n_others, as_high, is_followed):
    """Of 99 draws: p = .05 for one label, .025 for each of two, .01 for each of five."""
    others = [(f"label {i}", 0.55, drawn(99)) for i in range(n_others - 1)]
    others.append(("sentiment", 0.95, drawn(as_high)))
    holds = verdict(agreement=0.5, others=others)[2].reason
    assert ("CCS follows" in holds) is is_followed


def test_a_label_that_is_followed_is_found_behind_one_that_chance_reproduces():
    others = [("length", 0.97, drawn(50)), ("sentiment", 0.95, drawn(0))]
    claim = verdict(agreement=0.5, others=others)[2]
    assert "with 'sentiment' in 0.950" in claim.reason


def test_agreement_as_by_chance_is_denied_if_there_is_no_room_for_more():
    holds, takes, claim = verdict(agreement=0.5)
    assert (holds, takes) == (Holds.NO, Takes.CHANCE)
    assert claim.detectable is None
    assert claim.reason.startswith("CCS does not find the concept")


def test_agreement_as_by_chance_is_unclear_if_there_is_room_for_more():
    found = replace(followed(), agreement=share(0.53, 0.05))
    holds, takes, claim = judged(found)
    assert (holds, takes) == (Holds.UNCLEAR, Takes.UNDECIDED)
    assert claim.detectable == pytest.approx(0.5 + 2.486475 * claim.nulls[0].sd)
    assert f"{claim.detectable:.3f}" in claim.reason


def test_agreement_below_chance_is_no_sign_of_absence():
    """Where training pairs settle the wrong sign, what was found is read below one half."""
    for value in (0.46, 0.4, 0.1):
        assert verdict(agreement=value)[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.55, 0.6])
@pytest.mark.parametrize("n", [60, 700])
def test_a_reader_that_is_right_often_enough_to_matter_is_hardly_ever_denied(n, strength):
    """Readers that are right in so many pairs, their signs settled by two thirds of n pairs."""
    rng, denied, fold = np.random.default_rng(0), 0, np.arange(n) % 3
    for same in rng.random((200, n)) < strength:
        right = np.zeros(n, dtype=bool)
        for part in range(3):
            test = fold == part
            right[test] = same[test] == (same[~test].mean() > 0.5)
        own = Observation(right.mean(), UNIT, 0.5, np.full(20, right.mean()), n)
        chance = upper(0.5, 0.5)  # reproduces all: what is left to say is no, or unclear
        found = replace(followed(), agreement=own, first=own)
        denied += judged(found, chance=chance)[0] is Holds.NO
    assert denied <= binom.ppf(0.999, 200, 0.025)


def test_agreement_without_an_interval_denies_nothing():
    bare = Observation(0.5, UNIT, 0.5, np.full(2000, np.nan))
    found = judged(replace(followed(), agreement=bare))
    assert found[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


@pytest.mark.parametrize(
    ("random", "spread", "outcome", "takes"),
    [
        (0.85, 0.1, "undecided", Takes.UNDECIDED),  # p = .26, and too wide to suffice
        (0.9, 0.02, "sufficient", Takes.CHANCE),
        (0.6, 0.1, "rejected", Takes.UNDECIDED),
    ],
)
def test_random_directions_as_good_leave_nothing_to_consistency(random, spread, outcome, takes):
    found = replace(followed(), random=upper(random, spread, "random_directions"))
    holds, what, claim = judged(found)
    assert (holds, what) == (Holds.YES, takes)
    assert outcomes(claim.explanations)["random_directions"] == outcome
    assert claim.detectable is None


@pytest.mark.parametrize("value", [0.91, 0.9])
def test_a_first_component_as_good_leaves_it_to_the_moments(value):
    holds, takes, claim = verdict(first=value)
    assert (holds, takes) == (Holds.YES, Takes.MOMENTS)
    assert "no better than the first principal component" in claim.reason
    assert claim.detectable is None


def test_the_first_component_is_compared_in_pairs():
    """Replicates that move together tell .845 from .90; those that do not leave it open."""
    assert outcomes(verdict(first=0.84)[2].explanations)["moments"] == "rejected"
    loose = 0.85 + 0.02 * np.random.default_rng(1).standard_normal(2000)
    claim = judged(replace(followed(), first=Observation(0.85, UNIT, 0.5, loose)))[2]
    assert outcomes(claim.explanations)["moments"] == "undecided"


def test_random_directions_are_asked_before_the_first_component():
    """The least explanation that suffices is credited with an observation."""
    random = upper(0.9, 0.02, "random_directions")
    assert judged(replace(followed(first=0.95), random=random))[1] is Takes.CHANCE


def test_nothing_simpler_is_asked_where_nothing_is_found():
    found = verdict(agreement=0.5, random=0.85, first=0.95)
    assert found[:2] == (Holds.NO, Takes.CHANCE)


@pytest.mark.parametrize(("as_high", "stands_out"), [(3, True), (4, True), (5, False)])
def test_p_at_alpha_stands_out_and_above_it_does_not(as_high, stands_out):
    """Of 99 draws of either null, the upper tail alone counting: p = .04, .05, .06."""
    by_chance = judged(followed(), chance=drawn(as_high))
    assert by_chance[2].p_value == pytest.approx((as_high + 1) / 100)
    assert (by_chance[0] is Holds.YES) is stands_out
    at_random = judged(replace(followed(), random=drawn(as_high, rung="random_directions")))
    found = outcomes(at_random[2].explanations)["random_directions"]
    assert (found == "rejected") is stands_out
    strict = judged(followed(), Thresholds(alpha=0.03), chance=drawn(as_high))
    assert strict[:2] == (Holds.UNCLEAR, Takes.UNDECIDED)


def test_adjusted_p_values_decide():
    """What stands out by itself need not stand out among several."""
    alone = upper(0.5, 0.08)
    assert judged(followed(), chance=alone)[0] is Holds.YES
    assert judged(followed(), chance=replace(alone, adjusted=0.5))[0] is Holds.UNCLEAR
    random = replace(followed().random, adjusted=0.5)
    claim = judged(replace(followed(), random=random))[2]
    assert outcomes(claim.explanations)["random_directions"] == "undecided"
    others = [("sentiment", 0.95, replace(drawn(0), adjusted=0.5))]
    assert verdict(others=others)[0] is Holds.YES
