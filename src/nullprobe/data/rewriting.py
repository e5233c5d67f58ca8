"""Rewriting: a file again with a new representation, and all else as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from nullprobe._core.validation import complain
from nullprobe.data.columns import array
from nullprobe.data.formats import ARRAY_SUFFIXES, NAMES, suffix_of
from nullprobe.data.located_rows import Located, located
from nullprobe.data.readers.reader import Arrays, RowArray, RowSource, RowTable
from nullprobe.data.row_sources import rows_of
from nullprobe.data.writing import save_arrays, save_table

# Takes the positions of rows, X (b, d) and the names of its features; returns the new X.
Change = Callable[[slice, np.ndarray, tuple[str, ...] | None], np.ndarray]


def rewrite(
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    change: Change,
    *,
    leave_out: Sequence[str] = (),
) -> int:
    r"""Write the content of ``path_in`` with a changed representation; return its number of rows.

    Rows are read, changed and written block by block: memory does not grow with their number,
    if both formats allow that.

    Parameters
    ----------
    path_in : str or path
        File or folder with the original representation.
    path_out : str or path
        The file to write, completely or not at all; its suffix decides the format. It may be
        ``path_in``.
    change : callable
        Takes the positions of rows (a slice), X (b, d) and the names of its features or None, and
        returns the new X, with the same shape and dtype.
    leave_out : sequence of str
        Names of arrays or columns that are not features; these do not change.

    Notes
    -----
    From .csv to .csv the text of the columns in ``leave_out`` does not change (``007`` stays
    ``007``). If columns become a matrix, a .npz holds their names in a 1-D array
    ``feature_names``; .npy and .safetensors do not hold them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "people.csv"
    ...     _ = path.write_text("age,works\n31,yes\n47,no\n")
    ...     n = rewrite(path, path, lambda rows, X, names: 0 * X, leave_out=["works"])
    ...     print(n, path.read_text().strip())
    2 "age","works"
    0,"yes"
    0,"no"
    """
    target = Path(path_out)
    source = rows_of(path_in, verbatim=leave_out if suffix_of(target) == ".csv" else ())
    where = located(source, leave_out, str(path_in))
    if suffix_of(target) in ARRAY_SUFFIXES:
        save_arrays(target, _arrays(source, where, change, target))
    else:
        schema, tables = _tables(source, where, change, target)
        save_table(target, schema, tables)
    return where.n


def write_like(
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    X_new: np.ndarray,
    *,
    leave_out: Sequence[str] = (),
) -> None:
    """Write the content of ``path_in`` with ``X_new`` (n, d) in place of its representation."""
    where = located(rows_of(path_in), leave_out, str(path_in))
    if X_new.shape != (where.n, where.d):
        complain(
            f"the new representation must have the shape {(where.n, where.d)} of the one in "
            f"{str(path_in)!r}",
            f"it has shape {X_new.shape}",
        )
    rewrite(path_in, path_out, lambda rows, X, names: X_new[rows], leave_out=leave_out)


def _changed(where: Located, change: Change) -> Iterator[np.ndarray]:
    """Yield the new representation, block by block."""
    for X, _ in _pieces(where, change, ()):
        yield X


def _pieces(
    where: Located, change: Change, others: Sequence[str]
) -> Iterator[tuple[np.ndarray, Any]]:
    start = 0
    for content, piece in where.pieces(others):
        rows = slice(start, start + len(piece.X))
        yield change(rows, piece.X, where.feature_names), content
        start = rows.stop


def _arrays(source: RowSource, where: Located, change: Change, target: Path) -> dict[str, RowArray]:
    """Return the arrays to write."""
    X = RowArray((where.n, where.d), where.dtype, lambda _: _changed(where, change))
    if isinstance(source, dict):
        return {**source, where.used[0]: X}
    others = [name for name in source.schema.names if name not in where.used]
    columns = source.columns(others)  # these are narrow, and text needs its longest value
    rest = {name: RowArray.of(array(columns, name)) for name in others}
    if where.feature_names is None:
        return {where.used[0]: X, **rest}
    _refuse_clash(["X"], rest, target)
    is_named = target.suffix.lower() == ".npz"
    names = {NAMES: RowArray.of(np.array(where.feature_names))} if is_named else {}
    return {"X": X, **rest, **names}


def _tables(
    source: RowSource, where: Located, change: Change, target: Path
) -> tuple[pa.Schema, Iterator[pa.Table]]:
    """Return the schema of the columns to write, and tables of their rows."""
    names, key = where.feature_names, where.used[0]
    if names is None and target.suffix.lower() == ".csv":
        names = tuple(f"{key}{j}" for j in range(where.d))
    new = [key] if names is None else list(names)
    others = _other_columns(source, where, target)
    _refuse_clash(new, others, target)
    order, notes = [*new, *others], None
    if isinstance(source, RowTable):
        order = source.schema.names if {*order} == {*source.schema.names} else order
        # Only the pandas metadata on the index are still valid; others may hold types of old
        # columns.
        notes = {k: v for k, v in (source.schema.metadata or {}).items() if k == b"pandas"}

    def table(X: np.ndarray, content: Any) -> pa.Table:
        columns: dict[str, Any] = dict(zip(new, X.T if names else [_lists(X)], strict=True))
        for name in others:
            if isinstance(source, RowTable):
                columns[name] = content.column(name)
            else:
                a = content[name]
                columns[name] = _lists(a) if a.ndim == 2 else pa.array(a)
        return pa.table({name: columns[name] for name in order}).replace_schema_metadata(notes)

    tables = (table(*piece) for piece in _pieces(where, change, others))
    first = next(tables)
    return first.schema, _with(first, tables)


def _with(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _other_columns(source: RowSource, where: Located, target: Path) -> list[str]:
    """Return the names of columns, or of arrays that can become columns."""
    if isinstance(source, RowTable):
        return [name for name in source.schema.names if name not in where.used]
    arrays = {name: a for name, a in source.items() if name not in (*where.used, NAMES)}
    other = [
        name for name, a in arrays.items() if len(a.shape) not in (1, 2) or a.shape[0] != where.n
    ]
    if other:
        complain(
            f"every array in {target.name!r} needs {where.n} rows",
            f"{', '.join(map(repr, other[:5]))} has another shape",
            "write .npz instead",
        )
    return list(arrays)


def as_columns(arrays: Arrays) -> pa.Table:
    """Return arrays (n,) and (n, k) as columns; a matrix becomes a column of lists."""
    return pa.table({name: _lists(a) if a.ndim == 2 else pa.array(a) for name, a in arrays.items()})


def _lists(a: np.ndarray) -> pa.Array[Any]:
    return cast(Any, pa.FixedSizeListArray).from_arrays(pa.array(a.ravel()), a.shape[1])


def _refuse_clash(new: Iterable[str], rest: Iterable[str], target: Path) -> None:
    clash = sorted(set(new) & set(rest))
    if clash:
        complain(
            f"the name of the new representation in {target.name!r} is {clash[0]!r}",
            "another column has that name",
            "rename that column",
        )
