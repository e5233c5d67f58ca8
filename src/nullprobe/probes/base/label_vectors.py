"""Label vectors: a y of several columns, each of which is a concept of its own to a probe."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.data.concept import Concept, as_array, concept


def label_vectors(y: Any) -> list[Concept] | None:
    """Read a y (n, m) of labels, each column a concept; return None where y is anything else.

    Two-dimensional booleans, whole numbers, strings and objects are label vectors, and so is a
    data frame unless all its columns are floats. Floats stay what they are for erasers and nulls,
    numbers, which a probe reads column by column anyway.
    """
    if isinstance(y, Concept):
        return None
    if hasattr(y, "iloc") and getattr(y, "ndim", 0) == 2:
        columns = [y.iloc[:, j] for j in range(y.shape[1])]
        if any(getattr(column.dtype, "kind", "O") not in "f" for column in columns):
            missing = [np.flatnonzero(np.asarray(column.isna())) for column in columns]
            return [_read(np.asarray(column), j, missing[j]) for j, column in enumerate(columns)]
    if not isinstance(y, np.ndarray) and not hasattr(y, "__len__"):
        return None
    a = as_array(y)
    if a.ndim != 2 or not a.shape[1]:
        return None
    if a.dtype.kind == "f":
        for j in np.flatnonzero(~np.isfinite(a).all(axis=0))[:1]:
            _read(a[:, j], int(j), np.flatnonzero(~np.isfinite(a[:, j])))
    if a.dtype.kind in "fc":
        return None
    if a.dtype.kind in "biu":
        low, high = a.min(axis=0, initial=a.max()), a.max(axis=0, initial=a.min())
        two = ((a == low) | (a == high)).all(axis=0) & (low != high)
        positive = (a == high).astype(np.intp)
        return [
            Concept(positive[:, j], (low[j].item(), high[j].item()), None)
            if two[j]
            else _read(a[:, j], j)
            for j in range(a.shape[1])
        ]
    return [
        _read(a[:, j], j, np.flatnonzero([_is_missing(v) for v in a[:, j]]))
        for j in range(a.shape[1])
    ]


def columns(y: Any, n: int, m: int) -> list[np.ndarray]:
    """Return the columns of a y (n, m) to score by, labels or numbers, or complain of its shape."""
    frame = hasattr(y, "iloc") and getattr(y, "ndim", 0) == 2
    whole: Any = y if frame else as_array(y)
    if whole.shape != (n, m):
        validation.complain(
            f"y must have shape ({n}, {m}), a column for each concept of the fit",
            f"it has shape {whole.shape}",
            "pass the same columns, one row for each row of X",
        )
    return [np.asarray(whole.iloc[:, j]) if frame else whole[:, j] for j in range(m)]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _read(column: np.ndarray, j: int, missing: np.ndarray | tuple = ()) -> Concept:
    """Return one column as a concept, or complain by its number."""
    if len(missing):
        validation.complain(
            "every row needs a label in every column of y",
            f"column {j} has {len(missing)} missing or not finite, the first in row {missing[0]}",
            "drop these rows from X and y, label them, or leave the column out",
        )
    return concept(column)


def need_two_classes(concepts: list[Concept]) -> None:
    """Complain about the first column that is of one class."""
    for j, z in enumerate(concepts):
        values = z.data if z.codes is None else z.codes
        if values.min() == values.max():
            what = values.min() if z.classes is None else z.classes[int(values.min())]
            validation.complain(
                "at least two classes are needed in every column of y",
                f"column {j} is {what!r} in each of its {len(z)} rows (1 class)",
                "leave such columns out, or pass rows of another class, too",
            )
