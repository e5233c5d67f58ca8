"""Columns in Arrow files (Feather is one) and Arrow streams, which are mapped into memory.

Hugging Face datasets writes streams, and polars, pandas and pyarrow write files; the suffixes are
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.ipc

from nullprobe.data.readers.reader import (
    Reader,
    RowTable,
    begins_with,
    one_of_each,
    plain_columns,
)

_open_file = cast("Callable[..., Any]", pyarrow.ipc.open_file)
_open_stream = cast("Callable[..., Any]", pyarrow.ipc.open_stream)


def _reader(open_: Callable[..., Any], suffixes: tuple[str, ...], mark: bytes) -> Reader:
    def names(path: Path) -> list[str]:
        with pa.memory_map(str(path)) as source, open_(source) as content:
            return one_of_each(content.schema.names, path)

    def options(path: Path, wanted: Sequence[str]) -> Any:
        every = names(path)
        return pyarrow.ipc.IpcReadOptions(included_fields=sorted(map(every.index, wanted)))

    def load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
        wanted = names(path) if only is None else list(only)
        # The table holds the map, so it stays open.
        with open_(pa.memory_map(str(path)), options=options(path, wanted)) as content:
            return _checked(content.read_all(), wanted)

    def rows(path: Path) -> RowTable:
        with pa.memory_map(str(path)) as source, open_(source) as content:
            one_of_each(content.schema.names, path)
            schema = plain_columns(content.schema.empty_table()).schema
            lengths = [batch.num_rows for batch in _batches(content)]

        def batches(wanted: Sequence[str], step: int) -> Iterator[pa.Table]:
            each = _pieces_of_file if open_ is _open_file else _pieces_of_stream
            for piece in each(path, options(path, wanted), step):
                yield _checked(piece, wanted)

        return RowTable(schema, sum(lengths), batches)

    return Reader(suffixes, True, begins_with(mark), names, load, rows)


def _checked(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    # Arrow trusts the offsets in a file, and reads outside of its memory if they are wrong.
    table.validate(full=True)
    return plain_columns(table.select(list(wanted)))


def _batches(content: Any) -> Iterator[Any]:
    """Yield the batches of an open file or stream."""
    if hasattr(content, "num_record_batches"):
        return (content.get_batch(i) for i in range(content.num_record_batches))
    return iter(content)


def _pieces_of_stream(path: Path, options: Any, step: int) -> Iterator[pa.Table]:
    """Yield tables of at most ``step`` rows; a batch is read whole, not mapped, and let go."""
    with pa.OSFile(str(path), "rb") as source, _open_stream(source, options=options) as content:
        for batch in content:
            for start in range(0, batch.num_rows, step):
                yield pa.Table.from_batches([batch.slice(start, step)])


def _pieces_of_file(path: Path, options: Any, step: int) -> Iterator[pa.Table]:
    """Yield tables of at most ``step`` rows, each from a new map.

    Pages of a map that were read stay in memory as long as the map. A batch can be as large as the
    file.
    """
    i, start = 0, 0
    while True:
        # The pieces hold the map, so it stays open as long as they are used.
        with _open_file(pa.memory_map(str(path)), options=options) as content:
            if i == content.num_record_batches:
                return
            before = pa.total_allocated_bytes()
            batch = content.get_batch(i)
            compressed = pa.total_allocated_bytes() - before > batch.nbytes // 2
            stop = batch.num_rows if compressed else min(start + step, batch.num_rows)
            for at in range(start, stop, step):
                yield pa.Table.from_batches([batch.slice(at, min(step, stop - at))])
            i, start = (i + 1, 0) if stop == batch.num_rows else (i, stop)


FILE = _reader(_open_file, (".arrow", ".feather", ".ipc"), b"ARROW1")
STREAM = _reader(_open_stream, (".arrow", ".arrows"), b"\xff\xff\xff\xff")
