"""Kinds: the rule that decides whether the columns of a concept are labels or numbers.

Strings, booleans, categories and integers are labels, also with the shape (n, 1) or in a frame of
one column. Floats are numbers, unless all are whole and few are distinct. Missing or masked values
and mixed types raise errors.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation

# Whole floats with more distinct values are numbers; integers with more values raise a warning.
FEW_VALUES = 20
KINDS = ("labels", "numeric")
LARGEST = 1e150  # its square is a finite float, too


def as_array(y: Any, name: str = "y") -> np.ndarray:
    """Return labels or numbers of any library as a NumPy array; masked values raise an error.

    NumPy converts ``[1, "1"]`` to text and ``[True, 2]`` to numbers. This returns them as objects.
    """
    y = validation.unmasked(arrays.stacked(y), name)
    try:
        a = arrays.host_labels(y)
    except ValueError:
        validation.complain_ragged(f"{name} must be 1-D or 2-D", y)
    if isinstance(y, list | tuple) and a.dtype.kind != "O":
        raw = np.array(y, dtype=object)
        kinds = set(map(type, raw.ravel().tolist()))
        # Beyond 2^53, floats do not distinguish all integers.
        if len({_family(kind) for kind in kinds}) > 1 or (a.dtype.kind == "f" and kinds == {int}):
            return raw
    return a


def columns(y: Any, name: str, n: int | None = None) -> list[tuple[str, np.ndarray, bool]]:
    """Return for each column of y its name, its values (n,), and whether they are categories."""
    if hasattr(y, "columns") and hasattr(y, "dtypes"):
        same_rows(len(y), n, name)
        whole = [y.iloc[:, j] if hasattr(y, "iloc") else y[:, j] for j in range(y.shape[1])]
        names = [name] if len(whole) == 1 else [f"column {c!r} of {name}" for c in y.columns]
        parts = [
            (c, as_array(one, c), _is_category(one)) for c, one in zip(names, whole, strict=True)
        ]
    else:
        a = as_array(y, name)
        if a.ndim not in (1, 2):
            validation.complain(
                f"{name} must be labels or numbers of shape (n,) or (n, k)",
                f"it has shape {a.shape}",
            )
        same_rows(len(a), n, name)
        each = np.ascontiguousarray(a.reshape(len(a), -1).T) if a.size else a.reshape(-1, len(a))
        names = [name] if len(each) == 1 else [f"column {j} of {name}" for j in range(len(each))]
        parts = [(c, one, _is_category(y)) for c, one in zip(names, each, strict=True)]
    if not parts:
        validation.complain(f"{name} needs at least one column", "it has 0 columns")
    return [(called, _plain(a, called), category) for called, a, category in parts]


def _is_category(y: Any) -> bool:
    return str(getattr(y, "dtype", "")) == "category"


def _family(kind: type) -> str:
    """Return the family of a type; a column may hold values of one family."""
    if issubclass(kind, str):
        return "text"
    if issubclass(kind, bool | np.bool_):
        return "truth values"
    return "numbers" if issubclass(kind, Real) else kind.__name__


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"  # the NA of pandas has no truth value


def _plain(a: np.ndarray, called: str) -> np.ndarray:
    """Return values (n,) of one family without missing values, or complain about a row."""
    if a.dtype.kind == "c":
        validation.complain(
            f"{called} must be real (Complex data not supported)",
            f"its dtype is {a.dtype}",
            "pass labels or real numbers",
        )
    if a.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(a))
        if len(bad):
            validation.complain(
                f"{called} must be finite (no NaN, no inf)",
                f"{validation.counted(len(bad), 'row is', 'rows are')} not finite, first row "
                f"{bad[0]}",
                f"drop these rows from X and {called}, or fill in the values",
            )
    if a.dtype.kind not in "OM":
        return a
    values: list[object] = a.tolist() if a.dtype.kind == "O" else list(a)
    missing = [i for i, value in enumerate(values) if _is_missing(value)]
    if missing:
        validation.complain(
            f"every row needs a label{'' if called == 'y' else f' in {called}'}",
            f"{validation.counted(len(missing), 'label is', 'labels are')} missing (unknown label "
            f"type: None, NaN or NA), first in row {missing[0]}",
            f"drop these rows from X and {called}, or label them",
        )
    families = {_family(kind) for kind in set(map(type, values))}
    if len(families) > 1:
        first = _family(type(values[0]))
        other = next(i for i, v in enumerate(values) if _family(type(v)) != first)
        kinds = sorted({type(v).__name__ for v in values})
        validation.complain(
            f"labels{'' if called == 'y' else f' in {called}'} must be of one type",
            f"labels of types {', '.join(kinds)} arrived: row 0 is {values[0]!r}, "
            f"row {other} is {values[other]!r}",
            "convert them to strings",
        )
    plain = np.array(values) if families <= {"numbers", "truth values"} else a
    exact = plain.dtype.kind != "f" or all(map(operator.eq, plain.tolist(), values))
    return plain if exact else a


def few(a: np.ndarray) -> bool:
    """Return whether these values are labels by the rule: few whole floats, or not floats."""
    if a.dtype.kind != "f":
        return True
    return bool((a == np.floor(a)).all()) and len(np.unique(a)) <= FEW_VALUES


def numbers(a: np.ndarray, called: str) -> np.ndarray:
    """Return the values of a numeric column as float64 (n, 1)."""
    if a.dtype.kind not in "fiub":
        validation.complain(
            f"{called} must hold numbers, because its kind is numeric",
            f"its dtype is {a.dtype}, with values such as {a.tolist()[0]!r}",
            'pass numbers, or kind="labels"',
        )
    values = a.astype(np.float64)[:, None]
    size = np.abs(values).max(initial=0.0)
    if size > LARGEST or 0 < size < 1.0 / LARGEST:
        validation.complain(
            f"absolute values of {called} must be between {1.0 / LARGEST:g} and {LARGEST:g}",
            f"the largest is {size:g}",
            f"pass {called} in another unit",
        )
    return values


def same_rows(rows: int, n: int | None, name: str) -> None:
    """Refuse a concept with another number of rows than X."""
    if n is not None and rows != n:
        validation.complain(
            f"X and {name} must have the same number of rows",
            f"X has {n} and {name} has {rows} (inconsistent numbers of samples)",
            f"pass one {'y' if name == 'y' else f'value of {name}'} for each row of X",
        )
