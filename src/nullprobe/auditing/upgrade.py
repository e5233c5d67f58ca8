"""Upgrade: documents of versions 2 and 3 become documents of version 4.

Version 2 kept chance levels, kinds and names in strings, and only this module reads them from
strings. Versions 2 and 3 credited a claim to the first rung that was not rejected. Each explanation
is judged anew from the draws in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from nullprobe._core.validation import complain
from nullprobe.auditing.document import Recorded, claim_document, claim_of
from nullprobe.claims.explanations import REQUIREMENTS, SOURCES, Explanation, Outcome
from nullprobe.claims.one_direction import METRIC as RESIDUAL
from nullprobe.claims.one_feature import METRIC as DEPARTURE
from nullprobe.claims.sentences import MAKES
from nullprobe.claims.verdict import Holds, no_sources
from nullprobe.data.metric import Metric
from nullprobe.report.audit_document import AUDIT
from nullprobe.report.claim_document import PICTURES
from nullprobe.report.text.wording import DETAILS, PROVENANCE
from nullprobe.stats.thresholds import Thresholds

SECOND, THIRD = "nullprobe.audit/2", "nullprobe.audit/3"
UNKNOWN = "audits of that version did not try it"
KEYS: dict[str, str] = {words: key for key, words in {**DETAILS, **PROVENANCE}.items()}
NAMED = (("parts_read_by", re.compile("parts read by (.*)")),
         ("agreements", re.compile("agreement with ['\"](.*)['\"]")))  # fmt: skip


def upgraded(old: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document of version 2 or 3 as one of version 4, and any other unchanged.

    Examples
    --------
    >>> upgraded({"schema": "nullprobe.audit/4", "title": "data"})["title"]
    'data'

    Raises
    ------
    InputError
        If the document lacks what its version wrote.
    """
    version = old.get("schema") if isinstance(old, Mapping) else None
    if version not in (SECOND, THIRD):
        return old
    try:
        third = _third(old) if version == SECOND else old
        claims = [_explained(claim, _bar(claim, third["provenance"])) for claim in third["claims"]]
        return {**third, "schema": AUDIT, "claims": claims}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        complain(
            f"a document of {version} must be complete, as to_json wrote it",
            f"it has no readable {error}",
        )


def _bar(claim: Mapping[str, Any], provenance: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds of a claim, which may come from an audit that was joined."""
    joined = (part for part in provenance.get("joined", ()) if claim["name"] in part["claims"])
    part = next(joined, provenance)
    return Thresholds(part["alpha"], part["min_effect"])


def _explained(old: Mapping[str, Any], bar: Thresholds) -> dict[str, Any]:
    """Return a claim of version 3 as one of version 4."""
    fields = {**old, "explanations": [], "nulls": [_adjusted(null) for null in old["nulls"]]}
    if old["curve"] is not None:
        fields["curve"] = {"rung": "moments", **old["curve"]}
    claim = claim_of(fields)
    # What erasing leaves is moot if no reading carries over.
    unused = "random_subspaces" if (claim.name, claim.holds) == ("transfers", Holds.NO) else ""
    nulls = (null for null in claim.nulls if isinstance(null, Recorded) and null.rung != unused)
    tried = [_drawn(null, old, bar) for null in nulls]
    tried += [one.explanation(bar) for one in claim.beside]
    names = {one.name for one in tried}
    untried = [Explanation.not_tried(name, UNKNOWN) for name in (*MAKES, *SOURCES[:2])]
    if claim.name != "readable":
        untried[-2:] = no_sources()
    if claim.name == "one_direction":
        untried = []
    every = [*tried, *(one for one in untried if one.name not in names)]
    order = (*REQUIREMENTS, *SOURCES)
    every.sort(key=lambda one: order.index(one.name))
    return claim_document(replace(claim, explanations=tuple(every)))


def _drawn(null: Recorded, claim: Mapping[str, Any], bar: Thresholds) -> Explanation:
    """Judge a null of version 3 by its draws."""
    assert null.record is not None, "claim_of keeps what was written"
    observed, kind = null.record["observed"], null.record["metric"]["kind"]
    if kind == "residual":
        enough = claim["fact_about"] == "linear_algebra"
        return Explanation(null.rung, Outcome.SUFFICIENT if enough else Outcome.REJECTED)
    if observed is None:
        return Explanation.not_tried(null.rung, "the observation is undefined")
    if kind == "departure":  # in standard deviations, not in the units of min_effect
        judged = Explanation.of(observed, null, replace(bar, min_effect=0.0))
        return replace(judged, difference=None)
    judged = Explanation.of(observed, null, bar)
    if null.rung == "chance" and null.mean < observed <= (claim["metric"]["chance"] or 0.0):
        # Better than probes that overfit, and no better than the mean.
        return judged if judged.suffices else replace(judged, outcome=Outcome.UNDECIDED)
    return judged


def _adjusted(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return a null of version 3 with the fields of one of version 4."""
    fields = dict(old)
    over = fields.pop("over_representations")
    return {**fields, "adjusted_p": fields["p_value"] if over else None, "p_interval": None}


def _third(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of version 2 as one of version 3."""
    provenance = {KEYS.get(key, key): value for key, value in old["provenance"].items()}
    pairs = provenance.pop("rows are", None) is not None
    numeric = provenance["classes"] == "numeric"
    title, representation = old["title"], None
    # One name may end in ": " and another name, so the longest is tried first.
    for name in sorted(provenance.get("representations", ()), key=len, reverse=True):
        if representation is None and title.endswith(f": {name}"):
            title, representation = title.removesuffix(f": {name}"), name
    return {
        "schema": THIRD,
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
    fields = dict(old)
    unit, shown, least = (fields.pop(key) for key in ("unit", "shown", "smallest_effect"))
    details: dict[str, Any] = {}
    change = fields["name"] == "used"
    for words, value in fields["details"].items():
        for key, pattern in NAMED:
            if named := pattern.fullmatch(words):
                details.setdefault(key, {})[named[1]] = value
                break
        else:
            details[KEYS.get(words) or words] = value
    return {
        **fields,
        "metric": _metric(unit, change),
        "detectable": least,
        "details": details,
        "nulls": [_null(null, change) for null in fields["nulls"]],
        **{key: _picture(shown.get(key)) for key in PICTURES.values()},
    }


def _null(old: Mapping[str, Any], change: bool) -> dict[str, Any]:
    fields = dict(old)
    metric = _metric(fields.pop("statistic"), change)
    return {**fields, "rung": old["rung"].replace(" ", "_"), "metric": metric}


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
