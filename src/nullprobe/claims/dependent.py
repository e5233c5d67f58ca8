"""Dependent: rows and concept go together at all, however little a probe reads of it.

Explanation: chance (labels permuted, everything in the sample computed anew). It asks whether
anything is there, by all rows at once; how much of it can be read is asked by `readable`. No test
can show that two things are independent, so the claim holds or is unclear, and never fails.
"""

from __future__ import annotations

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.sentences import number, p_text
from nullprobe.claims.verdict import Claim, Evidence, Holds, no_sources
from nullprobe.data.metric import Metric

NAME = "dependent"
STATEMENT = "The representation and the concept depend on each other."
METRIC = Metric("association (sd)", None, "association", None)
ONLY_WHETHER = "the claim asks whether anything is there, not what it takes"


def dependent(evidence: Evidence) -> Claim:
    """Return the verdict on whether rows and concept go together at all."""
    seen, chance = evidence.observed("association"), evidence.chance("association")
    p = chance.judged_p(seen.value)
    found = p <= evidence.thresholds.alpha
    outcome = Outcome.REJECTED if found else Outcome.UNDECIDED
    first = Explanation(
        "chance", outcome, "", chance.p_value(seen.value), chance.adjusted, difference=None
    )
    numbers = (
        f"The association lies {number(seen.value)} standard deviations above its mean for "
        f"permuted labels ({p_text(p)})."
    )
    return Claim(
        NAME,
        STATEMENT,
        Holds.YES if found else Holds.UNCLEAR,
        (
            first,
            *(Explanation.not_tried(name, ONLY_WHETHER) for name in ("moments", "noise")),
            *no_sources(),
        ),
        seen.value,
        METRIC,
        None,
        (chance,),
        chance.p_value(seen.value),
        f"The representation depends on the concept. {numbers}"
        if found
        else f"No dependence was detected, and no test can show that there is none. {numbers}",
        None,
        evidence.details.get(NAME, {}),
    )
