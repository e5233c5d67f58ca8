"""Rows needed: how many rows would bring a verdict on an unclear claim.

Claims that rest on one held-out reading have such a number (`stats.sample_size`). The other claims
are unclear for reasons that more rows alone do not remove.
"""

from __future__ import annotations

import math
from dataclasses import replace

from nullprobe.claims.evidence import Evidence
from nullprobe.claims.verdict import Claim, Holds

# Key in `Evidence` of the reading that decides the claim.
READINGS = {
    "readable": "raw",
    "erasure_holds": "erased",
    "no_halfspace": "halfspace",
    "gone": "family",
}
DIGITS = 2  # the measured spreads are no more precise
NO_NUMBER = {
    "dependent": "no number of rows shows independence, and the number that shows a dependence "
    "depends on its strength",
    "transfers": "it compares readings within and across groups, and the spread between groups "
    "does not shrink with more rows of the same groups",
    "one_feature": "it compares a whole curve with those of the draws, and the curve changes with "
    "the number of rows",
    "few_features": "it compares two probes on the same rows, and what few features can read "
    "changes with the number of rows",
    "consistent": "it compares CCS with random directions, whose spread does not shrink with more "
    "pairs",
    "used": "it rests on texts, not on rows, and on random subspaces, whose spread does not shrink "
    "with more texts",
}
BELOW = "the reading is below chance, and more rows of the same kind do not change that"
UNKNOWN = "the number of audited rows is not known"
NO_EFFECT = "min_effect is 0, and no number of rows excludes every effect"
CHANCE = (
    "this many rows bring a verdict in at least four of five data sets, but not in this data set"
)
WITHHELD = "the verdict depends on which rows depend on each other, and more rows do not help"


def with_rows_needed(claim: Claim, evidence: Evidence) -> Claim:
    """Return a claim with the rows that a verdict needs, if it is unclear."""
    if claim.holds is not Holds.UNCLEAR:
        return claim
    key, bar, rows = READINGS.get(claim.name), evidence.thresholds, evidence.rows
    if key is None:
        return without_rows(claim, NO_NUMBER[claim.name])
    observed, chance = evidence.observed(key), evidence.chance(key)
    if claim.explanations[0].is_rejected and observed.value < chance.mean:
        return without_rows(claim, BELOW)
    if not rows or not bar.min_effect:
        return without_rows(claim, NO_EFFECT if rows else UNKNOWN)
    needed = rounded_up(bar.rows_needed(observed, chance, rows))
    if needed <= rows:
        return without_rows(claim, CHANCE)
    return replace(claim, rows_needed=needed, rows_reason="")


def without_rows(claim: Claim, reason: str) -> Claim:
    """Return a claim without a number of rows, with the reason."""
    return replace(claim, rows_needed=None, rows_reason=reason)


def rounded_up(rows: float) -> int:
    """Return a number of rows rounded up to two digits.

    Examples
    --------
    >>> rounded_up(4616.2), rounded_up(37.0), rounded_up(101)
    (4700, 37, 110)
    """
    unit = 10 ** max(0, math.floor(math.log10(max(rows, 1.0))) + 1 - DIGITS)
    return math.ceil(rows / unit) * unit
