"""Document of a comparison of two sets of labels for one idea."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import INTERVAL, Document, Metric, Number, Pair, Text, doc

SAME_CONCEPT = "nullprobe.same_concept/1"


class CrossedDocument(Document):
    """What a probe fitted to one set of labels reads of another, on other rows."""

    fitted: str = doc("Labels that the probe was fitted to.")
    scored: str = doc("Labels that it was scored against.")
    metric: Metric = doc("What it reads.")
    value: Number = doc("The reading.")
    interval: Pair | None = doc(INTERVAL)


class SameConceptDocument(Document):
    """Whether two sets of labels read the same thing."""

    schema_: Literal["nullprobe.same_concept/1"] = Field(
        alias="schema", description="Name and version of the format."
    )
    names: Annotated[list[str], Field(min_length=2, max_length=2)] = doc(
        "Names of the two sets of labels."
    )
    holds: Literal["yes", "no", "unclear"] = doc("Whether they are the same to a probe.")
    agreement: float = doc("Share of rows with the same label.", ge=0, le=1)
    kappa: float = doc("Cohen's κ: agreement beyond chance.")
    differing: int = doc("Rows with different labels.", ge=1)
    findings: list[Text] = doc("The verdict and its reason, in words.")
    crossed: list[CrossedDocument] = doc("Readings of probes of either set against either set.")
    audit: AuditDocument = doc(
        "Audit of the rows that differ: the set that says yes is the concept."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        pairs = [(one.fitted, one.scored) for one in self.crossed]
        if sorted(pairs) != sorted(product(dict.fromkeys(self.names), repeat=2)):
            raise ValueError("crossed needs a reading of each set of labels against each")
        if missing := {"dependent", "readable"} - {claim.name for claim in self.audit.claims}:
            raise ValueError(f"audit lacks the claim {min(missing)}")
        return self
