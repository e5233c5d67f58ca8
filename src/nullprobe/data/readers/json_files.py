"""Columns in JSON: an object on each line (.jsonl), a list of objects, or an object of columns.

A file that holds a single object on a single line is columns, unless its suffix is .jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from nullprobe._core.nested import is_list, is_object
from nullprobe._core.validation import complain
from nullprobe.data import json_lines
from nullprobe.data.readers.reader import Reader

LINES = (".jsonl", ".ndjson")
_SPACE = b" \t\r\n\xef\xbb\xbf"  # with the mark of UTF-8


def _is_lines(head: bytes, path: Path) -> bool:
    suffix = path.suffix.lower()
    text = head.lstrip(_SPACE)
    if suffix in LINES:
        return bool(head)
    if suffix == ".csv" or not text.startswith(b"{"):
        return False
    with path.open("rb") as file:
        start = next((line for line in file if line.strip(_SPACE)), b"")
        more = any(line.strip(_SPACE) for line in file)
    return more and _is_json(start)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_document(head: bytes, path: Path) -> bool:
    return head.lstrip(_SPACE)[:1] in (b"[", b"{") and path.suffix.lower() != ".csv"


def _lines_names(path: Path) -> list[str]:
    return json_lines.read(path).column_names


def _load_lines(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
    table = json_lines.read(path)
    return table if only is None else table.select(list(only))


def _document(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a file that is one JSON value."""
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        complain(f"{str(path)!r} must be complete JSON", str(error)[:200])
    if is_list(content) and content and all(map(is_object, content)):
        names = dict.fromkeys(name for row in content for name in row)
        return {name: [row.get(name) for row in content] for name in names}
    columns: dict[str, list[Any]] = {}
    if is_object(content):
        for name, values in content.items():
            # pandas writes a column as an object of row numbers and values.
            column = list(values.values()) if is_object(values) else values
            if is_list(column):
                columns[name] = column
    if not columns or not is_object(content) or len(columns) < len(content):
        complain(
            f"{str(path)!r} must hold a list of objects, or an object of lists of equal length",
            f"it holds a {type(content).__name__}"
            + (" with other values" if is_object(content) or is_list(content) else ""),
            'write [{"embedding": [0.1, 0.2], "label": 1}, ...] or one object on each line',
        )
    return columns


def _document_names(path: Path) -> list[str]:
    return list(_document(path))


def _load_document(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
    columns = _document(path)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        complain(
            f"the columns in {str(path)!r} must have equal lengths",
            ", ".join(f"{name!r} has {n}" for name, n in list(lengths.items())[:5]),
        )
    return json_lines.table(path, columns if only is None else {n: columns[n] for n in only})


JSON_LINES = Reader(LINES, True, _is_lines, _lines_names, _load_lines)
JSON = Reader((".json",), True, _is_document, _document_names, _load_document)
