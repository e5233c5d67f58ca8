"""Finds, removes and audits concepts in representations, and says what each result is about.

Nothing is imported before its name is used, so that ``import nullprobe`` answers at once.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nullprobe._version import __version__

if TYPE_CHECKING:  # what _MODULES says, for type checkers
    from nullprobe import corpora, models, plot, studies, worlds
    from nullprobe._core.validation import InputError
    from nullprobe.auditing.attributes import audit_attributes
    from nullprobe.auditing.attributes_result import Attributes
    from nullprobe.auditing.calibrating import calibrate
    from nullprobe.auditing.calibration import Calibration
    from nullprobe.auditing.entry import audit
    from nullprobe.auditing.layers import Layers
    from nullprobe.auditing.result import Audit
    from nullprobe.auditing.same_concept import SameConcept, same_concept
    from nullprobe.claims import Claim, ComesFrom, Explanation, FactAbout, Holds, Outcome, Takes
    from nullprobe.comparing.eraser_result import Comparison
    from nullprobe.comparing.erasers import compare
    from nullprobe.comparing.pair_probes import compare_pairs
    from nullprobe.data.captured import CapturedFolder
    from nullprobe.data.matched_rows import matched_rows
    from nullprobe.data.pairs import ContrastPairs, read_pairs
    from nullprobe.data.stratified_rows import stratified_rows
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
    from nullprobe.measures.pairs_for_effect import pairs_for_effect
    from nullprobe.measures.planner import Plan, plan
    from nullprobe.measures.verdict_rows import rows_for_verdict
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
        load_probe,
        reliability,
        successive,
        usable_information,
    )
    from nullprobe.results.loading import load_result
    from nullprobe.texts.cards import text_cards
    from nullprobe.texts.census import census
    from nullprobe.texts.census_result import Census
    from nullprobe.texts.entry import audit_model
    from nullprobe.texts.labellings import control_labels, lexical_concepts
    from nullprobe.texts.result import ModelAudit
    from nullprobe.texts.statements import Statements, check_statements
    from nullprobe.usage.entry import audit_use

# The module that has each public name; a package stands for itself.
_MODULES = {
    "AffineEraser": "nullprobe.erasers",
    "Attributes": "nullprobe.auditing.attributes_result",
    "Audit": "nullprobe.auditing.result",
    "CCS": "nullprobe.probes",
    "CRC": "nullprobe.probes",
    "Calibration": "nullprobe.auditing.calibration",
    "CapturedFolder": "nullprobe.data.captured",
    "Census": "nullprobe.texts.census_result",
    "Claim": "nullprobe.claims",
    "ClassMoments": "nullprobe.moments.class_moments",
    "ClassTransport": "nullprobe.erasers",
    "ComesFrom": "nullprobe.claims",
    "Comparison": "nullprobe.comparing.eraser_result",
    "ConceptShift": "nullprobe.erasers",
    "ContrastPairs": "nullprobe.data.pairs",
    "Damage": "nullprobe.measures.damage",
    "Explanation": "nullprobe.claims",
    "FactAbout": "nullprobe.claims",
    "Game": "nullprobe.erasers",
    "HalfspaceProbe": "nullprobe.probes",
    "Holds": "nullprobe.claims",
    "INLP": "nullprobe.erasers",
    "InputError": "nullprobe._core.validation",
    "KNeighborsProbe": "nullprobe.probes",
    "LDAProbe": "nullprobe.probes",
    "LEACE": "nullprobe.erasers",
    "Layers": "nullprobe.auditing.layers",
    "LinearProbe": "nullprobe.probes",
    "LinearProbes": "nullprobe.probes",
    "LogisticProbe": "nullprobe.probes",
    "MLPProbe": "nullprobe.probes",
    "MeanDifferenceProbe": "nullprobe.probes",
    "MeanProjection": "nullprobe.erasers",
    "MiMiC": "nullprobe.erasers",
    "ModelAudit": "nullprobe.texts.result",
    "Moments": "nullprobe.moments",
    "OracleLEACE": "nullprobe.erasers",
    "Outcome": "nullprobe.claims",
    "Plan": "nullprobe.measures.planner",
    "QuadraticLEACE": "nullprobe.erasers",
    "QuadraticProbe": "nullprobe.probes",
    "RBFProbe": "nullprobe.probes",
    "RLACE": "nullprobe.erasers",
    "RandomProbe": "nullprobe.probes",
    "SPLINCE": "nullprobe.erasers",
    "SameConcept": "nullprobe.auditing.same_concept",
    "Statements": "nullprobe.texts.statements",
    "StrongestProbe": "nullprobe.probes",
    "Takes": "nullprobe.claims",
    "TaskMoments": "nullprobe.moments.task_moments",
    "VINC": "nullprobe.probes",
    "audit": "nullprobe.auditing.entry",
    "audit_attributes": "nullprobe.auditing.attributes",
    "audit_model": "nullprobe.texts.entry",
    "audit_use": "nullprobe.usage.entry",
    "calibrate": "nullprobe.auditing.calibrating",
    "canonical_correlations": "nullprobe.measures.guardedness",
    "census": "nullprobe.texts.census",
    "check_statements": "nullprobe.texts.statements",
    "compare": "nullprobe.comparing.erasers",
    "compare_pairs": "nullprobe.comparing.pair_probes",
    "control_labels": "nullprobe.texts.labellings",
    "corpora": "nullprobe.corpora",
    "damage": "nullprobe.measures.damage",
    "largest_correlation": "nullprobe.measures.guardedness",
    "leace": "nullprobe.erasers.leace",
    "lexical_concepts": "nullprobe.texts.labellings",
    "load_eraser": "nullprobe.erasers",
    "load_probe": "nullprobe.probes",
    "load_result": "nullprobe.results.loading",
    "matched_rows": "nullprobe.data.matched_rows",
    "mean_projection": "nullprobe.erasers.mean_projection",
    "mimic": "nullprobe.erasers",
    "models": "nullprobe.models",
    "oracle_leace": "nullprobe.erasers",
    "pairs_for_effect": "nullprobe.measures.pairs_for_effect",
    "permutation_null": "nullprobe.nulls",
    "pipeline_null": "nullprobe.nulls",
    "plan": "nullprobe.measures.planner",
    "plot": "nullprobe.plot",
    "quadratic_leace": "nullprobe.erasers",
    "read_pairs": "nullprobe.data.pairs",
    "reliability": "nullprobe.probes",
    "rlace": "nullprobe.erasers.rlace.rlace",
    "rows_for_absence": "nullprobe.measures.absence",
    "rows_for_verdict": "nullprobe.measures.verdict_rows",
    "same_concept": "nullprobe.auditing.same_concept",
    "splince": "nullprobe.erasers.splince",
    "stratified_rows": "nullprobe.data.stratified_rows",
    "studies": "nullprobe.studies",
    "successive": "nullprobe.probes",
    "text_baselines": "nullprobe.data.text_baselines",
    "text_cards": "nullprobe.texts.cards",
    "usable_information": "nullprobe.probes",
    "worlds": "nullprobe.worlds",
}
# Packages that are no public names, and can be reached as attributes nevertheless.
_PACKAGES = (
    "auditing", "claims", "comparing", "data", "erasers", "heldout", "measures", "moments", "nulls",
    "probes", "report", "results", "stats", "texts", "usage",
)  # fmt: skip
# What needs the extra "models", and what that installs.
_OF_MODELS, _EXTRA = ("audit_model", "audit_use", "models"), ("torch", "transformers")

__all__ = [
    "CCS",
    "CRC",
    "INLP",
    "LEACE",
    "RLACE",
    "SPLINCE",
    "VINC",
    "AffineEraser",
    "Attributes",
    "Audit",
    "Calibration",
    "CapturedFolder",
    "Census",
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
    "KNeighborsProbe",
    "LDAProbe",
    "Layers",
    "LinearProbe",
    "LinearProbes",
    "LogisticProbe",
    "MLPProbe",
    "MeanDifferenceProbe",
    "MeanProjection",
    "MiMiC",
    "ModelAudit",
    "Moments",
    "OracleLEACE",
    "Outcome",
    "Plan",
    "QuadraticLEACE",
    "QuadraticProbe",
    "RBFProbe",
    "RandomProbe",
    "SameConcept",
    "Statements",
    "StrongestProbe",
    "Takes",
    "TaskMoments",
    "__version__",
    "audit",
    "audit_attributes",
    "audit_model",
    "audit_use",
    "calibrate",
    "canonical_correlations",
    "census",
    "check_statements",
    "compare",
    "compare_pairs",
    "control_labels",
    "corpora",
    "damage",
    "largest_correlation",
    "leace",
    "lexical_concepts",
    "load_eraser",
    "load_probe",
    "load_result",
    "matched_rows",
    "mean_projection",
    "mimic",
    "models",
    "oracle_leace",
    "pairs_for_effect",
    "permutation_null",
    "pipeline_null",
    "plan",
    "plot",
    "quadratic_leace",
    "read_pairs",
    "reliability",
    "rlace",
    "rows_for_absence",
    "rows_for_verdict",
    "same_concept",
    "splince",
    "stratified_rows",
    "studies",
    "successive",
    "text_baselines",
    "text_cards",
    "usable_information",
    "worlds",
]


def _installed(package: str) -> bool:
    """Return whether there is such a package, without importing it."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


if not all(map(_installed, _EXTRA)):
    # Star imports, `dir` and `help` work without the extra, too.
    __all__[:] = [name for name in __all__ if name not in _OF_MODELS]


if not TYPE_CHECKING:  # type checkers report a name that does not exist

    def __getattr__(name: str) -> Any:
        """Import what a name stands for when it is first used (PEP 562)."""
        package = f"nullprobe.{name}"
        module = package if name in _PACKAGES else _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            home = import_module(module)
        except ModuleNotFoundError as error:
            if name in _OF_MODELS and error.name in _EXTRA:
                raise ModuleNotFoundError(
                    f"{package} needs {error.name}: pip install 'nullprobe[models]'",
                    name=error.name,
                ) from error
            raise
        value = home if module == package else getattr(home, name)
        globals()[name] = value  # so that the next use does not come here
        return value


def __dir__() -> list[str]:
    """Return the public names, whether they have been used or not."""
    return list(__all__)
