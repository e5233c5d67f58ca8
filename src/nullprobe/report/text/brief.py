"""Brief: one line for each claim, eraser or reader of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nullprobe._core.printable import plain_values
from nullprobe.report.text import comparisons, rungs, wording
from nullprobe.report.text.summary import numbers
from nullprobe.report.text.wording import number


def audits(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the verdict on each claim of each audit.

    Parameters
    ----------
    documents : sequence of mapping
        Documents of audits.
    """
    documents = plain_values(list(documents))
    for one in documents:
        place = one["representation"] or one["title"]
        for claim in one["claims"]:
            name = wording.claim_name(claim["name"])
            name = name if len(documents) == 1 else f"{place}, {name.lower()}"
            yield f"{name}: {claim['holds']}; {fact(claim)} {numbers(claim)}"


def fact(claim: Mapping[str, Any]) -> str:
    """Say briefly what a claim takes and where it comes from.

    Examples
    --------
    >>> fact({"holds": "yes", "takes": "moments", "comes_from": "not_tried", "explanations": []})
    'takes means and covariances; comes from: not tried'
    """
    source = rungs.source(claim["comes_from"])
    rung = rungs.takes(claim)
    named = f"takes{'' if rung.height else ':'} {rung.name}"
    open_ = claim["comes_from"] in ("not_tried", "undecided")
    return f"{named}; comes from{':' if open_ else ''} {source}"


def erasers(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what probes read after each eraser, how far it moves rows, and which one to use."""
    document = plain_values(document)
    for row in comparisons.ordered(document["rows"]):
        name = comparisons.label(row) + (" (uses the labels)" if row["needs_labels"] else "")
        if row["reason"]:
            yield f"{name}: {row['reason']}"
            continue
        parts = [
            f"{column['name']} {column['metric']['name']} {number(cell['value'])}"
            for column in document["probes"]
            for cell in [row["read_back"].get(column["name"])]
            if cell and cell["value"] is not None
        ]
        ratio = row["damage"] and row["damage"]["ratio"]
        if row["erases"] and ratio is not None:
            parts.append(f"moves rows {number(ratio)} times as far as LEACE (squared)")
        yield f"{name}: {'; '.join(parts) or 'no reading'}"
    advice = document.get("recommendation")
    if advice:
        yield from advice["sentences"][:1]


def pairs(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield how often each reader of pairs agrees with each label."""
    document = plain_values(document)
    for row in document["rows"]:
        parts = [
            f"{name} {number(row['agreements'][name]['share'])}" for name in document["labels"]
        ]
        yield f"{row['name']}: {'; '.join(parts)}"
    for name in document["labels"]:
        middle = comparisons.percentiles(document["random"][name])[1]
        yield f"median of random directions: {name} {number(middle)}"
