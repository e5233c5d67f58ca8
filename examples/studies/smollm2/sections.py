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
    "Eight good, bad and indifferent verbs each are read as the next word. Placebos, of the "
    "same norm, are the directions of tall less short and of western less eastern.",
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
    "direction": (
        *(
            f"{name}, 2: {what}"
            for name in ("away from good", "away from ordinary")
            for what in ("good", "bad", "indifferent")
        ),
        *(
            f"{name}, 2: {what}"
            for what in ("bad acts fall", "good less indifferent")
            for name in (
                "away from good",
                "away from ordinary",
                "placebo, tall",
                "placebo, western",
            )
        ),
        "away from good, less placebo, tall: good less indifferent",
        "away from good, less placebo, western: good less indifferent",
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
# What to conclude with care, and what the numbers do not show.
LIMITS = {
    "contexts": "An act of another person does about as much as the person's own: nothing here "
    "shows that a value is bound to a person. This does not show that the model has values, or "
    "that it learned them in one context; it shows what the model expects of a person in a prompt.",
    "direction": "Both placebos raise good acts over indifferent ones, more than any random "
    "direction: the random null is too weak for this claim. So a placebo that passes makes a yes "
    "unclear (this rule, and the second placebo, were added after a first run, whose verdict was "
    "yes). The contrast that is subtracted matters: away from ordinary people, indifferent acts "
    "gain. This does not show where longer texts go, nor what other layers, strengths or verbs "
    "would give.",
    "opposites": "Most of the effect is a word that returns: the same words about somebody else "
    "do more, so a definition holds the excluded act back a little. This does not show what "
    "*training* on definitions or stories does; both stand in the prompt here.",
    "authors": "A probe reads the placebo names, too: the state holds the byline, which need not "
    "be a style. This does not show that the model knows an author apart from the name, or that "
    "the words that we chose are all of a style.",
}


AFTERWARDS = {
    "direction": "; after a first run, in which the placebo tall passed, we added the second "
    "placebo, and the rule that a placebo that passes makes a yes unclear"
}


def section(name: str, found: Mapping[str, Any]) -> str:
    """Return the section of a page from the result of its question."""
    drawn = any("draws" in found["measured"][row] for row in ROWS[name])
    column = " random draws: mean, largest |" if drawn else ""
    lines = [
        "## The same question asked of SmolLM2",
        "",
        wrapped(
            f"*{found['question']}* {METHOD[name].format(**found)} A *yes* needs a 95 % interval "
            f"above 0, p ≤ .05 divided by {len(found['claims'])} (null: {found['null']}), and .1 "
            "nats at least. A *no* needs an interval below .1. We wrote the prompts and rules "
            f"before the run{AFTERWARDS.get(name, '')}."
        ),
        "",
        f"| {found['unit']} | mean | 95 % interval |{column} p |",
        "|---|---|---|---|" + ("---|" if drawn else ""),
    ]
    lines += [table_row(row, found["measured"][row], drawn=drawn) for row in ROWS[name]]
    lines.append("")
    for name_of, one in found.get("read", {}).items():
        low, high = map(number, one["interval"])
        text = f"{number(one['mean'])} ({low} to {high})"
        lines.append(f"- {name_of}: {text}; `readable`: **{one['holds']}**.")
    for claim in found["claims"]:
        note = ""
        if claim["holds"] == "unclear" and claim["placebos_that_pass"]:
            note = f" These pass the same test: {'; '.join(claim['placebos_that_pass'])}."
        elif claim["holds"] == "unclear":
            value = detectable(found["measured"][claim["of"]], len(found["claims"]))
            note = f" An effect below {number(value)} nats would usually be missed (80 % power)."
        lines.append(f"- `{claim['name']}`: **{claim['holds']}**. {claim['sentence']}{note}")
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


def table_row(name: str, one: Mapping[str, Any], *, drawn: bool) -> str:
    """Return a row of the table; without p where no rule is about it but the draws are shown."""
    low, high = map(number, one["interval"])
    draws, p = " |" if drawn else "", f"{one['p_value']:.2g}"
    if "draws" in one:
        draws = f" {number(one['draws']['mean'])}, {number(one['draws']['largest'])} |"
        p = "" if name.endswith((": good", ": bad", ": indifferent")) else p
    return f"| {name} | {number(one['mean'])} | {low} to {high} |{draws} {p} |"


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
