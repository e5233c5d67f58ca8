"""Family: held-out reading of erased rows by the strongest of a family of nonlinear readers.

Problem. Equal means stop linear readers. To say that a concept is *gone* takes readers that are
not linear, and a null of them reruns eraser, choice, fit and scores for every permuted labelling.

Solution. Readers that need no more than the inner products of the erased rows. An eraser
x ↦ x − C s(x) changes those by a matrix of rank 2k,

    G' = G − S Hᵀ − H Sᵀ,   H = X C − S (Cᵀ C) / 2,

for rows X and their S = s(X), so that a labelling costs no product of rows with rows. Which
reader is used is decided inside P (`kernel_readers`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.kernel_probes import DIGITS, Products, fitted, strongest
from nullprobe.heldout.targets import marks, mean_auc
from nullprobe.heldout.three_way import ThreeWay

FOLDS = 3
MOST_JUDGED = 450  # of these, by which the reader is chosen: most of the cost of a labelling
MOST_ROWS = 1500  # of P that are fitted to: a fit takes their cube
MOST_KEPT = 1 << 24  # inner products of S and P; where there are more, they are formed again
BLOCK = 2000  # rows of S that are scored together
LEAST_LEFT = 1e-10  # share of the squared length below which erased rows are rounding
NOTHING_LEFT = "none, nothing being left"


class Family:
    """Nonlinear readers of erased rows, ready to read any labelling.

    Parameters
    ----------
    data : ThreeWay
        Representation, concept and parts, factored.
    seed : int
        Draws the folds of P, and the 1,500 rows of P that are fitted to where it has more.

    Notes
    -----
    Of numbers it is asked in which quarter they lie: a reader of their mean alone would miss what
    tells their spread.

    The family: ridge regression on a quadratic kernel, on Gaussian kernels of two widths and on the
    kernel of an infinitely wide ReLU network, each with two ridges; and the share of the votes of
    32 or 8 nearest neighbours. Features are in units of their standard deviations on F and P. The
    eraser is LEACE with shrinkage, fitted on F.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.data.splits import split
    >>> w = worlds.heteroscedastic(n=300)
    >>> z = concept(w.y)
    >>> parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(0))
    >>> family = Family(ThreeWay(w.X, z, parts))
    >>> bool(family.read(np.arange(300)[:, None])[0] > 0.7)
    True
    """

    def __init__(self, data: ThreeWay, seed: int = 0) -> None:
        self.data, self.marks = data, marks(data.z)
        rng = np.random.default_rng(seed)
        parts, groups = data.parts, data.partition.groups
        self.turns = [
            _Turn(data, parts[f], parts[p], parts[s], groups, rng)
            for f, p, s in data.partition.roles()
        ]

    def read(self, order: np.ndarray) -> np.ndarray:
        """Return the held-out AUC (m,) of each labelling y[order[:, j]], order (n, m)."""
        found = np.zeros(order.shape[1])
        for j, own in enumerate(order.T):
            Z, M = self.data.columns(own[:, None])[:, 0], self.marks[own]
            for turn in self.turns:
                scores, _ = turn.scores(Z, M)
                truth = M[turn.S.rows].T[None]
                found[j] += mean_auc(scores.T[None], truth)[0] / len(self.turns)
        return found

    def scores(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return held-out scores (n, q) of the labelling as it is, and each role's reader."""
        Z = self.data.columns(np.arange(len(self.data.z))[:, None])[:, 0]
        scores, names = np.empty(self.marks.shape), []
        for turn in self.turns:
            scores[turn.S.rows], name = turn.scores(Z, self.marks)
            names.append(name)
        return scores, tuple(names)


