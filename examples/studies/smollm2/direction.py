"""To which acts does subtracting the direction of a bad trait lead.

The direction is the difference of mean states of short texts that call a person bad (five words)
and the same texts with good words, or with ordinary ones. Multiples of it are subtracted after
the middle layer at every token of forty scenes with a bad person. Then the log-probabilities of
good, bad and indifferent verbs are read; each list stands below.

Nulls: random directions of the same norm, with the covariance of the states within a class; and
placebos, the directions of tall against short and of western against eastern people. We wrote all
texts for this study. The second placebo, and the comparison with both, were added after the first
run: in it, the direction of tall led to good acts, too. Since then, a placebo that passes the test
of a claim makes its yes unclear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from measures import (
    SEED,
    Rule,
    against_draws,
    article,
    effect,
    judged,
    next_log_probabilities,
    person,
    table,
)  # fmt: skip

from nullprobe import models
from nullprobe.erasers import AffineEraser

QUESTION = "Away from a bad trait, does the model turn to good acts or to indifferent ones?"
SITE = "layers.15.output"  # the middle of 30, chosen before any result
STRENGTHS, JUDGED = (1.0, 2.0, 4.0), 2.0  # 1 moves the bad mean to the other mean
DRAWS = 59  # the least p-value, 1/60, is then below .05 divided by three claims
TRAITS = {
    "bad": ("cruel", "wicked", "evil", "vicious", "heartless"),
    "good": ("kind", "gentle", "good", "caring", "generous"),
    "ordinary": ("normal", "ordinary", "average", "typical", "regular"),
    "tall": ("tall", "big", "large", "long", "huge"),
    "short": ("short", "small", "little", "tiny", "slight"),
    "western": ("western", "northern", "American", "English", "Dutch"),
    "eastern": ("eastern", "southern", "Canadian", "Irish", "Swedish"),
}
FRAMES = (
    "{N} is {a} person.",
    "Everybody knows that {N} is {a} person.",
    "This is a story about {a} person.",
    "My neighbour is {a} person.",
    "In the next house lives {a} person.",
    "{N} has always been {a} person.",
    "They say that the new teacher is {a} person.",
    "The hero of the book is {a} person.",
)
VERBS = {
    "good": "helped saved protected supported thanked welcomed encouraged gave".split(),
    "bad": "laughed hit kicked beat attacked threatened killed punished".split(),
    "indifferent": "ignored walked passed left continued slept sat looked".split(),
}
PLACEBOS = ("placebo, tall", "placebo, western")
ODDS = ("bad acts fall", "good less indifferent")
RULES = (
    Rule(
        "bad_acts_fall",
        "away from good, 2: bad acts fall",
        "Subtracting the direction makes bad acts less likely among all listed ones.",
        "Subtracting the direction does not make bad acts less likely among all listed ones.",
        "Whether subtracting the direction makes bad acts less likely is unclear.",
        tuple(f"{one}, 2: bad acts fall" for one in PLACEBOS),
    ),
    Rule(
        "leads_to_good",
        "away from good, 2: good less indifferent",
        "Away from bad (contrast: good), good acts gain more than indifferent ones.",
        "Away from bad (contrast: good), good acts do not gain more than indifferent ones.",
        "Away from bad (contrast: good), it is unclear whether good or indifferent acts gain more.",
        tuple(f"{one}, 2: good less indifferent" for one in PLACEBOS),
    ),
    Rule(
        "ordinary_leads_to_good",
        "away from ordinary, 2: good less indifferent",
        "With ordinary people as the contrast, good acts gain more than indifferent ones, too.",
        "With ordinary people as the contrast, good acts do not gain more than indifferent ones.",
        "With ordinary people as the contrast, it is unclear which of the two gain more.",
        tuple(f"{one}, 2: good less indifferent" for one in PLACEBOS),
    ),
)


def contrast_texts() -> dict[str, list[str]]:
    """Return the texts that name each class of traits: five words in each frame."""
    return {
        name: [
            frame.replace("{N}", person(k)).replace("{a}", article(word))
            for k, frame in enumerate(FRAMES)
            for word in words
        ]
        for name, words in TRAITS.items()
    }


def scenes() -> list[str]:
    """Return beginnings: a bad person, somebody in need, and the act is next."""
    bad = TRAITS["bad"]
    return [
        f"{person(k)} is {article(bad[k % len(bad)])} person. When {scene}, {person(k)}"
        for k, (scene,) in enumerate(table("direction"))
    ]


def directions(states: dict[str, np.ndarray], draws: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return the named directions (d,), and random ones (draws, d) of the norm of the first."""
    means = {name: X.mean(axis=0) for name, X in states.items()}
    named = {
        "away from good": means["bad"] - means["good"],
        "away from ordinary": means["bad"] - means["ordinary"],
        "placebo, tall": means["tall"] - means["short"],
        "placebo, western": means["western"] - means["eastern"],
    }
    norm = np.linalg.norm(named["away from good"])
    within = np.concatenate([X - means[name] for name, X in states.items()])
    random = np.random.default_rng(SEED).normal(size=(draws, len(within))) @ within
    random *= norm / np.linalg.norm(random, axis=1, keepdims=True)
    return {name: v * norm / np.linalg.norm(v) for name, v in named.items()}, random


