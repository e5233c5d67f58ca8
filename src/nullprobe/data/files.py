"""Files to arrays, and erased arrays back to files: by `formats`, `columns` and `writing`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.data.columns import Representation, array, labels, representation
from nullprobe.data.formats import ARRAY_SUFFIXES, NAMES, Arrays, load, names, suffix_of
from nullprobe.data.writing import save


@dataclass(frozen=True, eq=False)
class Table:
    """What was read from a file.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Representation, float32 or float64.
    y : ndarray of shape (n,) or (n, k), or Concept
        What the file holds (integers, bools, text or floats), or what that was read as.
    groups : ndarray of shape (n,), or None
        Rows with the same value belong together.
    feature_names : tuple of d str, or None
        Names of the columns of ``X``, where the file has them.
    source : str
        The path that was read.
    others : dict of str to ndarray of shape (n,) or (n, k)
        Other labels or numbers that were asked for, by name.
    """

    X: np.ndarray
    y: Any
    groups: np.ndarray | None
    feature_names: tuple[str, ...] | None
    source: str
    others: Mapping[str, np.ndarray] = field(default_factory=dict)


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
        formats. The concept of ``X.npy`` is looked for in a file beside it: ``concept.npy``.
    concept : str
        Name of the array or column to find or remove: 1-D, or a 2-D array.
    groups : str, optional
        Name of the array or column that says which rows belong together.
    leave_out : sequence of str
        Names of arrays or columns that are no features, such as a text or an identifier. They
        are not read.
    others : sequence of str
        Names of other labels or numbers, which are no features, either.

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
    found = representation(content, named, str(path))
    return _table(content, found, named, groups, str(path))


def read_layers(
    path: str | os.PathLike[str],
    layers: Sequence[str],
    *,
    concept: str,
    groups: str | None = None,
    others: Sequence[str] = (),
) -> dict[str, Table]:
    """Read several representations of the same rows, each array once, and one concept.

    Parameters
    ----------
    path, concept, groups, others
        As for :func:`read`.
    layers : sequence of str
        Names of the arrays or columns, each a representation.

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
    found = {name: representation(one, [], source) for name, one in each.items()}
    first = _table(content, found[layers[0]], named, groups, source)
    return {
        name: replace(first, X=one.X, feature_names=one.feature_names)
        for name, one in found.items()
    }


def read_labels(
    path: str | os.PathLike[str], wanted: Sequence[str], n: int
) -> dict[str, np.ndarray]:
    """Read labels or numbers of n rows alone, by name."""
    for name in wanted:
        known("column", name, names(path))
    content = load(path, only=wanted) if wanted else {}
    return {name: labels(content, name, n, str(path), times=True) for name in wanted}


def _content(
    path: str | os.PathLike[str], named: Sequence[str], leave_out: Sequence[str]
) -> Arrays | pa.Table:
    """Return what a file holds of what is named, and of the rest that is not left out."""
    path = Path(path)
    if path.suffix.lower() == ".npy" and path.is_file():
        there = {**load(path), **{name: _beside(path, name) for name in named}}
        for name in leave_out:
            known("column", name, list(there))
        return there
    there = names(path)
    for name in (*named, *leave_out):
        known("column", name, there)
    return load(path, only=[name for name in there if name in named or name not in leave_out])


def _named(concept: str, groups: str | None, others: Sequence[str]) -> list[str]:
    if concept == groups:
        complain(
            "concept and groups must be two columns",
            f"both are {concept!r}",
            "name another column, or pass no groups",
        )
    return [concept, *([groups] if groups else []), *others]


def _table(
    content: Arrays | pa.Table,
    found: Representation,
    named: Sequence[str],
    groups: str | None,
    source: str,
) -> Table:
    """Put a representation together with what is named: the concept, the groups, others."""
    n, (concept, *others) = len(found.X), named
    rest = [name for name in others if name != groups]
    return Table(
        X=found.X,
        y=labels(content, concept, n, source, wide=True),
        groups=None if groups is None else labels(content, groups, n, source),
        feature_names=found.feature_names,
        source=source,
        others={name: labels(content, name, n, source, wide=True, times=True) for name in rest},
    )


def read_matrix(
    path: str | os.PathLike[str], *, leave_out: Sequence[str] = ()
) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read a representation alone, to apply an eraser to it.

    Parameters
    ----------
    path : str or path
        As for :func:`read`.
    leave_out : sequence of str
        Names of arrays or columns that are no features, the concept among them.

    Returns
    -------
    X : ndarray of shape (n, d)
        Representation, float32 or float64.
    feature_names : tuple of d str, or None
        Names of the columns of ``X``, where the file has them.

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
    found = representation(_content(path, [], leave_out), [], str(path))
    return found.X, found.feature_names


