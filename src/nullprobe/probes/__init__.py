"""Probes of a concept: linear, nonlinear, and of contrast pairs."""

from nullprobe.probes.analysis.calibration import Reliability, reliability
from nullprobe.probes.analysis.information import Information, usable_information
from nullprobe.probes.analysis.successive_directions import Successive, successive
from nullprobe.probes.base.linear import LinearProbe
from nullprobe.probes.base.linear_probes import LinearProbes
from nullprobe.probes.linear.halfspace import HalfspaceProbe
from nullprobe.probes.linear.lda import LDAProbe, lda
from nullprobe.probes.linear.logistic import LogisticProbe, logistic
from nullprobe.probes.linear.mean_difference import MeanDifferenceProbe, mean_difference
from nullprobe.probes.loading import load_probe
from nullprobe.probes.nonlinear.mlp import MLPProbe
from nullprobe.probes.nonlinear.neighbors import KNeighborsProbe
from nullprobe.probes.nonlinear.quadratic import QuadraticProbe, quadratic
from nullprobe.probes.nonlinear.rbf import RBFProbe
from nullprobe.probes.nonlinear.strongest import FAMILY, StrongestProbe
from nullprobe.probes.pairs.ccs import CCS, ccs
from nullprobe.probes.pairs.crc import CRC, VINC
from nullprobe.probes.pairs.random_directions import RandomProbe
from nullprobe.probes.solvers.halfspace_search import halfspaces

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
    "VINC",
    "HalfspaceProbe",
    "Information",
    "KNeighborsProbe",
    "LDAProbe",
    "LinearProbe",
    "LinearProbes",
    "LogisticProbe",
    "MLPProbe",
    "MeanDifferenceProbe",
    "QuadraticProbe",
    "RBFProbe",
    "RandomProbe",
    "Reliability",
    "StrongestProbe",
    "Successive",
    "ccs",
    "halfspaces",
    "lda",
    "load_probe",
    "logistic",
    "mean_difference",
    "quadratic",
    "reliability",
    "successive",
    "usable_information",
]
