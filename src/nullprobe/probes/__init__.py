"""Probes: linear readers of a concept, from the cheapest to the most accurate, and nonlinear."""

from nullprobe.probes.calibration import Calibrated, Reliability, reliability
from nullprobe.probes.ccs import CCS, ccs
from nullprobe.probes.crc import CRC, VINC
from nullprobe.probes.halfspace import HalfspaceProbe
from nullprobe.probes.halfspace_search import halfspaces
from nullprobe.probes.information import Information, usable_information
from nullprobe.probes.lda import LDAProbe, lda
from nullprobe.probes.linear import LinearProbe
from nullprobe.probes.logistic import LogisticProbe, logistic
from nullprobe.probes.many import LinearProbes
from nullprobe.probes.mean_difference import MeanDifferenceProbe, mean_difference
from nullprobe.probes.mlp import MLPProbe, mlp
from nullprobe.probes.neighbours import NeighboursProbe, neighbours
from nullprobe.probes.quadratic import QuadraticProbe, quadratic
from nullprobe.probes.radial import RBFProbe, radial
from nullprobe.probes.random_probe import RandomProbe
from nullprobe.probes.strongest import FAMILY, StrongestProbe, strongest
from nullprobe.probes.successive import Successive, successive

PROBES = {  # the linear ones
    "mean_difference": MeanDifferenceProbe,
    "lda": LDAProbe,
    "logistic": LogisticProbe,
    "halfspace": HalfspaceProbe,
}

__all__ = [
    "CCS",
    "CRC",
    "FAMILY",
    "PROBES",
    "Calibrated",
    "HalfspaceProbe",
    "Information",
    "LDAProbe",
    "LinearProbe",
    "LinearProbes",
    "LogisticProbe",
    "MLPProbe",
    "MeanDifferenceProbe",
    "NeighboursProbe",
    "QuadraticProbe",
    "RBFProbe",
    "RandomProbe",
    "Reliability",
    "StrongestProbe",
    "Successive",
    "VINC",
    "ccs",
    "halfspaces",
    "lda",
    "logistic",
    "mean_difference",
    "mlp",
    "neighbours",
    "quadratic",
    "radial",
    "reliability",
    "strongest",
    "successive",
    "usable_information",
]
