"""Does defining a trait by what it excludes make the excluded act easier to elicit.

Forty traits, each with one act of its opposite (honest: lie). A first sentence defines the trait
("an honest person would never lie"), or tells a story of it with the same act ("... would one day
lie"), or has the act without the trait ("a tall person would never lie"). Then somebody has the
trait, and the next word is the act: after "but one day", which turns, or after "so every day".

Each effect compares the sentence with the act and the same sentence with a placebo: an act of
another trait. The prompts were written for this study (``prompts/opposites.txt``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from measures import Rule, article, effect, judged, next_log_probabilities, person, table

QUESTION = "Does a definition of X make an act of not-X easier to elicit, beyond a story of it?"
PLACEBO = 13  # traits further down the table
FIRST = {
    "defined": "{A} person would never {act}. ",
    "story": "{A} person would one day {act}. ",
    "words alone": "A tall person would never {act}. ",
}
ENDS = {
    "but": "{N} is {a} person. But one day, {N} began to",
    "so": "{N} is {a} person. So every day, {N} began to",
}
RULES = (
    Rule(
        "definition_elicits",
        "defined, but",
        "A definition of X makes the excluded act more likely after 'but'.",
        "A definition of X does not make the excluded act more likely after 'but'.",
        "Whether a definition of X makes the excluded act more likely after 'but' is unclear.",
    ),
    Rule(
        "beyond_a_story",
        "defined less story, but",
        "It does more than a story in which X does the act.",
        "It does no more than a story in which X does the act.",
        "Whether it does more than a story in which X does the act is unclear.",
    ),
    Rule(
        "beyond_words",
        "defined less words alone, but",
        "It does more than the same words about somebody else.",
        "It does no more than the same words about somebody else.",
        "Whether it does more than the same words about somebody else is unclear.",
    ),
    Rule(
        "needs_a_turn",
        "defined, but less so",
        "It does more after 'but' than after 'so'.",
        "It does no more after 'but' than after 'so'.",
        "Whether it does more after 'but' than after 'so' is unclear.",
    ),
)


def prompt(k: int, first: str, end: str, act: str) -> str:
    """Return a first sentence ("" for none) with an act, and an end, of trait k."""
    trait, name = table("opposites")[k][0], person(k)
    text = FIRST.get(first, "") + ENDS[end]
    a = article(trait)
    for mark, value in {"{A}": a[0].upper() + a[1:], "{a}": a, "{act}": act, "{N}": name}.items():
        text = text.replace(mark, value)
    return text


def measured(model: Any, tokenizer: Any) -> dict[str, Any]:
    """Return effects of each first sentence on log P(act), and verdicts."""
    acts = [row[1] for row in table("opposites")]
    n = len(acts)
    placebo = [acts[(k + PLACEBO) % n] for k in range(n)]
    read = [*((first, "but") for first in FIRST), ("defined", "so")]
    keys = [(*one, which) for one in read for which in ("act", "placebo")]
    keys.append(("neither", "but", "act"))
    texts = [
        prompt(k, first, end, (acts if which == "act" else placebo)[k])
        for first, end, which in keys
        for k in range(n)
    ]
    every = next_log_probabilities(model, tokenizer, texts, acts)[0].reshape(len(keys), n, n)
    log_p = {key: np.diag(one) for key, one in zip(keys, every, strict=True)}
    values = {
        f"{first}, {end}": log_p[first, end, "act"] - log_p[first, end, "placebo"]
        for first, end in read
    }
    for other in ("story", "words alone"):
        values[f"defined less {other}, but"] = values["defined, but"] - values[f"{other}, but"]
    values["defined, but less so"] = values["defined, but"] - values["defined, so"]
    values["placebo act less no sentence, but"] = (
        log_p["defined", "but", "placebo"] - log_p["neither", "but", "act"]
    )
    effects = {name: effect(one) for name, one in values.items()}
    return {
        "question": QUESTION,
        "unit": "nats of log P(act): after a sentence with the act, less one with another act",
        "items": n,
        "null": "signs of traits flipped at random",
        "before": {"P(act), but": float(np.exp(log_p["neither", "but", "act"]).mean())},
        "measured": effects,
        "claims": judged(RULES, effects),
    }
