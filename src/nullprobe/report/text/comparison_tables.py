"""Comparisons of erasers and of readers of pairs, as tables for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from nullprobe._core.printable import plain_values
from nullprobe.report.text import comparisons, wording
from nullprobe.report.text.terminal import grid
from nullprobe.report.text.wording import number


def erasers(document: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table of what is read back and what it costs, and one of the other labels."""
    document = plain_values(document)
    rows = comparisons.ordered(document["rows"])
    for key in ("probes", "others"):
        columns, cells = document[key], {"probes": "read_back", "others": "others"}[key]
        if not columns:
            continue
        lines = [
            (
                _eraser(row),
                *(_reading(row[cells].get(c["name"]), c["metric"]["chance"]) for c in columns),
                *(_costs(row) if key == "probes" else ()),
            )
            for row in rows
        ]
        heads = [column["name"] for column in columns]
        heads += ["damage", "rank"] if key == "probes" else []
        yield grid("eraser", *lines, heads=heads)


def _eraser(row: Mapping[str, Any]) -> Text:
    marks = [
        comparisons.nothing_left(row["nothing_left"]),
        "uses the labels" if row["needs_labels"] else "",
    ]
    return Text.assemble(row["eraser"], *((f"\n{mark}", "dim") for mark in marks if mark))


def _reading(cell: Mapping[str, Any] | None, chance: float) -> Text:
    """Return a reading above its interval; green where that reaches down to chance."""
    if cell is None or cell["value"] is None:
        return Text("·")
    if cell["interval"] is None:
        return Text(number(cell["value"]))
    low, high = map(_short, cell["interval"])
    ends = f"{low} to {high}" if round(cell["interval"][0], 2) < 0 else f"{low}-{high}"
    style = "bold green" if cell["interval"][0] <= chance else ""
    return Text.assemble((number(cell["value"]), style), "\n", (ends, "dim"))


def _short(value: float) -> str:
    """Write two digits of a number, without the zero before the point.

    Examples
    --------
    >>> _short(0.5), _short(-0.123), _short(-0.001), _short(10.04)
    ('.50', '-.12', '.00', '10.04')
    """
    return re.sub(r"^(-?)0\.", r"\1.", f"{round(value, 2) + 0.0:.2f}")


def _costs(row: Mapping[str, Any]) -> tuple[Text, Text]:
    """Return damage and directions of a row."""
    ratio = row["damage"] and row["damage"]["ratio"]
    low, high = min(row["ranks"], default=0), max(row["ranks"], default=0)
    ranks = ("·" if not row["ranks"] else f"{low:,}") + (f"-{high:,}" if high > low else "")
    what = f"\n{comparisons.way(row)}" if row["ranks"] and row["erases"] else ""
    return (
        Text("·" if ratio is None else f"{ratio:.2f}"),
        Text.assemble(ranks, (what, "dim")),
    )


def eraser_notes(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to read the table of erasers, and what is missing from it."""
    document = plain_values(document)
    columns = [*document["probes"], *document["others"]]
    units = ", ".join(f"{column['name']} {column['metric']['name']}" for column in columns)
    yield (
        f"Read back on new data ({units}), with 95 % intervals. Chance is .5, and 0 for R². "
        "Damage: mean squared distance of new rows, as a multiple of what LEACE moves. "
        "Rank: directions that are removed, or that rows are moved in."
    )
    rows = document["rows"]
    if any(row["needs_labels"] for row in rows):
        yield (
            "Uses the labels: the eraser needs the concept of every row that it erases, also of "
            "scored rows. It cannot be used where the concept is unknown."
        )
    if any(any(row["nothing_left"]) for row in rows):
        yield "Nothing left: once erased, all rows are the same; all else is gone with the concept."
    configured = [f"{row['eraser']} {row['settings']}" for row in rows if row["configured"]]
    if configured:
        yield f"As set: {'; '.join(configured)}."
    for what, why in comparisons.missing(document):
        yield f"{what}: {why}"


def recommendation(document: Mapping[str, Any]) -> list[str]:
    """Return the recommendation of a comparison; empty for a file without one."""
    advice = document.get("recommendation")
    return [" ".join(plain_values(advice)["sentences"])] if advice else []


def pairs(document: Mapping[str, Any]) -> Table:
    """Return how often each reader of pairs agrees with each label, and random directions."""
    document = plain_values(document)
    labels: list[str] = document["labels"]
    rows: list[tuple[str | Text, ...]] = []
    for row in document["rows"]:
        cells = [row["agreements"][name] for name in labels]
        rows.append((row["name"], *(_share(cell["share"], cell["interval"]) for cell in cells)))
    ends = [comparisons.percentiles(document["random"][name]) for name in labels]
    rows.append(("random", *(_share(middle, (low, high)) for low, middle, high in ends)))
    return grid("reader", *rows, heads=labels)


def _share(share: float, ends: Sequence[float]) -> Text:
    return Text.assemble(number(share), (f"\n{wording.interval(ends)}", "dim"))


def pair_note(document: Mapping[str, Any]) -> str:
    """Return how to read the table of readers of pairs."""
    few, _, most = comparisons.PERCENTILES
    n = len(document["random"][document["labels"][0]])
    return (
        "Shares of held-out pairs that are read as a label says, with 95 % intervals; chance is "
        f".5. Random: the median direction of {n:,}, and percentiles {few} and {most}."
    )
