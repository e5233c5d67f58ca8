"""Change lines: what is compared between two results, as lines of one form for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nullprobe.report.text import wording

Key = tuple[str, str]  # place (a representation, an eraser, a reader), and what is judged or read


@dataclass(frozen=True)
class Line:
    """A verdict or a reading.

    Attributes
    ----------
    metric : str
        Name of the metric.
    observed : float or None
    interval : list of two floats, or None
    p : float or None
        p-value, adjusted where it was.
    holds, takes, comes_from : str
        The verdict; empty for a reading.
    """

    metric: str
    observed: float | None
    interval: list[float] | None = None
    p: float | None = None
    holds: str = ""
    takes: str = ""
    comes_from: str = ""


@dataclass(frozen=True)
class Side:
    """One of two results that are compared.

    Attributes
    ----------
    file : str
    title : str
    lines : mapping of (str, str) to Line
    settings : mapping of str to mapping
        Provenance by place.
    noun : str
        What a line is about: "verdict" or "reading".
    """

    file: str
    title: str
    lines: Mapping[Key, Line]
    settings: Mapping[str, Mapping[str, Any]]
    noun: str


def of_audits(file: str, documents: Mapping[str, Mapping[str, Any]], *, placed: bool) -> Side:
    """Return the claims of audits by their names; without places if each side is one audit."""
    named = {name if placed else "": one for name, one in documents.items()}
    lines = {key: line for name, one in named.items() for key, line in _claims(name, one).items()}
    titles = [
        one["title"] if placed else wording.heading(one["title"], one["representation"])
        for one in documents.values()
    ]
    settings = {name: one["provenance"] for name, one in named.items()}
    return Side(file, ", ".join(dict.fromkeys(titles)), lines, settings, "verdict")


def of_labels(file: str, document: Mapping[str, Any]) -> Side:
    """Return the verdict on two sets of labels, the readings across them, and the claims."""
    lines = {
        ("", "Same concept"): Line("agreement", document["agreement"], holds=document["holds"])
    }
    for one in document["crossed"]:
        what = f"fitted to {one['fitted']}, scored on {one['scored']}"
        lines["", what] = Line(one["metric"]["name"], one["value"], one["interval"])
    lines |= _claims("", document["audit"])
    settings = {"": document["audit"]["provenance"]}
    return Side(file, " and ".join(document["names"]), lines, settings, "verdict")


def of_erasers(file: str, document: Mapping[str, Any]) -> Side:
    """Return what is read after each eraser, and its damage."""
    lines: dict[Key, Line] = {}
    for row in document["rows"]:
        for columns, cells in (("probes", "read_back"), ("others", "others")):
            for column in document[columns]:
                if cell := row[cells].get(column["name"]):
                    value, ends = cell["value"], cell["interval"]
                    key = row["eraser"], column["name"]
                    lines[key] = Line(column["metric"]["name"], value, ends)
        if row["damage"] and row["erases"]:
            lines[row["eraser"], "damage"] = Line("multiple of LEACE's", row["damage"]["ratio"])
    return Side(file, document["title"], lines, {"": document["provenance"]}, "reading")


def of_pairs(file: str, document: Mapping[str, Any]) -> Side:
    """Return how often each reader agrees with each label."""
    lines = {
        (row["name"], label): Line("share", one["share"], one["interval"], one["p_value"])
        for row in document["rows"]
        for label, one in row["agreements"].items()
    }
    return Side(file, document["title"], lines, {"": document["provenance"]}, "reading")


def _claims(place: str, document: Mapping[str, Any]) -> dict[Key, Line]:
    return {
        (place, wording.claim_name(claim["name"])): Line(
            claim["metric"]["name"],
            claim["observed"],
            claim["interval"],
            claim["p_value"] if claim["adjusted_p"] is None else claim["adjusted_p"],
            claim["holds"],
            claim["takes"],
            claim["comes_from"],
        )
        for claim in document["claims"]
    }
