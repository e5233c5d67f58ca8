"""Transfers: a probe or an eraser that is fitted in one group works in the others.

Explanations: chance (labels permuted within each part of each group), and random subspaces that
remove as much as the erasers do, if a reading carries over. The loss is the reading within groups
minus the reading across groups. A yes needs a loss that is shown to be less than the smallest
effect of interest, and a no needs a larger one. If no reading carries over at all, any loss counts
that chance does not reproduce.
"""

from __future__ import annotations

import math

from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.explanations import Explanation
from nullprobe.claims.observation import Carried, Observation, Thresholds
from nullprobe.claims.sentences import MAKES, against_chance, number, p_text, undetected
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null

NAME = "transfers"
STATEMENT = "A probe or an eraser that is fitted in one group works in the others."


def transfers(evidence: Evidence) -> Claim:
    """Return the verdict on whether probes and erasers work across groups."""
    measured, chance = evidence.carried, evidence.chance("across")
    assert measured is not None, "the audit leaves this claim out where there are no groups"
    holds, reason = _judge(measured, evidence)
    across, bar = measured.across, evidence.thresholds
    explanations = (
        by_chance(across, chance, bar),
        # Random subspaces explain what erasing leaves; without a reading across groups, it is moot.
        *((_by_random(measured, bar),) if holds is not Holds.NO else ()),
        *(Explanation.not_tried(name, "they are not drawn for each group") for name in MAKES),
        *no_sources(),
    )
    return Claim(
        NAME,
        STATEMENT,
        holds,
        explanations,
        across.value,
        Metric(f"{across.unit} across groups", across.chance),
        across.interval,
        (chance, measured.random),
        chance.p_value(across.value),
        reason,
        bar.detectable(across, chance) if holds is Holds.UNCLEAR else None,
        {
            "within_groups": measured.within.value,
            "left_within_groups": measured.left_within.value,
            "left_across_groups": measured.left_across.value,
            "left_by_random_subspaces": measured.random.mean,
            **evidence.details.get(NAME, {}),
        },
        {
            "matrices": {
                "groups": list(measured.groups),
                "metric": across.metric,
                "read": measured.read,
                "erased": measured.erased,
            },
            # Random subspaces are compared with what erasing leaves, not with what is read.
            "compared": {
                measured.random.rung: {
                    "metric": Metric(f"{across.unit} across groups, after erasing", across.chance),
                    "observed": measured.left_across.value,
                    "interval": measured.left_across.interval,
                }
            },
        },
    )


def _judge(measured: Carried, evidence: Evidence) -> tuple[Holds, str]:
    bar, nulls = evidence.thresholds, evidence.nulls["chance"]
    numbers = (
        f"{against_chance(measured.across, nulls['across'], ' across groups')}. Within groups it "
        f"is {number(measured.within.value)}."
    )
    gap = measured.within.over(measured.across)
    interval = bar.interval(gap)
    low, high = interval if interval is not None else (0.0, math.inf)
    # Only a reading above chance can carry over or be lost: two one-sided tests at α/2 each.
    if not _above(bar, measured.across, nulls["across"]):
        read_within = _above(bar, measured.within, nulls["within"])
        if read_within and low > 0 and _above(bar, gap, nulls["gap"]):
            return Holds.NO, f"A probe fitted in one group does not work in the others. {numbers}"
        lost = undetected(bar, measured.across, nulls["across"], more=" across groups")
        reason = (
            "A probe reads nothing clearly across groups, and not clearly more within them. "
            f"{numbers} {lost}."
        )
        return Holds.UNCLEAR, reason
    if low > bar.min_effect:
        return Holds.NO, f"A probe fitted in one group works only in part in the others. {numbers}"
    if high >= bar.min_effect:
        reason = (
            "A probe fitted in one group works in the others; whether it works as well there is "
            f"unclear. {numbers} The interval of the loss includes the smallest effect of "
            f"interest, {number(bar.min_effect)}."
        )
        return Holds.UNCLEAR, reason
    left, random = measured.left_across, measured.random
    compared = (
        f"A fresh probe reads {number(left.value)} after erasing with an eraser of another group, "
        f"and {number(random.mean)} after random subspaces of the same size "
        f"({p_text(random.judged_p(left.value))})."
    )
    if left.value < random.mean and _by_random(measured, bar).is_rejected:
        start = "Probes and erasers that are fitted in one group work in the others."
        return Holds.YES, f"{start} {numbers} {compared}"
    start = "A probe fitted in one group works in the others; whether an eraser does is unclear."
    return Holds.UNCLEAR, f"{start} {numbers} {compared}"


def _by_random(measured: Carried, bar: Thresholds) -> Explanation:
    return Explanation.of(measured.left_across.value, measured.random, bar)


def _above(bar: Thresholds, observed: Observation, null: Null) -> bool:
    return observed.value > null.mean and by_chance(observed, null, bar).is_rejected
