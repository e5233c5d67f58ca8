"""One feature: removing the best direction, then the next, leaves what means and covariances say.

Explanations: moments, and the shape of the noise; directions are found and removed anew in each
draw. What is compared is the largest departure of the curve from theirs, over all removals.
"""

from __future__ import annotations

import numpy as np

from nullprobe.claims.explanations import Explanation, Outcome, Takes
from nullprobe.claims.observation import Curve
from nullprobe.claims.sentences import (
    BECAME,
    MAKES,
    TOOK,
    against_chance,
    number,
    p_text,
    sentence,
    took,
    undetected,
)
from nullprobe.claims.verdict import (
    Claim,
    Evidence,
    Holds,
    by_chance,
    no_sources,
)
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null

NAME = "one_feature"
STATEMENT = (
    "Removing the best direction, then the next, and so on, lowers the reading as class means and "
    "covariances predict."
)
METRIC = Metric("largest departure (sd)", None, "departure", None)


def one_feature(evidence: Evidence) -> Claim:
    """Return the verdict on the curve of removals.

    It is compared with means and covariances where these could be drawn, else against the shape of
    the noise, which allows more: then it can fail, and hold only where that suffices.
    """
    curve, bar = evidence.curve, evidence.thresholds
    assert curve is not None, "the audit measures the curve where this claim is asked for"
    nulls = {name: evidence.null(name, "curve") for name in MAKES}
    drawn = [null for null in nulls.values() if null is not None]
    tried = tuple(
        evidence.not_tried(name, "curve") if null is None else curve.explained(null, bar)
        for name, null in nulls.items()
    )
    raw, chance = evidence.raw, evidence.chance("raw")
    read = by_chance(raw, chance, bar)
    least = next((one for one in tried if one.outcome is not Outcome.NOT_TRIED), None)
    observed = curve.largest(least.name)[0] if least else float("nan")
    holds = Holds.UNCLEAR
    if read.is_rejected and least and least.suffices:
        holds = Holds.YES
    elif read.is_rejected and any(one.is_rejected for one in tried):
        holds = Holds.NO  # what the shape of the noise cannot explain, means and covariances cannot
    return Claim(
        NAME,
        STATEMENT,
        holds,
        (*tried, *no_sources()),
        observed,
        METRIC,
        None,
        tuple(drawn),
        least.p_value if least else None,
        _reason(curve, tried, read, holds, evidence),
        bar.detectable(raw, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(NAME, {}),
        {"curve": {"metric": raw.metric, **_shown(curve, drawn[0])}} if drawn else {},
    )


def _reason(
    curve: Curve,
    tried: tuple[Explanation, ...],
    read: Explanation,
    holds: Holds,
    evidence: Evidence,
) -> str:
    bar, raw, chance = evidence.thresholds, evidence.raw, evidence.chance("raw")
    if not read.is_rejected:
        return (
            "The concept is not clearly readable, so there is nothing to remove. "
            f"{against_chance(raw, chance)}. {undetected(bar, raw, chance)}."
        )
    if len(curve.values) < 2:
        return "There is no second direction to remove."
    start = TOOK[Takes.UNDECIDED] if holds is Holds.UNCLEAR else took(tried)
    start = sentence(start).replace(
        "this amount", "how fast the reading falls as directions are removed"
    )
    return " ".join([f"{start}.", *(_compared(curve, one) for one in tried)])


def _compared(curve: Curve, one: Explanation) -> str:
    """Say where the curve departs most from draws of an explanation, and what became of it."""
    if one.outcome is Outcome.NOT_TRIED:
        return f"{MAKES[one.name]} were not tried: {one.reason}."
    off = curve.departures(one.name)[0]
    step = int(np.abs(off).argmax())
    mean = curve.drawn[one.name][:, 1 + step].mean()
    return (
        f"{MAKES[one.name]} differ most after {_removals(step + 1)}: they give {curve.unit} "
        f"{number(mean)}, and the data give {number(curve.values[1 + step])}, "
        f"{BECAME[one.outcome]} ({p_text(one.judged_p)})."
    )


def _removals(step: int) -> str:
    return "one removal" if step == 1 else f"{step} removals"


def _shown(curve: Curve, null: Null) -> dict[str, object]:
    """Return what a picture needs: the curve, its intervals, and the band of the draws."""
    low, middle, high = np.quantile(curve.drawn[null.rung], [0.025, 0.5, 0.975], axis=0)
    return {
        "rung": null.rung,
        "values": curve.values,
        "intervals": curve.intervals,
        "low": low,
        "middle": middle,
        "high": high,
    }
