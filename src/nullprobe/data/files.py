"""Reading representations and concepts from files.

`formats` reads the content of a file, `columns` finds the representation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.parameters import choice, known
from nullprobe.data.columns import Representation, labels, representation
from nullprobe.data.formats import (
    Arrays,
    holds_one_array,
    load,
    load_arrays,
    names,
)
from nullprobe.data.label_files import columns_elsewhere, joined, label_names
from nullprobe.data.missing import MISSING, without_missing
from nullprobe.data.row_streams import named_columns


@dataclass(frozen=True, eq=False)
class Table:
    """Representation and concept from a file.

    Attributes
    ----------
    X : ndarray or csr_array of shape (n, d)
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
    dropped : int
        Number of rows with missing values, which are not in ``X``.
    sample : dict of str to int
        If the rows were drawn from more: the number asked for, drawn, and in the file; the seed.
    """

    X: np.ndarray
    y: Any
    groups: np.ndarray | None
    feature_names: tuple[str, ...] | None
    source: str
    others: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    dropped: int = 0
    sample: Mapping[str, int] = field(default_factory=dict[str, int])


def read(  # noqa: PLR0913  what each column is
    path: str | os.PathLike[str],
    *,
    concept: str,
    groups: str | None = None,
    leave_out: Sequence[str] = (),
    others: Sequence[str] = (),
    missing: str = "error",
    label_file: Path | None = None,
) -> Table:
    r"""Read a representation and a concept from one file or a folder of shards.

    Parameters
    ----------
    path : str or path
        A file of a kind in ``readers.READERS``, a folder or a pattern of such files, a remote
        address, or "-". The concept of ``X.npy`` is read from ``concept.npy`` in the same folder,
        and the concept of a .pt with one tensor from ``concept.pt``.
    concept : str
        Name of the array or column of the concept: 1-D, or a 2-D array.
    groups : str, optional
        Name of the array or column that holds the group of each row.
    leave_out : sequence of str
        Names of arrays or columns that are not features, such as a text or an identifier. They
        are not read.
    others : sequence of str
        Names of other labels or numbers, which are not features, either.
    missing : {"error", "drop"}
        Treatment of rows with a value that is missing, NaN or infinite: they raise an error, or
        they are dropped with a warning.
    label_file : Path, optional
        Another file of as many rows, in the same order, with columns that are not features.

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
    named = named_columns(concept, groups, others)
    content, dropped = _complete(_content(path, named, leave_out, label_file), path, missing)
    located = representation(content, named, str(path))
    return replace(_table(content, located, named, groups, str(path)), dropped=dropped)


def read_layers(  # noqa: PLR0913  what each column is
    path: str | os.PathLike[str],
    layers: Sequence[str],
    *,
    concept: str,
    groups: str | None = None,
    others: Sequence[str] = (),
    missing: str = "error",
    label_file: Path | None = None,
) -> dict[str, Table]:
    """Read several representations of the same rows, and one concept; each array is read once.

    Parameters
    ----------
    path, concept, groups, others, missing, label_file
        As for :func:`read`.
    layers : sequence of str
        Names of the arrays or columns that hold one representation each.

    Returns
    -------
    dict of str to Table
        All with the same concept and groups.
    """
    named = named_columns(concept, groups, others)
    left_out = [n for n in names(path) if n not in (*named, *layers)]
    content = _content(path, named, left_out, label_file)
    content, dropped = _complete(content, path, missing)
    if isinstance(content, dict):
        each = {name: {name: content[name]} for name in layers}
    else:
        each = {name: content.select([name]) for name in layers}
    source = str(path)
    located = {name: representation(one, [], source) for name, one in each.items()}
    first = _table(content, located[layers[0]], named, groups, source)
    first = replace(first, dropped=dropped)
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
    path: str | os.PathLike[str],
    named: Sequence[str],
    leave_out: Sequence[str],
    label_file: Path | None = None,
) -> Arrays | pa.Table:
    """Return the named arrays or columns of a file, and all others that are not left out."""
    elsewhere = columns_elsewhere(path, named, label_file)
    if holds_one_array(path):
        content = {**load_arrays(path), **elsewhere}
        for name in (*named, *leave_out):
            known("column", name, [*content, *label_names(label_file)])
        return content
    every = names(path)
    for name in (*named, *leave_out):
        known("column", name, [*every, *elsewhere, *label_names(label_file)])
    only = [name for name in every if name in named or name not in leave_out]
    return joined(load(path, only=only), elsewhere, str(path))


def _complete(
    content: Arrays | pa.Table, path: str | os.PathLike[str], missing: str
) -> tuple[Arrays | pa.Table, int]:
    """Return the rows to read, and how many were dropped."""
    choice("missing", missing, MISSING)
    return without_missing(content, str(path)) if missing == "drop" else (content, 0)


def _table(
    content: Arrays | pa.Table,
    located: Representation,
    named: Sequence[str],
    groups: str | None,
    source: str,
) -> Table:
    """Join a representation with the named columns: the concept, the groups, other labels."""
    n, (concept, *others) = int(located.X.shape[0]), named
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
