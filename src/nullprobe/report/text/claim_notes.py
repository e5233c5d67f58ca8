"""Notes of a claim: the rows that a verdict would need, and what to know before relying on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nullprobe.report.text.wording import number

SURPRISES = re.compile(r"The interval includes chance although.*?\.(?=\s|$)", re.DOTALL)


def claim_notes(claim: Mapping[str, Any]) -> list[str]:
    """Return the notes of a claim of a document, a sentence or two each.

    Examples
    --------
    >>> claim_notes({"rows_needed": 4700, "rows_reason": "", "warnings": []})
    ['A verdict would need about 4,700 rows like these (80 % power).']
    >>> claim_notes({"warnings": ["the confounds have 90 columns"]})
    ['Warning: the confounds have 90 columns.']
    """
    notes: list[str] = []
    if claim.get("rows_needed") is not None:
        rows = number(claim["rows_needed"])
        notes.append(f"A verdict would need about {rows} rows like these (80 % power).")
    elif claim.get("rows_reason"):
        reason = claim["rows_reason"].rstrip(".")
        notes.append(f"How many rows a verdict would need cannot be stated: {reason}.")
    notes += [f"Warning: {one.rstrip('.')}." for one in claim.get("warnings", ())]
    return notes


def surprises(reason: str) -> list[str]:
    """Return the sentences of a reason without which a reader would doubt the verdict.

    Examples
    --------
    >>> surprises("AUC 0.54. The interval includes chance although the test rejects it: why. More.")
    ['The interval includes chance although the test rejects it: why.']
    """
    return SURPRISES.findall(reason)
