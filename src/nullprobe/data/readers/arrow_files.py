"""Columns in Arrow files (Feather is one) and Arrow streams, which are mapped into memory.

Hugging Face datasets writes streams, and polars, pandas and pyarrow write files; the suffixes are
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
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

    def load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
        wanted = names(path) if only is None else list(only)
        options = None if only is None else _only(names(path), wanted)
        # The table holds the map, so it stays open.
        with open_(pa.memory_map(str(path)), options=options) as content:
            return _checked(content.read_all(), wanted)

    def rows(path: Path) -> RowTable:
        with pa.memory_map(str(path)) as source, open_(source) as content:
            one_of_each(content.schema.names, path)
            schema = plain_columns(content.schema.empty_table()).schema
            lengths = [batch.num_rows for batch in _batches(content)]

        def batches(wanted: Sequence[str], step: int) -> Iterator[pa.Table]:
            each = _pieces_of_file if open_ is _open_file else _pieces_of_stream
            for piece in each(path, wanted, _only(names(path), wanted), step):
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


def _only(every: Sequence[str], wanted: Sequence[str]) -> Any:
    """Return the options that read some columns. Arrow then copies, also from a map."""
    return pyarrow.ipc.IpcReadOptions(included_fields=sorted(map(every.index, wanted)))


def _pieces(batch: Any, rows: range, step: int, held: int) -> Iterator[pa.Table]:
    """Yield tables of at most ``step`` of these rows of a batch.

    Columns hold the memory of their whole batch, of ``held`` bytes, and labels are stored while the
    representation is read. A small part of a batch is therefore copied.
    """
    for start in rows[::step]:
        piece = batch.slice(start, min(step, rows.stop - start))
        if 2 * batch.nbytes < held:
            with suppress(NotImplementedError):  # unions
                piece = piece.take(cast(Any, np.arange(piece.num_rows)))
        yield pa.Table.from_batches([piece])


def _pieces_of_stream(
    path: Path, wanted: Sequence[str], options: Any, step: int
) -> Iterator[pa.Table]:
    """Yield tables of at most ``step`` rows; a batch is read whole, not mapped, and let go."""
    with pa.OSFile(str(path), "rb") as source, _open_stream(source, options=options) as content:
        batches = iter(content)
        while True:
            before = pa.total_allocated_bytes()
            batch = next(batches, None)
            if batch is None:
                return
            held = pa.total_allocated_bytes() - before
            yield from _pieces(batch, range(batch.num_rows), step, held)
            del batch


def _pieces_of_file(
    path: Path, wanted: Sequence[str], options: Any, step: int
) -> Iterator[pa.Table]:
    """Yield tables of at most ``step`` rows, each from a new map.

    Pages of a map that were read stay in memory as long as the map. A batch can be as large as the
    file.
    """
    i, start, compressed = 0, 0, False
    while True:
        # The pieces hold the map, so it stays open as long as they are used.
        mapped = pa.memory_map(str(path))
        with _open_file(mapped, options=options if compressed else None) as content:
            if i == content.num_record_batches:
                return
            before = pa.total_allocated_bytes()
            batch = content.get_batch(i)
            compressed |= pa.total_allocated_bytes() - before > batch.nbytes // 2
            n = batch.num_rows
            stop = n if compressed else min(start + step, n)
            yield from _pieces(batch.select(list(wanted)), range(start, stop), step, batch.nbytes)
            i, start = (i + 1, 0) if stop == n else (i, stop)


FILE = _reader(_open_file, (".arrow", ".feather", ".ipc"), b"ARROW1")
STREAM = _reader(_open_stream, (".arrow", ".arrows"), b"\xff\xff\xff\xff")
