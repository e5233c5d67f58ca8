"""Document of an audit: the verdicts on one representation and concept, pictures and origin."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nullprobe.report.claim_document import ClaimDocument
from nullprobe.report.document import (
    Count,
    Document,
    Label,
    Number,
    Numbers,
    Provenance,
    ReadingDocument,
    Text,
    doc,
)

AUDIT = "nullprobe.audit/4"


class TaskCostDocument(Document):
    """What a fresh probe reads of a task before and after erasure, on held-out rows."""

    name: str = doc("Name of the task.")
    metric: Literal["accuracy", "R²"] = doc("Accuracy, or R² of numbers.")
    guess: float = doc("What it takes no row to know: share of the largest class, or 0 for R².")
    before: ReadingDocument = doc("Before erasure.")
    after: ReadingDocument = doc("After erasure.")
    lost: ReadingDocument = doc("Before less after, with a paired interval.")


class EraserCostDocument(Document):
    """What an eraser that was passed takes besides the concept."""

    moved: Number = doc(
        "Mean squared distance of a row, each feature in units of its standard deviation."
    )
    ratio: Number = doc("The same as a multiple of what LEACE moves, fitted to these rows.")
    share: Number = doc("Share of the total variance that was moved.")
    columns: dict[str, float] = doc(
        "Mean squared move of the features that move most, in units of their variance."
    )
    tasks: list[TaskCostDocument] = doc("What each task loses.")
    reason: str = doc("Why there is no distance, or no ratio; empty where there are both.")


class PortraitDocument(Document):
    """Coordinates of a sample of the rows, before and after erasure."""

    axes: Annotated[list[str], Field(min_length=1, max_length=3)] = doc("What is on each axis.")
    labels: list[Label] = doc("The concept of each point.")
    raw: list[Numbers] = doc("Coordinates before erasure.")
    erased: list[Numbers] = doc("Coordinates after erasure.")
    raw_standardised: list[Numbers] = doc("The same before erasure, of standardised features.")
    erased_standardised: list[Numbers] = doc("The same after erasure, of standardised features.")
    removed: list[Numbers] | None = Field(
        None, description="The removed directions along the axes: erasure moves rows along these."
    )
    removed_standardised: list[Numbers] | None = Field(
        None, description="The same, of standardised features."
    )
    halfspace: Numbers | None = Field(
        None,
        description="The best halfspace that is left after erasure, fitted to all rows: weights "
        "along the axes, then the threshold; null where the axes are not all features, or the "
        "concept has not two classes.",
    )


class ScoresDocument(Document):
    """Held-out scores of every row."""

    labels: list[Label] = doc("The concept: a class, a number, or several numbers a row.")
    raw: Numbers = doc("Scores before erasure.")
    erased: Numbers = doc("Scores after erasure.")


class Splits(Document):
    """The parts that rows were split into."""

    rule: str = doc("What the parts are for.")
    rows: list[Count] = doc("Rows of each part.")
    fingerprint: str = doc("Hash of the parts.")


class AuditProvenance(Provenance):
    """What an audit was of, and how it was run. Open, too."""

    random_state: int = doc("Seed.", ge=0)
    versions: dict[str, str] = doc("Versions of what the numbers depend on.")
    rows: Count = doc("Number of rows.")
    classes: dict[str, Count] | None = doc("Rows of each class; null for a numeric concept.")
    groups: int = doc("Number of groups; 0 if there are none.", ge=0)
    splits: Splits = doc("How rows were split.")
    alpha: Annotated[float, Field(gt=0, lt=1)] = doc("Level of each test.")
    min_effect: float = doc("Smallest effect of interest.", ge=0)
    features: Count = Field(1, description="Number of features.")
    baselines: list[str] = Field([], description="Names of the baselines.")
    other_labels: list[str] = Field(
        [], description="Labels of contrast pairs besides the concept.", min_length=1
    )
    representations: list[str] = Field(
        [], description="All that were audited together, in order.", min_length=2
    )
    left_out: dict[str, Text] = Field(
        {}, description="Claims that could not be judged, and why.", min_length=1
    )
    joined: list[dict[str, Any]] = Field(
        [], description="Provenance of claims that were joined from other results."
    )


class AuditDocument(Document):
    """The verdicts on one representation and concept."""

    schema_: Literal["nullprobe.audit/4"] = Field(
        alias="schema", description="Name and version of the format."
    )
    title: str = doc("Name of the data set.")
    representation: str | None = doc("Name of the representation; null if it has none.")
    rows: Literal["rows", "pair_differences", "texts"] = doc(
        "What a row is: a row of X, the difference of a contrast pair, or a text."
    )
    concept: Literal["labels", "numeric"] = doc("Kind of concept.")
    claims: list[ClaimDocument] = doc("The verdicts.")
    portrait: PortraitDocument | None = doc("What the scatter plots show; null if nothing.")
    scores: ScoresDocument | None = doc("Held-out scores; null if there are none.")
    provenance: AuditProvenance = doc("What was audited, and how.")
    eraser_cost: EraserCostDocument | None = Field(
        None, description="What an eraser that was passed takes besides the concept."
    )

    @model_validator(mode="after")
    def _judges_each_claim_once(self) -> Self:
        names = [claim.name for claim in self.claims]
        if len(set(names)) < len(names):
            raise ValueError(f"{max(names, key=names.count)} is judged twice")
        joined = any(part.get("left_out") for part in self.provenance.joined)
        if not names and not self.provenance.left_out and not joined:
            raise ValueError("there is no claim, and none that was left out")
        return self
