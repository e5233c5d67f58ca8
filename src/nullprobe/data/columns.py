"""The representation and the concept in the content of a file.

The rules are the same for reading and for writing back. Among arrays the representation is
the array named ``X``, or else the only one with another usual name (`USUAL`), or else the only 2-D
array of floats. Among columns it is the list column of such a name, or else the only list column of
floats, or else all columns without another role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain, is_sparse
from nullprobe.data.formats import NAMES, Arrays
from nullprobe.data.text_columns import need_numbers, refuse_lists_as_text
from nullprobe.data.usual_names import ROW_NUMBERS, USUAL

_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


@dataclass(frozen=True, eq=False)
class Representation:
    """A representation and its place in the file.

    Attributes
    ----------
    X : ndarray or csr_array of shape (n, d)
        float32 or float64, all finite; it may be read-only, a view of the content.
    feature_names : tuple of d str, or None
        Names of the columns of ``X``, if the file has them.
    used : tuple of str
        Name of the array, or names of the columns, that ``X`` consists of.
    """

    X: np.ndarray
    feature_names: tuple[str, ...] | None
    used: tuple[str, ...]


def representation(
    content: Arrays | pa.Table, named: Sequence[str], source: str, *, first: int = 0
) -> Representation:
    """Find the representation in the content of a file.

    Parameters
    ----------
    content : dict of ndarray, or pyarrow.Table
        Content of the file, or rows of it.
    named : sequence of str
        Arrays or columns with another role: the concept, groups, columns to leave out.
    source : str
        The path, for messages.
    first : int
        Position of the first row in the file, for messages.

    Examples
    --------
    >>> found = representation({"emb": np.eye(3), "y": np.arange(3)}, ["y"], "a.npz")
    >>> found.X.shape, found.used
    ((3, 3), ('emb',))
    """
    located, names, used = locate(content, named, source, first=first)
    if is_sparse(located):
        return Representation(located, names, used)  # the reader has checked it
    X = floats(located)
    _finite(X, names or used, source, first)
    return Representation(X, names, used)


def locate(
    content: Arrays | pa.Table, named: Sequence[str], source: str, *, first: int = 0
) -> tuple[np.ndarray, tuple[str, ...] | None, tuple[str, ...]]:
    """Return X as the file holds it, the names of its features, and what it consists of."""
    available = list(content) if isinstance(content, dict) else content.column_names
    for name in named:
        known("column", name, available)
    rest = [name for name in available if name not in named and name != NAMES]
    if isinstance(content, dict):
        located, names, used = _from_arrays(content, rest, source)
    else:
        located, names, used = _from_columns(content, rest, source, first)
    if 0 in located.shape:
        complain(
            f"{source!r} needs at least one row and one feature",
            f"its representation has shape {located.shape}",
            "check the program that wrote the file",
        )
    return located, names, used


def labels(
    content: Arrays | pa.Table,
    name: str,
    n: int,
    source: str,
    *,
    wide: bool = False,
    times: bool = False,
) -> np.ndarray:
    """Return the labels or numbers (n,) of that name; with ``wide`` also columns (n, k).

    Dates and times raise an error; with ``times`` they become text (2024-02-29).
    """
    y = array(content, name)
    if times and y.dtype.kind == "M":
        y = y.astype(str)
    if y.ndim != 1 and not (wide and y.ndim == 2):
        complain(
            f"{name!r} in {source!r} must be 1-D{', or 2-D' if wide else ''}",
            f"it has shape {y.shape}",
        )
    if y.dtype.kind not in "biufU":
        complain(
            f"{name!r} in {source!r} must hold numbers, truth values or text",
            f"its dtype is {y.dtype}",
        )
    if len(y) != n:
        complain(
            f"{name!r} in {source!r} must have one value for each of {n} rows",
            f"it has {len(y)}",
            "write all arrays for the same rows",
        )
    if y.dtype.kind == "U" and (y == "").any():
        row = int(np.flatnonzero(y.reshape(n, -1) == "")[0]) // max(1, y.size // n)
        complain(
            f"{name!r} in {source!r} needs a value in every row",
            f"row {row} (counted from 0) is empty text",
            "fill these values, or drop these rows with --missing drop",
        )
    if y.dtype.kind == "f":
        y = floats(y)
        _finite(y.reshape(n, -1), (name,), source)
    return y


def array(content: Arrays | pa.Table, name: str, *, first: int = 0) -> np.ndarray:
    """Return one array, or one column as an array; nulls raise an error."""
    if isinstance(content, dict):
        values = content[name]
        return np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
    column = _full(content, name, first)
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        if pa.types.is_string_view(kind):  # pyarrow cannot cast a dictionary of these
            return np.array(column.to_pylist(), dtype=str)
        column = column.cast(kind)
    if _is_list(kind):
        return _matrix(column, name, first)
    if any(test(kind) for test in _TEXT):
        return np.array(column.to_pylist(), dtype=str)
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    return column.to_numpy()


def values(content: Arrays | pa.Table, name: str) -> list[Any]:
    """Return the values of one array or column as Python objects: text, lists, mappings."""
    if isinstance(content, dict):
        return content[name].tolist()
    return _full(content, name).to_pylist()


def _full(table: pa.Table, name: str, first: int = 0) -> pa.ChunkedArray[Any]:
    """Return a column with a value in every row."""
    column = table.column(name)
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + first
        others = column.null_count - 1
        complain(
            f"{name!r} needs a value in every row",
            f"row {row} (counted from 0) is empty{f', and {others} more' if others else ''}",
            "fill these values or drop these rows",
        )
    return column


Located = tuple[np.ndarray, tuple[str, ...] | None, tuple[str, ...]]


def _from_arrays(content: Arrays, rest: list[str], source: str) -> Located:
    floats = [name for name in rest if content[name].dtype.kind == "f"]
    matrices = [name for name in floats if content[name].ndim == 2]
    tokens = [name for name in floats if content[name].ndim == 3]
    usual = ["X"] if "X" in rest else [name for name in USUAL if name in matrices + tokens]
    if not matrices and not usual:
        usual = tokens[:1]
    key = _only_one(usual, matrices, "2-D array of floats", source)
    X = content[key]
    if X.ndim == 3 and X.dtype.kind == "f":
        complain(
            f"{key!r} in {source!r} must be 2-D, rows by features",
            f"it has shape {X.shape}, such as [rows, positions, features]",
            "choose the tokens of each row with --tokens last, mean or first",
        )
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        complain(
            f"{key!r} in {source!r} must be 2-D numbers, rows by features",
            f"it has shape {X.shape} and dtype {X.dtype}",
            "pass one row of numbers for each example, for instance the state at one token",
        )
    names = content.get(NAMES)
    if names is None or names.shape != X.shape[1:] or names.dtype.kind != "U":
        return X, None, (key,)
    return X, tuple(names.tolist()), (key,)


def _from_columns(table: pa.Table, rest: list[str], source: str, first: int) -> Located:
    kinds = {name: _kind(table, name) for name in rest}
    lists = [n for n in rest if _is_list(kinds[n]) and pa.types.is_floating(kinds[n].value_type)]
    tokens = [n for n in rest if _is_list(kinds[n]) and _is_list(kinds[n].value_type)]
    if tokens and not lists:
        complain(
            f"{tokens[0]!r} in {source!r} must hold one list of numbers in each row",
            "it holds a list of lists, such as the states of several tokens",
            "choose the tokens of each row with --tokens last, mean or first",
        )
    if lists:
        usual = ["X"] if "X" in lists else [name for name in USUAL if name in lists]
        key = _only_one(usual, lists, "list column of floats", source)
        return array(table, key, first=first), None, (key,)
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    other = [name for name in rest if not any(test(kinds[name]) for test in numeric)]
    if other and table.num_rows:  # the columns of a .csv without rows have no type
        need_numbers(table, other, source)
        refuse_lists_as_text(table, other, source)
        listed = ", ".join(f"{name!r} ({kinds[name]})" for name in other[:5])
        complain(
            f"every feature in {source!r} must be numeric",
            f"{len(other)} of {len(rest)} columns are not: "
            f"{listed}{', ...' if len(other) > 5 else ''}",
            "drop these columns, name them as concept or groups, or leave them out",
        )
    numbers = [name for name in rest if name in ROW_NUMBERS]
    if numbers:
        complain(
            f"features in {source!r} must be measurements",
            f"column {numbers[0]!r} looks like the row numbers that pandas writes",
            "drop it, or leave it out",
        )
    single = all(kinds[name] in (pa.float32(), pa.float16()) for name in rest)
    X = np.empty((table.num_rows, len(rest)), dtype=np.float32 if single else np.float64)
    for j, name in enumerate(rest):
        # Nulls become NaN here and are reported with their row by _finite.
        X[:, j] = table.column(name).cast(pa.float64(), safe=False).to_numpy()
    return X, tuple(rest), tuple(rest)


def _only_one(usual: list[str], names: list[str], what: str, source: str) -> str:
    """Return the one usual name, or else the one name; complain and list them if there are more."""
    chosen = usual or names
    if len(chosen) != 1:
        complain(
            f"{source!r} must hold its representation under the name 'X' or as the only {what}",
            f"it holds {', '.join(map(repr, chosen[:10])) or 'no such array'}",
            "rename one to 'X', or leave the others out",
        )
    return chosen[0]


def _kind(table: pa.Table, name: str) -> Any:
    """Return the type of a column; which fields a type has is unknown before it is tested."""
    return table.column(name).type


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _matrix(column: pa.ChunkedArray[Any], name: str, first: int = 0) -> np.ndarray:
    lengths = pc.list_value_length(column).to_numpy()
    other = np.flatnonzero(lengths != lengths[:1])
    if len(other):
        complain(
            f"the lists in {name!r} must have equal lengths",
            f"row {first} has {lengths[0]} values and row {first + other[0]} has "
            f"{lengths[other[0]]}",
            "truncate or pool them to one length",
        )
    width = int(lengths[0]) if len(lengths) else 0
    chunks = cast("list[Any]", column.chunks)  # arrays of lists
    flat: list[np.ndarray] = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunks]
    # A single chunk, the usual case, stays a view of the content.
    values = flat[0] if len(flat) == 1 else np.concatenate([*flat, np.empty(0, np.float32)])
    return values.reshape(-1, width) if width else np.empty((len(lengths), 0))


def floats(a: np.ndarray) -> np.ndarray:
    """Return numbers as float32 if they are float32 or narrower floats, else as float64."""
    narrow = a.dtype == np.float16 or a.dtype == np.float32
    return a.astype(np.float32 if narrow else np.float64, copy=False)


def _finite(X: np.ndarray, names: Sequence[str], source: str, first: int = 0) -> None:
    # A sum of squares is finite only if all values are; this takes a fraction of the time.
    flat = X.reshape(-1) if X.flags.c_contiguous else X[:0].reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        if flat.size == X.size and np.isfinite(flat @ flat):
            return
    step = max(1, (1 << 24) // X.shape[1])
    for start in range(0, len(X), step):
        bad = np.argwhere(~np.isfinite(X[start : start + step]))
        if len(bad):
            row, column = int(bad[0, 0]) + start, int(bad[0, 1])
            where = repr(names[column]) if len(names) == X.shape[1] else f"{column} of {names[0]!r}"
            complain(
                f"every number in {source!r} must be finite",
                f"row {row + first}, column {where} is missing or {X[row, column]} (counted from "
                "0)",
                "fill these values or drop these rows",
            )
