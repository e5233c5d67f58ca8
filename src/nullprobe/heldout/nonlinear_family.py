"""Family: held-out scores of erased rows by the strongest of a family of nonlinear probes.

Problem. Equal class means stop linear probes. The claim that a concept is *gone* needs nonlinear
probes. Their null reruns eraser, selection, fit and scores for every permuted labelling.

Solution. Use probes that need only inner products of the erased rows. An eraser x ↦ x − C s(x)
changes these by a matrix of rank 2k,

    G' = G − S Hᵀ − H Sᵀ,   H = X C − S (Cᵀ C) / 2,

for rows X and S = s(X). So a labelling needs no new product of rows with rows. The probe is
selected inside P (`kernel_probes`).
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
MOST_SELECTION_ROWS = 450  # rows of P that select the probe: most of the cost of a labelling
MOST_ROWS = 1500  # fitting rows of P: the cost of a fit grows with their cube
MOST_STORED_PRODUCTS = 1 << 24  # of all parts S with P; more are recomputed for each labelling
BLOCK = 2000  # rows of S per block
LEAST_LEFT = 1e-10  # erased rows with a smaller share of the squared length are rounding
NOTHING_LEFT = "none: erasure leaves no variance"


class Family:
    """Nonlinear probes of erased rows, for any labelling.

    Parameters
    ----------
    data : ThreeWay
        Representation, concept and parts, factored.
    seed : int
        Draws the folds of P, and 1,500 fitting rows if P has more.

    Notes
    -----
    A numeric concept is cut into quarters: a probe of its mean alone would miss information about
    its spread.

    The family is ridge regression on a quadratic kernel, on Gaussian kernels of two widths and on
    the kernel of an infinitely wide ReLU network, each with two ridges, and the vote shares of 32
    or 8 nearest neighbours. Features are in units of their standard deviations on F and P. The
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
        self.roles = [
            _RoleAssignment(data, parts[f], parts[p], parts[s], groups, rng)
            for f, p, s in data.partition.roles()
        ]

    def read(self, order: np.ndarray) -> np.ndarray:
        """Return the held-out AUC (m,) of each labelling y[order[:, j]], order (n, m)."""
        auc = np.zeros(order.shape[1])
        for j, permutation in enumerate(order.T):
            Z, M = self.data.columns(permutation[:, None])[:, 0], self.marks[permutation]
            for role in self.roles:
                scores, _ = role.scores(Z, M)
                truth = M[role.S.rows].T[None]
                auc[j] += mean_auc(scores.T[None], truth)[0] / len(self.roles)
        return auc

    def scores(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return held-out scores (n, q) of the observed labelling, and each role's probe."""
        Z = self.data.columns(np.arange(len(self.data.z))[:, None])[:, 0]
        scores, names = np.empty(self.marks.shape), []
        for role in self.roles:
            scores[role.S.rows], name = role.scores(Z, self.marks)
            names.append(name)
        return scores, tuple(names)


class _RoleAssignment:
    """One assignment of the parts to F, P and S, with all that no labelling changes."""

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
        groups_P = None if groups is None else groups[P.rows]
        self.fitting, self.folds = _draw_folds(len(P.rows), groups_P, rng)
        variances = np.array(
            [linalg.reciprocal(part.inverse) ** 2 for part in ((F, P) if data.erases else (P,))]
        )
        self.inverse = linalg.reciprocal(np.sqrt(variances.mean(axis=0)))
        self.shift = S.mean - P.mean
        self.selection, self.folds_inside = _selection_rows(self.folds, len(self.fitting))
        self.X = P.X[self.fitting] * self.inverse
        self.inside = self._products(self.X)
        blocks = [slice(i, i + BLOCK) for i in range(0, len(S.rows), BLOCK)]
        store = len(data.z) * len(self.X) <= MOST_STORED_PRODUCTS
        self.blocks = [(b, self._products(self._scored(b)) if store else None) for b in blocks]

    def _scored(self, rows: slice) -> np.ndarray:
        """Return rows of S minus the mean of P, in units of the standard deviations (n, d)."""
        return (self.S.X[rows] + self.shift) * self.inverse

    def _products(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inner products (n, m) with the fitting rows, and squared lengths (n,)."""
        return X @ self.X.T, np.einsum("nd,nd->n", X, X)

    def scores(self, Z: np.ndarray, M: np.ndarray) -> tuple[np.ndarray, str]:
        """Return scores (n_S, q) of the best probe inside P, and its name.

        The eraser removes Z (n, k); the probe reads M (n, q).
        """
        Y = M[self.P.rows[self.fitting]]
        eraser = _Eraser.of(self.F, self.data.removed(self.F.cross(Z)), self.inverse)
        moves = eraser.moves(self.X)
        G, a = _erased(self.inside, moves, moves)
        typical = a.mean()
        if typical <= LEAST_LEFT * self.inside[1].mean():
            return np.tile(Y.mean(axis=0), (len(self.S.rows), 1)), NOTHING_LEFT
        a /= typical
        inside = Products(G / typical, a, a)
        selection = self.selection
        few = Products(inside.G[np.ix_(selection, selection)], a[selection], a[selection])
        name = strongest(few, Y[selection], self.folds_inside)
        fit = fitted(name, inside, Y)
        scores = np.empty((len(self.S.rows), Y.shape[1]))
        for rows, stored in self.blocks:
            X = self._scored(rows)
            G, a = _erased(stored or self._products(X), eraser.moves(X), moves)
            scores[rows] = fit(Products(G / typical, a / typical, inside.b))
        # AUC counts differences of any size: equal rows must be ties.
        return np.round(scores, DIGITS), name


def _draw_folds(
    n: int, groups: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, list[slice]]:
    """Draw fitting rows from n rows, sorted by fold, and the folds; groups stay in one fold."""
    fitting = rng.permutation(n)[:MOST_ROWS]
    fold = np.arange(len(fitting)) % FOLDS
    if groups is not None:
        names, member = np.unique(groups[fitting], return_inverse=True)
        fold = rng.permutation(len(names))[member] % FOLDS
    ends = np.cumsum(np.bincount(fold, minlength=FOLDS))
    folds = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    fitting = fitting[np.argsort(fold, kind="stable")]
    return fitting, [f for f in folds if 0 < f.stop - f.start < len(fitting)]


def _selection_rows(folds: list[slice], n: int) -> tuple[np.ndarray, list[slice]]:
    """Return the rows of each fold that select the probe, and the folds among these rows.

    There are no folds if all n rows belong to one group.
    """
    if not folds:
        return np.arange(min(n, MOST_SELECTION_ROWS)), []
    rows = [np.arange(f.start, f.stop)[: MOST_SELECTION_ROWS // len(folds)] for f in folds]
    ends = np.cumsum([len(part) for part in rows])
    return np.concatenate(rows), [
        slice(a, b) for a, b in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Eraser:
    """x ↦ x − C s(x), with s(x) = (Cᵀ U)⁺ Uᵀ x and U = Σ̃⁻¹ C, for centred rows.

    Rows, and their products with C, are in units of the standard deviations. s(x) has no unit.
    """

    weights: np.ndarray  # (d, 2k), for s and for the products with C
    square: np.ndarray  # (k, k), Cᵀ C

    @classmethod
    def of(cls, F: Part, C: np.ndarray, inverse: np.ndarray) -> _Eraser:
        C = C.astype(np.float64)
        U = F.solve(C)
        U = U @ np.linalg.pinv(C.T @ U, rcond=1e-10, hermitian=True)
        U, C = linalg.reciprocal(inverse)[:, None] * U, inverse[:, None] * C
        return cls(np.hstack([U, C]), C.T @ C)

    def moves(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return s (n, k) of rows (n, d), and h (n, k), the products with C minus half of s CᵀC."""
        s, products = np.hsplit(X @ self.weights, 2)
        return s, products - s @ self.square / 2


def _erased(
    raw: tuple[np.ndarray, np.ndarray],
    left: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return inner products and squared lengths of erased rows, from those of raw rows."""
    (G, a), (s, h) = raw, left
    moved = np.hstack([s, h]) @ np.hstack(right[::-1]).T
    return np.subtract(G, moved, out=moved), np.maximum(a - 2 * np.einsum("nk,nk->n", s, h), 0)
