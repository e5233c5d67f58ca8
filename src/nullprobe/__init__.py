"""Finds, removes and audits concepts in representations, and says what each result is about."""

from nullprobe import worlds
from nullprobe._check import InputError
from nullprobe._version import __version__
from nullprobe.audit import Audit, audit
from nullprobe.claims import Claim, FactAbout, Holds
from nullprobe.class_moments import ClassMoments
from nullprobe.erasers import (
    LEACE,
    SPLINCE,
    AffineEraser,
    MeanProjection,
    leace,
    mean_projection,
    splince,
)
from nullprobe.measures.guardedness import canonical_correlations, largest_correlation
from nullprobe.moments import Moments
from nullprobe.nulls import permutation_null
from nullprobe.probes import (
    HalfspaceProbe,
    LDAProbe,
    LinearProbe,
    LogisticProbe,
    MeanDifferenceProbe,
)
from nullprobe.task_moments import TaskMoments

__all__ = [
    "LEACE",
    "SPLINCE",
    "AffineEraser",
    "Audit",
    "Claim",
    "ClassMoments",
    "FactAbout",
    "HalfspaceProbe",
    "Holds",
    "InputError",
    "LDAProbe",
    "LinearProbe",
    "LogisticProbe",
    "MeanDifferenceProbe",
    "MeanProjection",
    "Moments",
    "TaskMoments",
    "__version__",
    "audit",
    "canonical_correlations",
    "largest_correlation",
    "leace",
    "mean_projection",
    "permutation_null",
    "splince",
    "worlds",
]
