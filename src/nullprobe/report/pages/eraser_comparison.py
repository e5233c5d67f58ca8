"""Page of a comparison: who reads what after which eraser, and what each eraser costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nullprobe.report.comparison_documents import ComparisonDocument
from nullprobe.report.document import validated
from nullprobe.report.figures import roles
from nullprobe.report.figures.erasers import damage, height, readings
from nullprobe.report.pages import shell
from nullprobe.report.pages.picture import Picture, anchor, drawn, glyph
from nullprobe.report.text import titles
from nullprobe.report.text.comparison_tables import recommendation
from nullprobe.report.text.comparisons import label, missing, nothing_left, ordered, way
from nullprobe.report.text.limitations import ELSEWHERE, GROUPS, USE
from nullprobe.report.text.tables import Table, provenance
from nullprobe.report.text.wording import interval, number

READ, DAMAGE = 680, 420  # pixels wide
NO_RATIO = "There is no ratio"
GAPS = "not defined here; the reasons stand below the table of all"
UNTESTED = (
    (
        "Stronger readers",
        "A probe that reads nothing here is one reader. A network, or a kernel on fewer features, "
        "may still find the concept.",
    ),
    (
        "What it takes, and where it comes from",
        "No null was drawn: whether linear algebra, chance or class means and covariances are "
        "enough for a number is what an audit says.",
    ),
    (
        "The best of several",
        "The eraser that leaves least here was picked with the same rows that say how little it "
        "leaves; on other data it may leave more.",
    ),
)


def write_html(path: str | Path, document: ComparisonDocument) -> None:
    """Write the page of a comparison, whole or not at all.

    Parameters
    ----------
    path : str or path
    document : ComparisonDocument
        What `Comparison.document` returns.
    """
    shell.write(path, render(document))


def render(document: ComparisonDocument | Mapping[str, Any]) -> str:
    """Return the page of a comparison as HTML; the same document gives the same bytes."""
    document = validated(ComparisonDocument, document).plain()
    rows = ordered(document["rows"])
    groups = () if document["provenance"].get("groups") else (GROUPS,)
    read, moved, *others = _pictures(rows, document)
    shown = {
        "title": document["title"],
        "advice": recommendation(document),
        "read": read,
        "moved": moved,
        "other_pictures": others,
        "rows": [_row(row, document) for row in rows],
        "probes": document["probes"],
        "others": document["others"],
        "numbers": _numbers(rows, document),
        "missing": missing(document),
        "needs_labels": any(row["needs_labels"] for row in rows),
        "emptied": any(any(row["nothing_left"]) for row in rows),
        "settings": _settings(rows, document),
        "untested": [*UNTESTED, *groups, ELSEWHERE, USE],
        "command": document["provenance"].get("command"),
        "provenance": provenance(document),
    }
    return shell.fill("comparison.html", shown, {})


def _pictures(rows: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> Iterator[Picture]:
    """Yield the pictures: what is read back, how far rows are moved, what is read of others."""
    probes = document["probes"]
    high = height(len(rows), len(probes))
    yield _readings(rows, probes, "read_back", "read-back", titles.READ_BACK, high)
    svg, notes = drawn("damage", (DAMAGE, high), partial(damage, rows))
    words = described_damage(rows)
    notes += [one for one in words if one.startswith(NO_RATIO)]
    yield Picture("damage", titles.DAMAGE, " ".join(words), svg, notes, (), moved_table(rows))
    for chance in dict.fromkeys(column["metric"]["chance"] for column in document["others"]):
        columns = [column for column in document["others"] if column["metric"]["chance"] == chance]
        key, high = f"others-{number(chance)}", height(len(rows), len(columns))
        yield _readings(rows, columns, "others", anchor(key), titles.OTHERS, high)


def _readings(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
    held: str,
    key: str,
    title: str,
    high: int,
) -> Picture:
    size = (READ, high)
    svg, notes = drawn(key, size, partial(readings, rows, columns, held))
    description = " ".join(described(rows, columns, held))
    entries = [
        glyph(one["glyph"], f"class-{one['colour']}", one["name"])
        for one in roles.legend([column["name"] for column in columns])
    ]
    return Picture(key, title, description, svg, notes, entries, read_table(rows, columns, held))


def read_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], held: str
) -> Table:
    """Return what each probe reads after each eraser, with the ends of its interval."""
    heads = ["eraser"]
    for column in columns:
        heads += [f"{column['name']} ({column['metric']['name']})", "2.5 %", "97.5 %"]
    lines: list[tuple[Any, ...]] = []
    for row in rows:
        line: list[Any] = [label(row)]
        for column in columns:
            cell: Mapping[str, Any] = row[held].get(column["name"]) or {}
            line += [cell.get("value"), *(cell.get("interval") or (None, None))]
        lines.append(tuple(line))
    return Table("Read-back after each eraser", tuple(heads), tuple(lines), GAPS)


def moved_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return how far each eraser moves rows."""
    damages: list[Mapping[str, Any]] = [row["damage"] or {} for row in rows]
    lines = tuple(
        (label(row), damage.get("moved"), damage.get("ratio"))
        for row, damage in zip(rows, damages, strict=True)
    )
    return Table("Damage", ("eraser", "distance moved", "of LEACE's"), lines, GAPS)


