"""JSON lines: each line is one row, an object whose keys are the names of columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TextIO

import pyarrow as pa

from nullprobe._core.nested import is_object
from nullprobe._core.validation import complain


def read(path: Path) -> pa.Table:
    """Return the rows of a file as a table; keys that a line lacks are missing values.

    Raises
    ------
    InputError
        If a line is not a JSON object, or a column holds values of several types.
    """
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                rows.append(_row(path, number, line))
    if not rows:
        complain(f"{str(path)!r} must hold a JSON object on each line", "it is empty")
    names = dict.fromkeys(name for row in rows for name in row)
    return table(path, {name: [row.get(name) for row in rows] for name in names})


def table(path: Path, values: Mapping[str, list[Any]]) -> pa.Table:
    """Return columns of Python values as a table.

    Raises
    ------
    InputError
        If a column holds values of several types.
    """
    columns: dict[str, pa.Array[Any]] = {}
    for name, column in values.items():
        try:
            columns[name] = pa.array(column)
        except (pa.ArrowException, OverflowError, UnicodeError) as error:
            complain(
                f"{name!r} in {str(path)!r} must hold values of one type",
                " ".join(str(error).split())[:200].rstrip("."),
                "convert the values to one type",
            )
    return pa.table(columns)


def write(file: TextIO, table: pa.Table) -> None:
    """Write a table to an open file, one row on each line."""
    for batch in table.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        _complain(path, number, f"it is not JSON: {error}")
    if not is_object(row):
        _complain(path, number, f"it holds a {type(row).__name__}")
    return row


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key occurs more than once")
    return row


def _complain(path: Path, number: int, received: str) -> NoReturn:
    complain(
        f'every line of {str(path)!r} must be a JSON object, such as {{"text": "..."}}',
        f"line {number} is not: {received}",
    )
