"""Documents: results as plain values that JSON holds, each checked by a pydantic model.

A document is what a page shows and what a file holds. Its models say what may stand in it; the
JSON Schemas in ``docs`` are generated from them. Floats have six digits, and null stands for a
value that is not defined.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.nested import is_list, is_mapping, is_sequence
from nullprobe._core.validation import complain

AUDIT = "nullprobe.audit/4"

Number = float | None
Numbers = list[Number]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]
Triple = Annotated[list[Number], Field(min_length=3, max_length=3)]
Count = Annotated[int, Field(ge=1)]
PValue = Annotated[float, Field(gt=0, le=1)] | None
Text = Annotated[str, Field(min_length=1)]
Label = str | int | float | bool | None | Numbers
Detail = int | float | None
ClaimName = Literal[
    "dependent", "readable", "one_direction", "erasure_holds", "no_halfspace", "one_feature",
    "gone", "transfers", "consistent", "used",
]  # fmt: skip
Takes = Literal["linear_algebra", "chance", "moments", "noise", "structure", "undecided"]
ComesFrom = Literal["inputs", "architecture", "corpus", "training", "undecided", "not_tried"]
INTERVAL = "95 % bootstrap interval, given the fitted eraser and probe; null if it is not known."


def doc(text: str, **limits: Any) -> Any:
    """Return a required field with its description."""
    return Field(description=text, **limits)


class Document(BaseModel):
    """Base of all models: every key is known, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    def plain(self) -> dict[str, Any]:
        """Return the document as dicts and lists."""
        return self.model_dump(by_alias=True, exclude_unset=True)


D = TypeVar("D", bound=Document)


class Metric(Document):
    """What a statistic is."""

    name: Text = doc("Name of the statistic, such as AUC.")
    kind: Literal["reading", "residual", "departure", "change", "association"] = doc(
        "A reading on held-out rows, a residual in the whole sample, the largest departure of a "
        "curve, a change of what a model does, or an association in the whole sample."
    )
    chance: Number = doc("Its value when nothing can be read; null if there is no such value.")
    better: Literal["higher", "lower"] | None = doc("In which direction more is read.")


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
    p_interval: Annotated[list[float], Field(min_length=2, max_length=2)] | None = doc(
        "99 % interval of the p-value that endless draws would give; null if there is no p-value."
    )
    values: Numbers = doc("One value for each draw.")
    errors: Numbers | None = Field(
        None,
        description="Standard error of each draw, in units of the observation's, where departures "
        "are compared in their standard errors.",
    )


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
        "80 % power. For `one_feature`, of what is read before any removal."
    )
    rows_needed: int | None = Field(
        None,
        description="If the verdict is unclear: rows with which one comes four times out of five, "
        "whatever is true; null where no number can be named.",
        ge=1,
    )
    rows_reason: str = Field(
        "", description="Why no number of rows can be named; empty where there is a verdict."
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

    @model_validator(mode="after")
    def _has_its_pictures(self) -> Self:
        for name, key in PICTURES.items():
            needed = self.name == name and bool(self.nulls)  # without draws there is no picture
            if needed == (getattr(self, key) is None):
                raise ValueError(f"{key} belongs to {name}, and to no other claim")
        return self


class ReadingDocument(Document):
    """A value with its interval."""

    value: Number = doc("The value.")
    interval: Pair | None = doc(INTERVAL)


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


class Provenance(Document):
    """What a result was measured on and with. Open: a caller may add where data came from."""

    model_config = ConfigDict(extra="allow")

    random_state: int = Field(0, description="Seed.", ge=0)
    versions: dict[str, str] = Field({}, description="Versions of what the numbers depend on.")
    command: str = Field("", description="Command line that does it again.")


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


def plain(value: Any) -> Any:
    """Return plain Python values; six digits of a float, and None for one that is not finite."""
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if is_dataclass(value):
        return plain(vars(value))
    if is_mapping(value):
        return {str(key): plain(v) for key, v in value.items()}
    if is_sequence(value):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def write_json(path: str | Path | None, documents: Sequence[Document]) -> str | None:
    """Write one document, or a list of several, whole or not at all; without a path return it."""
    values = [one.plain() for one in documents]
    content = values[0] if len(values) == 1 else values
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if path is None:
        return text
    with whole_file(path) as temporary:
        Path(temporary).write_text(text, "utf-8")
    return None


def validated(model: type[D], value: Any) -> D:
    """Return a document of a model, or complain of the first thing that is not as it should be."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the whole"
    complain(
        f"a document must follow the schema of {model.__name__}",
        f"{where} does not: {first['msg']}",
        "pass what to_json wrote",
    )
    return None


def read_json(source: str | Path) -> list[dict[str, Any]]:
    """Return the documents of a text or a file as plain dicts."""
    is_text = isinstance(source, str) and source.lstrip()[:1] in ("{", "[")
    if not is_text and not Path(source).is_file():
        complain(
            "a result must be JSON text or a file", f"{source!s:.80} arrived", "check the path"
        )
    try:
        content = json.loads(str(source) if is_text else Path(source).read_text("utf-8"))
    except ValueError as error:
        complain("a result must be JSON", f"it is not ({error})", "pass what to_json wrote")
    return content if is_list(content) else [content]
