"""Columns of rows that another file holds: a file of labels, or ``NAME.npy`` next to one matrix.

Rows are joined by their order. Requests, which have names, are joined in `requests` by name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from nullprobe._core.validation import complain
from nullprobe.data import token_rows
from nullprobe.data.columns import array
from nullprobe.data.formats import Arrays, Content, holds_one_array, load, names, parts, sibling
from nullprobe.data.requests import is_requests

OPTION = "--labels"


def label_file(path: Path) -> Path | None:
    """Return the file of labels that the command was given for the rows of a path.

    None for a folder of hidden states by request, which joins labels by name.
    """
    file = token_rows.current().labels
    return None if file is None or is_requests(parts(path)) else file


def label_names(file: Path | None) -> list[str]:
    """Return the columns of a file of labels; a single array has the name of its file.

    Examples
    --------
    >>> label_names(None)
    []
    """
    if file is None:
        return []
    return [file.stem] if holds_one_array(file) else names(file)


def columns_elsewhere(
    path: str | os.PathLike[str], named: Sequence[str], file: Path | None = None
) -> Arrays:
    r"""Return those of the named columns that are in another file than the rows.

    Parameters
    ----------
    path : str or path
        The file of the rows.
    named : sequence of str
        Columns that are not features.
    file : Path, optional
        The file of labels, a row for each row.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows, labels = Path(folder) / "rows.npy", Path(folder) / "labels.csv"
    ...     np.save(rows, np.eye(2))
    ...     _ = labels.write_text("tone,author\nwarm,a\ncold,b\n")
    ...     columns_elsewhere(rows, ["tone"], labels)["tone"].tolist()
    ['warm', 'cold']
    """
    path = Path(path)
    if file is None:
        return {name: sibling(path, name) for name in named} if holds_one_array(path) else {}
    inside = names(path)
    other = [name for name in named if name in label_names(file)]
    for name in other:
        if name in inside:
            complain(
                f"{name!r} must be a column of the rows or of {OPTION}",
                f"{str(path)!r} and {str(file)!r} both have it",
                "rename one of them",
            )
    _need_same_rows(path, file, [name for name in label_names(file) if name in inside])
    if holds_one_array(file):
        return dict.fromkeys(other, next(iter(_arrays(load(file)).values())))
    content = load(file, only=other) if other else {}
    return {name: array(content, name) for name in other}


def joined(content: Content, columns: Arrays, source: str) -> Content:
    """Return the content of a file with columns from elsewhere; all must have as many rows."""
    if isinstance(content, dict):
        return {**content, **columns}
    for name, y in columns.items():
        if len(y) != content.num_rows:
            complain(
                f"{name!r} must have one value for each of {content.num_rows} rows of {source!r}",
                f"it has {len(y)}",
                "the file of labels needs the same rows in the same order",
            )
        content = content.append_column(name, pa.array(list(y) if y.ndim > 1 else y))
    return content


def _need_same_rows(path: Path, file: Path, common: Sequence[str]) -> None:
    """Refuse a file of labels whose ids, or other columns that both files have, differ."""
    if not common or holds_one_array(path) or holds_one_array(file):
        return
    rows, labels = load(path, only=common), load(file, only=common)
    for name in common:
        one, other = array(rows, name), array(labels, name)
        where = "in length"
        if one.shape == other.shape:
            rows_that_differ = np.flatnonzero((one != other).reshape(len(one), -1).any(axis=1))
            if not len(rows_that_differ):
                continue
            where = f"first in row {rows_that_differ[0]} (counted from 0)"
        complain(
            f"{str(file)!r} must have the rows of {str(path)!r} in the same order",
            f"both have {name!r}, and it differs {where}",
            "sort the file of labels, or rename the column if it means something else",
        )


def _arrays(content: Content) -> Arrays:
    assert isinstance(content, dict), "a file with a single array holds no columns"
    return content
