"""A concept, to be detected or removed: class labels or numeric columns, as one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe.data import kinds
from nullprobe.data.metric import AUC, MACRO_AUC, R_SQUARED, Metric


@dataclass(frozen=True, eq=False)
class Concept:
    """A concept y: labels or numbers, decided once from its values.

    Attributes
    ----------
    codes : ndarray of shape (n,) or None
        Position of each row's label in ``classes``; None for a numeric concept.
    classes : tuple or None
        The labels, sorted, as Python values.
    values : ndarray of shape (n, k) or None
        A numeric concept as float64 columns; None for classes.
    levels : tuple of (tuple or None), or None
        For columns of labels that are encoded together: the labels of each column, or None for a
        column of numbers.
    """

    codes: np.ndarray | None
    classes: tuple[Any, ...] | None
    values: np.ndarray | None
    levels: tuple[tuple[Any, ...] | None, ...] | None = None

    def __len__(self) -> int:
        """Return the number n of rows."""
        return len(self.data)

    @property
    def data(self) -> np.ndarray:
        """Codes (n,) of labels, or values (n, k) of numbers."""
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
        """Number of scores per row: 1 for two classes, K for more classes, k for numbers."""
        return 1 if self.is_classes and self.n_columns == 2 else self.n_columns

    @property
    def metric(self) -> Metric:
        """Metric of the scores: the AUC, its mean over more than two classes, or R²."""
        if not self.is_classes:
            return R_SQUARED
        return AUC if self.n_scores == 1 else MACRO_AUC

    @property
    def labels(self) -> np.ndarray:
        """The label of each row (n,), or its number (n,) or numbers (n, k)."""
        if self.classes is not None:
            return np.array(self.classes)[self.codes]
        return self.data[:, 0] if self.n_columns == 1 else self.data

    @property
    def matrix(self) -> np.ndarray:
        """Z (n, k) float64: one-hot for classes."""
        if self.codes is None:
            return self.data
        return (self.codes[:, None] == np.arange(self.n_columns)).astype(np.float64)

    def take(self, rows: np.ndarray | slice) -> Concept:
        """Return the concept of the selected rows; it keeps all classes, also absent ones."""
        if self.codes is not None:
            return Concept(self.codes[rows], self.classes, None)
        return replace(self, values=self.data[rows])

    def present(self) -> Concept:
        """Return the same concept without classes that have no rows."""
        if self.codes is None or self.classes is None:
            return self
        present, codes = np.unique(self.codes, return_inverse=True)
        return Concept(codes, tuple(self.classes[i] for i in present), None)

    def among(self, classes: tuple[Any, ...], name: str = "y") -> Concept:
        """Return the same labels with codes that are positions in ``classes``, or complain."""
        place = {label: i for i, label in enumerate(classes)}
        names = list(self.classes or ())
        unknown = [code for code, label in enumerate(names) if label not in place]
        rows = np.flatnonzero(np.isin(self.data, unknown))
        if len(rows):
            more = ", ..." if len(classes) > 10 else ""
            validation.complain(
                f"every label of {name} must have occurred in the fit, with a weight above 0 "
                f"({', '.join(map(repr, classes[:10]))}{more})",
                f"row {rows[0]} (counted from 0) has {names[self.data[rows[0]]]!r}",
                "fit with rows of that class, too, or leave such rows out",
            )
        return Concept(np.array([place.get(label, 0) for label in names])[self.data], classes, None)

    def need_two_classes(self) -> None:
        """Complain if there is only one class, or if a numeric column is constant."""
        if self.values is not None:
            constant = np.flatnonzero((self.values == self.values[0]).all(axis=0))
            if len(constant):
                validation.complain(
                    "a numeric concept must vary",
                    f"column {constant[0]} of y is {self.values[0, constant[0]]:g} in every row",
                    "leave such columns out",
                )
            return
        names = list(self.present().classes or ())
        if len(names) < 2:
            validation.complain(
                "at least two classes are needed",
                f"{'the 1 label is' if len(self) == 1 else f'all {len(self)} labels are'} "
                f"{names[0]!r} (1 class)",
                "pass rows of another class, too, or check the name of the concept column",
            )


def concept(
    y: Any, *, n: int | None = None, name: str = "y", kind: str | None = None, like: Any = None
) -> Concept:
    """Return a concept from labels or numbers.

    Strings, booleans, categories and integers are labels. Whole floats of at most 20 distinct
    values are labels, too, with a warning. All other floats are numbers. This is decided for each
    column. Columns of numbers form a numeric concept. If some columns are labels, these are one-hot
    encoded (one column for two classes) and joined with the columns of numbers.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k), or Concept
        A `Concept` is returned unchanged.
    n : int or None
        Number of rows of the representation.
    name : str
        Name of y in messages.
    kind : {"labels", "numeric"} or None
        What y holds; None for the rule above.
    like : object with ``classes`` and ``levels``, or None
        The first piece of a stream, which decides for all later pieces.

    Raises
    ------
    InputError
        If y is empty, masked, not finite, of mixed types or of another length than X, if labels are
        missing, or if y contradicts ``kind`` or ``like``.

    Examples
    --------
    >>> concept(["no", "yes", "no"]).classes
    ('no', 'yes')
    >>> concept([0.5, 1.5, 2.5]).values.shape
    (3, 1)
    >>> concept([1, 2, 3], kind="numeric").values.ravel().tolist()
    [1.0, 2.0, 3.0]
    >>> concept([["n", "x"], ["s", "y"], ["e", "x"]]).matrix.tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]]
    """
    if y is None:
        validation.complain(
            f"this requires {name} to be passed",
            "the target y is None" if name == "y" else "None arrived",
            "pass labels or numbers, one per row of X",
        )
    if isinstance(y, Concept):
        kinds.same_rows(len(y), n, name)
        return y
    if like is None:
        return _joined(columns(y, n=n, name=name, kind=kind))
    levels = getattr(like, "levels", None)
    if levels is None:
        settled = "numeric" if like.classes is None else "labels"
        if kind not in (None, settled):
            validation.complain(
                "all pieces of a stream must have the same kind",
                f"the first piece has kind={settled!r}, and this one has kind={kind!r}",
            )
        if settled == "labels":
            need_kind(y, kind, name)
        return _joined(columns(y, n=n, name=name, kind=settled))
    each = ["numeric" if one is None else "labels" for one in levels]
    return _joined(columns(y, n=n, name=name, kind=each), levels, name)


def columns(
    y: Any, *, n: int | None = None, name: str = "y", kind: str | Sequence[str] | None = None
) -> list[Concept]:
    """Return each column of y as a concept; columns that are all numbers form one concept."""
    if kind is None or isinstance(kind, str):
        parameters.choice("kind", kind, (None, *kinds.KINDS))
    parts = kinds.columns(y, name, n)
    each = [kind] * len(parts) if kind is None or isinstance(kind, str) else list(kind)
    if len(each) != len(parts):
        validation.complain(
            f"{name} must have {len(each)} columns, as in the first piece",
            f"it has {len(parts)}",
        )
    concepts: list[Concept] = []
    whole: list[str] = []
    many: list[str] = []
    for (called, a, category), chosen in zip(parts, each, strict=True):
        one = _labels(a) if chosen != "numeric" and (chosen or category or kinds.few(a)) else None
        concepts.append(Concept(None, None, kinds.numbers(a, called)) if one is None else one)
        if one is not None and chosen is None and not category:
            whole += [called] if a.dtype.kind == "f" else []
            many += [called] if a.dtype.kind in "iu" and one.n_columns > kinds.FEW_VALUES else []
    for names, what in (whole, "whole floats of few values are"), (many, "integers are"):
        if names:
            more = f" and {len(names) - 1} more" if names[1:] else ""
            warn(
                f"{names[0]}{more}: {what} taken as labels. "
                'Pass kind="numeric" if these are numbers, or kind="labels" if they are labels.'
            )
    if all(z.values is not None for z in concepts):
        return [Concept(None, None, np.column_stack([z.data for z in concepts]))]
    return concepts


def target(estimator: Any, y: np.ndarray, z: Concept) -> Any:
    """Return y, codes or values of rows of ``z``, for an estimator; our own receive a `Concept`."""
    ours = type(estimator).__module__.startswith("nullprobe.")
    return concept(y, kind="labels" if z.is_classes else "numeric") if ours else y


def need_kind(y: Any, kind: str | None, name: str = "y") -> None:
    """Refuse floats in a stream without a kind: one piece does not show whether they are labels."""
    if kind is not None or y is None or isinstance(y, Concept):
        return
    floats = [
        called
        for called, a, category in kinds.columns(y, name)
        if a.dtype.kind == "f" and not category
    ]
    if floats:
        validation.complain(
            "floats in a stream need a kind: one piece does not show whether they are labels",
            f"{floats[0]} holds floats and kind={kind}",
            'pass kind="labels" or kind="numeric"',
        )


OR_FLOATS = ", or pass floats if these are numbers that form one concept"  # where numbers will do


def single(y: Any, *, n: int | None = None, kind: str | None = None, like: Any = None) -> Concept:
    """Return y as the one concept of a probe, or complain about several columns of labels.

    For a probe, each column of labels is a separate concept, whereas an eraser takes all columns
    together. One column (n, 1) is the same as its values (n,).
    """
    if y is None or isinstance(y, Concept) or like is not None:
        return concept(y, n=n, kind=kind, like=like)
    concepts = columns(y, n=n, kind=kind)
    if len(concepts) > 1:
        numeric = kinds.as_array(y).dtype.kind in "fiub"
        validation.complain(
            "one concept is needed: labels or numbers (n,), or numbers (n, k)",
            f"y has {len(concepts)} columns of labels, which are separate concepts for a probe",
            "pass one column at a time" + (OR_FLOATS if numeric else ""),
        )
    return concepts[0]


def _labels(a: np.ndarray) -> Concept:
    if a.dtype.kind in "biu" and len(a):  # two classes, the usual case, without sorting
        low, high = a.min(), a.max()
        if ((a == low) | (a == high)).all():
            names = (low.item(),) if low == high else (low.item(), high.item())
            return Concept(((a == high) & (low != high)).astype(np.intp), names, None)
    try:
        classes, codes = np.unique(a, return_inverse=True)
    except TypeError:
        validation.complain(
            "labels must be of a type that can be sorted",
            f"{type(a.tolist()[0]).__name__} arrived",
            "convert them to strings",
        )
    return Concept(codes.reshape(-1), tuple(classes.tolist()), None)


def _joined(
    parts: list[Concept],
    levels: tuple[tuple[Any, ...] | None, ...] | None = None,
    name: str = "y",
) -> Concept:
    """Return columns as one concept, encoded with the ``levels`` of a first piece if given."""
    if levels is None and len(parts) == 1:
        return parts[0]
    levels = levels or tuple(z.classes for z in parts)
    matrices: list[np.ndarray] = []
    for j, (z, classes) in enumerate(zip(parts, levels, strict=True)):
        if classes is not None:
            z = z.among(classes, f"column {j} of {name}")
        matrices.append(z.matrix[:, 1:] if z.n_columns == 2 and z.is_classes else z.matrix)
    return Concept(None, None, np.column_stack(matrices), levels)
