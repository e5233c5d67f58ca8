"""Does a value that is shown in one context act in another.

A person shows a value (or its opposite) in one domain: money, time, words or things. Then a
sentence about another domain begins, and its next word is one that fits the value or its
opposite. Ten values, four domains each, make forty items; a value is a unit.

Controls. The acts of an unrelated value, so that a good person in general is ruled out. The same
acts by another person, so that the words alone are ruled out. Acts in the domain that is asked
about give the scale. The prompts were written for this study (``prompts/contexts.txt``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from measures import Rule, effect, judged, next_log_probabilities, person, table

QUESTION = "If a person shows a value in one context, does the model expect it in another?"
DOMAINS = 4  # of each value: consecutive rows of the table
UNRELATED = 3  # values further down the table
RULES = (
    Rule(
        "carries_over",
        "one act, another domain",
        "An act that shows a value in one domain changes what the model expects in another.",
        "An act in one domain changes nothing in another.",
        "Whether an act in one domain changes anything in another is unclear.",
    ),
    Rule(
        "beyond_an_unrelated_value",
        "one act, less an unrelated value",
        "It does more than an act of an unrelated value does.",
        "It does no more than an act of an unrelated value does.",
        "Whether it does more than an act of an unrelated value is unclear.",
    ),
    Rule(
        "bound_to_the_person",
        "one act, less another person",
        "It does more than the same act of another person does.",
        "It does no more than the same act of another person does.",
        "Whether it does more than the same act of another person is unclear.",
    ),
)
COLUMNS = ("value", "domain", "plus", "minus", "later", "fits", "opposite")


def items() -> list[dict[str, str]]:
    """Return the rows of the table by column."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in table("contexts")]


def shown(k: int) -> dict[str, list[tuple[int, str]]]:
    """Return, for each condition of item k, whose acts are shown: rows and the person's name."""
    rows = len(items())
    first = k - k % DOMAINS
    before, earlier = (first + (k + step) % DOMAINS for step in (3, 2))
    name, other = person(k), person(k + 7)
    return {
        "same domain": [(k, name)],
        "one act": [(before, name)],
        "two acts": [(earlier, name), (before, name)],
        "unrelated value": [((before + UNRELATED * DOMAINS) % rows, name)],
        "another person": [(before, other)],
    }


def prompt(k: int, acts: list[tuple[int, str]], side: str) -> str:
    """Return the acts of one side ("plus" or "minus"), then what comes later, without its end."""
    every = items()
    texts = [every[row][side].replace("{N}", name) for row, name in acts]
    return " ".join([*texts, "Later,", every[k]["later"].replace("{N}", person(k))])


def measured(model: Any, tokenizer: Any) -> dict[str, Any]:
    """Return effects on the log-odds of the fitting word against its opposite, and verdicts."""
    every = items()
    words = sorted({row[side] for row in every for side in ("fits", "opposite")})
    at = {word: j for j, word in enumerate(words)}
    keys = [
        (k, condition, side)
        for k in range(len(every))
        for condition in shown(k)
        for side in ("plus", "minus")
    ]
    texts = [prompt(k, shown(k)[condition], side) for k, condition, side in keys]
    (log_p,) = next_log_probabilities(model, tokenizer, texts, words)
    odds: dict[tuple[str, str], np.ndarray] = {}
    for (k, condition, side), row in zip(keys, log_p, strict=True):
        one = odds.setdefault((condition, side), np.empty(len(every)))
        one[k] = row[at[every[k]["fits"]]] - row[at[every[k]["opposite"]]]
    change = {c: odds[c, "plus"] - odds[c, "minus"] for c in shown(0)}
    units = [row["value"] for row in every]
    values = {
        "one act, same domain": change["same domain"],
        "one act, another domain": change["one act"],
        "two acts, other domains": change["two acts"],
        "one act of an unrelated value": change["unrelated value"],
        "one act of another person": change["another person"],
        "one act, less an unrelated value": change["one act"] - change["unrelated value"],
        "one act, less another person": change["one act"] - change["another person"],
    }
    effects = {name: effect(one, units) for name, one in values.items()}
    return {
        "question": QUESTION,
        "unit": "nats of log-odds: after an act that shows the value, less after its opposite",
        "items": len(every),
        "null": "signs of values flipped at random",
        "measured": effects,
        "claims": judged(RULES, effects),
    }
