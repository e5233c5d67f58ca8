"""Document: an audit as plain values, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe.auditing.eraser_cost import EraserCost, Reading, TaskCost
from nullprobe.auditing.projection import Portrait
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.data.metric import Metric
from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.claim_document import PICTURES
from nullprobe.report.document import plain
from nullprobe.stats.null_distribution import Null

OF_USE = ("neutral", "use")  # what a claim shows of use, where it was measured
VIEWS = (
    "raw",
    "erased",
    "raw_standardised",
    "erased_standardised",
    "removed",
    "removed_standardised",
    "halfspace",
)


@dataclass(frozen=True, eq=False)
class Recorded(Null):
    """A null that was read from a file, with the numbers that the file states about it.

    Draws in a file have six digits. So a value that equalled a draw may not equal it any more, and
    the p-value is read, not computed.

    Attributes
    ----------
    record : mapping
        ``mean``, ``sd``, ``observed``, ``p_value`` and ``p_interval``, as written.
    """

    record: Mapping[str, Any] | None = None

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return _number(self.record["mean"]) if self.record else super().mean

    @property
    def sd(self) -> float:
        """Standard deviation of the draws."""
        return _number(self.record["sd"]) if self.record else super().sd

    def p_value(self, observed: float) -> float:
        """Return the p-value from the file; for another value, compute it from the draws."""
        if self.record and plain(observed) == self.record["observed"]:
            return _number(self.record["p_value"])
        return super().p_value(observed)

    def p_interval(self, observed: float, coverage: float = 0.99) -> tuple[float, float]:
        """Return the interval of the p-value from the file, or compute it from the draws."""
        written = self.record and plain(observed) == self.record["observed"] and coverage == 0.99
        ends = _pair(self.record["p_interval"]) if self.record and written else None
        return super().p_interval(observed, coverage) if ends is None else ends


def document(  # noqa: PLR0913  the fields of an audit
    title: str,
    claims: Sequence[Claim],
    portrait: Portrait | None,
    scores: Mapping[str, np.ndarray] | None,
    labels: np.ndarray | None,
    provenance: Mapping[str, Any],
    *,
    representation: str | None = None,
    rows: str = "rows",
    concept: str = "labels",
    cost: EraserCost | None = None,
) -> AuditDocument:
    """Return an audit as a document.

    Parameters
    ----------
    title : str
        Name of the data set.
    claims : sequence of Claim
    portrait : Portrait or None
    scores : mapping of str to ndarray of shape (n,), or None
        Held-out scores "raw" and "erased" of every row.
    labels : ndarray of shape (n,) or None
        The concept, as the page shows it.
    provenance : mapping
        Seed, versions, fingerprints, splits.
    representation : str or None
        Name of the representation.
    rows : str
        "rows", "pair_differences" or "texts".
    concept : str
        "labels" or "numeric".
    cost : EraserCost or None
        Damage of an eraser that was passed.
    """
    fields = {
        "schema": AUDIT,
        "title": title,
        "representation": representation,
        "rows": rows,
        "concept": concept,
        "claims": [claim_document(claim) for claim in claims],
        "portrait": portrait,
        "scores": None if scores is None else {"labels": labels, **scores},
        "provenance": dict(provenance),
        **({} if cost is None else {"eraser_cost": cost}),
    }
    return AuditDocument.model_validate(plain(fields))


def claim_document(claim: Claim) -> dict[str, Any]:
    """Return a claim as plain values."""
    return plain(
        {
            "name": claim.name,
            "statement": claim.statement,
            "holds": claim.holds.value,
            "takes": claim.takes.value,
            "comes_from": claim.comes_from.value,
            "explanations": claim.explanations,
            "metric": claim.metric,
            "observed": claim.observed,
            "interval": claim.interval,
            "p_value": claim.p_value,
            "adjusted_p": claim.adjusted_p,
            "reason": claim.reason,
            "detectable": claim.detectable,
            "rows_needed": claim.rows_needed,
            "rows_reason": claim.rows_reason,
            "warnings": claim.warnings,
            "details": claim.details,
            "nulls": [_null_document(null, claim) for null in claim.nulls],
            "beside": claim.beside,
            "learning_curve": claim.shown.get("learning_curve"),
            **{key: claim.shown.get(key) for key in PICTURES.values()},
            **{key: claim.shown[key] for key in OF_USE if key in claim.shown},
        }
    )


def _null_document(null: Null, claim: Claim) -> dict[str, Any]:
    """Return a null with the value that it is compared with, by default the claim's."""
    usual = {"metric": claim.metric, "observed": claim.observed, "interval": claim.interval}
    compared = claim.shown.get("compared", {}).get(null.rung, usual)
    observed = compared["observed"]
    # A residual is verified by a theorem: its draws show that, and test nothing.
    is_tested = math.isfinite(observed) and compared["metric"].kind != "residual"
    return {
        "rung": null.rung,
        "description": null.description,
        **compared,
        "mean": null.mean,
        "sd": null.sd,
        "p_value": null.p_value(observed) if is_tested else None,
        "one_sided": null.upper,
        "adjusted_p": null.adjusted,
        "p_interval": null.p_interval(observed) if is_tested else None,
        "values": null.values,
        "errors": null.errors,
    }


