"""Claims: what can be asserted of a concept, and the verdict on each."""

from nullprobe.claims.consistent import consistent
from nullprobe.claims.erasure_holds import erasure_holds
from nullprobe.claims.gone import gone
from nullprobe.claims.no_halfspace import no_halfspace
from nullprobe.claims.observation import (
    Beside,
    Carried,
    Curve,
    Followed,
    Observation,
    Thresholds,
    Use,
)
from nullprobe.claims.one_direction import one_direction
from nullprobe.claims.one_feature import one_feature
from nullprobe.claims.readable import readable
from nullprobe.claims.transfers import transfers
from nullprobe.claims.used import used
from nullprobe.claims.verdict import Claim, Evidence, FactAbout, Holds

CLAIMS = {
    "readable": readable,
    "one_direction": one_direction,
    "erasure_holds": erasure_holds,
    "no_halfspace": no_halfspace,
    "one_feature": one_feature,
    "gone": gone,
    "transfers": transfers,
    "consistent": consistent,
}

__all__ = [
    "CLAIMS",
    "Beside",
    "Carried",
    "Claim",
    "Curve",
    "Evidence",
    "FactAbout",
    "Followed",
    "Holds",
    "Observation",
    "Thresholds",
    "Use",
    "consistent",
    "erasure_holds",
    "gone",
    "no_halfspace",
    "one_direction",
    "one_feature",
    "readable",
    "transfers",
    "used",
]
