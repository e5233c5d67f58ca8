"""Probes: linear readers of a concept, from the cheapest to the most accurate, and nonlinear."""

from nullprobe.probes.halfspace import HalfspaceProbe, halfspaces
from nullprobe.probes.lda import LDAProbe, lda
from nullprobe.probes.linear import LinearProbe
from nullprobe.probes.logistic import LogisticProbe, logistic
from nullprobe.probes.mean_difference import MeanDifferenceProbe, mean_difference
from nullprobe.probes.quadratic import QuadraticProbe, quadratic
from nullprobe.probes.radial import RBFProbe, radial

PROBES = {  # the linear ones
    "mean_difference": MeanDifferenceProbe,
    "lda": LDAProbe,
    "logistic": LogisticProbe,
    "halfspace": HalfspaceProbe,
}

__all__ = [
    "PROBES",
    "HalfspaceProbe",
    "LDAProbe",
    "LinearProbe",
    "LogisticProbe",
    "MeanDifferenceProbe",
    "QuadraticProbe",
    "RBFProbe",
    "halfspaces",
    "lda",
    "logistic",
    "mean_difference",
    "quadratic",
    "radial",
]