class _Turn:
    """One way in which the parts play F, P and S, with all that no labelling changes."""

    def __init__(
        self,
        data: ThreeWay,
        F: Part,
        P: Part,
        S: Part,
        groups: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        self.data, self.F, self.P, self.S = data, F, P, S
        self.kept, self.folds = _drawn(len(P.rows), None if groups is None else groups[P.rows], rng)
        variances = np.array(
            [linalg.reciprocal(part.inverse) ** 2 for part in ((F, P) if data.erases else (P,))]
        )
        self.inverse = linalg.reciprocal(np.sqrt(variances.mean(axis=0)))
        self.shift = S.mean - P.mean
        self.some, self.judged = _share(self.folds, len(self.kept))
        self.X = P.X[self.kept] * self.inverse
        self.inside = self._products(self.X)
        blocks = [slice(i, i + BLOCK) for i in range(0, len(S.rows), BLOCK)]
        keep = len(S.rows) * len(self.X) <= MOST_KEPT
        self.blocks = [(b, self._products(self._scored(b)) if keep else None) for b in blocks]

    def _scored(self, rows: slice) -> np.ndarray:
        """Return rows of S about the mean of P, in units of the standard deviations (n, d)."""
        return (self.S.X[rows] + self.shift) * self.inverse

    def _products(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return products (n, m) with the rows that are fitted to, and squared lengths (n,)."""
        return X @ self.X.T, np.einsum("nd,nd->n", X, X)

    def scores(self, Z: np.ndarray, M: np.ndarray) -> tuple[np.ndarray, str]:
        """Return scores (n_S, q) of the reader that read best inside P, and its name.

        Z (n, k) is erased, and M (n, q) are read.
        """
        Y = M[self.P.rows[self.kept]]
        eraser = _Eraser.of(self.F, self.data.taken(self.F.cross(Z)), self.inverse)
        moves = eraser.moves(self.X)
        G, a = _erased(self.inside, moves, moves)
        typical = a.mean()
        if typical <= LEAST_LEFT * self.inside[1].mean():
            return np.tile(Y.mean(axis=0), (len(self.S.rows), 1)), NOTHING_LEFT
        a /= typical
        inside = Products(G / typical, a, a)
        some = self.some
        few = Products(inside.G[np.ix_(some, some)], a[some], a[some])
        name = strongest(few, Y[some], self.judged)
        fit = fitted(name, inside, Y)
        scores = np.empty((len(self.S.rows), Y.shape[1]))
        for rows, known in self.blocks:
            X = self._scored(rows)
            G, a = _erased(known or self._products(X), eraser.moves(X), moves)
            scores[rows] = fit(Products(G / typical, a / typical, inside.b))
        # AUC reads differences of any size: rows that coincide are to be ties
        return np.round(scores, DIGITS), name


def _drawn(
    n: int, groups: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, list[slice]]:
    """Draw which of n rows are fitted to, one fold after the other, and the folds; groups whole."""
    kept = rng.permutation(n)[:MOST_ROWS]
    fold = np.arange(len(kept)) % FOLDS
    if groups is not None:
        names, member = np.unique(groups[kept], return_inverse=True)
        fold = rng.permutation(len(names))[member] % FOLDS
    ends = np.cumsum(np.bincount(fold, minlength=FOLDS))
    folds = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    kept = kept[np.argsort(fold, kind="stable")]
    return kept, [f for f in folds if 0 < f.stop - f.start < len(kept)]


def _share(folds: list[slice], n: int) -> tuple[np.ndarray, list[slice]]:
    """Return some rows of each fold, by which readers are judged, and where folds then lie.

    Where all n rows are of one group there are no folds.
    """
    if not folds:
        return np.arange(min(n, MOST_JUDGED)), []
    rows = [np.arange(f.start, f.stop)[: MOST_JUDGED // len(folds)] for f in folds]
    ends = np.cumsum([len(own) for own in rows])
    return np.concatenate(rows), [
        slice(a, b) for a, b in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Eraser:
    """x ↦ x − C s(x), with s(x) = (Cᵀ U)⁺ Uᵀ x and U = Σ̃⁻¹ C, for rows less their mean.

    Rows are in units of the standard deviations, as the products with C are to be; s(x) is free
    of units.
    """

    weights: np.ndarray  # (d, 2k), of s and of the products with C
    square: np.ndarray  # (k, k), of C with itself

    @classmethod
    def of(cls, F: Part, C: np.ndarray, inverse: np.ndarray) -> _Eraser:
        C = C.astype(np.float64)
        U = F.solve(C)
        U = U @ np.linalg.pinv(C.T @ U, rcond=1e-10, hermitian=True)
        U, C = linalg.reciprocal(inverse)[:, None] * U, inverse[:, None] * C
        return cls(np.hstack([U, C]), C.T @ C)

    def moves(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return s (n, k) of rows (n, d), and h (n, k), products with C less half of s CᵀC."""
        s, products = np.hsplit(X @ self.weights, 2)
        return s, products - s @ self.square / 2


def _erased(
    raw: tuple[np.ndarray, np.ndarray],
    left: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return inner products and squared lengths of erased rows, from those of raw ones."""
    (G, a), (s, h) = raw, left
    moved = np.hstack([s, h]) @ np.hstack(right[::-1]).T
    return np.subtract(G, moved, out=moved), np.maximum(a - 2 * np.einsum("nk,nk->n", s, h), 0)
