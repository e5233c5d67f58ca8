"""After erasure: the verdict on claims that nothing of some kind can be read any more."""

from __future__ import annotations

from collections.abc import Sequence

from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.observation import Observation
from nullprobe.claims.sentences import (
    READERS,
    absent,
    against_chance,
    compared,
    took,
    undetected,
    wider_than_the_test,
)
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.stats.null_distribution import Null


def after_erasure(name: str, statement: str, key: str, evidence: Evidence) -> Claim:
    """Return the verdict on "nothing of this kind can be read after erasure".

    Parameters
    ----------
    name, statement : str
        Name and words of the claim.
    key : str
        Key of the observation and its nulls in the evidence.
    evidence : Evidence
    """
    observed, bar = evidence.observed(key), evidence.thresholds
    chance = evidence.chance(key)
    first = by_chance(observed, chance, bar)
    rest: list[Explanation] = []
    drawn = [chance]
    for explanation in ("moments", "noise"):
        null = evidence.null(explanation, key)
        if null is None:
            rest.append(evidence.not_tried(explanation, key))
        else:
            rest.append(Explanation.of(observed.value, null, bar))
            drawn.append(null)
    explanations = (first, *rest, *no_sources())
    holds = Holds.UNCLEAR
    # A reading below chance shows neither presence nor absence.
    below = first.is_rejected and observed.value < chance.mean
    if first.outcome is not Outcome.UNDECIDED and not below:
        holds = Holds.YES if first.suffices else Holds.NO
    return Claim(
        name,
        statement,
        holds,
        explanations,
        observed.value,
        observed.metric,
        observed.interval,
        tuple(drawn),
        chance.p_value(observed.value),
        _below(observed, chance, key)
        if below
        else _reason(holds, explanations, drawn, key, evidence),
        bar.detectable(observed, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(name, {}),
    )


def _reason(
    holds: Holds,
    explanations: Sequence[Explanation],
    drawn: Sequence[Null],
    key: str,
    evidence: Evidence,
) -> str:
    observed, bar, reader, chance = (
        evidence.observed(key),
        evidence.thresholds,
        READERS[key],
        drawn[0],
    )
    numbers = f"{against_chance(observed, chance)}."
    if chance.mean < observed.value <= observed.chance and observed.unit == "R²":
        numbers += (
            " It predicts worse than the mean does, which is not a reading; probes of permuted "
            "numbers overfit and do worse still."
        )
    if holds is Holds.YES:
        who = f"{reader} trained on up to {evidence.probe_rows:,} rows"
        return f"After erasure, {absent(who, observed, bar)}. {numbers}"
    if holds is Holds.UNCLEAR:
        return (
            f"After erasure, the {reader} is not clearly better than chance, but these data cannot "
            f"show that nothing is left. {numbers} {undetected(bar, observed, chance)}."
        )
    start = f"After erasure, a {reader} still reads the concept on new rows; {took(explanations)}."
    numbers += wider_than_the_test(observed)
    return f"{start} {numbers}{compared(explanations, drawn, bar)}"


def _below(observed: Observation, chance: Null, key: str) -> str:
    return (
        f"After erasure, the {READERS[key]} reads less than chance, which shows neither that the "
        f"concept is gone nor that it is left. {against_chance(observed, chance)}. Either rows "
        "depend on each other (copies, groups that were not named, rows that the eraser was fitted "
        "to), or the parts of the data disagree about the direction."
    )
