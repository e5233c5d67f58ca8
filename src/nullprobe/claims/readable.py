"""Readable: a linear probe reads y on data it was not fitted on.

Explanations: chance (labels permuted), moments (data of the same class means and covariances),
inputs and architecture (the same pipeline on other representations of the rows). The shape of the
noise is not tried: its draws are matched to be as readable.
"""

from __future__ import annotations

from collections.abc import Sequence

from nullprobe.claims.explanations import SOURCES, ComesFrom, Explanation, Outcome, comes_from
from nullprobe.claims.observation import Beside, Observation, Thresholds
from nullprobe.claims.verdict import (
    Claim,
    Evidence,
    Holds,
    against_chance,
    by_chance,
    compared,
    number,
    undetected,
)

NAME = "readable"
STATEMENT = "A linear probe reads the concept on data it was not fitted on."
MATCHED = "its draws are matched to be as readable as the data"


def readable(evidence: Evidence) -> Claim:
    """Return the verdict on whether the concept can be read linearly."""
    raw, chance, bar = evidence.raw, evidence.chance("raw"), evidence.thresholds
    each = [(s, *one) for s, several in evidence.baselines.items() for one in several.items()]
    others = tuple(Beside.of(s, name, one, raw, bar, len(each)) for s, name, one in each)
    first, moments = by_chance(raw, chance, bar), evidence.null("moments", "raw")
    explanations = (
        first,
        evidence.not_tried("moments", "raw")
        if moments is None
        else Explanation.of(raw.value, moments, bar),
        Explanation.not_tried("noise", MATCHED),
        *_sources(others, bar, nothing_read=first.suffices),
    )
    drawn = (chance,) if moments is None else (chance, moments)
    # Below chance is no sign of absence, and no reading either.
    below = first.is_rejected and raw.value < chance.mean
    holds = Holds.UNCLEAR
    if first.outcome is not Outcome.UNDECIDED and not below:
        holds = Holds.NO if first.suffices else Holds.YES
    return Claim(
        NAME,
        STATEMENT,
        holds,
        explanations,
        raw.value,
        raw.metric,
        raw.interval,
        drawn,
        chance.p_value(raw.value),
        _below(raw, evidence)
        if below
        else _reason(holds, evidence, explanations, others)
        + compared(explanations[1:2], drawn) * (holds is Holds.YES)
        + ".",
        bar.detectable(raw, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(NAME, {}),
        beside=others,
    )


def _sources(
    others: Sequence[Beside], bar: Thresholds, *, nothing_read: bool
) -> tuple[Explanation, ...]:
    """Return what became of each other representation of the rows, and of sources without one."""
    if nothing_read:
        return tuple(Explanation.not_tried(source, "nothing is read") for source in SOURCES[:2])
    found = [one.explanation(bar) for one in others]
    there = {one.name for one in found}
    return (
        *found,
        *(Explanation.not_tried(s, "none was given") for s in SOURCES[:2] if s not in there),
    )


def _below(raw: Observation, evidence: Evidence) -> str:
    return (
        f"{against_chance(raw, evidence.chance('raw'))}: below chance, which is no sign of "
        "absence. The parts disagree about the direction: rows depend on each other (copies, "
        "groups that were not named), or the means differ by little and the rest of the "
        "distributions by much."
    )


def _reason(
    holds: Holds,
    evidence: Evidence,
    explanations: Sequence[Explanation],
    others: Sequence[Beside],
) -> str:
    raw, chance = evidence.raw, evidence.chance("raw")
    said = against_chance(raw, chance)
    if holds is Holds.NO:
        return f"Nothing that matters is read: {said}"
    if holds is Holds.UNCLEAR:
        lost = undetected(evidence.thresholds, raw, chance)
        return f"Whether it is read cannot be said: {said}. With this much data, {lost}"
    source = comes_from(explanations)
    if source is ComesFrom.NOT_TRIED:
        return f"It is read, and where from was not tried (no baseline was given): {said}"
    beside = ", ".join(f"{one.name!r} reads {number(one.value)}" for one in others)
    if source is ComesFrom.TRAINING:
        start = "It is read, and neither inputs nor architecture account for it"
    elif source is ComesFrom.UNDECIDED:
        start = "It is read, and where from is undecided"
    else:
        start = f"It is read, and the {source.value} account for it"
    return f"{start}: {said}; {beside}"
