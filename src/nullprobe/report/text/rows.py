"""Rows and features: what was noticed about them before anything was read, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nullprobe.report.text.wording import claim_name, counted, number

MOST_NAMED = 5


def notes(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield notes about rows and features, each with a heading.

    Examples
    --------
    >>> next(notes({"copies": {"exact": 4, "near": 0, "rule": "group"}}))
    ('Copied rows', '4 exact and 0 near copies of other rows: kept together, as groups.')
    """
    if copies := provenance.get("copies"):
        yield "Copied rows", _copies(copies)
    if dependence := provenance.get("dependence"):
        yield "Neighbours in the file", _neighbours(dependence)
    if aside := provenance.get("set_aside"):
        yield "Features set aside", _aside(aside)
    if far := provenance.get("outlying"):
        yield "Outlying rows", _outlying(far)


def _aside(record: Mapping[str, Any]) -> str:
    count = record["how_many"]
    listed = _listed([f"{name} ({why})" for name, why in record["features"].items()])
    was, them = ("was", "it") if count == 1 else ("were", "them")
    text = (
        f"{counted(count, 'feature')} {was} left out: {listed}. Such features add nothing that "
        "others lack, or let a few rows decide the result."
    )
    if "raw_with_them" not in record:  # of a quick audit
        return text
    return (
        f"{text} With {them}, the reading is {number(record['raw_with_them'])} before and "
        f"{number(record['erased_with_them'])} after erasure."
    )


def _copies(record: Mapping[str, Any]) -> str:
    if "across_groups" in record:
        count = record["across_groups"]
        are = "is a copy of a row" if count == 1 else "are copies of rows"
        return (
            f"{counted(count, 'row')} {are} in other groups. Groups stay as they were named, so "
            "the probe may read the copies."
        )
    large = ""
    if "in_large_sets" in record:
        large = (
            f"About {record['in_large_sets']} rows lie in tight sets that may be near copies or "
            "classes; they count as independent rows."
        )
    if "rule" not in record:
        return large
    done = {
        "group": "kept together, as groups",
        "drop": "all but the first of each set were dropped",
        "keep": "they count as independent rows, as requested",
    }[record["rule"]]
    text = f"{record['exact']} exact and {record['near']} near copies of other rows: {done}."
    if "dropped" in record:
        text += f" Rows dropped: {record['dropped']}"
        other = record.get("other_labels", 0)
        text += f", {other} with other labels than the row that is kept." if other else "."
    return f"{text} {large}".rstrip()


def _neighbours(record: Mapping[str, Any]) -> str:
    if record.get("independent"):
        return "Rows count as independent, as requested; neighbours were not compared."
    if "order" in record:
        blocks = f", cut into {counted(record['blocks'], 'block')}" if "blocks" in record else ""
        return f"Rows are {record['order']}{blocks}, as declared."
    text = (
        f"Rows resemble their neighbours over {counted(record['length'], 'row')} (correlation "
        f"{number(record['correlation'])}, p = {record['p_value']:.2g})"
    )
    if "blocks" not in record:
        return f"{text}, and the file is too short to be cut into blocks: no verdict is possible."
    text += (
        f". All claims were judged again with {record['blocks']} blocks of neighbours as groups: "
    )
    gone, other = record.get("withheld", ()), record.get("by_blocks", ())
    parts: list[str] = []
    if gone:
        parts.append(f"the verdicts change for {_names(gone)}, and are withheld")
    if other:
        parts.append(f"for {_names(other)}, blocks decide which explanation suffices")
    return f"{text}{'; '.join(parts) or 'all verdicts stay'}."


def _outlying(record: Mapping[str, Any]) -> str:
    count = record["how_many"]
    rows = _listed([str(row) for row in record["rows"]])
    text = f"{count} {'row lies' if count == 1 else 'rows lie'} far out: {rows}."
    if classes := record.get("classes"):  # absent in older files
        each = _listed([f"{name} ({count:,})" for name, count in classes.items()])
        text += f" By class: {each}."
    if "raw_without_them" not in record:
        return text
    return (
        f"{text} Without {'it' if count == 1 else 'them'}, the reading is "
        f"{number(record['raw_without_them'])} before and {number(record['erased_without_them'])} "
        "after erasure."
    )


def _names(claims: Sequence[str]) -> str:
    return ", ".join(claim_name(name) for name in claims)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
