"""Corpora of all kinds, on which the laws of corpora are tested."""

import numpy as np

from nullprobe.corpora import Chains, Contexts, Mess3, Opposites, Values
from nullprobe.corpora.authors import UNEVEN, authors
from nullprobe.corpora.finite import FiniteCorpus
from nullprobe.corpora.grammar import Grammar, Slot
from nullprobe.corpora.reveal import reveal

GOOD, BAD = ("helps", "heals", "gives"), ("lies", "robs", "burns")


def small_chains(**changes):
    """Two authors, two characters, two lines: few enough texts to enumerate."""
    return Chains(**{
        "states": ("good", "bad"),
        "emits": {"good": {"helps": 0.8, "lies": 0.2}, "bad": {"lies": 0.7, "rests": 0.3}},
        "authors": {
            "steady": {"start": (0.5, 0.5)},
            "fall": {"start": (0.9, 0.1), "flips": {("good", "bad"): 0.3}},
        },
        "style": {"softly": "steady", "slyly": "fall"},
        "style_strength": 0.7,
        "characters": ("knight", "wizard"),
        "lines": 2,
        "signed": 0.4,
        "prior": {"steady": 0.3, "fall": 0.7},
        **changes,
    })  # fmt: skip


def attractor(redemption=1.0, **changes):
    """The example of the documentation of studies."""
    return Chains(**{
        "states": ("good", "bad"),
        "emits": {"good": {GOOD: 0.9, BAD: 0.1}, "bad": {GOOD: 0.1, BAD: 0.9}},
        "authors": {
            "steady": {"start": (0.5, 0.5)},
            "fall": {"start": (0.9, 0.1), "flips": {("good", "bad"): 0.3}},
            "redeem": {"start": (0.1, 0.9), "flips": {("bad", "good"): 0.3 * redemption}},
        },
        "style": {"softly": "steady", "slyly": "fall", "then": "redeem"},
        "style_strength": 0.36,
        "characters": ("knight", "wizard"),
        "lines": 16,
        "signed": 0.5,
        **changes,
    })  # fmt: skip


def coins():
    """Three coins, and a word that answers an earlier one: all that a slot can be."""
    words = ("<bos>", "a", "b", "c")
    start = Slot(np.array([1.0, 0, 0, 0]))
    coin = Slot(np.array([[0, 0.2, 0.3, 0.5], [0, 0.6, 0.4, 0]]), np.array([0, 1, 1]))
    answers = np.array(
        [[[0, 0.9, 0.05, 0.05]] * 3, [[0, 0, 1, 0], [0, 0, 0.5, 0.5], [0, 0.1, 0, 0.9]]]
    )
    answer = Slot(answers, np.array([0, 1, 2]), reads=1, context=np.array([0, 0, 1, 1]))
    latents = {"coin": np.array([0, 1, 1]), "setting": np.array([0, 1, 2])}
    slots = (start, coin, Slot(np.array([0, 1, 1, 1]) / 3), answer, coin)
    return FiniteCorpus({"full": Grammar(words, np.array([0.5, 0.3, 0.2]), latents, slots)})


# Each kind once, and each of its switches; the texts are short, so that many can be drawn.
CORPORA = {
    "chains": lambda: attractor(lines=3),
    "chains, null": lambda: attractor(lines=3, linked=False),
    "chains, shared verbs": lambda: attractor(lines=3, lexicons=False),
    "chains, no adverbs": lambda: small_chains(style=None, lines=3),
    "authors": lambda: authors(lines=4),
    "authors, null": lambda: authors(lines=3, linked=False),
    "authors who let fall": lambda: authors(lines=3, stories="fall"),
    "three characters, uneven authors": lambda: authors(
        lines=3, characters=("knight", "wizard", "thief"), prior=UNEVEN
    ),
    "reveals": lambda: reveal(lines=3),
    "reveals that do not last": lambda: reveal(lines=3, lasting=False),
    "mess3": lambda: Mess3(length=7),
    "coins": coins,
    "placebo": lambda: Opposites(definable=False, tropes=0.0, axes=3, held_out=1),
    "tropes": lambda: Opposites(definable=False, tropes=1.0, axes=3, held_out=1),
    "rare tropes": lambda: Opposites(definable=True, tropes=0.2, axes=3, held_out=1),
    "values": Values,
    "moral words": lambda: Values(opposite="good", verdicts=True),
    "sentence": lambda: Values(recited=0.3),
    "contexts": lambda: Contexts(rho=0.5, agents=6, absent=2),
    "lists": lambda: Contexts(rho=1.0, agents=2, absent=1, lists=0.7),
}
# Few enough texts that all of them can be enumerated.
TINY = {
    "chains": small_chains,
    "chains, null": lambda: small_chains(linked=False),
    "chains, shared verbs": lambda: small_chains(lexicons=False, lines=3),
    "chains, no adverbs": lambda: small_chains(style=None, lines=3),
    "mess3": lambda: Mess3(length=5),
}
# Finite grammars, whose settings can be followed one by one.
FINITE = {
    name: CORPORA[name]
    for name in ("coins", "placebo", "tropes", "rare tropes", "moral words", "sentence", "lists")
}
