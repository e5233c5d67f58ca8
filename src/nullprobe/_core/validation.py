"""Every complaint about input is raised here.

An :class:`InputError` says what is required, what arrived and what to do next. Whoever catches one
knows that the caller's data are at fault, not this library.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, NoReturn

import numpy as np

from nullprobe._core import arrays


class InputError(ValueError):
    """Input that cannot be used.

    Parameters
    ----------
    required : str
        What is required, or all there is to say; without a closing full stop.
    received : str, optional
        What arrived instead.
    hint : str, optional
        What to do next, where that is not obvious.

    Attributes
    ----------
    required, received, hint : str
        As passed; empty where nothing was passed.

    Examples
    --------
    >>> from nullprobe import Moments
    >>> try:
    ...     Moments.of([[1.0], [2.0]], ["a"])
    ... except InputError as error:
    ...     print(error.hint)
    pass one y for each row of X
    """

    def __init__(self, required: str, received: str = "", hint: str = "") -> None:
        # All arguments: an error that comes back from another process is built from them.
        super().__init__(required, received, hint)
        self.required, self.received, self.hint = required, received, hint

    def __str__(self) -> str:
        """Return the message: required, received, hint."""
        end = "" if self.hint.endswith("?") else "."
        received = f", but {self.received}" if self.received else ""
        return f"{self.required}{received}{'; ' if self.hint else ''}{self.hint}{end}"


class InputTypeError(InputError, TypeError):
    """Input of a kind that cannot be used at all, such as a sparse matrix."""


InputError.__module__ = "nullprobe"  # where users find it, and what tracebacks show


def complain(required: str, received: str, hint: str = "") -> NoReturn:
    """Raise an :class:`InputError`.

    Parameters
    ----------
    required, received, hint : str
        What is required, what arrived, what to do next; no closing full stops.

    Raises
    ------
    InputError
        Always.

    Examples
    --------
    >>> complain("X needs at least one row", "it has 0", "pass more data")
    Traceback (most recent call last):
    nullprobe.InputError: X needs at least one row, but it has 0; pass more data.
    """
    raise InputError(required, received, hint)


def unmasked(X: Any, name: str) -> Any:
    """Return X, as a plain array where it is a masked one; what is masked is refused."""
    several = isinstance(X, list | tuple)
    if not any(isinstance(row, np.ma.MaskedArray) for row in (X if several else [X])):
        return X
    masks = map(np.ma.getmaskarray, X) if several else np.atleast_1d(np.ma.getmaskarray(X))
    rows = [i for i, mask in enumerate(masks) if mask.any()]
    if len(rows):
        complain(
            f"{name} must have a value in every row",
            f"{counted(len(rows), 'row is', 'rows are')} masked, the first of them row {rows[0]}",
            "fill in the values, or drop these rows from all that you pass",
        )
    return X if several else X.data


def counted(number: int, one: str, many: str) -> str:
    """Return how many there are of something, in words that fit the number.

    Examples
    --------
    >>> counted(1, "label is", "labels are"), counted(2, "label is", "labels are")
    ('1 label is', '2 labels are')
    """
    return f"{number} {one if number == 1 else many}"


def representation(X: Any, *, name: str = "X") -> Any:
    """Return X as a 2-D array of real numbers: NumPy, torch or dask; frames are converted.

    Whether all values are finite is found out where they are summed anyway (`moments.py`).

    Raises
    ------
    InputTypeError
        For a sparse matrix.
    InputError
        For anything that is not (n, d) numbers with n, d ≥ 1.
    """
    if hasattr(X, "toarray") and not hasattr(X, "__array__"):
        raise InputTypeError(
            f"{name} must be dense",
            f"a sparse {type(X).__name__} arrived",
            "pass X.toarray(), since removing a direction fills a sparse matrix anyway",
        )
    X = unmasked(arrays.stacked(X), name)
    if arrays.is_torch(X) and "strided" not in str(X.layout):
        raise InputTypeError(
            f"{name} must be dense",
            f"a tensor of layout {X.layout} arrived",
            "pass X.to_dense(), since removing a direction fills a sparse matrix anyway",
        )
    if not (arrays.is_torch(X) or arrays.is_dask(X)):
        _refuse_what_is_no_array(X, name)
        _refuse_odd_columns(X, name)
        try:
            X = np.asarray(X)
        except ValueError:
            complain_ragged(f"{name} must be 2-D, rows by features (n, d)", X)
    if len(X.shape) != 2:
        complain(
            f"{name} must be 2-D, rows by features (n, d)",
            f"it has shape {tuple(X.shape)} (expected 2D array)",
            "pick one layer or token, such as X[:, 0], or pass a mapping of names to such arrays"
            if len(X.shape) > 2
            else "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for a row",
        )
    n, d = X.shape
    if n == 0 or d == 0:
        what = "0 sample(s)" if n == 0 else "0 feature(s)"
        complain(
            f"{name} needs at least one row and one feature",
            f"there are {what} (shape=({n}, {d})) while a minimum of 1 is required",
            "pass more data",
        )
    return _real(X, name)


def complain_ragged(required: str, rows: Any) -> NoReturn:
    """Complain about rows that are no matrix."""
    lengths = sorted({len(row) for row in rows if hasattr(row, "__len__")})
    complain(
        f"{required}, all rows of one length",
        f"its rows have lengths {', '.join(map(str, lengths[:5]))}"
        f"{', ...' if len(lengths) > 5 else ''}"
        if len(lengths) > 1
        else "its rows are not alike",
        "fill in or drop what is missing or too much",
    )


def _refuse_what_is_no_array(X: Any, name: str) -> None:
    required = f"{name} must be an array of numbers, rows by features (n, d)"
    if isinstance(X, str | bytes | os.PathLike):
        complain(
            required,
            f"{X!r} arrived",
            "if it is a path, pass the .X and .y of nullprobe.data.files.read(path, concept=...)",
        )
    if X is None:
        complain(required, "it is None", "pass an array, a tensor or a frame")


def _refuse_odd_columns(X: Any, name: str) -> None:
    columns = getattr(X, "columns", None)
    if columns is None or not hasattr(X, "dtypes"):
        return
    twice = [str(name) for name, count in Counter(columns).items() if count > 1]
    if twice:
        complain(
            f"column names of {name} must differ",
            f"{', '.join(map(repr, twice[:5]))} occurs more than once",
            "rename or drop the columns",
        )
    kinds = dict(zip(map(str, columns), map(str, X.dtypes), strict=True))
    numeric = ("int", "uint", "float", "bool", "double")
    text = [c for c, kind in kinds.items() if not kind.lower().startswith(numeric)]
    if text:
        complain(
            f"every column of {name} must be numeric",
            f"{', '.join(repr(c) for c in text[:5])} {'holds' if len(text) == 1 else 'hold'} "
            f"{kinds[text[0]]}",
            "drop these columns or encode them as numbers",
        )


def _real(X: Any, name: str) -> Any:
    torch = arrays.is_torch(X)
    if X.is_complex() if torch else X.dtype.kind == "c":
        complain(
            f"{name} must be real (Complex data not supported)",
            f"its dtype is {X.dtype}",
            "pass real numbers",
        )
    if torch:
        return X
    if X.dtype.kind == "O":
        try:
            return X.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise InputTypeError(
                f"{name} must hold numbers",
                f"an object array arrived in which {error} (argument must be a string or a number)",
                "encode it as numbers",
            ) from error
    if X.dtype.kind not in "fiub":
        complain(
            f"{name} must hold numbers",
            f"its dtype is {X.dtype}",
            "drop text columns or encode them as numbers",
        )
    return X


def width(arrived: int, required: int, *, by: str = "") -> None:
    """Refuse a representation of the wrong number of features, which somebody was fitted to."""
    if arrived != required:
        complain(
            f"X must have {required} features",
            f"X has {arrived} features, but {by + ' ' if by else ''}is expecting {required} "
            "features as input",
            "pass rows of the same representation",
        )


def same_form(out: Any, X: Any) -> None:
    """Refuse an ``out`` that cannot hold the erased X."""
    if (
        type(out) is not type(X)
        or tuple(out.shape) != tuple(X.shape)
        or not arrays.is_floating(out)
    ):
        complain(
            f"out must be a floating {type(X).__name__} of shape {tuple(X.shape)}",
            f"{type(out).__name__} of shape {getattr(out, 'shape', None)} and dtype "
            f"{getattr(out, 'dtype', None)} arrived",
            "leave out away, or pass such an array",
        )


def finite(X: Any, *, name: str = "X", advice: str = "") -> Any:
    """Return X, or complain about the first value that is not finite."""
    for where, block in arrays.row_blocks(X):
        # A sum is finite unless a value is not: one pass, no array of booleans.
        with np.errstate(over="ignore", invalid="ignore"):
            total = arrays.working(block).sum()
        if not np.isfinite(arrays.host(total)):
            bad = np.argwhere(~np.isfinite(arrays.host(block)))
            if len(bad):
                complain_not_finite(where.start + bad[0][0], bad[0][1], name=name, advice=advice)
    return X


def complain_not_finite(row: int, column: int, *, name: str = "X", advice: str = "") -> NoReturn:
    """Complain about a NaN or inf at a place counted from 0."""
    complain(
        f"{name} must be finite (no NaN, no infinity)",
        f"row {row}, column {column} (counted from 0) is not",
        advice
        or f"drop such rows from {'X and y' if name == 'X' else 'all that you pass'}, or fill them "
        "in",
    )
