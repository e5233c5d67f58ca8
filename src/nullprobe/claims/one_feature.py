"""One feature: removing the best direction, then the next, leaves what means and covariances say.

Rungs: moments (Gaussian data with the same class means and covariances, directions found and
removed anew). Surrogates are matched in what is read before any removal, so that only the way
down is compared: the largest departure of the curve from theirs, over all removals.
"""

from __future__ import annotations

import numpy as np

from nullprobe.claims.observation import Curve
from nullprobe.claims.verdict import Claim, Evidence, FactAbout, Holds, against_chance, number
from nullprobe.data.metric import Metric

NAME = "one_feature"
STATEMENT = (
    "Removing the best direction, then the next, and so on, leaves nothing sooner or later than "
    "means and covariances say."
)
METRIC = Metric("largest departure (sd)", None, "departure", None)


def one_feature(evidence: Evidence) -> Claim:
    """Return the verdict on the curve of removals."""
    curve = evidence.curve
    assert curve is not None, "the audit measures the curve where this claim is asked for"
    observed, null = curve.largest()
    holds, about, reason = _judge(curve, curve.departures()[0], null.p_value(observed), evidence)
    bar, raw = evidence.thresholds, evidence.raw
    return Claim(
        NAME,
        STATEMENT,
        holds,
        about,
        observed,
        METRIC,
        None,
        (null,),
        null.p_value(observed),
        reason,
        bar.detectable(raw, evidence.chance["raw"]) if holds is Holds.UNCLEAR else None,
        evidence.details.get(NAME, {}),
        {"curve": {"metric": raw.metric, **_shown(curve)}},
    )


def _judge(
    curve: Curve, off: np.ndarray, p: float, evidence: Evidence
) -> tuple[Holds, FactAbout, str]:
    bar, chance = evidence.thresholds, evidence.chance["raw"]
    if not bar.beats_chance(evidence.raw, chance):
        least = number(bar.detectable(evidence.raw, chance))
        reason = (
            f"{against_chance(evidence.raw, chance)}: nothing is clearly there to remove; {least} "
            "is the least that this much data would have told from chance."
        )
        return Holds.UNCLEAR, FactAbout.CHANCE, reason
    step = int(np.abs(off).argmax()) if len(off) else 0
    gaussian = curve.drawn[:, 1:].mean(axis=0)
    if not len(off):
        return Holds.YES, FactAbout.MOMENTS, "There is no second direction to remove."
    how = f"held-out {curve.unit} {number(curve.values[step + 1])} after {_removals(step + 1)}"
    beside = f"against {number(gaussian[step])} for Gaussian data of the same moments"
    if p > bar.alpha:
        return (
            Holds.YES,
            FactAbout.MOMENTS,
            f"{how} is the largest departure of the curve, {beside}: no more than such data "
            f"depart among themselves (p = {p:.3g}).",
        )
    way = "less" if off[step] < 0 else "more"
    return (
        Holds.NO,
        FactAbout.REPRESENTATION,
        f"{how}, {beside}: {way} is left than means and covariances say (p = {p:.3g}, over all "
        "removals).",
    )


def _removals(step: int) -> str:
    return "one removal" if step == 1 else f"{step} removals"


def _shown(curve: Curve) -> dict[str, object]:
    """Return what a picture needs: the curve, its intervals, and the band of the surrogates."""
    low, middle, high = np.quantile(curve.drawn, [0.025, 0.5, 0.975], axis=0)
    return {
        "values": curve.values,
        "intervals": curve.intervals,
        "low": low,
        "middle": middle,
        "high": high,
    }
