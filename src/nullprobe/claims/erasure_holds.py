"""Erasure holds: a fresh linear probe on new data cannot read y after erasure.

Rungs: chance (labels permuted through eraser, probe and score), moments (Gaussian data with
the same class means and covariances, same pipeline).
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.verdict import Claim, Evidence, Holds, after_erasure, number

NAME = "erasure_holds"
STATEMENT = "After erasure, a fresh linear probe on new data cannot read the concept."


def erasure_holds(evidence: Evidence) -> Claim:
    """Return the verdict on what a fresh probe reads back."""
    claim = after_erasure(NAME, STATEMENT, "erased", evidence)
    reason = claim.reason
    expected = claim.details.get("expected_from_means")
    if expected is not None:
        reason += (
            f" For a probe that knew the covariance, estimated means alone lead one to expect "
            f"{number(expected)}."
        )
    if claim.holds is Holds.YES and not evidence.thresholds.beats_chance(
        evidence.raw, evidence.chance["raw"]
    ):
        reason += " The concept was not clearly readable before, either."
    return replace(claim, reason=reason)