def claim_of(fields: Mapping[str, Any]) -> Claim:
    """Return the claim that a document describes."""
    metric = Metric(**fields["metric"])
    read = {"metric": lambda value: Metric(**value), "groups": list, "rung": str}
    shown: dict[str, Any] = {
        key: {name: read.get(name, _array)(value) for name, value in fields[key].items()}
        for key in PICTURES.values()
        if fields[key] is not None
    }
    if fields.get("learning_curve"):
        shown["learning_curve"] = [
            one | {"value": _number(one["value"]), "interval": _pair(one["interval"])}
            for one in fields["learning_curve"]
        ]
    shown |= {key: fields[key] for key in OF_USE if fields.get(key)}
    compared = {
        null["rung"]: {
            "metric": Metric(**null["metric"]),
            "observed": _number(null["observed"]),
            "interval": _pair(null["interval"]),
        }
        for null in fields["nulls"]
        if null["metric"] != fields["metric"]
    }
    return Claim(
        fields["name"],
        fields["statement"],
        Holds(fields["holds"]),
        tuple(
            Explanation(
                **one | {"outcome": Outcome(one["outcome"]), "difference": _pair(one["difference"])}
            )
            for one in fields["explanations"]
        ),
        _number(fields["observed"]),
        metric,
        _pair(fields["interval"]),
        tuple(
            Recorded(
                null["rung"],
                null["description"],
                _array(null["values"]),
                null["one_sided"],
                null["adjusted_p"],
                None if null.get("errors") is None else _array(null["errors"]),
                record=null,
            )
            for null in fields["nulls"]
        ),
        fields["p_value"],
        fields["reason"],
        fields["detectable"],
        fields["details"],
        {**shown, **({"compared": compared} if compared else {})},
        tuple(
            SimplerReading(
                **one
                | {key: _pair(one[key]) for key in ("interval", "gain")}
                | {key: _triple(one.get(key)) for key in ("adds", "adds_nats")}
            )
            for one in fields["beside"]
        ),
        fields.get("rows_needed"),
        fields.get("rows_reason", ""),
        tuple(fields.get("warnings", ())),
    )


def cost_of(fields: Mapping[str, Any] | None) -> EraserCost | None:
    """Return the cost of an eraser that a document describes, or None if it has no cost."""
    if fields is None:
        return None
    read = ("before", "after", "lost")
    tasks = (
        TaskCost(
            **one
            | {
                key: Reading(_number(one[key]["value"]), _pair(one[key]["interval"]))
                for key in read
            }
        )
        for one in fields["tasks"]
    )
    return EraserCost(**{**fields, "tasks": tuple(tasks)})


def portrait_of(fields: Mapping[str, Any]) -> Portrait:
    """Return the portrait that a document describes."""
    views = {view: _array(fields[view]) for view in VIEWS if fields.get(view) is not None}
    return Portrait(tuple(fields["axes"]), labels_of(fields["labels"]), **views)


def labels_of(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array with the same plain values."""
    kinds = {type(label) for label in labels}
    return np.array(labels, dtype=None if len(kinds) == 1 and kinds != {type(None)} else object)


def _array(values: Sequence[Any]) -> np.ndarray:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _pair(ends: Sequence[float | None] | None) -> tuple[float, float] | None:
    return None if ends is None else (_number(ends[0]), _number(ends[1]))


def _triple(values: list[float | None] | None) -> tuple[float, float, float] | None:
    if values is None:
        return None
    value, low, high = map(_number, values)
    return value, low, high
