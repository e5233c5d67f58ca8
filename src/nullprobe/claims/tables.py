"""Tables of claims: verdicts, explanations, nulls, draws and pictures, with a row for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from nullprobe._core.frames import Line, Table, table_of

Claim = Any  # a Claim, whose file imports this one
NOTHING = (None, None)
# Columns that say which claim a row is about.
OF_CLAIM: dict[str, type] = {"title": str, "representation": str, "claim": str}


def frame_of(
    claims: Iterable[tuple[str | None, str | None, Claim]],
    of: str,
    kind: str | None,
    default: str | None,
) -> Any:
    """Return a table of claims as a data frame.

    Parameters
    ----------
    claims : iterable of (title, representation, Claim)
    of : str
        Name of the table, one of ``TABLES``.
    kind, default : str or None
        Kind of the frame, as :func:`nullprobe._core.frames.frame` takes it.
    """
    table = table_of(TABLES, of)
    lines = [
        {"title": title, "representation": representation, "claim": claim.name, **line}
        for title, representation, claim in claims
        for line in table.lines(claim)
    ]
    return Table({**OF_CLAIM, **table.columns}, lambda line: [line]).frame(lines, kind, default)


def _verdict(claim: Claim) -> Iterator[Line]:
    low, high = claim.interval or NOTHING
    yield {
        "holds": claim.holds.value,
        "takes": claim.takes.value,
        "comes_from": claim.comes_from.value,
        "fact_about": claim.fact_about and claim.fact_about.value,
        "metric": claim.metric.name,
        "observed": claim.observed,
        "low": low,
        "high": high,
        "chance": claim.metric.chance,
        "p_value": claim.p_value,
        "adjusted_p": claim.adjusted_p,
        "detectable": claim.detectable,
        "rows_needed": claim.rows_needed,
    }


def _explanations(claim: Claim) -> Iterator[Line]:
    for one in claim.explanations:
        low, high = one.difference or NOTHING
        yield {
            "explanation": one.name,
            "outcome": one.outcome.value,
            "reason": one.reason,
            "p_value": one.p_value,
            "adjusted_p": one.adjusted_p,
            "difference_low": low,
            "difference_high": high,
        }


def _nulls(claim: Claim) -> Iterator[Line]:
    for null in claim.nulls:
        metric, observed = _compared(claim, null.rung)
        is_tested = bool(np.isfinite(observed)) and not np.isnan(null.values).any()
        is_tested &= claim.metric.kind != "residual"  # verified by a theorem, not tested
        low, high = null.p_interval(observed) if is_tested else NOTHING
        yield {
            "null": null.rung,
            "description": null.description,
            "metric": metric,
            "observed": observed,
            "draws": len(null.values),
            "mean": null.mean,
            "sd": null.sd,
            "one_sided": null.upper,
            "p_value": null.p_value(observed) if is_tested else None,
            "p_low": low,
            "p_high": high,
            "adjusted_p": null.adjusted,
        }


def _draws(claim: Claim) -> Iterator[Line]:
    for null in claim.nulls:
        metric, _ = _compared(claim, null.rung)
        for draw, value in enumerate(null.values):
            yield {"null": null.rung, "metric": metric, "draw": draw, "value": value}


def _baselines(claim: Claim) -> Iterator[Line]:
    for one in claim.beside:
        low, high = one.interval or NOTHING
        gain_low, gain_high = one.gain or NOTHING
        yield {
            "explanation": one.rung,
            "baseline": one.name,
            "metric": claim.metric.name,
            "value": one.value,
            "low": low,
            "high": high,
            "gain_low": gain_low,
            "gain_high": gain_high,
            "coverage": one.coverage,
            "p_value": one.p_value,
            "contains": one.contains,
        }


def _removals(claim: Claim) -> Iterator[Line]:
    curve: Mapping[str, Any] | None = claim.shown.get("curve")
    for i, value in enumerate([] if curve is None else curve["values"]):
        assert curve is not None, "it has values"
        low, high = curve["intervals"][i]
        yield {
            "removed": i,
            "metric": curve["metric"].name,
            "value": value,
            "low": low,
            "high": high,
            "null": curve["rung"],
            "null_low": curve["low"][i],
            "null_middle": curve["middle"][i],
            "null_high": curve["high"][i],
        }


def _groups(claim: Claim) -> Iterator[Line]:
    matrices: Mapping[str, Any] | None = claim.shown.get("matrices")
    names: list[str] = [] if matrices is None else [*map(str, matrices["groups"])]
    for i, fitted in enumerate(names):
        for j, scored in enumerate(names):
            assert matrices is not None, "it has groups"
            yield {
                "fitted": fitted,
                "scored": scored,
                "metric": matrices["metric"].name,
                "read": matrices["read"][i][j],
                "erased": matrices["erased"][i][j],
            }


def _learning_curve(claim: Claim) -> Iterator[Line]:
    for one in claim.shown.get("learning_curve") or ():
        low, high = one["interval"] or NOTHING
        yield {
            "rows": one["rows"],
            "metric": claim.metric.name,
            "value": one["value"],
            "low": low,
            "high": high,
        }


def _compared(claim: Claim, rung: str) -> tuple[str, float]:
    """Return the metric of a null, and the value that its draws are compared with."""
    other = claim.shown.get("compared", {}).get(rung)
    return (claim.unit, claim.observed) if other is None else (
        other["metric"].name, other["observed"]
    )  # fmt: skip


def _floats(names: str) -> dict[str, type]:
    return dict.fromkeys(names.split(), float)


def _texts(names: str) -> dict[str, type]:
    return dict.fromkeys(names.split(), str)


TABLES: dict[str, Table] = {
    "claims": Table(
        {
            **_texts("holds takes comes_from fact_about metric"),
            **_floats("observed low high chance p_value adjusted_p detectable"),
            "rows_needed": int,
        },
        _verdict,
    ),
    "explanations": Table(
        {
            **_texts("explanation outcome reason"),
            **_floats("p_value adjusted_p difference_low difference_high"),
        },
        _explanations,
    ),
    "nulls": Table(
        {
            **_texts("null description metric"),
            "observed": float,
            "draws": int,
            **_floats("mean sd"),
            "one_sided": bool,
            **_floats("p_value p_low p_high adjusted_p"),
        },
        _nulls,
    ),
    "draws": Table({**_texts("null metric"), "draw": int, "value": float}, _draws),
    "baselines": Table(
        {
            **_texts("explanation baseline metric"),
            **_floats("value low high gain_low gain_high coverage p_value"),
            "contains": bool,
        },
        _baselines,
    ),
    "removals": Table(
        {
            "removed": int,
            "metric": str,
            **_floats("value low high"),
            "null": str,
            **_floats("null_low null_middle null_high"),
        },
        _removals,
    ),
    "groups": Table({**_texts("fitted scored metric"), **_floats("read erased")}, _groups),
    "learning_curve": Table(
        {"rows": int, "metric": str, **_floats("value low high")}, _learning_curve
    ),
}
