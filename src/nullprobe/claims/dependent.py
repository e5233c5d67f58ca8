"""Dependent: the representation and the concept depend on each other, however weakly.

Explanation: chance (labels permuted, the statistic computed anew). The statistic uses all rows at
once, without a split; `readable` measures how much a probe reads. No test can show independence, so
the claim holds or is unclear, and never fails.
"""

from __future__ import annotations

from nullprobe.claims.evidence import Evidence
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.sentences import number, p_text
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import ROUNDING, Null

NAME = "dependent"
STATEMENT = "The representation and the concept depend on each other."
METRIC = Metric("association (sd)", None, "association", None)
ONLY_WHETHER = "the claim is about whether a dependence exists, not about what explains it"


def dependent(evidence: Evidence) -> Claim:
    """Return the verdict on whether rows and concept depend on each other."""
    association, chance = evidence.observed("association"), evidence.chance("association")
    p = chance.judged_p(association.value)
    is_detected = p <= evidence.thresholds.alpha
    outcome = Outcome.REJECTED if is_detected else Outcome.UNDECIDED
    first = Explanation(
        "chance", outcome, "", chance.p_value(association.value), chance.adjusted, difference=None
    )
    numbers = (
        f"The association{_distance(association.value, chance, evidence.targets)} ({p_text(p)})."
    )
    return Claim(
        NAME,
        STATEMENT,
        Holds.YES if is_detected else Holds.UNCLEAR,
        (
            first,
            *(Explanation.not_tried(name, ONLY_WHETHER) for name in ("moments", "noise")),
            *no_sources(),
        ),
        association.value,
        METRIC,
        None,
        (chance,),
        chance.p_value(association.value),
        f"The representation depends on the concept. {numbers}"
        if is_detected
        else f"No dependence was detected, but no test can show independence. {numbers}",
        None,
        evidence.details.get(NAME, {}),
    )


def _distance(value: float, chance: Null, what: str) -> str:
    """State how far an association lies from its mean for permuted labels or numbers."""
    mean = f"the mean of {number(chance.mean)} for permuted {what}"
    if not chance.sd > ROUNDING:
        return f" is {number(value)}, next to {mean}"
    off = (value - chance.mean) / chance.sd
    side = "above" if off >= 0 else "below"
    return f" of {number(value)} lies {abs(off):.1f} standard deviations {side} {mean}"
