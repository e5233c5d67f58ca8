"""Claim: what the page shows of one verdict, its words, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nullprobe.report.figures import claims, distributions
from nullprobe.report.histograms import null_bins
from nullprobe.report.pages.shell import anchor
from nullprobe.report.text import alt_text, tables, wording
from nullprobe.report.text.claim_notes import claim_notes

# Each matrix of groups: what it is called, how it is described, what was done in the row.
MATRICES = {
    "read": ("Read", "{unit}, probe fitted in the group of the row", "fitted"),
    "erased": (
        "Read after erasing",
        "{unit}, eraser fitted in the group of the row",
        "erased",
    ),
}


def section(claim: Mapping[str, Any], set_key: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the template shows of a claim; its figures join the data.

    Parameters
    ----------
    claim : mapping
        Of a document.
    set_key : str
        Anchor of its data set.
    data : dict
        Figures by their keys.
    """
    key = f"{set_key}-{anchor(claim['name'])}"
    statistics = ladders(claim)
    return {
        **claim,
        "key": key,
        "short": wording.claim_name(claim["name"]),
        "verdict": wording.VERDICTS.get(claim["holds"], claim["holds"]),
        "rung": wording.takes(claim),
        "source": wording.SOURCES[claim["comes_from"]],
        "reason": wording.sentence(claim["reason"]),
        # Removals are only worth asking about where something is read before any of them.
        "reading": (claim["curve"] or claim)["metric"]["name"],
        "no_interval": wording.no_interval(claim["metric"]["kind"]),
        "ladders": [_ladder(one, f"{key} null {i}", data) for i, one in enumerate(statistics)],
        "notes": claim_notes(claim),
        "details": tables.details(claim),
        "learned": tables.learning_curve(claim),
        "explanations": tables.explanations(claim),
        "evidence": tables.evidence(statistics),
        "curve": _curve(claim, key, data),
        "matrices": _matrices(claim, key, data),
    }


def ladders(claim: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each statistic of a claim with its nulls, and with what simpler readers read.

    Most claims have one. What erasing leaves in other groups and what is read there are two:
    drawn into one picture, the one would seem to be tested by the nulls of the other.
    """
    observed = ("metric", "observed", "interval")
    fields = {key: claim[key] for key in observed}
    first: dict[str, Any] = {**fields, "nulls": [], "beside": claim["beside"]}
    statistics: dict[str, dict[str, Any]] = {fields["metric"]["name"]: first}
    for null in claim["nulls"]:
        other: dict[str, Any] = {key: null[key] for key in observed}
        other |= {"nulls": [], "beside": []}
        statistics.setdefault(null["metric"]["name"], other)["nulls"].append(null)
    return list(statistics.values())


def _ladder(ladder: Mapping[str, Any], key: str, data: dict[str, Any]) -> dict[str, Any]:
    bins = null_bins(ladder)
    data[key] = distributions.nulls(ladder, bins)
    return {
        "key": key,
        "interval": ladder["interval"],
        "drawn": [wording.rung(null["rung"]) for null in ladder["nulls"]],
        "beside": [(wording.rung(one["rung"]), one["name"]) for one in ladder["beside"]],
        "seen": alt_text.claim(ladder),
        "table": tables.histogram(ladder, bins),
    }


def _curve(claim: Mapping[str, Any], key: str, data: dict[str, Any]) -> dict[str, Any] | None:
    removals = claim["curve"]
    if removals is None:
        return None
    data[f"{key} curve"] = claims.curve(removals)
    text, table = alt_text.curve(removals), tables.curve(removals)
    rung = wording.rung(removals["rung"])
    return {"key": f"{key} curve", "seen": text, "table": table, "rung": rung}


def _matrices(claim: Mapping[str, Any], key: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    matrices = claim["matrices"]
    if matrices is None:
        return []
    groups, metric = matrices["groups"], matrices["metric"]
    shown: list[dict[str, Any]] = []
    for name, (title, what, fitted) in MATRICES.items():
        caption = what.format(unit=metric["name"])
        data[f"{key} {name}"] = claims.matrix(groups, matrices[name], metric, fitted)
        shown.append({
            "key": f"{key} {name}", "title": title, "caption": caption,
            "height": claims.height(len(groups)),
            "seen": alt_text.matrix(groups, matrices[name], f"{title}: {caption}"),
            "table": tables.matrix(groups, matrices[name], f"{title}: {caption}"),
        })  # fmt: skip
    return shown
