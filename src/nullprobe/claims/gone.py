"""Gone: no reader of a family, nonlinear ones included, reads the concept after erasure.

Equal class means stop every linear probe with a convex loss, but not other readers. The claim names
a family of readers, since no experiment covers all readers. Explanations: chance, moments, noise.
"""

from __future__ import annotations

from nullprobe.claims.after_erasure import after_erasure
from nullprobe.claims.evidence import Evidence
from nullprobe.claims.verdict import Claim

NAME = "gone"
STATEMENT = (
    "After erasure, no reader of a family (quadratic, RBF, nearest neighbours, wide ReLU network) "
    "reads the concept on new data."
)


def gone(evidence: Evidence) -> Claim:
    """Return the verdict on the strongest reader, chosen without the rows that score it."""
    return after_erasure(NAME, STATEMENT, "family", evidence)
