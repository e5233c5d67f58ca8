"""Rewriting: a file again with a new representation, and all else as it was."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from nullprobe._core.validation import complain
from nullprobe.data.columns import Representation, array, representation
from nullprobe.data.formats import (
    ARRAY_SUFFIXES,
    NAMES,
    Arrays,
    load,
    suffix_of,
)
from nullprobe.data.writing import save


def write_like(
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    X_new: np.ndarray,
    *,
    leave_out: Sequence[str] = (),
) -> None:
    r"""Write the content of ``path_in`` with ``X_new`` in place of its representation.

    Parameters
    ----------
    path_in : str or path
        File or folder with the original representation.
    path_out : str or path
        The file to write, completely or not at all; its suffix decides the format. It may be
        ``path_in``.
    X_new : ndarray of shape (n, d)
        The new representation, rows and columns in the order of :func:`read_matrix`.
    leave_out : sequence of str
        The same names as in :func:`read_matrix`; these columns do not change.

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
    ...     write_like(path, path, np.zeros((2, 1)), leave_out=["works"])
    ...     print(path.read_text().strip())
    "age","works"
    0,"yes"
    0,"no"
    """
    target = Path(path_out)
    content = load(path_in, verbatim=leave_out if suffix_of(target) == ".csv" else ())
    located = representation(content, leave_out, str(path_in))
    if located.X.shape != X_new.shape:
        complain(
            f"the new representation must have the shape {located.X.shape} of the one in "
            f"{str(path_in)!r}",
            f"it has shape {X_new.shape}",
        )
    new = _new_arrays if suffix_of(target) in ARRAY_SUFFIXES else _new_columns
    save(target, new(content, X_new, located, target))


def _new_arrays(
    content: Arrays | pa.Table, X: np.ndarray, located: Representation, target: Path
) -> Arrays:
    used = located.used
    if isinstance(content, dict):
        return {**content, used[0]: X}
    rest = {name: array(content, name) for name in content.column_names if name not in used}
    if located.feature_names is None:
        return {used[0]: X, **rest}
    _refuse_clash(["X"], rest, target)
    names = {NAMES: np.array(located.feature_names)} if target.suffix.lower() == ".npz" else {}
    return {"X": X, **rest, **names}


def _new_columns(
    content: Arrays | pa.Table, X: np.ndarray, located: Representation, target: Path
) -> pa.Table:
    names, key = located.feature_names, located.used[0]
    if names is None and target.suffix.lower() == ".csv":
        names = tuple(f"{key}{j}" for j in range(X.shape[1]))
    new: dict[str, Any] = {key: _lists(X)} if names is None else dict(zip(names, X.T, strict=True))
    rest = _other_columns(content, located, target)
    _refuse_clash(new, rest, target)
    columns: dict[str, Any] = {**new, **rest}
    if isinstance(content, dict):
        return pa.table(columns)
    same = set(columns) == set(content.column_names)
    table = pa.table({name: columns[name] for name in (content.column_names if same else columns)})
    # Only the pandas metadata on the index are still valid; others may hold types of old columns.
    notes = content.schema.metadata or {}
    return table.replace_schema_metadata({k: v for k, v in notes.items() if k == b"pandas"})


def _other_columns(
    content: Arrays | pa.Table, located: Representation, target: Path
) -> dict[str, pa.Array[Any] | pa.ChunkedArray[Any]]:
    if not isinstance(content, dict):
        rest = [name for name in content.column_names if name not in located.used]
        return {name: content.column(name) for name in rest}
    arrays = {name: a for name, a in content.items() if name not in (*located.used, NAMES)}
    n = len(located.X)
    other = [name for name, a in arrays.items() if a.ndim not in (1, 2) or len(a) != n]
    if other:
        complain(
            f"every array in {target.name!r} needs {n} rows",
            f"{', '.join(map(repr, other[:5]))} has another shape",
            "write .npz instead",
        )
    return {name: _lists(a) if a.ndim == 2 else pa.array(a) for name, a in arrays.items()}


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
