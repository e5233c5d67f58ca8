"""Readable: a linear probe reads y on data it was not fitted on.

Rungs: chance (labels permuted), inputs (the same pipeline on baseline representations).
"""

from __future__ import annotations

from nullprobe.claims.observation import Beside, Observation, Thresholds
from nullprobe.claims.verdict import (
    Claim,
    Evidence,
    FactAbout,
    Holds,
    against_chance,
    number,
)
from nullprobe.stats.null_distribution import Null

NAME = "readable"
STATEMENT = "A linear probe reads the concept on data it was not fitted on."


def readable(evidence: Evidence) -> Claim:
    """Return the verdict on whether the concept can be read linearly."""
    raw, null = evidence.raw, evidence.chance["raw"]
    bar = evidence.thresholds
    simpler = tuple(
        Beside.of("inputs", name, one, raw, bar) for name, one in evidence.baselines.items()
    )
    holds, about, reason = _judge(raw, null, simpler, bar)
    return Claim(
        NAME,
        STATEMENT,
        holds,
        about,
        raw.value,
        raw.metric,
        raw.interval,
        (null,),
        null.p_value(raw.value),
        reason,
        bar.detectable(raw, null) if holds is Holds.UNCLEAR else None,
        evidence.details.get(NAME, {}),
        beside=simpler,
    )


def _judge(
    raw: Observation, null: Null, simpler: tuple[Beside, ...], bar: Thresholds
) -> tuple[Holds, FactAbout, str]:
    said = against_chance(raw, null)
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
    for one in simpler:
        if one.reproduces:
            return (
                Holds.YES,
                FactAbout.INPUTS,
                (
                    f"{said}; but the baseline {one.name!r} reads {number(one.value)}, which the "
                    "representation does not clearly surpass."
                ),
            )
    tried = (
        f"every baseline ({', '.join(repr(one.name) for one in simpler)}) reads less"
        if simpler
        else "no baseline was given, so the rung of the inputs was not tried"
    )
    # Surrogates are scaled to be as readable, so that rung could say nothing here.
    return Holds.YES, FactAbout.REPRESENTATION, f"{said}; {tried}."
