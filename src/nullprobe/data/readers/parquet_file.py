"""Columns in a .parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet

from nullprobe.data.readers.reader import (
    Reader,
    RowTable,
    begins_with,
    one_of_each,
    plain_columns,
)

_BUFFER = 1 << 16  # bytes of each column that are read at a time


def _names(path: Path) -> list[str]:
    with pyarrow.parquet.ParquetFile(path) as file:
        return one_of_each(file.schema_arrow.names, path)


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
    # Not read_table: it adds columns for parent folders with names such as "fold=1".
    with pyarrow.parquet.ParquetFile(path) as file:
        one_of_each(file.schema_arrow.names, path)
        table = cast(Any, file).read(None if only is None else list(only))
    return plain_columns(table if only is None else table.select(list(only)))


def _rows(path: Path) -> RowTable:
    with pyarrow.parquet.ParquetFile(path) as file:
        one_of_each(file.schema_arrow.names, path)
        schema: pa.Schema = plain_columns(file.schema_arrow.empty_table()).schema
        n: int = file.metadata.num_rows

    def batches(names: Sequence[str], step: int) -> Iterator[pa.Table]:
        # A row group can be as large as the file, so its columns are not read at once.
        with pyarrow.parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            for batch in cast(Any, file).iter_batches(step, columns=list(names)):
                yield plain_columns(pa.Table.from_batches([batch]).select(list(names)))

    return RowTable(schema, n, batches)


PARQUET = Reader((".parquet",), True, begins_with(b"PAR1", b"PARE"), _names, _load, _rows)