def described(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], key: str
) -> list[str]:
    """Say what each probe reads where nothing is erased, and the least that it reads after."""
    text: list[str] = []
    for column in columns:
        cells = [(row, row[key].get(column["name"])) for row in rows]
        readings = [(row, cell) for row, cell in cells if cell and cell["value"] is not None]
        parts = [
            f"{column['metric']['name']} {_estimate(cell)} where nothing is erased"
            for row, cell in readings
            if not row["erases"]
        ]
        for uses, who in ((False, ""), (True, " of those that use the labels")):
            those = [(r, c) for r, c in readings if r["erases"] and r["needs_labels"] == uses]
            if those:
                row, cell = min(those, key=lambda pair: pair[1]["value"])
                parts.append(f"{_estimate(cell)} after {row['eraser']}, the least{who}")
        text.append(f"{column['name']}: {'; '.join(parts) or 'no reading'}.")
    return text


def described_damage(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which eraser moves rows least, and which most."""
    moved = [(row, row["damage"]) for row in rows if row["erases"] and row["damage"]]
    if not moved:
        return ["No eraser could be fitted, so nothing was moved."]
    (low, least), (high, most) = (
        choose(moved, key=lambda pair: pair[1]["moved"]) for choose in (min, max)
    )
    text = [
        "Rows are those that the eraser was not fitted to, in standard deviations.",
        f"Moved least by {low['eraser']}: {_distance(least)}.",
    ]
    if high is not low:
        text.append(f"Moved most by {high['eraser']}: {_distance(most)}.")
    if least["ratio"] is None:
        text.append(f"{NO_RATIO}: {least['reason']}.")
    return text


def _distance(damage: Mapping[str, Any]) -> str:
    if damage["ratio"] is None:
        return number(damage["moved"])
    return f"{number(damage['moved'])}, which is {number(damage['ratio'])} times what LEACE moves"


def _estimate(cell: Mapping[str, Any]) -> str:
    between = f" ({interval(cell['interval'])})" if cell["interval"] else ""
    return f"{number(cell['value'])}{between}"


def _row(row: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of the table that is read."""
    nothing = {"value": None, "interval": None, "reason": row["reason"]}
    damage: dict[str, Any] = row["damage"] or {}
    return {
        "name": label(row),
        "needs_labels": row["needs_labels"],
        "rank": _ranks(row["ranks"]),
        "way": way(row),
        "nothing_left": nothing_left(row["nothing_left"]),
        "read_back": [row["read_back"].get(c["name"], nothing) for c in document["probes"]],
        "others": [row["others"].get(c["name"], nothing) for c in document["others"]],
        **{key: damage.get(key) for key in ("moved", "ratio", "share", "relative_move")},
        "seconds": row["seconds"],
    }


def _ranks(ranks: Sequence[int]) -> str | None:
    """Return how many directions: one number if all parts agree, else from least to most."""
    if not ranks:
        return None
    low, high = min(ranks), max(ranks)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _numbers(rows: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> Table:
    """Return every number of the comparison, to be copied."""
    columns = [(c, "read_back") for c in document["probes"]]
    columns += [(c, "others") for c in document["others"]]
    heads = ["eraser", "uses the labels", "nothing left"]
    heads += ["directions removed", "directions moved in"]
    for column, _ in columns:
        heads += [f"{column['name']} ({column['metric']['name']})", "2.5 %", "97.5 %"]
    heads += ["distance moved", "of LEACE's", "of the variance", "of two rows", "seconds"]
    lines: list[tuple[Any, ...]] = []
    for row in rows:
        ranks = _ranks(row["ranks"])
        marks = row["needs_labels"], bool(row["nothing_left"]) and all(row["nothing_left"])
        line: list[Any] = [label(row), *map(number, marks)]
        line += [None, ranks] if row["needs_labels"] else [ranks, None]
        for column, key in columns:
            cell = row[key].get(column["name"]) or {"value": None, "interval": None}
            line += [cell["value"], *(cell["interval"] or (None, None))]
        damage: dict[str, Any] = row["damage"] or {}
        line += [damage.get(key) for key in ("moved", "ratio", "share", "relative_move")]
        line.append(row["seconds"])
        lines.append(tuple(line))
    return Table(
        "Read-back, damage, directions and time", tuple(heads), tuple(lines),
        GAPS,
    )  # fmt: skip


def _settings(rows: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> Table:
    named = [("eraser", row["eraser"], row["settings"]) for row in rows if row["erases"]]
    named += [("probe", column["name"], column["probe"]) for column in document["probes"]]
    named += [("other label", column["name"], column["probe"]) for column in document["others"]]
    return Table("What was compared", ("kind", "name", "as it was set"), tuple(named))
