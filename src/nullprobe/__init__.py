"""Finds, removes and audits concepts in representations, and says what each result is about."""

from nullprobe import worlds
from nullprobe._check import InputError
from nullprobe._version import __version__
from nullprobe.audit import Audit, audit
from nullprobe.claims import Claim, FactAbout, Holds
from nullprobe.class_moments import ClassMoments
from nullprobe.compare import compare
from nullprobe.comparison import Comparison
from nullprobe.erasers import (
    INLP,
    LEACE,
    RLACE,
    SPLINCE,
    AffineEraser,
    ClassTransport,
    ConceptShift,
    Game,
    MeanProjection,
    MiMiC,
    OracleLEACE,
    QuadraticLEACE,
    leace,
    load_eraser,
    mean_projection,
    mimic,
    oracle_leace,
    quadratic_leace,
    rlace,
    splince,
)
from nullprobe.measures.damage import Damage, damage
from nullprobe.measures.guardedness import canonical_correlations, largest_correlation
from nullprobe.measures.planner import Plan, plan
from nullprobe.moments import Moments
from nullprobe.nulls import permutation_null
from nullprobe.probes import (
    HalfspaceProbe,
    LDAProbe,
    LinearProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    QuadraticProbe,
    RBFProbe,
)
from nullprobe.task_moments import TaskMoments

__all__ = [
    "INLP",
    "LEACE",
    "RLACE",
    "SPLINCE",
    "AffineEraser",
    "Audit",
    "Claim",
    "ClassMoments",
    "ClassTransport",
    "Comparison",
    "ConceptShift",
    "Damage",
    "FactAbout",
    "Game",
    "HalfspaceProbe",
    "Holds",
    "InputError",
    "LDAProbe",
    "LinearProbe",
    "LogisticProbe",
    "MeanDifferenceProbe",
    "MeanProjection",
    "MiMiC",
    "Moments",
    "OracleLEACE",
    "Plan",
    "QuadraticLEACE",
    "QuadraticProbe",
    "RBFProbe",
    "TaskMoments",
    "__version__",
    "audit",
    "canonical_correlations",
    "compare",
    "damage",
    "largest_correlation",
    "leace",
    "load_eraser",
    "mean_projection",
    "mimic",
    "oracle_leace",
    "permutation_null",
    "plan",
    "quadratic_leace",
    "rlace",
    "splince",
    "worlds",
]
