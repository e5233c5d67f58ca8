"""Moments within each class, for quadratic erasers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array
from nullprobe._core.printable import label_list
from nullprobe.data.concept import Concept, concept
from nullprobe.data.rows import rows
from nullprobe.moments.concept_sums import ConceptSums
from nullprobe.moments.moments import Moments
from nullprobe.moments.scatter import (
    Block,
    Spread,
    complain_width,
    few,
    need_squares,
    provisional_mean,
)
from nullprobe.report.notebook import facts

# Number of elements of one class that are gathered at a time, 16 MiB in float64. The copy is so
# large that a product costs more than its addition to the total, and so small that memory is
# reused.
PIECE_ELEMENTS = 1 << 21
LEAST_PIECE_ROWS = 1024


@dataclass(eq=False, repr=False)
class ClassMoments:
    """Count, mean and covariance of X within each class; weighted, mergeable.

    Quadratic erasers and mean-and-covariance matching need them. Memory is K d² float64.

    Attributes
    ----------
    spreads : dict of label -> Spread
        Weight, mean and scatter of X in each class, labels sorted.

    Examples
    --------
    >>> import numpy as np
    >>> m = ClassMoments.of(np.array([[1.0], [3.0], [10.0], [14.0]]), ["a", "a", "b", "b"])
    >>> m.classes, m.means.tolist(), m.covariances.tolist()
    (('a', 'b'), [[2.0], [12.0]], [[[1.0]], [[4.0]]])
    """

    spreads: dict[Any, Spread]

    @classmethod
    def of(
        cls, X: Array, y: Any, *, sample_weight: Any = None, kind: str | None = None
    ) -> ClassMoments:
        """Return the moments of X (n, d) and labels y (n,), with weights (n,)."""
        X, z, w = rows(X, y, sample_weight, kind=kind)
        moments = cls({}).update(X, z, sample_weight=w)
        need_squares(X, w, moments.variance)
        return moments

    def update(
        self, X: Array, y: Any, *, sample_weight: Any = None, kind: str | None = None
    ) -> ClassMoments:
        """Add rows in place; return self. Labels that are floats need ``kind="labels"``."""
        X, z, w = rows(X, y, sample_weight, kind=kind, like=self if self.spreads else None)
        if z.classes is None:
            validation.complain(
                "class moments need class labels",
                "the concept is numeric",
                "pass labels as strings or integers",
            )
        if self.spreads and X.shape[1] != self.d:
            complain_width(self.d, X.shape[1])
        return self._read(validation.finite(X), z, w)

    @classmethod
    def summed(cls, X: Array, z: Concept) -> ClassMoments:
        """Return the moments of validated X (n, d) and class labels."""
        return cls({})._read(X, z, None)

    def _read(self, X: Array, z: Concept, w: np.ndarray | None) -> ClassMoments:
        assert z.classes is not None, "class moments need class labels"
        step = max(LEAST_PIECE_ROWS, PIECE_ELEMENTS // X.shape[1])
        memory = arrays.working(arrays.empty_like(X[:step]))
        with np.errstate(invalid="ignore", over="ignore"):
            for where, part in arrays.row_blocks(X):
                piece, shares = z.take(where), None if w is None else w[where]
                for code, label in enumerate(z.classes):
                    of_class = piece.data == code
                    member = np.flatnonzero(of_class if shares is None else of_class & (shares > 0))
                    for start in range(0, len(member), step):
                        positions = member[start : start + step]
                        weights = None if shares is None else shares[positions]
                        self._add(label, part, positions, weights, memory)
            self.spreads = _in_order(self.spreads)
            linalg.need_finite(self.variance)
        return self

    def _add(
        self, label: Any, X: Array, positions: np.ndarray, w: np.ndarray | None, memory: Array
    ) -> None:
        """Add the rows of X at these positions, all of one class; ``memory`` is a buffer."""
        spread = self.spreads.setdefault(label, Spread.zeros(X))
        centre = provisional_mean(arrays.take(X, positions[few(len(positions))]))
        deviation = arrays.centred(X, positions, centre, memory)
        if w is None:
            total = arrays.rows_sum(deviation)
        else:
            total = arrays.columns_sum(deviation, w[:, None])[0]
        Block(deviation, arrays.host(centre), w, 0).add_to(spread, total)

    def __add__(self, other: ClassMoments) -> ClassMoments:
        """Return the moments of both pieces together."""
        if not isinstance(other, ClassMoments):
            return NotImplemented
        if self.spreads and other.spreads and self.d != other.d:
            complain_width(self.d, other.d)
        spreads = {label: spread.copy() for label, spread in self.spreads.items()}
        for label, spread in other.spreads.items():
            if label in spreads:
                spreads[label].merge(spread)
            else:
                spreads[label] = spread.copy()
        return ClassMoments(_in_order(spreads))

    def __radd__(self, other: object) -> ClassMoments:
        """Let ``sum(pieces)`` start from 0."""
        return self + ClassMoments({}) if other == 0 else NotImplemented

    def __repr__(self) -> str:
        """Return rows, features and classes in one line, without the arrays."""
        width = f", d={self.d}" if self.spreads else ""
        return f"ClassMoments(n={self.n}{width}, classes={label_list(self.classes)})"

    def _repr_html_(self) -> str:
        """Return rows, features and classes as one table, for a notebook."""
        width = self.d if self.spreads else None
        return facts(
            "ClassMoments", {"rows": self.n, "features": width, "classes": label_list(self.classes)}
        )

    @property
    def d(self) -> int:
        """Number of features."""
        return len(next(iter(self.spreads.values())).mean)

    @property
    def classes(self) -> tuple:
        """The labels, sorted."""
        return tuple(self.spreads)

    @property
    def n(self) -> int:
        """Number of rows with a weight above zero."""
        return int(self.counts.sum())

    @property
    def eps(self) -> float:
        """Relative rounding error of the products; the largest of all input so far."""
        return max(spread.eps for spread in self.spreads.values())

    @property
    def counts(self) -> np.ndarray:
        """Rows in each class with a weight above zero, (K,)."""
        return np.array([spread.rows for spread in self.spreads.values()])

    @property
    def weights(self) -> np.ndarray:
        """Sum of the weights in each class, (K,)."""
        return np.array([spread.weight for spread in self.spreads.values()])

    @property
    def means(self) -> np.ndarray:
        """Class means, (K, d)."""
        return np.array([spread.mean for spread in self.spreads.values()])

    @property
    def covariances(self) -> np.ndarray:
        """Covariance within each class, divided by its weight, (K, d, d)."""
        return np.array([arrays.host(s.scatter) / s.weight for s in self.spreads.values()])

    @property
    def variance(self) -> np.ndarray:
        """Variances of the features over the rows of all classes, (d,)."""
        shares = self.weights / self.weights.sum()
        inside = [arrays.host(s.scatter.diagonal()) / s.weight for s in self.spreads.values()]
        return shares @ (inside + np.square(self.means - shares @ self.means))

    @property
    def within(self) -> np.ndarray:
        """Pooled covariance within the classes, divided by the weight, (d, d)."""
        total = sum(arrays.host(spread.scatter) for spread in self.spreads.values())
        return total / self.weights.sum()

    def pooled(self) -> Moments:
        """Return the `Moments` of the same rows, without the covariance of each class; exact."""
        shares = self.weights / self.weights.sum()
        merged = next(iter(self.spreads.values())).copy()
        for spread in list(self.spreads.values())[1:]:
            merged.merge(spread)
        cross = ((self.means - merged.mean) * self.weights[:, None]).T
        return Moments(merged, ConceptSums(shares, cross, None, self.classes))

    @property
    def data_hash(self) -> str:
        """Fingerprint of the weights, means and variances in each class.

        The same array in the same pieces on the same machine gives the same fingerprint. Another
        memory layout, order of merging or BLAS may round differently and give another fingerprint.
        """
        digest = hashlib.blake2b(digest_size=16)
        variances = [arrays.host(s.scatter.diagonal()) for s in self.spreads.values()]
        for part in (self.weights, self.means, np.array(variances)):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def _in_order(spreads: dict[Any, Spread]) -> dict[Any, Spread]:
    names = concept(np.array([*spreads], dtype=object), kind="labels").classes
    return {name: spreads[name] for name in names}  # type: ignore[union-attr]
