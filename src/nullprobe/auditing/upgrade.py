"""Upgrade: documents of version 2, which left much to be read from strings, as those of version 3.

This is the only place that reads a chance level, a kind or a name from a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nullprobe.claims.one_direction import METRIC as RESIDUAL
from nullprobe.claims.one_feature import METRIC as DEPARTURE
from nullprobe.data.metric import Metric
from nullprobe.report.document import AUDIT, PICTURES
from nullprobe.report.text.wording import DETAILS, PROVENANCE

OLD = "nullprobe.audit/2"
KEYS: dict[str, str] = {words: key for key, words in {**DETAILS, **PROVENANCE}.items()}
NAMED = (("parts_read_by", re.compile("parts read by (.*)")),
         ("agreements", re.compile("agreement with ['\"](.*)['\"]")))  # fmt: skip


def upgraded(old: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document of version 2 as one of version 3, and any other as it is.

    Examples
    --------
    >>> upgraded({"schema": "nullprobe.audit/3", "title": "data"})["title"]
    'data'
    """
    if not isinstance(old, Mapping) or old.get("schema") != OLD:
        return old
    provenance = {KEYS.get(key, key): value for key, value in old["provenance"].items()}
    pairs = provenance.pop("rows are", None) is not None
    numeric = provenance["classes"] == "numeric"
    title, representation = old["title"], None
    # A name may end in another, after a colon of its own.
    for name in sorted(provenance.get("representations", ()), key=len, reverse=True):
        if representation is None and title.endswith(f": {name}"):
            title, representation = title.removesuffix(f": {name}"), name
    return {
        "schema": AUDIT,
        "title": title,
        "representation": representation,
        "rows": "pair_differences" if pairs else "rows",
        "concept": "numeric" if numeric else "labels",
        "claims": [_claim(claim) for claim in old["claims"]],
        "portrait": old["portrait"],
        "scores": old["scores"],
        "provenance": provenance | ({"classes": None} if numeric else {}),
    }


def _claim(old: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(old)
    unit, shown, least = (found.pop(key) for key in ("unit", "shown", "smallest_effect"))
    details: dict[str, Any] = {}
    change = found["name"] == "used"
    for words, value in found["details"].items():
        for key, pattern in NAMED:
            if named := pattern.fullmatch(words):
                details.setdefault(key, {})[named[1]] = value
                break
        else:
            details[KEYS.get(words) or words] = value
    return {
        **found,
        "metric": _metric(unit, change),
        "detectable": least,
        "details": details,
        "nulls": [_null(null, change) for null in found["nulls"]],
        **{key: _picture(shown.get(key)) for key in PICTURES.values()},
    }


def _null(old: Mapping[str, Any], change: bool) -> dict[str, Any]:
    found = dict(old)
    metric = _metric(found.pop("statistic"), change)
    return {**found, "rung": old["rung"].replace(" ", "_"), "metric": metric}


def _picture(old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if old is None:
        return None
    return {**{k: v for k, v in old.items() if k != "unit"}, "metric": _metric(old["unit"])}


def _metric(unit: str, change: bool = False) -> dict[str, Any]:
    for known in (RESIDUAL, DEPARTURE):
        if unit == known.name:
            return asdict(known)
    if change:
        return asdict(Metric(unit, 0.0, "change", None))
    return asdict(Metric(unit, 0.0 if unit.startswith("R²") else 0.5))
