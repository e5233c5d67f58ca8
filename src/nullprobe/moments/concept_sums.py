"""Concept sums: the part of the moments that depends on the concept, updated block by block.

The spread of X does not depend on a concept. The sums of several concepts can therefore share one
spread. They use the same pairwise update (`scatter.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.data.concept import Concept, concept
from nullprobe.moments.scatter import Block, Spread, complain_not_finite

# A one-hot matrix product costs n·d·K; with more classes, a sum by label is cheaper.
MANY_CLASSES = 48


@dataclass(eq=False)
class ConceptSums:
    """Mean of Z, and the totals of its products with X and with itself.

    Attributes
    ----------
    mean : ndarray of shape (k,)
        Mean of Z.
    cross : ndarray of shape (d, k)
        Total of w (x - mean)(z - mean)ᵀ.
    scatter : ndarray of shape (k, k) or None
        Total of w (z - mean)(z - mean)ᵀ; None for classes, where the mean suffices.
    classes : tuple or None
        Labels of the columns of Z; None for a numeric concept.
    levels : tuple or None
        As in `Concept`, for columns of labels that are encoded together.
    """

    mean: np.ndarray
    cross: np.ndarray
    scatter: np.ndarray | None
    classes: tuple | None
    levels: tuple | None = None

    @classmethod
    def zeros(cls, d: int, z: Concept) -> ConceptSums:
        """Return empty sums for a concept like ``z``."""
        k = z.n_columns
        scatter = np.zeros((k, k)) if z.classes is None else None
        return cls(np.zeros(k), np.zeros((d, k)), scatter, z.classes, z.levels)

    def copy(self) -> ConceptSums:
        """Return an independent copy."""
        scatter = None if self.scatter is None else self.scatter.copy()
        return replace(self, mean=self.mean.copy(), cross=self.cross.copy(), scatter=scatter)

    def join(self, block: Block, z: Concept, spread: Spread) -> np.ndarray:
        """Add the sums of a block; return its weighted sum of deviations, (d,).

        ``spread`` is the spread of X before this block.
        """
        w = np.ones(len(z)) if block.w is None else block.w
        scatter = None
        by_class = _by_class(block, z, w)
        if by_class is not None:
            total = by_class.sum(axis=0)
            mean = np.bincount(z.data, w, z.n_columns) / block.weight
            cross = by_class.T - np.outer(total, mean)
        else:
            Z = z.matrix
            mean = w @ Z / block.weight
            Z = Z - mean
            both = arrays.columns_sum(block.deviation, np.column_stack([w, w[:, None] * Z]))
            total, cross = both[0], both[1:].T
            scatter = Z.T @ (w[:, None] * Z) if z.codes is None else None
        if not np.isfinite(total).all():
            complain_not_finite(block.deviation, block.first_row)
        sums = ConceptSums(mean, cross, scatter, self.classes)
        self._add(sums, spread, block.weight, block.centre + total / block.weight)
        return total

    def merge(self, other: ConceptSums, spread: Spread, weight: float, mean: np.ndarray) -> None:
        """Add the sums of rows with this weight and mean of X; call before ``spread.merge``."""
        names = self._union(other.classes, len(other.mean), other.levels)
        other = other.copy()
        self._expand(names)
        other._expand(names)
        self._add(other, spread, weight, mean)

    def _add(self, other: ConceptSums, spread: Spread, weight: float, mean: np.ndarray) -> None:
        """Apply Chan's update."""
        share = weight / (spread.weight + weight)
        shift = other.mean - self.mean
        factor = spread.weight * share
        self.cross += other.cross + np.outer(mean - spread.mean, factor * shift)
        if self.scatter is not None and other.scatter is not None:
            self.scatter += other.scatter + np.outer(shift, factor * shift)
        self.mean = self.mean + share * shift

    def adopt(self, z: Concept) -> Concept:
        """Add the labels of ``z``; return ``z`` with codes that are positions among all labels."""
        names = self._union(z.classes, z.n_columns, z.levels)
        self._expand(names)
        if names == z.classes:
            return z
        place = _places(z.classes, names)
        return Concept(place[z.codes], names, None)

    def _union(self, classes: tuple | None, k: int, levels: tuple | None) -> tuple | None:
        """Return the labels of both pieces; numeric concepts need the same number of columns."""
        if (classes is None) != (self.classes is None) or (classes is None and k != len(self.mean)):
            validation.complain(
                "all pieces must have the same kind of concept",
                f"one has {_kind(self.classes, len(self.mean))} and another {_kind(classes, k)}",
                "pass y in the same form each time",
            )
        if levels != self.levels:
            validation.complain(
                "columns of labels must have the same labels in all pieces",
                "they differ",
                "pass the pieces to update or partial_fit, which encode all like the first",
            )
        if classes == self.classes:
            return classes
        assert classes is not None
        assert self.classes is not None
        if {isinstance(c, str) for c in self.classes} != {isinstance(c, str) for c in classes}:
            validation.complain(
                "labels must be of one type in all pieces",
                f"an earlier label is {self.classes[0]!r}, and a new label is {classes[0]!r}",
                "convert them to strings",
            )
        union = np.array([*self.classes, *classes], dtype=object)
        return concept(union, kind="labels").classes

    def _expand(self, names: tuple | None) -> None:
        """Add new labels; their indicators are 0 on all earlier rows."""
        if names == self.classes:
            return
        place, k = _places(self.classes, names), len(names)  # type: ignore[arg-type]
        mean, cross = np.zeros(k), np.zeros((len(self.cross), k))
        mean[place], cross[:, place] = self.mean, self.cross
        self.mean, self.cross, self.classes = mean, cross, names


def _by_class(block: Block, z: Concept, w: np.ndarray) -> np.ndarray | None:
    """Return the sums of deviations by class (k, d), where this is the fastest way, or None."""
    if z.codes is None:
        return None
    if z.n_columns > MANY_CLASSES:
        return arrays.sum_by_code(block.deviation, z.codes, w, z.n_columns)
    if block.w is None and arrays.are_many_singles(block.deviation):
        sums = arrays.few_rows_by_code(block.deviation, z.codes, z.n_columns)
        return sums if np.isfinite(sums).all() else None  # float64 holds larger sums
    return None


def _places(labels: Any, names: Any) -> np.ndarray:
    """Return the positions of labels among all names."""
    place = {label: i for i, label in enumerate(names)}
    return np.array([place[label] for label in labels], dtype=np.intp)


def _kind(classes: tuple | None, k: int) -> str:
    return f"a numeric concept of {k} columns" if classes is None else f"{k} classes"
