"""Readable: a linear probe reads y on data it was not fitted on.

Rungs: chance (labels permuted), inputs (the same pipeline on baseline representations).
"""

from __future__ import annotations

from nullprobe.claims.observation import Observation
from nullprobe.claims.verdict import (
    Claim,
    Evidence,
    FactAbout,
    Holds,
    against_chance,
    number,
)
from nullprobe.nulls.null import Null

NAME = "readable"
STATEMENT = "A linear probe reads the concept on data it was not fitted on."


def readable(evidence: Evidence) -> Claim:
    """Return the verdict on whether the concept can be read linearly."""
    raw, null = evidence.raw, evidence.chance["raw"]
    holds, about, reason = _judge(raw, null, evidence)
    unclear = holds is Holds.UNCLEAR
    return Claim(
        NAME,
        STATEMENT,
        holds,
        about,
        raw.value,
        raw.unit,
        raw.interval,
        (null,),
        null.p_value(raw.value),
        reason,
        evidence.thresholds.detectable(raw, null) if unclear else None,
        evidence.details.get(NAME, {}),
    )


def _judge(raw: Observation, null: Null, evidence: Evidence) -> tuple[Holds, FactAbout, str]:
    said, bar = against_chance(raw, null), evidence.thresholds
    if not bar.beats_chance(raw, null):
        if bar.negligible(raw):
            return (
                Holds.NO,
                FactAbout.CHANCE,
                f"{said}: chance reads as much, and the interval leaves room for little more.",
            )
        return (
            Holds.UNCLEAR,
            FactAbout.CHANCE,
            (
                f"{said}: chance reads as much, but {number(bar.detectable(raw, null))} is the "
                "least that this much data would have told from chance."
            ),
        )
    if raw.value < null.mean:
        return (
            Holds.UNCLEAR,
            FactAbout.REPRESENTATION,
            (
                f"{said}: below chance, which is no sign of absence. The parts disagree about the "
                "direction: rows depend on each other (duplicates, groups that were not named), or "
                "the means differ by little and the rest of the distributions by much."
            ),
        )
    for name, baseline in evidence.baselines.items():
        gain = raw.over(baseline).interval
        if gain is None or gain[0] <= 0:
            return (
                Holds.YES,
                FactAbout.INPUTS,
                (
                    f"{said}; but the baseline {name!r} reads {number(baseline.value)}, which the "
                    "representation does not clearly surpass."
                ),
            )
    tried = (
        f"every baseline ({', '.join(map(repr, evidence.baselines))}) reads less"
        if evidence.baselines
        else "no baseline was given, so the rung of the inputs was not tried"
    )
    # Surrogates are scaled to be as readable, so that rung could say nothing here.
    return Holds.YES, FactAbout.REPRESENTATION, f"{said}; {tried}."