def write_like(
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    X_new: np.ndarray,
    *,
    leave_out: Sequence[str] = (),
) -> None:
    r"""Write what ``path_in`` holds with ``X_new`` in the place of its representation.

    Parameters
    ----------
    path_in : str or path
        The file or folder that the representation was read from.
    path_out : str or path
        The file to write, whole or not at all; its suffix says the format. It may be
        ``path_in``.
    X_new : ndarray of shape (n, d)
        The new representation, rows and columns in the order of :func:`read_matrix`.
    leave_out : sequence of str
        The same names as in :func:`read_matrix`; these columns are kept as they are.

    Notes
    -----
    From .csv to .csv the columns of ``leave_out`` stay the text that they were (``007`` stays
    ``007``). Columns that become a matrix leave their names in a 1-D array ``feature_names``
    of a .npz; .npy and .safetensors do not hold them.

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
    found = representation(content, leave_out, str(path_in))
    if found.X.shape != X_new.shape:
        complain(
            f"the new representation must have the shape {found.X.shape} of the one in "
            f"{str(path_in)!r}",
            f"it has shape {X_new.shape}",
            "pass one row for each row and one column for each feature of the file",
        )
    new = _new_arrays if suffix_of(target) in ARRAY_SUFFIXES else _new_columns
    save(target, new(content, X_new, found, target))


def _beside(path: Path, name: str) -> np.ndarray:
    sibling = path.with_name(f"{name}.npy")
    if name == "X" or sibling == path or not sibling.is_file():
        complain(
            f"{path.name!r} holds one matrix, so that {name!r} must stand beside it "
            f"as {sibling.name!r}, under another name than X",
            "it does not",
            "save it there, or save both in one .npz",
        )
    return load(sibling)["X"]


def _new_arrays(
    content: Arrays | pa.Table, X: np.ndarray, found: Representation, target: Path
) -> Arrays:
    if isinstance(content, dict):
        return {**content, found.used[0]: X}
    kept = {name: array(content, name) for name in content.column_names if name not in found.used}
    if found.feature_names is None:
        return {found.used[0]: X, **kept}
    _refuse_clash(["X"], kept, target)
    names = {NAMES: np.array(found.feature_names)} if target.suffix.lower() == ".npz" else {}
    return {"X": X, **kept, **names}


def _new_columns(
    content: Arrays | pa.Table, X: np.ndarray, found: Representation, target: Path
) -> pa.Table:
    names, key = found.feature_names, found.used[0]
    if names is None and target.suffix.lower() == ".csv":
        names = tuple(f"{key}{j}" for j in range(X.shape[1]))
    new = {key: _lists(X)} if names is None else dict(zip(names, X.T, strict=True))
    kept = _kept_columns(content, found, target)
    _refuse_clash(new, kept, target)
    columns = {**new, **kept}
    if isinstance(content, dict):
        return pa.table(columns)
    same = set(columns) == set(content.column_names)
    table = pa.table({name: columns[name] for name in (content.column_names if same else columns)})
    # Only pandas' note on the index still holds; others may state the types of old columns.
    notes = content.schema.metadata or {}
    return table.replace_schema_metadata({k: v for k, v in notes.items() if k == b"pandas"})


def _kept_columns(
    content: Arrays | pa.Table, found: Representation, target: Path
) -> dict[str, pa.Array | pa.ChunkedArray]:
    if not isinstance(content, dict):
        rest = [name for name in content.column_names if name not in found.used]
        return {name: content.column(name) for name in rest}
    arrays = {name: a for name, a in content.items() if name not in (*found.used, NAMES)}
    odd = [name for name, a in arrays.items() if a.ndim not in (1, 2) or len(a) != len(found.X)]
    if odd:
        complain(
            f"every array that goes into {target.name!r} needs {len(found.X)} rows",
            f"{', '.join(map(repr, odd[:5]))} has another shape",
            "write .npz instead",
        )
    return {name: _lists(a) if a.ndim == 2 else pa.array(a) for name, a in arrays.items()}


def _lists(a: np.ndarray) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(a.ravel()), a.shape[1])


def _refuse_clash(new: Iterable[str], kept: Iterable[str], target: Path) -> None:
    clash = sorted(set(new) & set(kept))
    if clash:
        complain(
            f"the new representation goes into {target.name!r} as {clash[0]!r}",
            "another column has that name",
            "rename that column",
        )
