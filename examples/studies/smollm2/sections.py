"""Write the sections about SmolLM2 into docs/, from the results; no number in them is typed.

A section stands in ``docs/NAME.md`` between two comments.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy.stats import t as student

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs"
START, END = "<!-- smollm2 -->\n", "<!-- /smollm2 -->"
QUESTIONS = ("authors", "opposites", "direction", "contexts")
# What was done, in words; the rows of the table; what it does not show.
METHOD = {
    "contexts": "A person shows a value or its opposite in one domain (money, time, words, "
    "things); a sentence about another domain begins, and its next word fits the value or its "
    "opposite. {items} items of ten values; a value is a unit. Controls: acts of an unrelated "
    "value, and the same acts of another person.",
    "direction": "The direction is the mean state of texts that call somebody bad, less the mean "
    "of the same texts with good words, or with ordinary ones. Twice the direction is subtracted "
    "after layer 15 of 30, at every token of {items} scenes in which a bad person could help. "
    "Eight good, bad and indifferent verbs each are read as the next word. A placebo is the "
    "direction of tall, less short.",
    "opposites": "A first sentence defines a trait (*an honest person would never lie*), tells a "
    "story (*would one day lie*), or has the act without the trait (*a tall person would never "
    "lie*). Then somebody has the trait, and the act is the next word: after *But one day, Anna "
    "began to*, or after *So every day*. {items} traits; each effect is against the same sentence "
    "with an act of another trait.",
    "authors": "A byline names Jane Austen or Edgar Allan Poe; one of {items} neutral sentences "
    "and a stem follow. A probe reads the author at the end of the sentence: its words are the "
    "same for both, so a bag of them is at chance by construction. The next words are twenty of "
    "each author. Placebo names: Jane Walker, Edgar Allan Baker. LEACE of the author after layer "
    "21 of 30 is fitted to half of the sentences and scored on the others.",
}
ROWS: dict[str, tuple[str, ...]] = {
    "contexts": (
        "one act, same domain",
        "one act, another domain",
        "two acts, other domains",
        "one act of an unrelated value",
        "one act of another person",
        "one act, less an unrelated value",
        "one act, less another person",
    ),
    "direction": tuple(
        f"{name}, 2: {what}"
        for name in ("away from good", "away from ordinary", "placebo, tall")
        for what in ("good", "bad", "indifferent", "bad acts fall", "good less indifferent")
    ),
    "opposites": (
        "defined, but",
        "story, but",
        "words alone, but",
        "defined, so",
        "defined less story, but",
        "defined less words alone, but",
        "defined, but less so",
        "placebo act less no sentence, but",
    ),
    "authors": (
        "author",
        "placebo names",
        "author, less placebo names",
        "author, before less after erasing",
    ),
}
LIMITS = {
    "contexts": "What this does not show: that the model has values, or that it learned them in "
    "one context; it shows what it expects of a person in a prompt.",
    "direction": "What this does not show: where longer texts go, or what another layer, another "
    "strength or other lists of verbs would give.",
    "opposites": "What this does not show: what *training* on definitions or stories does; here "
    "both stand in the prompt, and a model may copy a word that it has just read.",
    "authors": "What this does not show: whether the model holds authors apart from their names, "
    "or that the words that we chose are all of a style.",
}


def section(name: str, found: Mapping[str, Any]) -> str:
    """Return the section of a page from the result of its question."""
    lines = [
        "## The same question asked of SmolLM2",
        "",
        wrapped(
            f"*{found['question']}* {METHOD[name].format(**found)} A *yes* needs a 95 % interval "
            f"above 0, p ≤ .05 divided by {len(found['claims'])} (null: {found['null']}), and .1 "
            "nats at least. A *no* needs an interval below .1. We wrote the prompts and rules "
            "before the run."
        ),
        "",
        f"| {found['unit']} | mean | 95 % interval | p |",
        "|---|---|---|---|",
    ]
    for row in ROWS[name]:
        one = found["measured"][row]
        low, high = map(number, one["interval"])
        lines.append(f"| {row} | {number(one['mean'])} | {low} to {high} | {one['p_value']:.2g} |")
    lines.append("")
    for name_of, one in found.get("read", {}).items():
        low, high = map(number, one["interval"])
        text = f"{number(one['mean'])} ({low} to {high})"
        lines.append(f"- {name_of}: {text}; `readable`: **{one['holds']}**.")
    for claim in found["claims"]:
        least = ""
        if claim["holds"] == "unclear":
            value = detectable(found["measured"][claim["of"]], len(found["claims"]))
            least = f" An effect below {number(value)} nats would usually be missed (80 % power)."
        lines.append(f"- `{claim['name']}`: **{claim['holds']}**. {claim['sentence']}{least}")
    result = f"[All numbers](../examples/studies/smollm2/results/{name}.json)"
    lines += [
        "",
        wrapped(
            f"{LIMITS[name]} There is no exact observer here: the texts that {found['model']} was "
            f"trained on are unknown. {result}."
        ),
        "",
    ]
    return "\n".join(lines)


def wrapped(text: str) -> str:
    """Return a paragraph in lines as long as those of the pages."""
    return textwrap.fill(text, 160, break_long_words=False, break_on_hyphens=False)


def detectable(one: Mapping[str, Any], claims: int) -> float:
    """Return the effect that an interval over these units detects with 80 % power."""
    low, high = one["interval"]
    needed = student.ppf([0.975, 1 - 0.025 / claims, 0.8], one["units"] - 1)
    return float((high - low) / 2 / needed[0] * (needed[1] + needed[2]))


def number(value: float) -> str:
    """Return a number with two decimals, and a real minus sign."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def page(name: str) -> str:
    """Return the page of a question with its section."""
    found = json.loads((HERE / "results" / f"{name}.json").read_text("utf-8"))
    before, _, rest = (DOCS / f"{name}.md").read_text("utf-8").partition(START)
    return f"{before}{START}{section(name, found)}{END}{rest.partition(END)[2]}"


def available() -> list[str]:
    """Return the questions with results."""
    return [name for name in QUESTIONS if (HERE / "results" / f"{name}.json").exists()]


def write() -> None:
    """Write the section of each question that has a result."""
    for name in available():
        (DOCS / f"{name}.md").write_text(page(name), "utf-8")
