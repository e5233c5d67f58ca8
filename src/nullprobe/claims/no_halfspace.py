"""No halfspace: no linear classifier is accurate after erasure.

Equal class means stop every linear probe with a convex loss. They do not bound the 0-1 loss: a
halfspace fitted for accuracy may still beat chance. Explanations: chance, moments, noise.
"""

from __future__ import annotations

from nullprobe.claims.after_erasure import after_erasure
from nullprobe.claims.evidence import Evidence
from nullprobe.claims.verdict import Claim

NAME = "no_halfspace"
STATEMENT = "After erasure, no linear classifier is accurate on new data."


def no_halfspace(evidence: Evidence) -> Claim:
    """Return the verdict on the best halfspace after erasure."""
    return after_erasure(NAME, STATEMENT, "halfspace", evidence)
