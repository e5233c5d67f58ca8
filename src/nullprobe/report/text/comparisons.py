"""Words for comparisons: what erasers and readers are called, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

PERCENTILES = (5, 50, 95)


def ordered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows with erasers that use the labels last: they answer another question."""
    return sorted(rows, key=lambda row: row["needs_labels"])


def label(row: Mapping[str, Any]) -> str:
    """Return what the page calls the eraser of a row."""
    return row["eraser"] if row["erases"] else "nothing erased"


def way(row: Mapping[str, Any]) -> str:
    """Say what an eraser does to its directions; "" where nothing is erased."""
    return ("moved in" if row["needs_labels"] else "removed") if row["erases"] else ""


def nothing_left(parts: Sequence[bool]) -> str:
    """Say in how many parts nothing is left; "" where something is left in all.

    Examples
    --------
    >>> nothing_left([True, True, True]), nothing_left([True, False, False])
    ('nothing left', 'nothing left in 1 of 3')
    """
    if not any(parts):
        return ""
    return "nothing left" + ("" if all(parts) else f" in {sum(parts)} of {len(parts)}")


def missing(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a comparison has no number of, and why, in sentences."""
    return [(what, f"{why.rstrip('.')}.") for what, why in _missing(document)]


def _missing(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = [row for row in document["rows"] if not row["reason"]]
    yield from ((label(row), row["reason"]) for row in document["rows"] if row["reason"])
    for columns, key in ((document["probes"], "read_back"), (document["others"], "others")):
        for name in (column["name"] for column in columns):
            reasons = [row[key][name]["reason"] for row in rows]
            if len(set(reasons)) == 1 and reasons[0]:
                yield name, reasons[0]
            else:
                each = zip(rows, reasons, strict=True)
                yield from ((f"{label(row)}, {name}", why) for row, why in each if why)
    unmeasured = [row["damage"]["reason"] for row in rows if row["damage"]["reason"]]
    if unmeasured:
        yield "damage as a multiple of LEACE's", unmeasured[0]
    yield from document["left_out"].items()


def percentiles(draws: Sequence[float] | np.ndarray) -> list[float]:
    """Return the percentiles of random directions that are shown: 5, 50 and 95."""
    return [float(value) for value in np.percentile(draws, PERCENTILES)]
