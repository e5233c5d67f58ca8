"""Both axes of a verdict as tables: what became of each explanation, and what is credited."""

from dataclasses import replace

import numpy as np
import pytest
from support.evidence import explained, null

from nullprobe.claims import Claim, ComesFrom, Explanation, FactAbout, Holds, Outcome, Takes
from nullprobe.claims.explanations import comes_from, fact_about, takes
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null
from nullprobe.stats.thresholds import Thresholds

BAR = Thresholds(0.05, 0.05)
SHORT = {"s": "sufficient", "r": "rejected", "u": "undecided", "n": "not_tried"}
AXIS = ("chance", "moments", "noise")


def tried(outcomes, names=AXIS):
    """Return explanations from a string such as "rsn", a letter for the outcome of each name."""
    assert len(outcomes) == len(names)
    return explained(**{name: SHORT[o] for name, o in zip(names, outcomes, strict=True)})


def claim(explanations, holds=Holds.NO):
    metric = Metric("AUC", 0.5)
    drawn = (null(0.5, 0.02),)
    return Claim("gone", "…", holds, explanations, 0.9, metric, None, drawn, 0.02, "why")


@pytest.mark.parametrize(
    ("outcomes", "what"),
    [
        ("snn", Takes.CHANCE),
        ("sss", Takes.CHANCE),
        ("srr", Takes.CHANCE),  # a small p at large n does not undo what suffices
        ("rss", Takes.MOMENTS),
        ("rsr", Takes.MOMENTS),
        ("usn", Takes.MOMENTS),
        ("rrs", Takes.NOISE),
        ("rns", Takes.NOISE),
        ("rus", Takes.NOISE),
        ("rrr", Takes.STRUCTURE),
        ("rnr", Takes.STRUCTURE),  # the shape of the noise allows all that the moments allow
        ("rur", Takes.STRUCTURE),
        ("unr", Takes.STRUCTURE),
        ("rrn", Takes.UNDECIDED),
        ("rru", Takes.UNDECIDED),
        ("run", Takes.UNDECIDED),
        ("rnn", Takes.UNDECIDED),
        ("uuu", Takes.UNDECIDED),
        ("nnn", Takes.UNDECIDED),
    ],
)
def test_what_it_takes_is_the_least_explanation_that_suffices(outcomes, what):
    assert takes(tried(outcomes)) is what
    assert claim(tried(outcomes)).takes is what
    assert takes(tried(outcomes)[::-1]) is what  # whatever the order


@pytest.mark.parametrize("name", ["random_directions", "random_subspaces"])
def test_what_is_drawn_at_random_is_chance(name):
    assert takes(explained(chance="rejected", **{name: "sufficient"})) is Takes.CHANCE
    assert takes(explained(chance="rejected", **{name: "rejected"})) is Takes.UNDECIDED


def test_linear_algebra_is_credited_before_all_else():
    assert takes(explained(linear_algebra="sufficient")) is Takes.LINEAR_ALGEBRA
    assert takes(explained(linear_algebra="rejected")) is Takes.UNDECIDED


@pytest.mark.parametrize(
    ("inputs", "architecture", "where"),
    [
        ("", "", ComesFrom.NOT_TRIED),
        ("n", "n", ComesFrom.NOT_TRIED),
        ("r", "r", ComesFrom.TRAINING),
        ("rr", "rrr", ComesFrom.TRAINING),
        ("r", "", ComesFrom.UNDECIDED),
        ("r", "n", ComesFrom.UNDECIDED),
        ("n", "r", ComesFrom.UNDECIDED),
        ("r", "u", ComesFrom.UNDECIDED),
        ("u", "r", ComesFrom.UNDECIDED),
        ("ru", "r", ComesFrom.UNDECIDED),
        ("r", "ru", ComesFrom.UNDECIDED),
        ("rn", "r", ComesFrom.UNDECIDED),
        ("s", "", ComesFrom.INPUTS),
        ("s", "s", ComesFrom.INPUTS),
        ("rs", "r", ComesFrom.INPUTS),
        ("u", "s", ComesFrom.ARCHITECTURE),
        ("r", "rs", ComesFrom.ARCHITECTURE),
    ],
)
def test_training_is_said_where_inputs_and_architecture_were_tried_and_all_rejected(
    inputs, architecture, where
):
    several = [tried(o, ["inputs"]) for o in inputs] + [
        tried(o, ["architecture"]) for o in architecture
    ]
    found = [one for (one,) in several]
    assert comes_from(found) is where
    assert claim((*tried("rrr"), *found)).comes_from is where


