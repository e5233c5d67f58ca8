"""No halfspace: no linear classifier is accurate after erasure.

Equal means stop every convex loss, not the 0-1 loss: a halfspace chosen for accuracy may still
be right. Explanations: chance, moments, noise.
"""

from __future__ import annotations

from nullprobe.claims.verdict import Claim, Evidence, after_erasure

NAME = "no_halfspace"
STATEMENT = "After erasure, no linear classifier is accurate on new data."


def no_halfspace(evidence: Evidence) -> Claim:
    """Return the verdict on the best halfspace that was found."""
    return after_erasure(NAME, STATEMENT, "halfspace", evidence)
