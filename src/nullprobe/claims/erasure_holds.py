"""Erasure holds: a fresh linear probe on new data cannot read y after erasure.

Rungs: chance (labels permuted through eraser, probe and score), moments (Gaussian data with
the same class means and covariances, same pipeline).
"""

from __future__ import annotations

from nullprobe.claims.verdict import Claim, Evidence, Holds, after_erasure, number

NAME = "erasure_holds"
STATEMENT = "After erasure, a fresh linear probe on new data cannot read the concept."


def erasure_holds(evidence: Evidence) -> Claim:
    """Return the verdict on what a fresh probe reads back."""
    details = evidence.details.get(NAME, {})
    holds, about, reason, nulls, least = after_erasure("erased", evidence.erased, evidence)
    expected = details.get("expected from estimated means")
    if expected is not None:
        reason += f" Estimated means alone lead one to expect {number(expected)}."
    if holds is Holds.YES and not evidence.chance["raw"].p_value(evidence.raw.value) <= 0.05:
        reason += " The concept was not clearly readable before, either."
    observed = evidence.erased
    return Claim(
        NAME,
        STATEMENT,
        holds,
        about,
        observed.value,
        observed.unit,
        observed.interval,
        nulls,
        nulls[0].p_value(observed.value),
        reason,
        least,
        details,
    )