def test_a_corpus_that_suffices_is_credited_after_inputs_and_architecture():
    rejected = explained(inputs="rejected", architecture="rejected")
    assert comes_from((*rejected, *explained(corpus="sufficient"))) is ComesFrom.CORPUS
    assert comes_from((*rejected, *explained(corpus="not_tried"))) is ComesFrom.TRAINING


@pytest.mark.parametrize("where", ComesFrom)
@pytest.mark.parametrize("what", Takes)
def test_both_axes_in_one_word_follow_the_table(what, where):
    if what in (Takes.LINEAR_ALGEBRA, Takes.CHANCE):
        expected = FactAbout(what)
    elif where in (ComesFrom.INPUTS, ComesFrom.ARCHITECTURE, ComesFrom.CORPUS):
        expected = FactAbout(where)
    elif what in (Takes.MOMENTS, Takes.NOISE):
        expected = FactAbout(what)
    else:
        both = (what, where) == (Takes.STRUCTURE, ComesFrom.TRAINING)
        expected = FactAbout.REPRESENTATION if both else None
    assert fact_about(what, where) is expected


@pytest.mark.parametrize("outcomes", ["sss", "rsr", "rrs", "rrr"])
@pytest.mark.parametrize("sources", ["ss", "rs", "rr", "rn"])
def test_unclear_names_no_explanation(outcomes, sources):
    every = (*tried(outcomes), *tried(sources, ["inputs", "architecture"]))
    found = claim(every, Holds.UNCLEAR)
    assert (found.takes, found.comes_from) == (Takes.UNDECIDED, ComesFrom.UNDECIDED)
    assert found.fact_about is None
    bare = claim(tried(outcomes), Holds.UNCLEAR)
    assert bare.comes_from is ComesFrom.NOT_TRIED


@pytest.mark.parametrize(
    ("observed", "spread", "outcome"),
    [
        (0.5, 0.02, Outcome.SUFFICIENT),
        (0.525, 0.02, Outcome.SUFFICIENT),  # p = .02, and less than the effect of interest
        (0.535, 0.02, Outcome.REJECTED),
        (0.465, 0.02, Outcome.REJECTED),
        (0.5, 0.06, Outcome.UNDECIDED),  # not rejected, and too wide to suffice
        (0.55, 0.06, Outcome.UNDECIDED),
        (0.7, 0.06, Outcome.REJECTED),
    ],
)
def test_an_explanation_suffices_within_the_effect_of_interest_and_is_rejected_by_p(
    observed, spread, outcome
):
    found = Explanation.of(observed, null(0.5, spread), BAR)
    assert found.outcome is outcome
    assert found.p_value == null(0.5, spread).p_value(observed)
    assert found.difference == null(0.5, spread).difference(observed, 0.9)
    assert (found.name, found.reason, found.adjusted_p) == ("chance", "", None)


def test_the_adjusted_p_decides():
    drawn = replace(null(0.5, 0.06), adjusted=0.2)
    found = Explanation.of(0.7, drawn, BAR)
    assert (found.outcome, found.p_value, found.adjusted_p) == (Outcome.UNDECIDED, 0.01, 0.2)
    assert found.judged_p == 0.2
    assert Explanation.of(0.7, replace(drawn, adjusted=0.05), BAR).is_rejected


@pytest.mark.slow
def test_sufficient_is_said_wrongly_in_a_share_alpha_at_most():
    """An observation .05 above what is drawn may pass as explained in 1 of 20 cases."""
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(2000):
        drawn = Null("chance", "", 0.5 + 0.02 * rng.standard_normal(99))
        wrong += Explanation.of(0.55 + 0.02 * rng.standard_normal(), drawn, BAR).suffices
    assert wrong / 2000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
    assert wrong > 0


def test_what_was_not_tried_has_its_reason_and_no_numbers():
    found = Explanation.not_tried("moments", "too few rows")
    assert (found.outcome, found.reason) == (Outcome.NOT_TRIED, "too few rows")
    assert found.p_value is found.adjusted_p is found.difference is None
    assert np.isnan(found.judged_p)
    assert not found.suffices
    assert not found.is_rejected


def test_words_of_a_verdict_compare_as_strings():
    assert [str(h) for h in Holds] == ["yes", "no", "unclear"]
    ladder = ["linear_algebra", "chance", "moments", "noise", "structure", "undecided"]
    assert [str(one) for one in Takes] == ladder
    assert FactAbout.MOMENTS == "moments"
