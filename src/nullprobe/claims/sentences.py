"""Sentences that verdicts share: first what to conclude, then the numbers.

The first sentence of a reason is the conclusion; short output shows it alone. It holds no name
that a user chose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nullprobe.claims.explanations import Explanation, Outcome, Takes, takes
from nullprobe.claims.observation import Observation, Thresholds
from nullprobe.data.metric import R_SQUARED
from nullprobe.stats.null_distribution import Null

MAKES = {
    "moments": "Gaussian data with the same class means and covariances",
    "noise": "Data that also keep the shape of the noise",
}
READERS = {
    "raw": "linear probe",
    "erased": "linear probe",
    "halfspace": "halfspace (a linear classifier fitted for accuracy)",
    "family": "nonlinear reader (the strongest of a family)",
}
TOOK = {
    Takes.CHANCE: "chance explains the result",
    Takes.MOMENTS: "class means and covariances alone explain this amount",
    Takes.NOISE: "class means, covariances and the noise's shape explain this amount",
    Takes.STRUCTURE: "class means, covariances and the noise's shape do not explain this amount",
    Takes.UNDECIDED: "what explains this amount is undecided",
}
MORE = "class means and covariances do not explain this amount, and what does is undecided"
BECAME = {
    Outcome.SUFFICIENT: "so they explain the result",
    Outcome.REJECTED: "so they do not explain the result",
    Outcome.UNDECIDED: "which leaves open whether they explain the result",
}


def sentence(text: str) -> str:
    """Return the text with a capital at its start."""
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """Return a number as text, as the page and the reasons show it."""
    if value == 0:
        return "0"
    return f"{value:.3f}" if abs(value) >= 5e-4 else f"{value:.1e}"


def p_text(p: float) -> str:
    """Return a p-value as text."""
    return f"p = {p:.3g}"


def level(unit: str, value: float) -> str:
    """Return a value as text, with its unit and an article.

    Examples
    --------
    >>> level("AUC", 0.55), level("balanced accuracy", 0.6)
    ('an AUC of 0.550', 'a balanced accuracy of 0.600')
    """
    return f"{'an' if unit[:1] in 'AREIO' else 'a'} {unit} of {number(value)}"


def against_chance(observed: Observation, chance: Null, where: str = "") -> str:
    """State the observed value, and what permuted labels (or numbers) give."""
    what = "numbers" if observed.unit == R_SQUARED.name else "labels"
    return (
        f"Held-out {observed.unit}{where} is {number(observed.value)}; permuted {what} give "
        f"{number(chance.mean)} ({p_text(chance.judged_p(observed.value))})"
    )


def wider_than_the_test(observed: Observation) -> str:
    """State why an interval includes chance although the test rejects it; else return nothing."""
    low, high = observed.interval or (math.inf, math.inf)
    if not low <= observed.chance <= high:
        return ""
    return (
        " The interval includes chance although the test rejects it: the interval has two sides "
        "and the width of a single split of the rows, and the test has one side and compares the "
        "mean over all splits."
    )


def became(explanation: Explanation, bar: Thresholds) -> str:
    """State the outcome of an explanation with its p-value, and why a small p did not reject it."""
    text = f"{BECAME[explanation.outcome]} ({p_text(explanation.judged_p)}"
    if explanation.suffices and explanation.judged_p <= bar.alpha:
        text += f", but the difference is below {bar.min_effect:g}, too small to matter"
    return f"{text})"


def shown(explanation: Explanation, null: Null, bar: Thresholds) -> str:
    """State what draws of an explanation give, and its outcome."""
    gives = f"{MAKES[explanation.name]} give {number(null.mean)} ± {number(null.sd)}"
    return f"{gives}, {became(explanation, bar)}"


def absent(who: str, observed: Observation, bar: Thresholds) -> str:
    """State that no such reader is likely to exceed chance by the smallest effect of interest."""
    most = level(observed.unit, observed.chance + bar.min_effect)
    return f"no {who} is likely to read more than {most} on new rows"


def undetected(
    bar: Thresholds, observed: Observation, chance: Null, what: str = "", more: str = ""
) -> str:
    """State which readings would usually go undetected; no reading is above 1."""
    what = what or f"{'an' if observed.unit[:1] in 'AREIO' else 'a'} {observed.unit}{more}"
    least = bar.detectable(observed, chance)
    size = f"even {what} of 1" if least > 1.0 else f"{what} below {number(least)}"
    return f"With this much data, {size} would usually go undetected (80 % power)"


def took(explanations: Sequence[Explanation]) -> str:
    """State which explanation accounts for an observation that chance does not explain."""
    best = takes(explanations)
    rejected = {one.name for one in explanations if one.is_rejected}
    if best is Takes.UNDECIDED and "moments" in rejected:
        return MORE
    return TOOK[best]


def compared(explanations: Sequence[Explanation], drawn: Sequence[Null], bar: Thresholds) -> str:
    """State the outcome of each explanation after chance, with what its draws give."""
    nulls = {null.rung: null for null in drawn}
    parts: list[str] = []
    for one in explanations:
        if one.name not in MAKES:
            continue
        if one.outcome is Outcome.NOT_TRIED:
            parts.append(f" {MAKES[one.name]} were not tried: {one.reason}.")
        else:
            parts.append(f" {shown(one, nulls[one.name], bar)}.")
    return "".join(parts)
