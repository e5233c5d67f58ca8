"""Errors about input, and the checks of representations.

An :class:`InputError` states what is required, what was received and, where it helps, what to do
next. It always means that the caller's input is wrong, not this library.
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
        Requirement, or the whole message; without a full stop at the end.
    received : str, optional
        Input that was received instead.
    hint : str, optional
        What to do next, if this is not obvious.

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
        # All arguments: pickle rebuilds an error from another process with them.
        super().__init__(required, received, hint)
        self.required, self.received, self.hint = required, received, hint

    def __str__(self) -> str:
        """Return the message: required, received, hint."""
        end = "" if self.hint.endswith("?") else "."
        received = f", but {self.received}" if self.received else ""
        return f"{self.required}{received}{'; ' if self.hint else ''}{self.hint}{end}"


class InputTypeError(InputError, TypeError):
    """Input of an unsupported type, such as a sparse matrix."""


# What is possible with sparse X.
SPARSE = (
    "LogisticProbe, LDAProbe, MeanDifferenceProbe and audits of the claims readable and "
    "few_features take sparse X as it is"
)

InputError.__module__ = "nullprobe"  # users import it from there; tracebacks show this name


def complain(required: str, received: str, hint: str = "") -> NoReturn:
    """Raise an :class:`InputError`.

    Parameters
    ----------
    required, received, hint : str
        Requirement, received input, next step; without full stops at the end.

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
    """Return X without its mask if it is a masked array; masked values raise an error."""
    is_list = isinstance(X, list | tuple)
    if not any(isinstance(row, np.ma.MaskedArray) for row in (X if is_list else [X])):
        return X
    masks = map(np.ma.getmaskarray, X) if is_list else np.atleast_1d(np.ma.getmaskarray(X))
    rows = [i for i, mask in enumerate(masks) if mask.any()]
    if len(rows):
        complain(
            f"{name} must have a value in every row",
            f"{counted(len(rows), 'row is', 'rows are')} masked, first row {rows[0]}",
            "fill in the values, or drop these rows from all arguments",
        )
    return X if is_list else X.data


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, in the singular or the plural.

    Examples
    --------
    >>> counted(1, "label is", "labels are"), counted(2, "label is", "labels are")
    ('1 label is', '2 labels are')
    """
    return f"{number} {one if number == 1 else many}"


def representation(X: Any, *, name: str = "X") -> Any:
    """Return X as a 2-D array of real numbers: NumPy, torch or dask; frames are converted.

    This does not check that all values are finite: `moments` checks it where it sums them.

    Raises
    ------
    InputTypeError
        For a sparse matrix.
    InputError
        If X is not an (n, d) array of numbers with n, d ≥ 1.
    """
    X = arrays.stacked(X)
    refuse_sparse(X, name)
    X = unmasked(X, name)
    if not (arrays.is_torch(X) or arrays.is_dask(X)):
        _refuse_other_than_arrays(X, name)
        _refuse_invalid_columns(X, name)
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
        )
    return _real(X, name)


def is_sparse(X: Any) -> bool:
    """Whether X is a sparse matrix or array of SciPy, or a sparse tensor of torch."""
    if arrays.is_torch(X):
        return "strided" not in str(X.layout)
    return hasattr(X, "toarray") and not hasattr(X, "__array__")


def refuse_sparse(X: Any, name: str = "X") -> None:
    """Complain about a sparse X, with the reason and what is possible."""
    if not is_sparse(X):
        return
    is_tensor = arrays.is_torch(X)
    raise InputTypeError(
        f"{name} must be dense here: subtracting a mean or projecting makes every zero non-zero",
        f"a tensor of layout {X.layout} arrived"
        if is_tensor
        else f"a sparse {type(X).__name__} arrived",
        f"{SPARSE}. If it fits the memory, pass X.{'to_dense' if is_tensor else 'toarray'}()",
    )


def complain_ragged(required: str, rows: Any) -> NoReturn:
    """Complain about rows that do not form a matrix."""
    lengths = sorted({len(row) for row in rows if hasattr(row, "__len__")})
    complain(
        f"{required}, with rows of equal length",
        f"its rows have lengths {', '.join(map(str, lengths[:5]))}"
        f"{', ...' if len(lengths) > 5 else ''}"
        if len(lengths) > 1
        else "its rows have different shapes",
    )


def _refuse_other_than_arrays(X: Any, name: str) -> None:
    required = f"{name} must be an array of numbers, rows by features (n, d)"
    if isinstance(X, str | bytes | os.PathLike):
        complain(
            required,
            f"{X!r} arrived",
            "if it is a path, pass the .X and .y of nullprobe.data.files.read(path, concept=...)",
        )
    if X is None:
        complain(required, f"{X} arrived", "pass an array, a tensor or a data frame")


def _refuse_invalid_columns(X: Any, name: str) -> None:
    columns = getattr(X, "columns", None)
    if columns is None or not hasattr(X, "dtypes"):
        return
    repeated = [str(name) for name, count in Counter(columns).items() if count > 1]
    if repeated:
        complain(
            f"the column names of {name} must differ",
            f"{', '.join(map(repr, repeated[:5]))} occurs more than once",
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
                f"an object array arrived, and {error} (argument must be a string or a number)",
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
    """Refuse a representation with another number of features than the fitted one."""
    if arrived != required:
        complain(
            f"X must have {required} features",
            f"X has {arrived} features, but {by + ' ' if by else ''}is expecting {required} "
            "features as input",
            "pass rows of the representation that it was fitted to",
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
            "omit out, or pass such an array",
        )


def finite(X: Any, *, name: str = "X", advice: str = "") -> Any:
    """Return X, or complain about the first value that is not finite."""
    if is_sparse(X):  # `sparse_rows.csr` has checked it
        return X
    for where, block in arrays.row_blocks(X):
        # The sum shows in one pass whether a value is not finite, without an array of booleans.
        with np.errstate(over="ignore", invalid="ignore"):
            total = arrays.working(block).sum()
        if not np.isfinite(arrays.host(total)):
            bad = np.argwhere(~np.isfinite(arrays.host(block)))
            if len(bad):
                complain_not_finite(where.start + bad[0][0], bad[0][1], name=name, advice=advice)
    return X


def complain_not_finite(row: int, column: int, *, name: str = "X", advice: str = "") -> NoReturn:
    """Complain about a NaN or infinity at a row and column counted from 0."""
    complain(
        f"{name} must be finite (no NaN, no infinity)",
        f"row {row}, column {column} (counted from 0) is not finite",
        advice
        or f"drop such rows from {'X and y' if name == 'X' else 'all arguments'}, or fill in the "
        "values",
    )
