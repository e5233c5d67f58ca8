"""Finds, removes and audits concepts in representations, and says what each result is about."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nullprobe import worlds
from nullprobe._core.validation import InputError
from nullprobe._version import __version__
from nullprobe.auditing.attributes import Attributes, audit_attributes
from nullprobe.auditing.calibrating import Calibration, calibrate
from nullprobe.auditing.entry import audit
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.auditing.same_concept import SameConcept, same_concept
from nullprobe.claims import Claim, ComesFrom, Explanation, FactAbout, Holds, Outcome, Takes
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.erasers import compare
from nullprobe.comparing.pair_probes import compare_pairs
from nullprobe.data.pairs import ContrastPairs, read_pairs
from nullprobe.data.text_baselines import text_baselines
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
    load_eraser,
    mimic,
    oracle_leace,
    quadratic_leace,
)
from nullprobe.erasers.leace import leace
from nullprobe.erasers.mean_projection import mean_projection
from nullprobe.erasers.rlace.rlace import rlace
from nullprobe.erasers.splince import splince
from nullprobe.measures.absence import rows_for_absence
from nullprobe.measures.damage import Damage, damage
from nullprobe.measures.guardedness import canonical_correlations, largest_correlation
from nullprobe.measures.planner import Plan, plan
from nullprobe.moments import Moments
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.task_moments import TaskMoments
from nullprobe.nulls import permutation_null, pipeline_null
from nullprobe.probes import (
    CCS,
    CRC,
    VINC,
    HalfspaceProbe,
    KNeighborsProbe,
    LDAProbe,
    LinearProbe,
    LinearProbes,
    LogisticProbe,
    MeanDifferenceProbe,
    MLPProbe,
    QuadraticProbe,
    RandomProbe,
    RBFProbe,
    StrongestProbe,
    reliability,
    successive,
    usable_information,
)

if TYPE_CHECKING:
    from nullprobe import models
    from nullprobe.usage.entry import audit_use

__all__ = [
    "CCS",
    "Calibration",
    "CRC",
    "INLP",
    "LEACE",
    "RLACE",
    "SPLINCE",
    "AffineEraser",
    "Attributes",
    "Audit",
    "Claim",
    "ClassMoments",
    "ClassTransport",
    "ComesFrom",
    "Comparison",
    "ConceptShift",
    "ContrastPairs",
    "Damage",
    "Explanation",
    "FactAbout",
    "Game",
    "HalfspaceProbe",
    "Holds",
    "InputError",
    "LDAProbe",
    "Layers",
    "LinearProbe",
    "LinearProbes",
    "LogisticProbe",
    "MLPProbe",
    "MeanDifferenceProbe",
    "MeanProjection",
    "MiMiC",
    "Moments",
    "KNeighborsProbe",
    "OracleLEACE",
    "Outcome",
    "Plan",
    "QuadraticLEACE",
    "QuadraticProbe",
    "RBFProbe",
    "RandomProbe",
    "SameConcept",
    "StrongestProbe",
    "Takes",
    "TaskMoments",
    "VINC",
    "__version__",
    "audit",
    "audit_attributes",
    "audit_use",
    "calibrate",
    "canonical_correlations",
    "compare",
    "compare_pairs",
    "damage",
    "largest_correlation",
    "leace",
    "load_eraser",
    "mean_projection",
    "mimic",
    "models",
    "oracle_leace",
    "permutation_null",
    "pipeline_null",
    "plan",
    "quadratic_leace",
    "read_pairs",
    "reliability",
    "rlace",
    "rows_for_absence",
    "same_concept",
    "splince",
    "successive",
    "text_baselines",
    "usable_information",
    "worlds",
]


def __getattr__(name: str) -> Any:
    """Import what runs models when it is first asked for: arrays need no torch."""
    try:
        if name == "models":
            return import_module("nullprobe.models")
        if name == "audit_use":
            return import_module("nullprobe.usage.entry").audit_use
    except ModuleNotFoundError as error:
        if error.name in ("torch", "transformers"):
            raise ModuleNotFoundError(
                f"nullprobe.{name} needs {error.name}: pip install 'nullprobe[models]'"
            ) from error
        raise
    raise AttributeError(f"module 'nullprobe' has no attribute {name!r}")
