"""Rows of files, read piece by piece: of one file, a folder, a pattern, or captured states.

`readers` reads the rows of one file. A kind without such a reader, such as .csv, is read whole, and
its rows are pieces of what is in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.validation import refuse_sparse
from nullprobe.data import token_rows
from nullprobe.data.captured import CapturedFolder
from nullprobe.data.folders import shards
from nullprobe.data.formats import (
    NAMES,
    load,
    named_if_they_differ,
    need_same_form,
    parts,
)
from nullprobe.data.manifest import manifest
from nullprobe.data.manifest import names as names_in
from nullprobe.data.readers import READERS, kind_of
from nullprobe.data.readers.reader import Content, RowArray, RowSource, RowTable, named_if_broken
from nullprobe.data.readers.sparse_parts import matrices
from nullprobe.data.requests import is_requests


def is_streamed(path: str | os.PathLike[str]) -> bool:
    """Whether the rows of a path are read piece by piece, so that they need not fit in memory."""
    files = parts(path)
    return not is_requests(files) and all(map(_is_streamed, files))


def rows_of(
    path: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    verbatim: Sequence[str] = (),
) -> RowSource:
    """Return the arrays or columns of a path; their rows are read when they are needed.

    Parameters
    ----------
    path : str or path
        As for :func:`~nullprobe.data.formats.load`.
    only : sequence of str, optional
        Names that are wanted, where all that is returned is read at once.
    verbatim : sequence of str
        Columns of a .csv to read as text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "X.npy"
    ...     np.save(path, np.arange(10.0).reshape(5, 2))
    ...     X = rows_of(path)["X"]
    ...     X.shape, [len(block) for block in X.blocks(2)]
    ((5, 2), [2, 2, 1])
    """
    if not is_streamed(path):
        content = load(path, only=only, verbatim=verbatim)
        for array in content.values() if isinstance(content, dict) else ():
            refuse_sparse(array, repr(str(path)))
        return held(content)
    source = _joined(parts(path))
    rule = token_rows.current().tokens
    if isinstance(source, RowTable):
        return source if rule is None else _pooled_table(source, rule)
    mask = source.get(token_rows.MASK)
    return {name: _pooled(array, rule, mask) for name, array in source.items()}


def held(content: Content) -> RowSource:
    """Return content that is in memory as a source of rows."""
    if isinstance(content, dict):
        return {name: RowArray.of(array) for name, array in content.items()}
    return RowTable.of(content)


def together(arrays: Mapping[str, RowArray], step: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield the same rows of several arrays of equal lengths, at most ``step`` at a time.

    Blocks of shards have any length, and those of two arrays may differ.
    """
    blocks = {name: array.blocks(step) for name, array in arrays.items()}
    rest = {name: next(each, None) for name, each in blocks.items()}
    while True:
        present = {name: block for name, block in rest.items() if block is not None}
        if len(present) < len(rest) or not present:
            return
        n = min(map(len, present.values()))
        if n:
            yield {name: block[:n] for name, block in present.items()}
        for name, block in present.items():
            rest[name] = block[n:] if len(block) > n else next(blocks[name], None)


def _is_streamed(path: Path) -> bool:
    if path.is_dir():
        return manifest(path) is not None or all(map(_is_streamed, shards(path)))
    return READERS[kind_of(path)].rows is not None


def _joined(files: Sequence[Path]) -> RowSource:
    """Return the rows of files of one form, in order."""
    sources = [_of_file(path) for path in files]
    if len(sources) == 1:
        return sources[0]
    need_same_form(files)
    tables = [one for one in sources if isinstance(one, RowTable)]
    if tables:
        with named_if_they_differ(files):
            schema = pa.unify_schemas([t.schema for t in tables], promote_options="permissive")
        return RowTable(
            schema, sum(one.n for one in tables), partial(_batches, files, tables, schema)
        )
    arrays = [one for one in sources if not isinstance(one, RowTable)]
    return {name: _chained(files, [one[name] for one in arrays], name) for name in arrays[0]}


def _of_file(path: Path) -> RowSource:
    if path.is_dir():
        about = manifest(path)
        if about is None:
            return _joined(shards(path))
        captured = CapturedFolder(path)
        return {name: captured.rows_of(name) for name in names_in(about)}
    kind = kind_of(path)
    read = READERS[kind].rows
    assert read is not None, "this kind is read piece by piece"
    with named_if_broken(path, kind):
        source = read(path)
    if isinstance(source, RowTable):
        return RowTable(source.schema, source.n, partial(_guarded, path, kind, source.batches))
    for name in matrices(list(source)):
        refuse_sparse(load(path, only=[name])[name], repr(str(path)))
    return {
        name: RowArray(one.shape, one.dtype, partial(_guarded, path, kind, one.blocks))
        for name, one in source.items()
    }


def _guarded(path: Path, kind: str, read: Any, *arguments: Any) -> Iterator[Any]:
    """Yield what a reader yields; its errors name the file."""
    pieces = read(*arguments)
    while True:
        with named_if_broken(path, kind):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _batches(
    files: Sequence[Path],
    tables: Sequence[RowTable],
    schema: pa.Schema,
    names: Sequence[str],
    step: int,
) -> Iterator[pa.Table]:
    empty = schema.empty_table().select(list(names))
    for table in tables:
        for batch in table.batches(names, step):
            with named_if_they_differ(files):
                yield pa.concat_tables([empty, batch], promote_options="permissive")


def _chained(files: Sequence[Path], each: Sequence[RowArray], name: str) -> RowArray:
    """Return the rows of several arrays, one after the other."""
    with named_if_they_differ(files):
        if len({one.dtype.kind in "US" for one in each}) > 1:
            raise ValueError(f"{name!r} is text in some shards and numbers in others")
        if name == NAMES or not each[0].shape:
            first = each[0].whole
            if any(not np.array_equal(first, one.whole) for one in each):
                raise ValueError(f"{name!r} differs between shards")
            return RowArray.of(first)
        if len({one.shape[1:] for one in each}) > 1:
            shapes = " and ".join(sorted({str(one.shape) for one in each}))
            raise ValueError(f"{name!r} has the shapes {shapes}")
        dtype: Any = np.result_type(*(one.dtype for one in each))
    is_text = dtype.kind in "US"

    def blocks(step: int) -> Iterator[np.ndarray]:
        for one in each:
            for block in one.blocks(step):
                yield block if is_text else block.astype(dtype, copy=False)

    return RowArray((sum(one.shape[0] for one in each), *each[0].shape[1:]), dtype, blocks)


def _pooled(array: RowArray, rule: str | None, mask: RowArray | None) -> RowArray:
    """Return an array of tokens with one row of features for each text; others unchanged."""
    rule = token_rows.rule_of(array, rule, mask)
    if rule is None:
        return array
    used = mask if mask is not None and mask.shape == array.shape[:2] else None

    def blocks(step: int) -> Iterator[np.ndarray]:
        step = max(1, step // max(1, array.shape[1]))
        parts = {"tokens": array, **({} if used is None else {"mask": used})}
        for rows in together(parts, step):
            yield token_rows.pooled(rows["tokens"], rule, rows.get("mask"))

    return RowArray((array.shape[0], array.shape[2]), array.dtype, blocks)


def _pooled_table(table: RowTable, rule: str) -> RowTable:
    def batches(names: Sequence[str], step: int) -> Iterator[pa.Table]:
        for batch in table.batches(names, step):
            yield token_rows.pooled_columns(batch, rule)

    schema = token_rows.pooled_columns(table.schema.empty_table(), rule).schema
    return RowTable(schema, table.n, batches)
