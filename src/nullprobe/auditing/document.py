"""Document: an audit as plain values, the twin of its page; what JSON holds, the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from nullprobe.auditing.projection import Portrait
from nullprobe.claims.verdict import Claim
from nullprobe.report.document import plain
from nullprobe.stats.null_distribution import Null

SCHEMA = "nullprobe.audit/2"  # docs/audit.schema.json says what it holds
OWN = ("curve", "matrices")  # pictures that some claims have of their own


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
            "labels": plain(labels[portrait.rows]),
            **{
                view: plain(getattr(portrait, view))
                for view in ("raw", "erased", "raw_standardised", "erased_standardised")
            },
        }
    )
    return {
        "schema": SCHEMA,
        "title": title,
        "claims": [_claim(claim) for claim in claims],
        "portrait": shown,
        "scores": {"labels": plain(labels), **{name: plain(a) for name, a in scores.items()}},
        "provenance": plain(dict(provenance)),
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "name": claim.name,
        "statement": claim.statement,
        "holds": str(claim.holds),
        "fact_about": str(claim.fact_about),
        "observed": plain(claim.observed),
        "unit": claim.unit,
        "interval": plain(claim.interval),
        "p_value": plain(claim.p_value),
        "reason": claim.reason,
        "smallest_effect": plain(claim.smallest_effect),
        "details": plain(dict(claim.details)),
        "nulls": [_null(null, claim) for null in claim.nulls],
        "beside": [plain(asdict(one)) for one in claim.beside],
        "shown": plain({key: claim.shown[key] for key in OWN if key in claim.shown}),
    }


def _null(null: Null, claim: Claim) -> dict[str, Any]:
    """Return a null beside what it is compared with, which need not be what the claim observes."""
    usual = {"statistic": claim.unit, "observed": claim.observed, "interval": claim.interval}
    beside = claim.shown.get("compared", {}).get(null.rung, usual)
    return {
        "rung": null.rung,
        "description": null.description,
        **plain(beside),
        "mean": plain(null.mean),
        "sd": plain(null.sd),
        "p_value": plain(null.p_value(beside["observed"])),
        "one_sided": null.upper,
        "over_representations": null.strongest is not None,
        "values": plain(null.values),
    }
