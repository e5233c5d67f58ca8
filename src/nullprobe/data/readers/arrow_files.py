"""Columns in Arrow files (Feather is one) and Arrow streams, which are mapped into memory.

Hugging Face datasets writes streams, and polars, pandas and pyarrow write files; the suffixes are
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.ipc

from nullprobe.data.readers.reader import Reader, begins_with, one_of_each, plain_columns

_open_file = cast("Callable[..., Any]", pyarrow.ipc.open_file)
_open_stream = cast("Callable[..., Any]", pyarrow.ipc.open_stream)


def _reader(open_: Callable[..., Any], suffixes: tuple[str, ...], mark: bytes) -> Reader:
    def names(path: Path) -> list[str]:
        with pa.memory_map(str(path)) as source, open_(source) as content:
            return one_of_each(content.schema.names, path)

    def load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> pa.Table:
        every = names(path)
        wanted = every if only is None else list(only)
        fields = sorted(every.index(name) for name in wanted)
        options = pyarrow.ipc.IpcReadOptions(included_fields=fields)
        # The table holds the map, so it stays open.
        with open_(pa.memory_map(str(path)), options=options) as content:
            table = content.read_all()
        # Arrow trusts the offsets in a file, and reads outside of its memory if they are wrong.
        table.validate(full=True)
        return plain_columns(table.select(wanted))

    return Reader(suffixes, True, begins_with(mark), names, load)


FILE = _reader(_open_file, (".arrow", ".feather", ".ipc"), b"ARROW1")
STREAM = _reader(_open_stream, (".arrow", ".arrows"), b"\xff\xff\xff\xff")
