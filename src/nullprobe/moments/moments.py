"""Moments of a representation and its concept, which can be updated and merged.

All erasers that equalise class means, the linear discriminant and the planner need only counts,
means and (cross-)covariances of the data. `scatter.py` forms the moments of X; this file adds the
concept, with the same update. No rows are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nullprobe._core import arrays, linalg, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.printable import label_list
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.moments import files, origins
from nullprobe.moments.concept_sums import ConceptSums
from nullprobe.moments.scatter import Block, Spread, blocks, complain_width, need_squares
from nullprobe.moments.shrinkage import shrink
from nullprobe.report.notebook import facts


@dataclass(eq=False, repr=False)
class Moments:
    """Count, means and covariances of X (n, d) and a concept Z (n, k); weighted, mergeable.

    ``Moments.of(X, y)`` makes them from data, ``update`` adds rows, and ``a + b`` merges, in any
    order and exactly up to rounding. A later piece may have new classes.

    Attributes
    ----------
    spread : Spread
        Weight, mean and scatter of X.
    sums : ConceptSums
        Mean of Z, and the totals of its products with X and with itself.
    feature_names : tuple of str or None
        Names of the d features; pieces with names must have the same, in the same order.
    details : mapping of str to str
        Where the rows come from; a sum keeps what its pieces have in common.

    Notes
    -----
    Covariances are divided by the weight, not by the weight minus one. Erasure and canonical
    correlations are the same for both, and a row with weight 2 is then equivalent to the row twice.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [3.0, 1.0], [5.0, 5.0], [7.0, 6.0]])
    >>> m = Moments.of(X[:1], ["a"]) + Moments.of(X[1:], ["a", "b", "b"])
    >>> m.mean.tolist(), m.classes, m.class_means.tolist()
    ([4.0, 3.0], ('a', 'b'), [[2.0, 0.5], [6.0, 5.5]])
    """

    FORMAT: ClassVar[str] = "nullprobe.Moments/1"

    spread: Spread
    sums: ConceptSums
    feature_names: tuple[str, ...] | None = None
    details: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, X: Array, y: Any, *, sample_weight: Any = None, kind: str | None = None) -> Moments:
        """Return the moments of X (n, d) and labels or numbers y (n,) or (n, k), with weights (n,).

        ``kind`` ("labels" or "numeric") overrides the rule for labels and numbers.
        """
        return cls.summed(*rows(X, y, sample_weight, kind=kind))

    @classmethod
    def summed(cls, X: Array, z: Concept, w: np.ndarray | None = None) -> Moments:
        """Return the moments of validated X (n, d), concept and weights (n,)."""
        moments = cls.zeros(X, z)
        read_together([moments], X, [z], w)
        need_squares(X, w, moments.variance)
        return moments

    def rescaled(self, factors: np.ndarray) -> Moments:
        """Return the moments of (x − μ) times factors (d,), without using rows."""
        S = arrays.host(self.spread.scatter) * np.outer(factors, factors)
        sums = self.sums.copy()
        sums.cross *= factors[:, None]
        spread = Spread(self.weight, self.n, np.zeros(self.d), S, self.eps)
        return Moments(spread, sums)

    @classmethod
    def zeros(cls, X: Array, z: Concept, *, spread: Spread | None = None) -> Moments:
        """Return empty moments for a concept like ``z``."""
        return cls(Spread.zeros(X) if spread is None else spread, ConceptSums.zeros(X.shape[1], z))

    def update(
        self, X: Array, y: Any, *, sample_weight: Any = None, kind: str | None = None
    ) -> Moments:
        """Add rows in place; return self. The first piece decides whether y holds labels.

        Labels that are floats need ``kind="labels"``.
        """
        X, z, w = rows(X, y, sample_weight, kind=kind, like=self)
        read_together([self], X, [z], w)
        return self

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both pieces together."""
        if not isinstance(other, Moments):
            return NotImplemented
        return add_together([self], [other])[0]

    def __radd__(self, other: object) -> Moments:
        """Let ``sum(pieces)`` start from 0."""
        return self.copy() if other == 0 else NotImplemented

    def copy(self, spread: Spread | None = None) -> Moments:
        """Return an independent copy, or one that shares ``spread`` with others."""
        spread = self.spread.copy() if spread is None else spread
        return Moments(spread, self.sums.copy(), self.feature_names, self.details)

    def named(self, feature_names: Any) -> Moments:
        """Return a copy with names for its features."""
        named = self.copy()
        named.feature_names = origins.checked_names(feature_names, self.d)
        return named

    def save(self, path: str | Path) -> None:
        """Write the moments to a .safetensors file. A failed write leaves no partial file.

        The file holds all sums in float64, exactly. Labels, names and details are JSON.
        """
        tensors = files.spread_tensors(self.spread) | files.sums_tensors(self.sums)
        described = files.described_sums(self.sums)
        described |= {"feature_names": self.feature_names, "details": dict(self.details)}
        files.write(path, self.FORMAT, tensors, described)

    @classmethod
    def load(cls, path: str | Path) -> Moments:
        """Read moments that :meth:`save` wrote, on the host.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not such a file.
        """
        content = files.read(path, cls.FORMAT)
        spread = files.read_spread(content)
        d = len(spread.mean)
        return cls(spread, files.read_sums(content, d), **files.read_origin(content, d))

    def projected(self, Q: np.ndarray, *, before: np.ndarray | None = None) -> Moments:
        """Return the moments of x − Q Qᵀ(x − μ) in O(d² m), without using rows.

        Parameters
        ----------
        Q : ndarray of shape (d, m)
            Orthonormal columns.
        before : ndarray of shape (d,), optional
            Variances of the features before the first of several projections; by default the
            variances before this one. A feature whose remaining share of them is only rounding
            error gets variance 0, so that probes cannot use rounding errors.
        """
        S = arrays.host(self.spread.scatter)
        SQ = S @ Q
        H = SQ - 0.5 * Q @ (Q.T @ SQ)
        # (I − QQᵀ) S (I − QQᵀ) = S − QHᵀ − HQᵀ; this sum is symmetric to the last bit.
        half = Q @ H.T
        S = S - (half + half.T)
        sums = self.sums.copy()
        sums.cross -= Q @ (Q.T @ sums.cross)
        before = self.variance if before is None else before
        share = S.diagonal() / self.weight * linalg.reciprocal(before)
        removed = np.flatnonzero(~linalg.left_over(share, eps=self.eps))
        S[removed], S[:, removed], sums.cross[removed] = 0.0, 0.0, 0.0
        return Moments(Spread(self.weight, self.n, self.mean.copy(), S, self.eps), sums)

    def check_width(self, d: int) -> None:
        """Complain about rows of another number d of features."""
        if d != self.d:
            complain_width(self.d, d)

    def __repr__(self) -> str:
        """Return rows, features and classes in one line, without the arrays."""
        concept = f"k={self.k}" if self.classes is None else f"classes={label_list(self.classes)}"
        return f"Moments(n={self.n}, d={self.d}, {concept})"

    def _repr_html_(self) -> str:
        """Return rows, features and concept as one table, for a notebook."""
        concept = f"{self.k} numeric" if self.classes is None else label_list(self.classes)
        weight = None if self.weight == self.n else self.weight
        about = {"rows": self.n, "weight": weight, "features": self.d, "concept": concept}
        return facts("Moments", about)

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.spread.mean)

    @property
    def k(self) -> int:
        """Number of concept columns."""
        return len(self.sums.mean)

    @property
    def classes(self) -> tuple | None:
        """Labels of the columns of Z, sorted; None for a numeric concept."""
        return self.sums.classes

    @property
    def levels(self) -> tuple | None:
        """Labels of each column of y, for columns of labels that are encoded together."""
        return self.sums.levels

    @property
    def n(self) -> int:
        """Number of rows with a weight above zero."""
        return self.spread.rows

    @property
    def weight(self) -> float:
        """Sum of the weights; n without weights."""
        return self.spread.weight

    @property
    def mean(self) -> np.ndarray:
        """Mean of X, (d,)."""
        return self.spread.mean

    @property
    def eps(self) -> float:
        """Relative rounding error of the products; the largest of all input so far."""
        return self.spread.eps

    @property
    def covariance(self) -> np.ndarray:
        """Cov(X), (d, d), as a new array."""
        return arrays.host(self.spread.scatter) / self.weight

    @property
    def variance(self) -> np.ndarray:
        """Variances of the features, (d,)."""
        return arrays.host(self.spread.scatter.diagonal()) / self.weight

    @property
    def scale(self) -> np.ndarray:
        """Standard deviations (d,), 0 for a feature that is constant up to rounding."""
        return linalg.feature_scale(self.mean, self.variance)

    @property
    def concept_mean(self) -> np.ndarray:
        """Mean of Z, (k,): for classes, their shares."""
        return self.sums.mean

    @property
    def cross_covariance(self) -> np.ndarray:
        """Cov(X, Z), (d, k)."""
        return self.sums.cross / self.weight

    @property
    def concept_covariance(self) -> np.ndarray:
        """Cov(Z), (k, k), as a new array."""
        return self.concept_times(np.eye(self.k))

    def concept_times(self, A: np.ndarray) -> np.ndarray:
        """Return Cov(Z) A for A (k, m); classes need no (k, k) matrix for it."""
        if self.sums.scatter is not None:
            return self.sums.scatter @ A / self.weight
        shares = self.concept_mean[:, None]
        return shares * A - shares * (shares.T @ A)

    @property
    def class_means(self) -> np.ndarray:
        """Mean of X in each class, (K, d); NaN for a class without weight."""
        if self.classes is None:
            validation.complain(
                "class means need class labels",
                "the concept is numeric",
                "pass labels as strings or integers",
            )
        shares = np.where(self.concept_mean > 0, self.concept_mean, np.nan)
        return self.mean + (self.cross_covariance / shares).T

    def concept_basis(self) -> linalg.ConceptBasis:
        """Return the independent directions of the concept with which X is correlated."""
        return linalg.concept_basis(
            self.cross_covariance,
            self.scale,
            self.mean,
            None if self.classes else self.concept_covariance,
            self.concept_mean,
            eps=self.eps,
        )

    def factor(self, shrinkage: float | str = 0.0) -> linalg.PSDFactor:
        """Factor the shrunk correlation matrix R of X.

        Parameters
        ----------
        shrinkage : float in [0, 1] or "oas"
            Weight λ of the identity in (1 − λ) R + λ I; "oas" for :meth:`oracle_shrinkage`.
        """
        R = self._correlation()
        lam = parameters.shrinkage(shrinkage, "oas")
        if isinstance(lam, str):
            shrink(R, self.n - 1)
        else:
            R *= 1.0 - lam
            R[np.diag_indices_from(R)] += lam * (self.scale > 0)
        return linalg.factor_psd(R, eps=self.eps)

    def shrinkage(self, value: float | str) -> float:
        """Return the weight λ in [0, 1] for a number or "oas"."""
        lam = parameters.shrinkage(value, "oas")
        return self.oracle_shrinkage() if isinstance(lam, str) else lam

    def oracle_shrinkage(self) -> float:
        """Return the oracle-approximating λ for the correlation matrix, in [0, 1].

        Notes
        -----
        Y. Chen et al. 2010, arXiv 0907.4698, equation 23, with R in place of Σ, and without the
        few directions that stand out from noise (`moments/shrinkage.py`). It depends only on R
        and n, not on the concept.
        """
        return shrink(self._correlation(), self.n - 1)

    def _correlation(self) -> np.ndarray:
        inverse = linalg.reciprocal(self.scale) / np.sqrt(self.weight)
        R = arrays.host(self.spread.scatter) * inverse[:, None]
        R *= inverse
        return R

    @property
    def data_hash(self) -> str:
        """Fingerprint of weight, means and cross-covariance.

        The same array in the same pieces on the same machine gives the same fingerprint. Another
        memory layout, order of merging or BLAS may round differently and give another fingerprint.
        """
        digest = hashlib.blake2b(digest_size=16)
        concept = self.concept_mean if self.sums.scatter is None else self.sums.scatter
        for part in (np.float64(self.weight), self.mean, self.sums.cross, concept):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def read_together(
    moments: Sequence[Moments], X: Array, concepts: Sequence[Concept], w: np.ndarray | None
) -> None:
    """Add rows to moments that share one spread, in place.

    Parameters
    ----------
    moments : sequence of Moments
        Each has its own concept; all share one ``spread`` object.
    X : array of shape (n, d)
    concepts : sequence of Concept
        One concept of n rows for each.
    w : ndarray of shape (n,) or None
    """
    moments[0].check_width(X.shape[1])
    concepts = [m.sums.adopt(z) for m, z in zip(moments, concepts, strict=True)]
    # Values that are not finite raise an error with their position, instead of warnings.
    with np.errstate(invalid="ignore", over="ignore"):
        for where, block in blocks(X, w):
            add_block(moments, block, [z.take(where) for z in concepts])
        linalg.need_finite(moments[0].variance)


def add_block(moments: Sequence[Moments], block: Block, concepts: Sequence[Concept]) -> None:
    """Add a block of rows to moments that share one spread, in place; as `read_together`."""
    spread = moments[0].spread
    # All concepts first: their update needs the mean before this block.
    totals = [m.sums.join(block, z, spread) for m, z in zip(moments, concepts, strict=True)]
    block.add_to(spread, totals[0])


def add_together(ours: Sequence[Moments], theirs: Sequence[Moments]) -> list[Moments]:
    """Merge moments that share one spread with moments that share another, pairwise."""
    ours[0].check_width(theirs[0].d)
    spread = ours[0].spread.copy()
    merged = [m.copy(spread) for m in ours]
    for mine, other in zip(merged, theirs, strict=True):
        mine.feature_names = origins.joint_names(mine.feature_names, other.feature_names)
        mine.details = origins.joint_details(mine.details, other.details)
        mine.sums.merge(other.sums, spread, other.weight, other.mean)
    spread.merge(theirs[0].spread)
    return merged