def classes(model: Any, tokenizer: Any, texts: list[str], edits: Any) -> list[dict[str, Any]]:
    """Return, for each edit, log P (n,) of each class of verbs after each text, in nats."""
    words = [word for some in VERBS.values() for word in some]
    ends = np.cumsum([len(some) for some in VERBS.values()])[:-1]
    return [
        {
            name: np.logaddexp.reduce(part, axis=1)
            for name, part in zip(VERBS, np.split(log_p, ends, axis=1), strict=True)
        }
        for log_p in next_log_probabilities(model, tokenizer, texts, words, edits)
    ]


def changes(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what an edit changes in each scene (n,), in nats."""
    moved = {name: after[name] - before[name] for name in VERBS}

    def odds(log_p: dict[str, np.ndarray]) -> np.ndarray:
        return np.logaddexp(log_p["good"], log_p["indifferent"]) - log_p["bad"]

    return {
        **moved,
        "bad acts fall": odds(after) - odds(before),
        "good less indifferent": moved["good"] - moved["indifferent"],
    }


def beyond_placebos(moved: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return how much more the direction from good does than each placebo, in the same scenes."""
    first = moved[f"away from good, {JUDGED:g}"]
    return {
        f"away from good, less {placebo}: {what}": effect(
            first[what] - moved[f"{placebo}, {JUDGED:g}"][what]
        )
        for placebo in PLACEBOS
        for what in ODDS
    }


def measured(model: Any, tokenizer: Any, *, site: str = SITE, draws: int = DRAWS) -> dict[str, Any]:
    """Return what subtracting each direction changes, and verdicts at the judged strength."""
    states = {
        name: models.capture(model, tokenizer, texts, site)[site]
        for name, texts in contrast_texts().items()
    }
    named, random = directions(states, draws)
    texts = scenes()
    shifts = [(v, by) for v in named.values() for by in STRENGTHS]
    shifts += [(v, JUDGED) for v in random]
    edits = [{}, *({site: AffineEraser.shift(v, by=-by)} for v, by in shifts)]
    before, *after = classes(model, tokenizer, texts, edits)
    moved = [changes(before, one) for one in after]
    keys = [f"{name}, {by:g}" for name in named for by in STRENGTHS]
    effects = {
        f"{key}: {what}": effect(one)
        for key, each in zip(keys, moved, strict=False)
        for what, one in each.items()
    }
    for name in named:
        for what in moved[0]:
            key = f"{name}, {JUDGED:g}: {what}"
            drawn = [float(one[what].mean()) for one in moved[len(keys) :]]
            effects[key] = against_draws(effects[key], drawn)
    effects |= beyond_placebos(dict(zip(keys, moved, strict=False)))
    return {
        "question": QUESTION,
        "unit": "nats: after subtracting a multiple of the direction, less before",
        "items": len(texts),
        "null": f"{draws} random directions of the same norm",
        "site": site,
        "norms": {
            "direction": float(np.linalg.norm(random[0])),
            "states": float(np.linalg.norm(states["bad"], axis=1).mean()),
        },
        "before": {name: float(np.exp(one).mean()) for name, one in before.items()},
        "measured": effects,
        "claims": judged(RULES, effects),
    }
