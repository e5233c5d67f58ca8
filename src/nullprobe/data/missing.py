"""Missing values in the content of a file: find the rows without any, and keep only these.

A value is missing if it is null, NaN, infinite or empty text, in a feature, a label, a group or a
confound.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa

from nullprobe._core.caller_warnings import warn
from nullprobe._core.validation import complain, counted, is_sparse
from nullprobe.data.formats import NAMES, Arrays

MISSING = ("error", "drop")
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def without_missing(content: Arrays | pa.Table, source: str) -> tuple[Arrays | pa.Table, int]:
    """Return the content without rows in which a value is missing, and the number of such rows.

    Parameters
    ----------
    content : dict of ndarray, or pyarrow.Table
        Arrays or columns of the same rows.
    source : str
        The path, for messages.

    Raises
    ------
    InputError
        If a value is missing in every row.

    Warns
    -----
    UserWarning
        If rows are dropped; it states how many.

    Examples
    --------
    >>> import warnings
    >>> content = {"X": np.array([[1.0], [np.nan]]), "y": np.array([0, 1])}
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     rest, dropped = without_missing(content, "a.npz")
    >>> rest["y"].tolist(), dropped
    ([0], 1)
    """
    complete = complete_rows(content)
    if complete is None:  # refused with the name of the array, where it is read
        return content, 0
    dropped = count_dropped(complete, source)
    return (rows_where(content, complete) if dropped else content), dropped


def complete_rows(content: Arrays | pa.Table) -> np.ndarray | None:
    """Return whether each row (n,) has all values; None for arrays of different lengths."""
    if isinstance(content, dict):
        arrays = {name: one for name, one in content.items() if name != NAMES and one.ndim}
        lengths = {int(one.shape[0]) for one in arrays.values()}
        if len(lengths) != 1:
            return None
        complete = np.ones(lengths.pop(), dtype=bool)
        for one in arrays.values():
            if one.dtype.kind in "fc" and not is_sparse(one):  # which the reader has checked
                complete &= np.isfinite(one).reshape(len(one), -1).all(axis=1)
            elif one.dtype.kind == "U":
                complete &= (one != "").reshape(len(one), -1).all(axis=1)
        return complete
    complete = np.ones(content.num_rows, dtype=bool)
    for name in content.column_names:
        complete &= _present(content.column(name))
    return complete


def count_dropped(complete: np.ndarray, source: str) -> int:
    """Return the number of rows without all values, with a warning; refuse a file of such rows."""
    dropped = int((~complete).sum())
    if dropped and dropped == len(complete):
        complain(
            f"{source!r} needs a row without missing values",
            "a value is missing or infinite in every row",
            "leave out the columns in which most values are missing",
        )
    if dropped:
        warn(
            f"{counted(dropped, 'row', 'rows')} of {len(complete):,} in {source!r} "
            f"{'has' if dropped == 1 else 'have'} missing or infinite values and "
            f"{'was' if dropped == 1 else 'were'} dropped"
        )
    return dropped


def rows_where(content: Arrays | pa.Table, rows: np.ndarray) -> Arrays | pa.Table:
    """Return the content of the rows for which ``rows`` (n,) is true."""
    if isinstance(content, dict):
        return {name: one if name == NAMES or not one.ndim else one[rows]
                for name, one in content.items()}  # fmt: skip
    for i, name in enumerate(content.column_names):
        if pa.types.is_string_view(content.column(name).type):  # pyarrow cannot filter these
            content = content.set_column(i, name, content.column(name).cast(pa.string()))
    return content.filter(pa.array(rows))


def _present(column: pa.ChunkedArray[Any]) -> np.ndarray:
    """Return whether each value (n,) of a column is there, and finite if it is a number."""
    present = ~column.is_null().to_numpy()
    kind: Any = column.type
    if pa.types.is_floating(kind):
        values = column.cast(pa.float64(), safe=False).to_numpy()
        return present & np.isfinite(values)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if any(test(kind) for test in _TEXT):
        return present & np.array([value != "" for value in column.to_pylist()], dtype=bool)
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if lists or pa.types.is_fixed_size_list(kind):
        rows = cast("list[list[Any] | None]", column.to_pylist())
        return np.array([row is not None and _all_present(row) for row in rows], dtype=bool)
    return present


def _all_present(row: list[Any]) -> bool:
    return not any(one is None or (isinstance(one, float) and not np.isfinite(one)) for one in row)
