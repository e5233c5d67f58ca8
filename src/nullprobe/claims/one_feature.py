"""One feature: as directions are removed, the reading falls as means and covariances predict.

Explanations: moments, and the shape of the noise. In each draw, directions are fitted and removed
anew. The statistic is the largest departure of the curve from the mean curve, over all removals.
"""

from __future__ import annotations

import numpy as np

from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.explanations import Explanation, Outcome, Takes
from nullprobe.claims.observation import Curve
from nullprobe.claims.sentences import (
    MAKES,
    TOOK,
    against_chance,
    became,
    number,
    sentence,
    took,
    undetected,
)
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null
from nullprobe.stats.thresholds import Thresholds

NAME = "one_feature"
STATEMENT = (
    "Removing the best direction, then the next, and so on, lowers the reading as class means and "
    "covariances predict."
)
METRIC = Metric("largest departure (sd)", None, "departure", None)


def one_feature(evidence: Evidence) -> Claim:
    """Return the verdict on the curve of removals.

    The statistic is the departure from draws of means and covariances, or from draws of the noise's
    shape if the former were not tried. The shape of the noise allows more. So the claim fails if
    either is rejected, and holds if the one that was tried first is sufficient.
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
        holds = Holds.NO  # if the shape of the noise is rejected, means and covariances are, too
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
        None,  # the smallest detectable reading has another unit than the departure
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
    what = f"how fast the reading falls while directions are removed{_pace(curve, tried)}"
    if all(one.outcome is Outcome.NOT_TRIED for one in tried):
        start = f"what explains {what} was not tried"
        return " ".join([f"{sentence(start)}.", *(_compared(curve, one, bar) for one in tried)])
    start = TOOK[Takes.UNDECIDED] if holds is Holds.UNCLEAR else took(tried)
    start = sentence(start).replace("this amount", what)
    return " ".join([f"{start}.", *(_compared(curve, one, bar) for one in tried)])


def _pace(curve: Curve, tried: tuple[Explanation, ...]) -> str:
    """State whether the reading falls faster or more slowly than in draws of what is rejected."""
    rejected = [one.name for one in tried if one.is_rejected]
    if not rejected:
        return ""
    off = curve.departures(rejected[-1])[0]
    slow = off[np.abs(off).argmax()] > 0
    return (
        " (more slowly than in data that keep only these)"
        if slow
        else (" (faster than in data that keep only these)")
    )


def _compared(curve: Curve, one: Explanation, bar: Thresholds) -> str:
    """State where the curve departs most from draws of an explanation, and the outcome."""
    if one.outcome is Outcome.NOT_TRIED:
        return f"{MAKES[one.name]} were not tried: {one.reason}."
    off = curve.departures(one.name)[0]
    step = int(np.abs(off).argmax())
    mean = curve.drawn[one.name][:, 1 + step].mean()
    return (
        f"{MAKES[one.name]} differ most after {_removals(step + 1)}: they give {curve.unit} "
        f"{number(mean)}, and the data give {number(curve.values[1 + step])}, "
        f"{became(one, bar)}."
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
