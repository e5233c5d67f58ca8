"""Notes of a claim: the rows that a verdict would need, and what to know before relying on it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from nullprobe.report.text.wording import number

SURPRISES = re.compile(r"The interval includes chance although.*?\.(?=\s|$)", re.DOTALL)


def claim_notes(claim: Mapping[str, Any], provenance: Mapping[str, Any] | None = None) -> list[str]:
    """Return the notes of a claim of a document, a sentence or two each.

    With the provenance, rows needed are also stated in groups, if rows form groups.

    Examples
    --------
    >>> claim_notes({"rows_needed": 4700, "rows_reason": "", "warnings": []})
    ['A verdict would need about 4,700 rows like these (80 % power).']
    >>> claim_notes({"warnings": ["the confounds have 90 columns"]})
    ['Warning: the confounds have 90 columns.']
    """
    notes: list[str] = []
    if claim.get("rows_needed") is not None:
        notes.append(rows_needed(claim, provenance or {}, like=True))
    elif claim.get("rows_reason"):
        reason = claim["rows_reason"].rstrip(".")
        notes.append(f"How many rows a verdict would need cannot be stated: {reason}.")
    notes += [f"Warning: {one.rstrip('.')}." for one in claim.get("warnings", ())]
    return notes


def rows_needed(
    claim: Mapping[str, Any], provenance: Mapping[str, Any], *, like: bool = False
) -> str:
    """State how many rows a verdict needs, and how many groups if rows form groups.

    ``like`` is whether to state which rows, and with which power.

    Examples
    --------
    >>> claim = {"rows_needed": 4700, "rows_reason": ""}
    >>> rows_needed(claim, {"rows": 240, "groups": 24})
    'A verdict would need about 470 groups like these (4,700 rows).'
    >>> rows_needed({"rows_needed": 1620, "rows_reason": "27 blocks of 60 rows"}, {})
    'A verdict needs at least 1,620 rows (27 blocks of 60 rows).'
    """
    rows, reason = f"{number(claim['rows_needed'])} rows", claim.get("rows_reason")
    if reason:
        return f"A verdict needs at least {rows} ({reason})."
    if provenance.get("groups") and provenance.get("rows"):
        groups = math.ceil(claim["rows_needed"] * provenance["groups"] / provenance["rows"])
        power = ", 80 % power" if like else ""
        return f"A verdict would need about {number(groups)} groups like these ({rows}{power})."
    return f"A verdict would need about {rows}{' like these (80 % power)' if like else ''}."


def surprises(reason: str) -> list[str]:
    """Return the sentences of a reason without which a reader would doubt the verdict.

    Examples
    --------
    >>> surprises("AUC 0.54. The interval includes chance although the test rejects it: why. More.")
    ['The interval includes chance although the test rejects it: why.']
    """
    return SURPRISES.findall(reason)
