"""Erasure holds: a fresh linear probe on new data cannot read y after erasure.

Explanations: chance (labels permuted through eraser, probe and score), moments (data of the same
class means and covariances), and the shape of the noise. The whole pipeline is rerun for each draw.
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.after_erasure import after_erasure
from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.sentences import number
from nullprobe.claims.verdict import Claim, Holds

NAME = "erasure_holds"
STATEMENT = "After erasure, a fresh linear probe on new data cannot read the concept."


def erasure_holds(evidence: Evidence) -> Claim:
    """Return the verdict on the reading of a fresh probe after erasure."""
    claim = after_erasure(NAME, STATEMENT, "erased", evidence)
    reason = claim.reason
    expected = claim.details.get("expected_from_means")
    if expected is not None:
        reason += (
            f" Theory expects {number(expected)} from the error of the estimated means alone, for "
            "a probe that knows the covariance."
        )
    theory = claim.details.get("expected_of_eraser")
    if theory is not None:
        reason += (
            f" Theory expects {number(theory)} after an eraser fitted to this many rows, if the "
            "classes are Gaussian with one covariance."
        )
    before = by_chance(evidence.raw, evidence.chance("raw"), evidence.thresholds)
    if claim.holds is Holds.YES and not before.is_rejected:
        reason += " The concept was not clearly readable before erasure, either."
    return replace(claim, reason=reason)
