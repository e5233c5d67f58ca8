"""Concept sums: what moments hold that has the concept in it, joined block by block.

The spread of X knows nothing of a concept; these few sums do, and several of them, one a concept,
may stand beside one spread. They follow the same pairwise update (`_spread`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.data.concept import Concept, concept
from nullprobe.moments.scatter import Block, Spread, complain_not_finite

# A one-hot matrix product costs n·d·K; past this many classes a sum by label is cheaper.
MANY_CLASSES = 48


@dataclass(eq=False)
class ConceptSums:
    """Mean of Z, and its totals with X and with itself.

    Attributes
    ----------
    mean : ndarray of shape (k,)
        Mean of Z.
    cross : ndarray of shape (d, k)
        Total of w (x - mean)(z - mean)ᵀ.
    scatter : ndarray of shape (k, k) or None
        Total of w (z - mean)(z - mean)ᵀ; None for classes, whose mean says it all.
    classes : tuple or None
        The labels that the columns of Z stand for; None for a numeric concept.
    levels : tuple or None
        As those of `Concept`, where columns of labels were encoded together.
    """

    mean: np.ndarray
    cross: np.ndarray
    scatter: np.ndarray | None
    classes: tuple | None
    levels: tuple | None = None

    @classmethod
    def zeros(cls, d: int, z: Concept) -> ConceptSums:
        """Return the sums of no rows, with room for a concept like ``z``."""
        k = z.n_columns
        scatter = np.zeros((k, k)) if z.classes is None else None
        return cls(np.zeros(k), np.zeros((d, k)), scatter, z.classes, z.levels)

    def copy(self) -> ConceptSums:
        """Return an independent copy."""
        scatter = None if self.scatter is None else self.scatter.copy()
        return replace(self, mean=self.mean.copy(), cross=self.cross.copy(), scatter=scatter)

    def join(self, block: Block, z: Concept, spread: Spread) -> np.ndarray:
        """Add what a block says of the concept; return its weighted sum of deviations, (d,).

        ``spread`` is that of X before the block joins it.
        """
        w = np.ones(len(z)) if block.w is None else block.w
        scatter = None
        if z.codes is not None and z.n_columns > MANY_CLASSES:
            sums = arrays.sum_by_code(block.deviation, z.codes, w, z.n_columns)
            total = sums.sum(axis=0)
            mean = np.bincount(z.codes, w, z.n_columns) / block.weight
            cross = sums.T - np.outer(total, mean)
        else:
            Z = z.matrix
            mean = w @ Z / block.weight
            Z = Z - mean
            both = arrays.columns_sum(block.deviation, np.column_stack([w, w[:, None] * Z]))
            total, cross = both[0], both[1:].T
            scatter = Z.T @ (w[:, None] * Z) if z.codes is None else None
        if not np.isfinite(total).all():
            complain_not_finite(block.deviation, block.first_row)
        own = ConceptSums(mean, cross, scatter, self.classes)
        self._add(own, spread, block.weight, block.centre + total / block.weight)
        return total

    def merge(self, other: ConceptSums, spread: Spread, weight: float, mean: np.ndarray) -> None:
        """Add the sums of other rows, of this weight and mean of X, before ``spread`` is moved."""
        names = self._union(other.classes, len(other.mean), other.levels)
        other = other.copy()
        self._expand(names)
        other._expand(names)
        self._add(other, spread, weight, mean)

    def _add(self, other: ConceptSums, spread: Spread, weight: float, mean: np.ndarray) -> None:
        """Make Chan's update."""
        share = weight / (spread.weight + weight)
        shift = other.mean - self.mean
        factor = spread.weight * share
        self.cross += other.cross + np.outer(mean - spread.mean, factor * shift)
        if self.scatter is not None and other.scatter is not None:
            self.scatter += other.scatter + np.outer(shift, factor * shift)
        self.mean = self.mean + share * shift

    def adopt(self, z: Concept) -> Concept:
        """Make room for the labels of ``z``; return it with its codes among all labels."""
        names = self._union(z.classes, z.n_columns, z.levels)
        self._expand(names)
        if names == z.classes:
            return z
        place = _places(z.classes, names)
        return Concept(place[z.codes], names, None)

    def _union(self, classes: tuple | None, k: int, levels: tuple | None) -> tuple | None:
        """Return the labels of both pieces; numeric concepts must have equally many columns."""
        if (classes is None) != (self.classes is None) or (classes is None and k != len(self.mean)):
            validation.complain(
                "all pieces must have the same kind of concept",
                f"{_kind(self.classes, len(self.mean))} met {_kind(classes, k)}",
                "pass y in the same form each time",
            )
        if levels != self.levels:
            validation.complain(
                "columns of labels must have the same labels in all pieces",
                "they differ",
                "pass the pieces to update or partial_fit, which encode all as the first",
            )
        if classes == self.classes:
            return classes
        assert classes is not None
        assert self.classes is not None
        if {isinstance(c, str) for c in self.classes} != {isinstance(c, str) for c in classes}:
            validation.complain(
                "labels must be of one type in all pieces",
                f"{self.classes[0]!r} came before, and now {classes[0]!r}",
                "convert them to strings",
            )
        union = np.array([*self.classes, *classes], dtype=object)
        return concept(union, kind="labels").classes

    def _expand(self, names: tuple | None) -> None:
        """Make room for labels not met before: their indicator was 0 on every row so far."""
        if names == self.classes:
            return
        place, k = _places(self.classes, names), len(names)  # type: ignore[arg-type]
        mean, cross = np.zeros(k), np.zeros((len(self.cross), k))
        mean[place], cross[:, place] = self.mean, self.cross
        self.mean, self.cross, self.classes = mean, cross, names


def _places(some: Any, names: Any) -> np.ndarray:
    """Return the positions of some labels among all."""
    place = {label: i for i, label in enumerate(names)}
    return np.array([place[label] for label in some], dtype=np.intp)


def _kind(classes: tuple | None, k: int) -> str:
    return f"a numeric concept of {k} columns" if classes is None else f"{k} classes"
