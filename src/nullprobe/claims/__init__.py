"""Claims: what can be asserted of a concept, and the verdict on each."""

from nullprobe.claims.erasure_holds import erasure_holds
from nullprobe.claims.no_halfspace import no_halfspace
from nullprobe.claims.one_direction import one_direction
from nullprobe.claims.readable import readable
from nullprobe.claims.verdict import Claim, Evidence, FactAbout, Holds, Observation

CLAIMS = {
    "readable": readable,
    "one_direction": one_direction,
    "erasure_holds": erasure_holds,
    "no_halfspace": no_halfspace,
}

__all__ = [
    "CLAIMS",
    "Claim",
    "Evidence",
    "FactAbout",
    "Holds",
    "Observation",
    "erasure_holds",
    "no_halfspace",
    "one_direction",
    "readable",
]
