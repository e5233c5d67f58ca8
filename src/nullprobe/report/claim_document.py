"""Document of a claim: a verdict with all that it rests on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from nullprobe.report.document import (
    INTERVAL,
    Count,
    Detail,
    Document,
    Metric,
    Number,
    Numbers,
    Pair,
    PValue,
    Share,
    Text,
    Triple,
    doc,
    need_near,
)
from nullprobe.report.use_document import NeutralDocument, UseDocument

ClaimName = Literal[
    "dependent", "readable", "one_direction", "erasure_holds", "no_halfspace", "one_feature",
    "few_features", "gone", "transfers", "consistent", "used",
]  # fmt: skip
Takes = Literal["linear_algebra", "chance", "moments", "noise", "structure", "undecided"]
ComesFrom = Literal["inputs", "architecture", "corpus", "training", "undecided", "not_tried"]
SOURCES = ("inputs", "architecture", "corpus")


class NullDocument(Document):
    """Draws of one null, and what they are compared with."""

    rung: Literal[
        "linear_algebra",
        "chance",
        "random_directions",
        "random_subspaces",
        "moments",
        "noise",
        "inputs",
    ] = doc("The explanation that the draws are of.")
    description: str = doc("How it was drawn.")
    metric: Metric = doc(
        "What was drawn: the metric of the claim, except for the random subspaces of `transfers`."
    )
    observed: Number = doc("The observation that the draws are compared with.")
    interval: Pair | None = doc(INTERVAL)
    mean: Number = doc("Mean of the draws.")
    sd: Number = doc("Standard deviation of the draws.")
    p_value: PValue = doc("p-value of the observation.")
    one_sided: bool = doc("Whether only large values speak against the null.")
    adjusted_p: PValue = doc(
        "p-value adjusted for the claims and representations that were judged together; null if "
        "there was one only."
    )
    p_interval: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = doc(
        "99 % interval of the p-value that endless draws would give; null if there is no p-value."
    )
    values: Numbers = doc("One value for each draw.")
    errors: Numbers | None = Field(
        None,
        description="Standard error of each draw, in units of the observation's, where departures "
        "are compared in their standard errors.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        need_near(self.observed, self.interval, "observed")
        if self.errors is not None and len(self.errors) != len(self.values):
            raise ValueError("errors must be as many as values")
        return self


class ExplanationDocument(Document):
    """What may account for an observation, and what became of it."""

    name: Literal[
        "linear_algebra", "chance", "random_directions", "random_subspaces", "moments", "noise",
        "inputs", "architecture", "corpus",
    ] = doc("The explanation.")  # fmt: skip
    outcome: Literal["sufficient", "rejected", "undecided", "not_tried"] = doc(
        "Sufficient: the observation differs from it by less than the smallest effect of interest. "
        "Rejected: it is not sufficient, and the adjusted p-value is at most α."
    )
    reason: str = doc("Why it was not tried; empty for an explanation that was.")
    p_value: PValue = doc("p-value of the observation under it; null if nothing was drawn.")
    adjusted_p: PValue = doc("The same, adjusted for what was judged together; null if not.")
    difference: Pair | None = doc(
        "Interval, of coverage 1 − 2α, of the observation less what the explanation makes of it. "
        "For another representation or reader: the interval `gain` of `beside`."
    )


class BaselineDocument(Document):
    """What a simpler representation or reader reads of the same rows."""

    rung: Literal["moments", "inputs", "architecture", "corpus"] = doc(
        "The explanation that it is of."
    )
    name: str = doc("Name of the simpler representation or reader.")
    value: Number = doc("What it reads.")
    interval: Pair | None = doc(INTERVAL)
    gain: Pair | None = doc("Bootstrap interval of how much larger the observation is.")
    coverage: Annotated[float, Field(gt=0, lt=1)] = doc("Coverage of the gain: 1 − α.")
    p_value: PValue = Field(
        None, description="p-value of what it reads, against permuted labels; null if not tested."
    )
    contains: bool = Field(
        False, description="Whether what is audited is a linear function of it, but for rounding."
    )
    adds: Triple | None = Field(
        None,
        description="By how much a probe of both together reads more than one of it alone: value, "
        "and the ends of its 95 % interval.",
    )
    adds_nats: Triple | None = Field(
        None, description="The same in nats of held-out log-loss; of two classes."
    )


class SizeDocument(Document):
    """What a linear probe reads of other rows, trained on so many."""

    rows: Count = doc("Rows that each probe was trained on.")
    value: Number = doc("What it reads of rows that it has not seen.")
    interval: Pair | None = doc(INTERVAL)


class CurveDocument(Document):
    """What is read while direction after direction is removed."""

    rung: Literal["moments", "noise"] = doc("The explanation whose draws are shown.")
    metric: Metric = doc("What is read.")
    values: Annotated[Numbers, Field(min_length=1)] = doc("Readings after 0, 1, 2, ... removals.")
    intervals: list[Pair] = doc("95 % bootstrap interval of each.")
    low: Numbers = doc("2.5 % quantile of the draws.")
    middle: Numbers = doc("Median of the draws.")
    high: Numbers = doc("97.5 % quantile of the draws.")


class MatricesDocument(Document):
    """What carries over from group to group."""

    groups: Annotated[list[str], Field(min_length=2)] = doc("Names of the groups.")
    metric: Metric = doc("What is read.")
    read: list[Numbers] = doc(
        "Reading of a probe fitted in the group of the row and scored in the group of the column."
    )
    erased: list[Numbers] = doc(
        "Reading of a fresh probe, fitted and scored in the group of the column, after an eraser "
        "fitted in the group of the row."
    )


def _only(name: str, key: str) -> dict[str, Any]:
    """Return the JSON Schema rule that one claim has a key where there are draws, others never."""
    absent = {"properties": {key: {"type": "null"}}}
    fields = {"name": {"const": name}, "nulls": {"minItems": 1}}
    return {"if": {"properties": fields}, "then": {"not": absent}, "else": absent}


PICTURES = {"one_feature": "curve", "transfers": "matrices"}  # of some claims only


class ClaimDocument(Document):
    """A verdict, with all that it rests on."""

    model_config = ConfigDict(
        json_schema_extra={"allOf": [_only(name, key) for name, key in PICTURES.items()]}
    )

    name: ClaimName = doc("Name of the claim.")
    statement: Text = doc("What is claimed, in words.")
    holds: Literal["yes", "no", "unclear"] = doc("Whether the claim holds.")
    takes: Takes = doc("What the observation takes: the least explanation that suffices.")
    comes_from: ComesFrom = doc("Where the observation comes from.")
    explanations: list[ExplanationDocument] = doc(
        "What may account for the observation, least first, and what became of each."
    )
    metric: Metric = doc("What is observed.")
    observed: Number = doc("The observation.")
    interval: Pair | None = doc(INTERVAL)
    p_value: PValue = doc("p-value against chance; null if the claim needs no test.")
    adjusted_p: PValue = doc(
        "The same, adjusted for the claims and representations that were judged together; null if "
        "there was one only."
    )
    reason: Text = doc("Why the verdict is what it is.")
    detectable: Number = doc(
        "If the verdict is unclear: the smallest value that this much data would have shown with "
        "80 % power; null if no possible value would have been, and for `one_feature`, "
        "but in older files the value of what is read before any removal."
    )
    rows_needed: int | None = Field(
        None,
        description="If the verdict is unclear: rows with which one comes four times out of five, "
        "whatever is true, or the fewest that can test the claim; null where no number can be "
        "named.",
        ge=1,
    )
    rows_reason: str = Field(
        "",
        description="Why no number of rows can be named, or which groups or blocks need so many; "
        "empty where there is a verdict.",
    )
    warnings: list[Text] = Field(
        [], description="What a reader should know before relying on the verdict."
    )
    details: dict[str, Detail | dict[str, Detail]] = doc("Further numbers, by snake_case keys.")
    nulls: list[NullDocument] = doc("The nulls that were drawn, least first.")
    beside: list[BaselineDocument] = doc("Simpler representations or readers of the same rows.")
    learning_curve: list[SizeDocument] | None = Field(
        None, description="What is read by the rows a probe was trained on; of `readable` only."
    )
    curve: CurveDocument | None = doc("The curve of removals; of `one_feature` only.")
    matrices: MatricesDocument | None = doc("Readings by group; of `transfers` only.")
    neutral: NeutralDocument | None = Field(
        None, description="What erasing changes on neutral texts; of `used` only."
    )
    use: UseDocument | None = Field(
        None, description="Erasing, interchange and adding side by side; of `used` with pairs only."
    )

    @model_validator(mode="after")
    def _has_its_pictures(self) -> Self:
        for name, key in PICTURES.items():
            needed = self.name == name and bool(self.nulls)  # without draws there is no picture
            if needed == (getattr(self, key) is None):
                raise ValueError(f"{key} belongs to {name}, and to no other claim")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        need_near(self.observed, self.interval, "observed")
        named = [one.name for one in self.explanations]
        for key, names in (
            ("nulls", [one.rung for one in self.nulls]),
            # Each baseline is tried, so a source may have several explanations.
            ("explanations", [name for name in named if name not in SOURCES]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{key} name {max(names, key=names.count)} twice")
        return self
