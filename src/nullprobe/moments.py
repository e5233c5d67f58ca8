"""Moments of a representation and its concept: update, merge, and nothing of the data kept.

Problem. Every mean-equalising eraser, the linear discriminant and the Gaussian surrogate need
no more of the data than counts, means and (cross-)covariances; these must come out right for
float32 input, for means a million standard deviations away, in any number of pieces.

Solution. Each block is centred on a provisional mean of its own before products are formed in
the width of the data; the products join float64 totals by the pairwise update of Chan, Golub
and LeVeque (1983), so that no two large numbers are ever subtracted.

Reference. T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
variance", The American Statistician 37 (1983), equations 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe import _array, _check, _linalg
from nullprobe._array import Array
from nullprobe.concepts import Concept, concept, rows

# A one-hot matrix product costs n·d·K; past this many classes a sum by label is cheaper.
MANY_CLASSES = 48
# Rows from which a block's provisional mean is taken: within sd/16 of the block's own mean.
PROVISIONAL_ROWS = 256


@dataclass(eq=False)
class _Spread:
    """Weighted scatter of X alone: the one place where second moments are formed."""

    weight: float
    rows: int
    mean: np.ndarray  # (d,) float64
    scatter: Array  # (d, d) float64 total of w (x - mean)(x - mean)ᵀ, where the data live
    eps: float  # coarsest relative rounding error of the products so far

    @classmethod
    def zeros(cls, X: Array) -> _Spread:
        d = X.shape[1]
        return cls(0.0, 0, np.zeros(d), _array.float64_square(d, X), 0.0)

    def add(self, weight: float, rows: int, mean: np.ndarray, eps: float) -> None:
        """Move weight and mean; the rank-one part of Chan's update goes to the scatter."""
        total = self.weight + weight
        shift = mean - self.mean
        if self.weight > 0:
            _array.add_outer(self.scatter, shift, self.weight * weight / total)
        self.mean = self.mean + shift * (weight / total)
        self.weight, self.rows, self.eps = total, self.rows + rows, max(self.eps, eps)

    def merge(self, other: _Spread) -> None:
        if other.weight > 0:
            _array.add_total(self.scatter, other.scatter)
            self.add(other.weight, other.rows, other.mean, other.eps)

    def copy(self) -> _Spread:
        return _Spread(self.weight, self.rows, self.mean.copy(), self.scatter + 0.0, self.eps)


