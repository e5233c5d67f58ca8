"""Document: an audit as plain values, the twin of its page; what JSON holds, the page shows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._files import whole_file
from nullprobe.claims.verdict import Claim
from nullprobe.nulls.null import Null
from nullprobe.report.portrait import Portrait

SCHEMA = "nullprobe.audit/1"


def document(
    title: str,
    claims: Sequence[Claim],
    portrait: Portrait | None,
    scores: Mapping[str, np.ndarray],
    labels: np.ndarray,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Return an audit as a dict of plain values.

    Parameters
    ----------
    title : str
        Name of the data set.
    claims : sequence of Claim
    portrait : Portrait or None
    scores : mapping of str to ndarray of shape (n,)
        Held-out scores "raw" and "erased" of every row.
    labels : ndarray of shape (n,)
        The concept, as the page should name it.
    provenance : mapping
        Seed, versions, fingerprints, splits.
    """
    shown = (
        None
        if portrait is None
        else {
            "axes": list(portrait.axes),
            "labels": _plain(labels[portrait.rows]),
            **{
                view: _plain(getattr(portrait, view))
                for view in ("raw", "erased", "raw_standardised", "erased_standardised")
            },
        }
    )
    return {
        "schema": SCHEMA,
        "title": title,
        "claims": [_claim(claim) for claim in claims],
        "portrait": shown,
        "scores": {"labels": _plain(labels), **{name: _plain(a) for name, a in scores.items()}},
        "provenance": _plain(dict(provenance)),
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "name": claim.name,
        "statement": claim.statement,
        "holds": str(claim.holds),
        "fact_about": str(claim.fact_about),
        "observed": _plain(claim.observed),
        "unit": claim.unit,
        "interval": _plain(claim.interval),
        "p_value": _plain(claim.p_value),
        "reason": claim.reason,
        "smallest_effect": _plain(claim.smallest_effect),
        "details": _plain(dict(claim.details)),
        "nulls": [_null(null, claim.observed) for null in claim.nulls],
    }


def _null(null: Null, observed: float) -> dict[str, Any]:
    return {
        "rung": null.rung,
        "description": null.description,
        "mean": _plain(null.mean),
        "sd": _plain(null.sd),
        "p_value": _plain(null.p_value(observed)),
        "values": _plain(null.values),
    }


def _plain(value: Any) -> Any:
    """Return plain Python values; six digits of a float, and None for one that is not finite."""
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def write_json(path: str | Path, documents: Sequence[Mapping[str, Any]]) -> None:
    """Write one document, or a list of several, whole or not at all."""
    content = documents[0] if len(documents) == 1 else list(documents)
    with whole_file(path) as temporary:
        Path(temporary).write_text(
            json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8"
        )
