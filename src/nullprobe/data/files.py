"""Reading representations and concepts from files, and writing erased ones back.

`formats` reads the content of a file, `columns` finds the representation, `writing` saves.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.data.columns import Representation, array, labels, representation
from nullprobe.data.formats import (
    ARRAY_SUFFIXES,
    NAMES,
    Arrays,
    load,
    load_arrays,
    names,
    suffix_of,
)
from nullprobe.data.writing import save


@dataclass(frozen=True, eq=False)
class Table:
    """Representation and concept from a file.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Representation, float32 or float64.
    y : ndarray of shape (n,) or (n, k), or Concept
        Values in the file (integers, booleans, text or floats), or a concept made of them.
    groups : ndarray of shape (n,), or None
        Group of each row.
    feature_names : tuple of d str, or None
        Names of the columns of ``X``, if the file has them.
    source : str
        Path of the file.
    others : dict of str to ndarray of shape (n,) or (n, k)
        Other requested labels or numbers, by name.
    """

    X: np.ndarray
    y: Any
    groups: np.ndarray | None
    feature_names: tuple[str, ...] | None
    source: str
    others: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


def read(
    path: str | os.PathLike[str],
    *,
    concept: str,
    groups: str | None = None,
    leave_out: Sequence[str] = (),
    others: Sequence[str] = (),
) -> Table:
    r"""Read a representation and a concept from one file or a folder of shards.

    Parameters
    ----------
    path : str or path
        A .npz, .npy, .safetensors, .parquet, .csv or .jsonl, or a folder of files of one of these
        formats. The concept of ``X.npy`` is read from ``concept.npy`` in the same folder.
    concept : str
        Name of the array or column of the concept: 1-D, or a 2-D array.
    groups : str, optional
        Name of the array or column that holds the group of each row.
    leave_out : sequence of str
        Names of arrays or columns that are not features, such as a text or an identifier. They
        are not read.
    others : sequence of str
        Names of other labels or numbers, which are not features, either.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file cannot be read, a name is unknown, or a value is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "people.csv"
    ...     _ = path.write_text("age,height,works\n31,1.8,yes\n47,1.7,no\n")
    ...     table = read(path, concept="works")
    >>> table.X.shape, table.y.tolist(), table.feature_names
    ((2, 2), ['yes', 'no'], ('age', 'height'))
    """
    named = _named(concept, groups, others)
    content = _content(path, named, leave_out)
    located = representation(content, named, str(path))
    return _table(content, located, named, groups, str(path))


def read_layers(
    path: str | os.PathLike[str],
    layers: Sequence[str],
    *,
    concept: str,
    groups: str | None = None,
    others: Sequence[str] = (),
) -> dict[str, Table]:
    """Read several representations of the same rows, and one concept; each array is read once.

    Parameters
    ----------
    path, concept, groups, others
        As for :func:`read`.
    layers : sequence of str
        Names of the arrays or columns that hold one representation each.

    Returns
    -------
    dict of str to Table
        All with the same concept and groups.
    """
    named = _named(concept, groups, others)
    content = _content(path, named, [n for n in names(path) if n not in (*named, *layers)])
    if isinstance(content, dict):
        each = {name: {name: content[name]} for name in layers}
    else:
        each = {name: content.select([name]) for name in layers}
    source = str(path)
    located = {name: representation(one, [], source) for name, one in each.items()}
    first = _table(content, located[layers[0]], named, groups, source)
    return {
        name: replace(first, X=one.X, feature_names=one.feature_names)
        for name, one in located.items()
    }


def read_labels(
    path: str | os.PathLike[str], wanted: Sequence[str], n: int
) -> dict[str, np.ndarray]:
    """Read only labels or numbers of n rows, by name."""
    for name in wanted:
        known("column", name, names(path))
    content = load(path, only=wanted) if wanted else {}
    return {name: labels(content, name, n, str(path), times=True) for name in wanted}


def _content(
    path: str | os.PathLike[str], named: Sequence[str], leave_out: Sequence[str]
) -> Arrays | pa.Table:
    """Return the named arrays or columns of a file, and all others that are not left out."""
    path = Path(path)
    if path.suffix.lower() == ".npy" and path.is_file():
        content = {**load_arrays(path), **{name: _sibling(path, name) for name in named}}
        for name in leave_out:
            known("column", name, list(content))
        return content
    every = names(path)
    for name in (*named, *leave_out):
        known("column", name, every)
    return load(path, only=[name for name in every if name in named or name not in leave_out])


def _named(concept: str, groups: str | None, others: Sequence[str]) -> list[str]:
    if concept == groups:
        complain(
            "concept and groups must be two columns",
            f"both are {concept!r}",
        )
    return [concept, *([groups] if groups else []), *others]


def _table(
    content: Arrays | pa.Table,
    located: Representation,
    named: Sequence[str],
    groups: str | None,
    source: str,
) -> Table:
    """Join a representation with the named columns: the concept, the groups, other labels."""
    n, (concept, *others) = len(located.X), named
    rest = [name for name in others if name != groups]
    return Table(
        X=located.X,
        y=labels(content, concept, n, source, wide=True),
        groups=None if groups is None else labels(content, groups, n, source),
        feature_names=located.feature_names,
        source=source,
        others={name: labels(content, name, n, source, wide=True, times=True) for name in rest},
    )


def read_matrix(
    path: str | os.PathLike[str], *, leave_out: Sequence[str] = ()
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read a representation without a concept, to apply an eraser to it.

    Parameters
    ----------
    path : str or path
        As for :func:`read`.
    leave_out : sequence of str
        Names of arrays or columns that are not features, including the concept.

    Returns
    -------
    X : ndarray of shape (n, d)
        Representation, float32 or float64.
    feature_names : tuple of d str, or None
        Names of the columns of ``X``, if the file has them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "X.npy"
    ...     np.save(path, np.eye(3, dtype=np.float32))
    ...     X, names = read_matrix(path)
    >>> X.shape, X.dtype.name, names
    ((3, 3), 'float32', None)
    """
    located = representation(_content(path, [], leave_out), [], str(path))
    return located.X, located.feature_names


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


def _sibling(path: Path, name: str) -> np.ndarray:
    sibling = path.with_name(f"{name}.npy")
    if name == "X" or sibling == path or not sibling.is_file():
        complain(
            f"{path.name!r} holds one matrix, so {name!r} must be in {sibling.name!r} in the same "
            "folder, with another name than X",
            "there is no such file",
            "save both arrays in one .npz",
        )
    return load_arrays(sibling)["X"]


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
