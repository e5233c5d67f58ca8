"""Corpora of all kinds, on which the laws of corpora are tested."""

from nullprobe.corpora import Chains, Mess3
from nullprobe.corpora.authors import authors

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


# Each kind once, and each of its switches; the texts are short, so that many can be drawn.
CORPORA = {
    "chains": lambda: attractor(lines=3),
    "chains, null": lambda: attractor(lines=3, linked=False),
    "chains, shared verbs": lambda: attractor(lines=3, lexicons=False),
    "chains, no adverbs": lambda: small_chains(style=None, lines=3),
    "authors": lambda: authors(lines=4),
    "authors, null": lambda: authors(lines=3, linked=False),
    "authors who let fall": lambda: authors(lines=3, stories="fall"),
    "mess3": lambda: Mess3(length=7),
}
# Few enough texts that all of them can be enumerated.
TINY = {
    "chains": small_chains,
    "chains, null": lambda: small_chains(linked=False),
    "chains, shared verbs": lambda: small_chains(lexicons=False, lines=3),
    "chains, no adverbs": lambda: small_chains(style=None, lines=3),
    "mess3": lambda: Mess3(length=5),
}
