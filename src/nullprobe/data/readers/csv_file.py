"""Columns in a .csv file. Any text with commas is one, so its suffix counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from nullprobe._core.validation import complain
from nullprobe.data.readers.reader import Reader, one_of_each


def _recognises(head: bytes, path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        return bool(head)
    return b"," in head.split(b"\n")[0] and b"\0" not in head and not path.suffix


def _names(path: Path) -> list[str]:
    with pyarrow.csv.open_csv(path) as file:
        return _headed(file.schema.names, path)


def _load(path: Path, only: Sequence[str] | None, verbatim: Sequence[str]) -> pa.Table:
    options = pyarrow.csv.ConvertOptions(
        column_types={name: pa.string() for name in verbatim},
        # "NA" in a concept is a missing value, not a class, unless it is in quotes.
        strings_can_be_null=not verbatim,
        quoted_strings_can_be_null=False,
    )
    table = pyarrow.csv.read_csv(path, convert_options=options)
    _headed(table.column_names, path)
    return table if only is None else table.select(list(only))


def _headed(names: list[str], path: Path) -> list[str]:
    """Return the names of the columns of a .csv, or complain that its first line lacks them."""
    # pandas writes the names 0, 1, 2, ... for a matrix; any other numbers are a row of data.
    if all(map(_is_number, names)) and names != [str(i) for i in range(len(names))]:
        complain(
            f"the first line of {str(path)!r} must hold the names of the columns",
            f"it holds numbers: {', '.join(names[:5])}",
            "add a first line with the names",
        )
    return one_of_each(names, path)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


CSV = Reader((".csv",), True, _recognises, _names, _load)
