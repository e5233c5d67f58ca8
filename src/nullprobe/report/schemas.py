"""Schemas: the JSON Schemas in ``docs``, generated from the models of the documents.

``python -m nullprobe.report.schemas docs`` writes them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.calibration_document import CALIBRATION, CalibrationDocument
from nullprobe.report.comparison_documents import (
    ERASERS,
    PAIRS,
    ComparisonDocument,
    PairComparisonDocument,
)
from nullprobe.report.model_audit_document import MODEL_AUDIT, ModelAuditDocument
from nullprobe.report.same_concept_document import SAME_CONCEPT, SameConceptDocument
from nullprobe.report.study_document import STUDY, StudyDocument

# A file holds one audit, or a list of several.
FILES: dict[str, tuple[str, Any]] = {
    "audit": (AUDIT, AuditDocument | Annotated[list[AuditDocument], Field(min_length=2)]),
    "calibration": (CALIBRATION, CalibrationDocument),
    "model_audit": (MODEL_AUDIT, ModelAuditDocument),
    "comparison": (ERASERS, ComparisonDocument),
    "pair_comparison": (PAIRS, PairComparisonDocument),
    "same_concept": (SAME_CONCEPT, SameConceptDocument),
    "study": (STUDY, StudyDocument),
}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, one of ``FILES``.

    Examples
    --------
    >>> schema("comparison")["title"]
    'nullprobe.comparison/3'
    """
    version, model = FILES[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:" + version.replace(".", ":").replace("/", ":"),
        **TypeAdapter(model).json_schema(),
        "title": version,
    }


def text(name: str) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def main(folder: str | Path) -> None:
    """Write all schemas into a folder."""
    for name in FILES:
        (Path(folder) / f"{name}.schema.json").write_text(text(name), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
