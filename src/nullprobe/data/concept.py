"""What is to be found or removed: class labels, or numeric columns, as one small object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.data.metric import AUC, MACRO_AUC, R_SQUARED, Metric


@dataclass(frozen=True, eq=False)
class Concept:
    """A concept y, read once, so that nobody else asks what its values mean.

    Attributes
    ----------
    codes : ndarray of shape (n,) or None
        Position of each row's label in ``classes``; None for a numeric concept.
    classes : tuple or None
        The labels, sorted, as Python values.
    values : ndarray of shape (n, k) or None
        A numeric concept as float64 columns; None for classes.
    """

    codes: np.ndarray | None
    classes: tuple | None
    values: np.ndarray | None

    def __len__(self) -> int:
        """Return the number n of rows."""
        return len(self.data)

    @property
    def data(self) -> np.ndarray:
        """Codes (n,) or values (n, k), whichever there are."""
        data = self.values if self.codes is None else self.codes
        assert data is not None, "a concept has codes or values"
        return data

    @property
    def is_classes(self) -> bool:
        """Whether the concept is a set of labels."""
        return self.codes is not None

    @property
    def n_columns(self) -> int:
        """Number k of columns of Z."""
        return len(self.classes) if self.classes is not None else self.data.shape[1]

    @property
    def n_scores(self) -> int:
        """Number of scores that a row gets: 1 for two classes, K for more, k for numbers."""
        return 1 if self.is_classes and self.n_columns == 2 else self.n_columns

    @property
    def metric(self) -> Metric:
        """What scores are read by: the AUC, its mean over more than two classes, or R²."""
        if not self.is_classes:
            return R_SQUARED
        return AUC if self.n_scores == 1 else MACRO_AUC

    @property
    def labels(self) -> np.ndarray:
        """The label of each row (n,), or its number (n,) or numbers (n, k)."""
        if self.codes is not None:
            return np.array(self.classes)[self.codes]
        return self.data[:, 0] if self.n_columns == 1 else self.data

    @property
    def matrix(self) -> np.ndarray:
        """Z (n, k) float64: one-hot for classes."""
        if self.codes is None:
            return self.data
        return (self.codes[:, None] == np.arange(self.n_columns)).astype(np.float64)

    def take(self, rows: np.ndarray | slice) -> Concept:
        """Return the concept of some rows; all classes are kept, present or not."""
        if self.codes is not None:
            return Concept(self.codes[rows], self.classes, None)
        return Concept(None, None, self.data[rows])

    def present(self) -> Concept:
        """Return the same concept without classes that no row has."""
        if self.codes is None or self.classes is None:
            return self
        found, codes = np.unique(self.codes, return_inverse=True)
        return Concept(codes, tuple(self.classes[i] for i in found), None)

    def need_two_classes(self) -> None:
        """Complain if there is but one class, or a numeric column that never varies."""
        if self.values is not None:
            still = np.flatnonzero((self.values == self.values[0]).all(axis=0))
            if len(still):
                validation.complain(
                    "a numeric concept must vary",
                    f"column {still[0]} of y is {self.values[0, still[0]]:g} in every row",
                    "leave such columns out",
                )
            return
        names = list(self.present().classes or ())
        if len(names) < 2:
            validation.complain(
                "at least two classes are needed",
                f"{'the 1 label is' if len(self) == 1 else f'all {len(self)} labels are'} "
                f"{names[0]!r} (1 class)",
                "pass rows of another class, too, or check which column holds the concept",
            )


def as_array(y: Any, name: str = "y") -> np.ndarray:
    """Return labels or numbers of any library as a NumPy array, or complain of what is ragged."""
    try:
        return arrays.host_labels(y)
    except ValueError:
        validation.complain_ragged(f"{name} must be 1-D or 2-D", y)


def concept(
    y: Any, *, n: int | None = None, classes: Sequence | None = None, name: str = "y"
) -> Concept:
    """Read a concept.

    Integers, booleans, strings and other objects are class labels. A float vector is a
    continuous concept unless it has at most two distinct values, which are labels then: for
    an eraser it makes no difference, and a probe of 0.0 and 1.0 is meant to classify. A 2-D
    array is a numeric concept of k columns, whatever the type of its numbers; for a probe of one
    concept see :func:`single`.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
    n : int or None
        Number of rows that the representation has.
    classes : sequence or None
        All labels, where y holds only some of them.
    name : str
        What a complaint calls it.

    Raises
    ------
    InputError
        If y is empty, not finite, of another length than X, or has labels not in ``classes``.

    Examples
    --------
    >>> concept(["no", "yes", "no"]).classes
    ('no', 'yes')
    >>> concept([0.5, 1.5, 2.5]).values.shape
    (3, 1)
    """
    if y is None:
        validation.complain(
            f"this requires {name} to be passed",
            f"{'the target y' if name == 'y' else 'it'} is None",
            "pass labels or numbers, one per row of X",
        )
    a = y if isinstance(y, Concept) else as_array(y, name)
    if isinstance(a, np.ndarray) and a.ndim not in (1, 2):
        validation.complain(
            f"{name} must be 1-D labels or numbers, or a 2-D matrix of numbers",
            f"it has shape {a.shape}",
            "reshape it to (n,) or (n, k)",
        )
    if n is not None and len(a) != n:
        validation.complain(
            f"X and {name} must have the same number of rows",
            f"X has {n} and {name} has {len(a)} (inconsistent numbers of samples)",
            f"pass one {'y' if name == 'y' else f'value of {name}'} for each row of X",
        )
    if isinstance(a, Concept):
        return a
    if a.ndim == 2:
        return Concept(None, None, _numbers(a, name))
    if a.dtype.kind == "c":
        validation.complain(
            f"{name} must be real (Complex data not supported)",
            f"its dtype is {a.dtype}",
            "pass labels or real numbers",
        )
    if a.dtype.kind == "f" and classes is None:
        values = _numbers(a[:, None], name)
        if len(np.unique(values)) > 2:
            return Concept(None, None, values)
    return _labels(a, classes, name)


def _numbers(a: np.ndarray, name: str = "y") -> np.ndarray:
    if a.dtype.kind not in "fiub":
        validation.complain(
            "a 2-D concept must hold numbers",
            f"its dtype is {a.dtype}",
            "pass 1-D labels, or encode the columns as numbers",
        )
    values = a.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        validation.complain(
            f"{name} must be finite (no NaN, no inf)",
            f"{validation.counted(len(bad), 'row is', 'rows are')} not, the first of them row "
            f"{bad[0]}",
            f"drop these rows from X and {name}, or fill them in",
        )
    return values


def _labels(a: np.ndarray, classes: Sequence | None, name: str = "y") -> Concept:
    if a.dtype.kind == "O":
        missing = [i for i, v in enumerate(a.tolist()) if v is None or v != v]
        if missing:
            validation.complain(
                f"every row needs a label{'' if name == 'y' else f' in {name}'}",
                f"{validation.counted(len(missing), 'label is', 'labels are')} missing (unknown "
                f"label type: None or NaN), the first in row {missing[0]}",
                f"drop these rows from X and {name}, or label them",
            )
    elif a.dtype.kind == "f" and not np.isfinite(a).all():
        _numbers(a[:, None], name)
    try:
        found, codes = np.unique(a, return_inverse=True)
    except TypeError:
        kinds = sorted({type(v).__name__ for v in a.tolist()})
        validation.complain(
            f"labels{'' if name == 'y' else f' in {name}'} must be of one type",
            f"those of types {', '.join(kinds)} arrived",
            "convert them to strings",
        )
    names = tuple(found.tolist())
    if classes is None:
        return Concept(codes.reshape(-1), names, None)
    place = {label: i for i, label in enumerate(classes)}
    unknown = [label for label in names if label not in place]
    if unknown:
        validation.complain(
            f"labels must be among the {len(place)} that were announced",
            f"{unknown[0]!r} arrived",
            "name all labels in the first call",
        )
    return Concept(
        np.array([place[label] for label in names])[codes.reshape(-1)], tuple(classes), None
    )


def single(y: Any) -> Any:
    """Return a y that a probe may take for one concept, or complain that it is several.

    To a probe, columns of labels are label vectors: each is a concept of its own, unlike the
    indicator columns that an eraser takes together. One such column (n, 1) is its labels (n,).
    """
    if y is None or isinstance(y, Concept):
        return y
    frame = hasattr(y, "iloc") and getattr(y, "ndim", 0) == 2
    kinds = [getattr(t, "kind", "O") for t in y.dtypes] if frame else []
    a = as_array(y)
    if a.ndim != 2 or (a.dtype.kind in "fc" and set(kinds) <= {"f"}):
        return y
    if a.shape[1] == 1:
        return a[:, 0]
    numeric = a.dtype.kind in "fiub"
    validation.complain(
        "one concept is needed: labels or numbers (n,), or floats (n, k)",
        f"y has {a.shape[1]} columns of {'labels' if frame else a.dtype}, each a concept of its "
        "own to a probe",
        "pass one column at a time"
        + (", or floats if these are numbers to be measured together" if numeric else ""),
    )


def weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Return sample weights (n,) as float64, or None where none were given."""
    if sample_weight is None:
        return None
    try:
        w = arrays.host(sample_weight)
    except (TypeError, ValueError) as error:
        validation.complain(
            "sample weights must be numbers", f"they are not ({error})", "pass one for each row"
        )
    if w.ndim == 0:
        w = np.full(n, float(w))
    if w.shape != (n,):
        validation.complain(
            f"sample_weight must have shape ({n},)",
            f"it has shape {w.shape}",
            "pass one weight for each row of X",
        )
    if not np.isfinite(w).all() or (w < 0).any():
        validation.complain(
            "sample weights must be finite and not negative",
            f"the smallest is {w.min():g}, and "
            f"{validation.counted(int((~np.isfinite(w)).sum()), 'is', 'are')} not finite",
            "set the weight of rows to leave out to 0",
        )
    if not w.any():
        validation.complain(
            "at least one sample weight must be above zero",
            "all are zero (sum of weights is zero)",
            "give the rows to use a weight",
        )
    return w


def rows(
    X: Any, y: Any, sample_weight: Any, *, one: bool = False
) -> tuple[Any, Concept, np.ndarray | None]:
    """Read X, y and weights that belong together; of columns of labels, ``one`` allows one."""
    X = validation.representation(X)
    z = concept(single(y) if one else y, n=X.shape[0])
    return X, z, weights(sample_weight, X.shape[0])
