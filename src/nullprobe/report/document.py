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
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.nested import is_list, is_mapping, is_sequence
from nullprobe._core.validation import complain

Number = float | None
Numbers = list[Number]


def _ordered(ends: list[float | None]) -> list[float | None]:
    low, high = ends
    if low is not None and high is not None and low > high:
        raise ValueError("the ends of an interval must be in order")
    return ends


Pair = Annotated[list[Number], Field(min_length=2, max_length=2), AfterValidator(_ordered)]
Share = Annotated[float, Field(ge=0, le=1)]
Triple = Annotated[list[Number], Field(min_length=3, max_length=3)]
Count = Annotated[int, Field(ge=1)]
PValue = Annotated[float, Field(gt=0, le=1)] | None
Text = Annotated[str, Field(min_length=1)]
Label = str | int | float | bool | None | Numbers
Detail = int | float | None
NARROW = 0.02  # an interval may have no width if its replicates are equal
INTERVAL = (
    "95 % bootstrap interval, given the fitted eraser and probe (of `transfers`: with the "
    "variation of the fits); null if it is not known."
)


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


class ReadingDocument(Document):
    """A value with its interval."""

    value: Number = doc("The value.")
    interval: Pair | None = doc(INTERVAL)


class Provenance(Document):
    """What a result was measured on and with. Open: a caller may add where data came from."""

    model_config = ConfigDict(extra="allow")

    random_state: int = Field(0, description="Seed.", ge=0)
    versions: dict[str, str] = Field({}, description="Versions of what the numbers depend on.")
    command: str = Field("", description="Command line that does it again.")


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


# Classes whose from_json reads a kind of document, by the name of the schema.
READERS = {
    "nullprobe.audit": "Audit",
    "nullprobe.same_concept": "SameConcept",
    "nullprobe.comparison": "Comparison",
    "nullprobe.pair_comparison": "PairComparison",
    "nullprobe.calibration": "Calibration",
    "nullprobe.model_audit": "ModelAudit",
    "nullprobe.study": "StudyResult",
}


def read_kind(source: str | Path, schema: str, reader: str = "") -> list[dict[str, Any]]:
    """Return the documents of a text or a file; complain if one is of another kind.

    Parameters
    ----------
    source : str or Path
    schema : str
        Name of the schema, such as "nullprobe.audit/4"; the version is not compared.
    reader : str
        Class whose ``from_json`` reads; by default the class of the schema.
    """
    kind, documents = schema.partition("/")[0], read_json(source)
    for one in documents:
        name = str(one.get("schema")).partition("/")[0] if is_mapping(one) else ""
        if name in READERS and name != kind:
            right = READERS[name]
            complain(
                f"{reader or READERS[kind]}.from_json needs the schema {kind}",
                f"its schema is {name}: a document of {right}",
                f"use {right}.from_json or nullprobe.load_result",
            )
    return documents


def read_one(source: str | Path, model: type[D], schema: str) -> D:
    """Return the only document of a text or a file, or complain."""
    documents = read_kind(source, schema)
    if len(documents) != 1:
        complain(
            f"{READERS[schema.partition('/')[0]]}.from_json needs one document",
            f"there are {len(documents)}",
        )
    return validated(model, documents[0])


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def need_near(value: float | None, interval: Sequence[float | None] | None, name: str) -> None:
    """Refuse a value that is far outside of its interval.

    A bootstrap interval need not contain the value that it belongs to. So the value may lie outside
    by as much as the interval is wide.
    """
    low, high = interval or (None, None)
    if value is None or low is None or high is None:
        return
    room = max(high - low, NARROW)
    if not low - room <= value <= high + room:
        raise ValueError(f"{name} is {value:g}, far outside of its interval {low:g} to {high:g}")


def read_json(source: str | Path) -> list[dict[str, Any]]:
    """Return the documents of a text or a file as plain dicts."""
    is_text = isinstance(source, str) and source.lstrip()[:1] in ("{", "[")
    if not is_text and not Path(source).is_file():
        complain(
            "a result must be JSON text or a file", f"{source!s:.80} arrived", "check the path"
        )
    try:
        text = str(source) if is_text else Path(source).read_text("utf-8")
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        complain("a result must be JSON", f"it is not ({error})", "pass what to_json wrote")
    return content if is_list(content) else [content]
