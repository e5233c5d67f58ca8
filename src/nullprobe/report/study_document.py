"""Document of a study: a factorial of trained models, its verdicts and pictures."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nullprobe.report.claim_document import ClaimDocument
from nullprobe.report.document import Document, Number, Numbers, Pair, PValue, Text, doc
from nullprobe.report.document import Provenance as Recorded

STUDY = "nullprobe.study/1"


class StudyClaimDocument(ClaimDocument):
    """A verdict of a study, whose name the study chooses."""

    name: Text = doc("Name of the verdict.")  # pyright: ignore[reportIncompatibleVariableOverride]


class CellDocument(Document):
    """What one cell gave with one seed."""

    levels: dict[str, str] = doc("Level of each factor.")
    seed: int = doc("Seed.", ge=0)
    values: Annotated[dict[str, float], Field(min_length=1)] = doc("Measurements, by name.")
    nulls: dict[str, list[float]] = doc("Draws of measurements within this model, by name.")
    series: dict[str, list[float]] = doc("Numbers of pictures, by name.")


class EffectDocument(Document):
    """A main effect (last level less first) or an interaction (difference of differences)."""

    name: Text = doc("Factors, joined by ×.")
    measurement: Text = doc("What it is an effect on.")
    factors: Annotated[list[str], Field(min_length=1, max_length=2)] = doc("The factors.")
    value: Number = doc("Mean over seeds.")
    interval: Pair | None = doc("95 % t-interval over seeds; null with one seed.")
    p_value: PValue = doc("p-value of the t-test over seeds; null with one seed.")
    values: Numbers = doc("One value for each seed.")


class SeriesDocument(Document):
    """A line, or a row of bars."""

    name: Text = doc("Its name in the key.")
    x: list[float | str] = doc("Places: numbers, or names.")
    y: Numbers = doc("Values.")
    low: Numbers | None = doc("Lower ends of intervals; null if there are none.")
    high: Numbers | None = doc("Upper ends.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lengths = {len(v) for v in (self.x, self.y, self.low, self.high) if v is not None}
        if len(lengths) > 1:
            raise ValueError(f"x, y, low and high of {self.name!r} must be as many")
        return self


class FigureDocument(Document):
    """A picture, as plain values."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")] = doc("Its anchor on the page.")
    kind: Literal["lines", "bars"] = doc("Points with lines between them, or bars side by side.")
    title: Text = doc("The question that it answers.")
    description: Text = doc("What it shows, for those who do not see it.")
    x_label: str = doc("Label of the x axis.")
    y_label: str = doc("Label of the y axis.")
    series: Annotated[list[SeriesDocument], Field(min_length=1)] = doc("What is drawn.")
    rules: dict[str, float] = doc("Dashed lines across, by name.")


class StudyDocument(Document):
    """A study of trained language models."""

    schema_: Literal["nullprobe.study/1"] = Field(
        alias="schema", description="Name and version of the format."
    )
    name: Text = doc("Name of the study.")
    question: Text = doc("What is asked.")
    answer: Text = doc("What came out, in words.")
    unit: Text = doc("What the measurements are.")
    quick: bool = doc("Whether it was a quick run: fewer steps, texts and seeds.")
    factors: dict[str, Annotated[list[str], Field(min_length=2)]] = doc("Levels of each factor.")
    claims: Annotated[list[StudyClaimDocument], Field(min_length=1)] = doc("The verdicts.")
    effects: list[EffectDocument] = doc("Effects on the first measurement.")
    cells: Annotated[list[CellDocument], Field(min_length=1)] = doc("All measurements.")
    figures: list[FigureDocument] = doc("Pictures, as plain values.")
    doubts: list[Text] = doc("What would change our mind.")
    provenance: Recorded = doc("Seeds, versions, command.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        first = list(self.cells[0].values)
        for cell in self.cells:
            if list(cell.values) != first:
                raise ValueError("every cell must have the same measurements")
            if list(cell.levels) != list(self.factors):
                raise ValueError("every cell must have a level of each factor")
        keys = [one.key for one in self.figures]
        if len(set(keys)) < len(keys):
            raise ValueError("figures must have different keys")
        return self