@dataclass(frozen=True, eq=False)
class _Block:
    """One block of rows: deviations from its provisional mean, and their weighted sums."""

    deviation: Array  # (m, d) in working dtype
    centre: np.ndarray  # (d,) float64, exactly what was subtracted
    w: np.ndarray | None  # (m,) weights, None for ones
    first_row: int  # of the block within its array

    @classmethod
    def of(cls, block: Array, w: np.ndarray | None, first_row: int) -> _Block:
        block = _array.working(block)
        few = _array.host(block[:: max(1, len(block) // PROVISIONAL_ROWS)])
        if not np.isfinite(few).all():
            _complain_not_finite(block, first_row)
        centre = _array.like(few.mean(axis=0), block)
        return cls(block - centre, _array.host(centre), w, first_row)

    @property
    def weight(self) -> float:
        return float(len(self.deviation) if self.w is None else self.w.sum())

    def add_to(self, spread: _Spread, total: np.ndarray) -> None:
        """Add to a spread; ``total`` (d,) is the weighted sum of the deviations."""
        weighted = self.deviation
        if self.w is not None:
            weighted = weighted * _array.like(np.sqrt(self.w)[:, None], weighted)
        _array.add_gram(spread.scatter, weighted)
        shift = total / self.weight
        _array.add_outer(spread.scatter, shift, -self.weight)
        rows = len(self.deviation) if self.w is None else int(np.count_nonzero(self.w))
        spread.add(self.weight, rows, self.centre + shift, _array.precision(self.deviation))


def _complain_not_finite(block: Array, first_row: int) -> None:
    finite = np.isfinite(_array.host(block))
    row, column = np.argwhere(~finite)[0]
    _check.complain_not_finite(first_row + row, column)


def _blocks(X: Array, weights: np.ndarray | None) -> Iterator[tuple[slice, _Block]]:
    for rows, block in _array.row_blocks(X):
        w = None if weights is None else weights[rows]
        if w is not None and not w.any():
            continue
        yield rows, _Block.of(block, w, rows.start)


@dataclass(eq=False)
class Moments:
    """Count, means and covariances of X (n, d) and a concept Z (n, k); weighted, mergeable.

    ``Moments.of(X, y)`` reads data once; ``update`` reads more; ``a + b`` merges, exactly up to
    rounding, in any order. Classes that turn up only in a later piece are added then.

    Attributes
    ----------
    spread : _Spread
        Weight, mean and scatter of X.
    concept_mean : ndarray of shape (k,)
        Mean of Z: for classes, their shares.
    cross : ndarray of shape (d, k)
        Total of w (x - mean)(z - mean)ᵀ.
    concept_scatter : ndarray of shape (k, k)
        Total of w (z - mean)(z - mean)ᵀ.
    classes : tuple or None
        The labels that the columns of Z stand for; None for a numeric concept.

    Notes
    -----
    Covariances are divided by the weight, not by the weight less one: erasure and canonical
    correlations are the same either way, and a weight of 2 is then the same as a row twice.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [3.0, 1.0], [5.0, 5.0], [7.0, 6.0]])
    >>> m = Moments.of(X[:1], ["a"]) + Moments.of(X[1:], ["a", "b", "b"])
    >>> m.mean.tolist(), m.classes, m.class_means.tolist()
    ([4.0, 3.0], ('a', 'b'), [[2.0, 0.5], [6.0, 5.5]])
    """

    spread: _Spread
    concept_mean: np.ndarray
    cross: np.ndarray
    concept_scatter: np.ndarray
    classes: tuple | None

    @classmethod
    def of(cls, X: Array, y: Any, *, sample_weight: Any = None) -> Moments:
        """Read X (n, d) and y, labels (n,) or numbers (n,) or (n, k), with weights (n,)."""
        X, z, w = rows(X, y, sample_weight)
        return cls._zeros(X, z).update(X, z, sample_weight=w)

    @classmethod
    def _zeros(cls, X: Array, z: Concept) -> Moments:
        d, k = X.shape[1], z.n_columns
        return cls(_Spread.zeros(X), np.zeros(k), np.zeros((d, k)), np.zeros((k, k)), z.classes)

    def update(self, X: Array, y: Any, *, sample_weight: Any = None) -> Moments:
        """Read more rows, in place; return self."""
        X, z, w = rows(X, y, sample_weight)
        self._check_width(X.shape[1])
        z = self._adopt(z)
        # What is not finite is complained about by place, not by warnings on the way.
        with np.errstate(invalid="ignore", over="ignore"):
            for where, block in _blocks(X, w):
                self._add_block(block, z.take(where))
        too_large = np.flatnonzero(~np.isfinite(self.variance))
        if len(too_large):
            _check.complain(
                "the squares of all features must be finite numbers of their dtype",
                f"those of feature {too_large[0]} (counted from 0) are not",
                "divide X by a constant, or pass it as float64",
            )
        return self

    def _add_block(self, block: _Block, z: Concept) -> None:
        w = np.ones(len(z)) if block.w is None else block.w
        if z.codes is not None and z.n_columns > MANY_CLASSES:
            sums = _array.sum_by_code(block.deviation, z.codes, w, z.n_columns)
            total, concept_total = sums.sum(axis=0), np.bincount(z.codes, w, z.n_columns)
            concept_mean = concept_total / block.weight
            own = np.diag(concept_total)
            cross = sums.T - np.outer(total, concept_mean)
            concept_scatter = own - np.outer(concept_total, concept_mean)
        else:
            Z = z.matrix
            concept_mean = w @ Z / block.weight
            Z = Z - concept_mean
            both = _array.columns_sum(block.deviation, np.column_stack([w, w[:, None] * Z]))
            total, cross = both[0], both[1:].T
            concept_scatter = Z.T @ (w[:, None] * Z)
        if not np.isfinite(total).all():
            _complain_not_finite(block.deviation, block.first_row)
        self._merge_small(
            block.weight, block.centre + total / block.weight, concept_mean, cross, concept_scatter
        )
        block.add_to(self.spread, total)

    def _merge_small(
        self,
        weight: float,
        mean: np.ndarray,
        concept_mean: np.ndarray,
        cross: np.ndarray,
        concept_scatter: np.ndarray,
    ) -> None:
        """Chan's update of everything that has a concept in it; before the spread is moved."""
        share = weight / (self.spread.weight + weight)
        shift = concept_mean - self.concept_mean
        factor = self.spread.weight * share
        self.cross += cross + np.outer(mean - self.spread.mean, factor * shift)
        self.concept_scatter += concept_scatter + np.outer(shift, factor * shift)
        self.concept_mean = self.concept_mean + share * shift

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both pieces together."""
        if not isinstance(other, Moments):
            return NotImplemented
        self._check_width(other.d)
        merged = self.copy()
        theirs = other.copy()
        names = merged._union(theirs.classes, theirs.k)
        merged._expand(names)
        theirs._expand(names)
        merged._merge_small(
            theirs.weight, theirs.mean, theirs.concept_mean, theirs.cross, theirs.concept_scatter
        )
        merged.spread.merge(theirs.spread)
        return merged

    def __radd__(self, other: object) -> Moments:
        """Let ``sum(pieces)`` start from 0."""
        return self.copy() if other == 0 else NotImplemented

    def copy(self) -> Moments:
        """Return an independent copy."""
        return Moments(
            self.spread.copy(),
            self.concept_mean.copy(),
            self.cross.copy(),
            self.concept_scatter.copy(),
            self.classes,
        )

    def _check_width(self, d: int) -> None:
        if d != self.d:
            _complain_width(self.d, d)

    def _union(self, classes: tuple | None, k: int) -> tuple | None:
        """Return the labels of both pieces; numeric concepts must have equally many columns."""
        if (classes is None) != (self.classes is None) or (classes is None and k != self.k):
            _check.complain(
                "all pieces must have the same kind of concept",
                f"{_kind(self.classes, self.k)} met {_kind(classes, k)}",
                "pass y in the same form each time",
            )
        if classes is None:
            return None
        return concept(np.array([*self.classes, *classes], dtype=object)).classes  # type: ignore[misc]

    def _adopt(self, z: Concept) -> Concept:
        names = self._union(z.classes, z.n_columns)
        self._expand(names)
        if names == z.classes:
            return z
        place = np.array([names.index(label) for label in z.classes])  # type: ignore[union-attr]
        return Concept(place[z.codes], names, None)

    def _expand(self, names: tuple | None) -> None:
        """Make room for labels not met before: their indicator was 0 on every row so far."""
        if names == self.classes:
            return
        place = [names.index(label) for label in self.classes]  # type: ignore[union-attr]
        k = len(names)  # type: ignore[arg-type]
        mean, cross, scatter = np.zeros(k), np.zeros((self.d, k)), np.zeros((k, k))
        mean[place], cross[:, place] = self.concept_mean, self.cross
        scatter[np.ix_(place, place)] = self.concept_scatter
        self.concept_mean, self.cross, self.concept_scatter, self.classes = (
            mean,
            cross,
            scatter,
            names,
        )

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.spread.mean)

    @property
    def k(self) -> int:
        """Number of concept columns."""
        return len(self.concept_mean)

    @property
    def n(self) -> int:
        """Number of rows with a weight above zero."""
        return self.spread.rows

    @property
    def weight(self) -> float:
        """Sum of the weights; n where there are none."""
        return self.spread.weight

    @property
    def mean(self) -> np.ndarray:
        """Mean of X, (d,)."""
        return self.spread.mean

    @property
    def eps(self) -> float:
        """Relative rounding error of the products: that of the coarsest input so far."""
        return self.spread.eps

    @property
    def covariance(self) -> np.ndarray:
        """Cov(X), (d, d), a fresh array."""
        return _array.host(self.spread.scatter) / self.weight

    @property
    def variance(self) -> np.ndarray:
        """Variances of the features, (d,)."""
        return _array.host(_array.diagonal(self.spread.scatter)) / self.weight

    @property
    def scale(self) -> np.ndarray:
        """Standard deviations (d,), 0 for a feature that is constant up to rounding."""
        return _linalg.feature_scale(self.mean, self.variance)

    @property
    def cross_covariance(self) -> np.ndarray:
        """Cov(X, Z), (d, k)."""
        return self.cross / self.weight

    @property
    def concept_covariance(self) -> np.ndarray:
        """Cov(Z), (k, k)."""
        return self.concept_scatter / self.weight

    @property
    def class_means(self) -> np.ndarray:
        """Mean of X in each class, (K, d); NaN for a class without weight."""
        if self.classes is None:
            _check.complain(
                "class means need class labels",
                "the concept is numeric",
                "pass labels as strings or integers",
            )
        shares = np.where(self.concept_mean > 0, self.concept_mean, np.nan)
        return self.mean + (self.cross_covariance / shares).T

    def concept_basis(self) -> _linalg.ConceptBasis:
        """Return the independent directions of the concept that X is correlated with."""
        return _linalg.concept_basis(
            self.cross_covariance,
            self.scale,
            self.mean,
            self.concept_covariance,
            self.concept_mean,
            eps=self.eps,
        )

    def factor(self, shrinkage: float = 0.0) -> _linalg.PSDFactor:
        """Factor the correlation matrix of X, shrunk towards the identity.

        Parameters
        ----------
        shrinkage : float in [0, 1]
            Weight λ of the identity in (1 − λ) R + λ I.
        """
        inverse = _linalg.reciprocal(self.scale) / np.sqrt(self.weight)
        R = _array.host(self.spread.scatter) * inverse[:, None]
        R *= inverse * (1.0 - shrinkage)
        R[np.diag_indices_from(R)] += shrinkage * (self.scale > 0)
        return _linalg.factor_psd(R, eps=self.eps)

    def oracle_shrinkage(self) -> float:
        """Return the oracle-approximating λ for the correlation matrix, in [0, 1].

        Notes
        -----
        Y. Chen et al. 2010, arXiv 0907.4698, equation 23, with R in place of Σ: it needs no
        more of the data than R and n, and does not look at the concept.
        """
        inverse = _linalg.reciprocal(self.scale) / np.sqrt(self.weight)
        R = _array.host(self.spread.scatter) * inverse[:, None]
        R *= inverse
        return oracle_shrinkage(R, self.n - 1)

    @property
    def data_hash(self) -> str:
        """Fingerprint of count, means and cross-covariance: the same data give the same one."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (np.float64(self.weight), self.mean, self.cross, self.concept_scatter):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def oracle_shrinkage(R: np.ndarray, n: int) -> float:
    """Return the oracle-approximating λ for a covariance R (d, d) of n degrees of freedom."""
    d = int(np.count_nonzero(R.diagonal()))
    if d < 2 or n < 1:
        return 0.0
    squares, trace = float(np.vdot(R, R)), float(R.trace())
    above = (1.0 - 2.0 / d) * squares + trace**2
    below = (n + 1.0 - 2.0 / d) * (squares - trace**2 / d)
    return 1.0 if above >= below else above / below


@dataclass(eq=False)
class ClassMoments:
    """Count, mean and covariance of X within each class; weighted, mergeable.

    What Gaussian surrogates, quadratic erasers and mean-and-covariance matching need. Memory
    is K d² float64.

    Attributes
    ----------
    spreads : dict of label -> _Spread
        Weight, mean and scatter of X in each class, labels sorted.

    Examples
    --------
    >>> import numpy as np
    >>> m = ClassMoments.of(np.array([[1.0], [3.0], [10.0], [14.0]]), ["a", "a", "b", "b"])
    >>> m.classes, m.means.tolist(), m.covariances.tolist()
    (('a', 'b'), [[2.0], [12.0]], [[[1.0]], [[4.0]]])
    """

    spreads: dict[Any, _Spread]

    @classmethod
    def of(cls, X: Array, y: Any, *, sample_weight: Any = None) -> ClassMoments:
        """Read X (n, d) and labels y (n,), with weights (n,)."""
        return cls({}).update(X, y, sample_weight=sample_weight)

    def update(self, X: Array, y: Any, *, sample_weight: Any = None) -> ClassMoments:
        """Read more rows, in place; return self."""
        X, z, w = rows(X, y, sample_weight)
        if z.classes is None:
            _check.complain(
                "class moments need class labels",
                "the concept is numeric",
                "pass labels as strings or integers",
            )
        if self.spreads and X.shape[1] != self.d:
            _complain_width(self.d, X.shape[1])
        _check.finite(X)
        for code, label in enumerate(z.classes):
            member = np.flatnonzero(z.codes == code if w is None else (z.codes == code) & (w > 0))
            if not len(member):
                continue
            spread = self.spreads.setdefault(label, _Spread.zeros(X))
            for _, block in _blocks(_array.take(X, member), None if w is None else w[member]):
                ones = np.ones(len(block.deviation)) if block.w is None else block.w
                block.add_to(spread, _array.columns_sum(block.deviation, ones[:, None])[0])
        self.spreads = _in_order(self.spreads)
        return self

    def __add__(self, other: ClassMoments) -> ClassMoments:
        """Return the moments of both pieces together."""
        if not isinstance(other, ClassMoments):
            return NotImplemented
        if self.spreads and other.spreads and self.d != other.d:
            _complain_width(self.d, other.d)
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

    @property
    def d(self) -> int:
        """Number of features."""
        return len(next(iter(self.spreads.values())).mean)

    @property
    def classes(self) -> tuple:
        """The labels, sorted."""
        return tuple(self.spreads)

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
        return np.array([_array.host(s.scatter) / s.weight for s in self.spreads.values()])

    @property
    def within(self) -> np.ndarray:
        """Pooled covariance within the classes, divided by the weight, (d, d)."""
        total = sum(_array.host(spread.scatter) for spread in self.spreads.values())
        return total / self.weights.sum()

    def pooled(self) -> Moments:
        """Return the moments that forget which class a row's covariance belongs to; exact."""
        shares = self.weights / self.weights.sum()
        merged = next(iter(self.spreads.values())).copy()
        for spread in list(self.spreads.values())[1:]:
            merged.merge(spread)
        cross = ((self.means - merged.mean) * self.weights[:, None]).T
        concept_scatter = merged.weight * (np.diag(shares) - np.outer(shares, shares))
        return Moments(merged, shares, cross, concept_scatter, self.classes)


def _in_order(spreads: dict[Any, _Spread]) -> dict[Any, _Spread]:
    names = concept(np.array([*spreads], dtype=object)).classes
    return {name: spreads[name] for name in names}  # type: ignore[union-attr]


def _complain_width(required: int, arrived: int) -> None:
    _check.complain(
        f"X must have {required} features as before",
        f"X has {arrived} features (X has {arrived} features, but this is expecting {required} "
        "features as input)",
        "pass rows of the same representation",
    )


def _kind(classes: tuple | None, k: int) -> str:
    return f"a numeric concept of {k} columns" if classes is None else f"{k} classes"
