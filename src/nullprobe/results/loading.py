"""Load a result of any kind from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nullprobe._core.nested import is_mapping
from nullprobe._core.validation import InputError, complain
from nullprobe.auditing.attributes_result import PLACE, Attributes
from nullprobe.auditing.calibration import Calibration
from nullprobe.auditing.layers import Layers, by_name
from nullprobe.auditing.result import Audit
from nullprobe.auditing.same_concept_result import SameConcept
from nullprobe.auditing.upgrade import SECOND, THIRD, upgraded
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.calibration_document import CALIBRATION, CalibrationDocument
from nullprobe.report.comparison_documents import (
    ERASERS,
    PAIRS,
    ComparisonDocument,
    PairComparisonDocument,
)
from nullprobe.report.document import read_json, validated
from nullprobe.report.model_audit_document import MODEL_AUDIT, ModelAuditDocument
from nullprobe.report.same_concept_document import SAME_CONCEPT, SameConceptDocument
from nullprobe.report.study_document import STUDY, StudyDocument
from nullprobe.studies.result import StudyResult
from nullprobe.texts.result import ModelAudit

Result = (
    Audit
    | Layers
    | Attributes
    | SameConcept
    | Comparison
    | PairComparison
    | Calibration
    | ModelAudit
    | StudyResult
)
AUDITS = (SECOND, THIRD, AUDIT)
OTHERS: dict[str, tuple[Any, Any]] = {
    SAME_CONCEPT: (SameConcept, SameConceptDocument),
    ERASERS: (Comparison, ComparisonDocument),
    PAIRS: (PairComparison, PairComparisonDocument),
    CALIBRATION: (Calibration, CalibrationDocument),
    MODEL_AUDIT: (ModelAudit, ModelAuditDocument),
    STUDY: (StudyResult, StudyDocument),
}


def load_result(path: str | Path) -> Result:
    """Load a result of any kind that ``to_json`` or a command wrote.

    Parameters
    ----------
    path : str or Path
        A .json file, or its text.

    Returns
    -------
    Audit, Layers, Attributes, SameConcept, Comparison, PairComparison, Calibration, ModelAudit
    or StudyResult
        One audit in a file is an `Audit`, and several are `Layers` or `Attributes`.

    Raises
    ------
    InputError
        If the file is missing, is not JSON, or does not follow the schema that it names.

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> result = audit(w.X, w.y, claims=["readable"], draws=99)
    >>> load_result(result.to_json()) == result
    True
    """
    documents = read_json(path)
    try:
        return _result(documents)
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        received = f"a part is missing or damaged ({type(error).__name__}: {error})"
        raise InputError("a saved result must be as to_json wrote it", received) from error


def _result(documents: list[Any]) -> Result:
    schemas = [one.get("schema") if is_mapping(one) else None for one in documents]
    for schema in schemas or [None]:
        if schema not in (*AUDITS, *OTHERS):
            complain(
                f"a saved result must have one of the schemas {', '.join((*AUDITS, *OTHERS))}",
                "it has none" if schema is None else f"its schema is {schema!r:.80}",
                "pass what to_json wrote",
            )
    if all(schema in AUDITS for schema in schemas):
        models = [validated(AuditDocument, upgraded(one)) for one in documents]
        audits = [Audit.from_document(one) for one in models]
        if len(audits) == 1:
            return audits[0]
        of_attributes = all(PLACE in one.provenance for one in audits)
        return Attributes.of_audits(audits) if of_attributes else Layers(by_name(audits))
    if len(documents) > 1:
        complain(
            "a file must hold audits, or one result of another kind",
            f"it has {len(documents)} results, and one is {schemas[0]!r}",
        )
    kind, model = OTHERS[str(schemas[0])]
    return kind.from_document(validated(model, documents[0]))
