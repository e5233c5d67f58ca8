"""Gone: no reader of a family, nonlinear ones included, reads the concept after erasure.

Equal means stop every linear probe under a convex loss, and nothing else. The family is named,
since no experiment can speak for all readers. Explanations: chance, moments, noise.
"""

from __future__ import annotations

from nullprobe.claims.verdict import Claim, Evidence, after_erasure

NAME = "gone"
STATEMENT = (
    "After erasure, no reader of a family (quadratic, RBF, nearest neighbours, wide ReLU network) "
    "reads the concept on new data."
)


def gone(evidence: Evidence) -> Claim:
    """Return the verdict on the strongest reader, chosen without the rows that it is scored on."""
    return after_erasure(NAME, STATEMENT, "family", evidence)
