"""Columns in a .parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet

from nullprobe.data.readers.reader import Reader, begins_with, one_of_each, plain_columns


def _names(path: Path) -> list[str]:
    with pyarrow.parquet.ParquetFile(path) as file:
        return one_of_each(file.schema_arrow.names, path)


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
    # Not read_table: it adds columns for parent folders with names such as "fold=1".
    with pyarrow.parquet.ParquetFile(path) as file:
        one_of_each(file.schema_arrow.names, path)
        table = cast(Any, file).read(None if only is None else list(only))
    return plain_columns(table if only is None else table.select(list(only)))


PARQUET = Reader((".parquet",), True, begins_with(b"PAR1", b"PARE"), _names, _load)
