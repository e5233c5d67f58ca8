"""Rotations: Gaussian rows with exactly the class means and covariances of the data.

Residuals of a class are R = V S. The columns of V are orthonormal and orthogonal to 1. If the noise
is Gaussian, V is uniformly distributed among all such frames, for any S. A draw replaces V by
another uniform frame. Nothing is estimated, so nothing needs to be debiased or matched, and p is
exact at any n and d.

If rows belong to groups, the groups are rotated among each other. Each group is one long row with
the values of all its members. This is exact for Gaussian groups with any dependence within groups.
It requires that the groups of a class have one size and one pattern of labels.

Reference. Conditional sampling given sufficient statistics: R. Barber, L. Janson, "Testing
goodness-of-fit and conditional independence with approximate co-sufficient sampling", 2022; Haar
frames: M. Eaton, "Multivariate statistics", 1983, chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from nullprobe.data.quarters import quarters_of
from nullprobe.nulls.action import Action
from nullprobe.nulls.residuals import LEAST_IN_CLASS, Residuals, basis

NEARLY_SQUARE = 1.1  # frames with nearly as many columns as rows need QR instead of Cholesky


@dataclass(frozen=True, eq=False)
class _Piece:
    """Rows, or groups of rows, that are rotated among each other."""

    rows: np.ndarray  # (u, s): positions of the s rows of each of u units
    triangle: np.ndarray  # (r, s d): S
    fixed: np.ndarray  # (u, q): orthonormal columns that frames are orthogonal to
    fixed_part: np.ndarray  # (q, s d): coordinates of the residuals in these columns


@dataclass(frozen=True, eq=False)
class Rotations(Action):
    """Haar rotations of the residuals of each class that keep its mean and covariance.

    They keep class means and covariances. For numbers, they keep the regression and the residual
    covariance in each quarter of the numbers, so a spread that depends on the numbers does not
    count as structure. They break the shape of the noise. They are exact if the noise is Gaussian,
    also with fewer rows than features.

    Examples
    --------
    The class means and covariances of a draw are those of the data:

    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.moments import Moments
    >>> y = np.arange(60) % 2
    >>> X = np.random.default_rng(0).normal(size=(60, 3)) + y[:, None]
    >>> z = concept(y)
    >>> rotations = Rotations.of(Residuals.of(X, z, Moments.of(X, z), None), seed=(0,))
    >>> drawn = rotations.draw(0)[y == 1]
    >>> np.allclose(drawn.mean(axis=0), X[y == 1].mean(axis=0))
    True
    >>> np.allclose(np.cov(drawn.T), np.cov(X[y == 1].T)), np.allclose(drawn, X[y == 1])
    (True, False)
    """

    residuals: Residuals
    pieces: tuple[_Piece, ...]

    @property
    def description(self) -> str:
        """What the action does, in words."""
        return "residuals rotated: same class means and covariances; everything rerun"

    @classmethod
    def of(cls, residuals: Residuals, seed: tuple[int, ...]) -> Rotations | str:
        """Return the rotations of residuals, or the reason why there are none."""
        patterns = _patterns(residuals)
        if isinstance(patterns, str):
            return patterns
        z, pieces = residuals.z, []
        for rows in patterns:
            u = len(rows)
            fixed = np.ones((u, 1))
            if z.codes is None:
                fixed = np.column_stack([fixed, residuals.design[rows[:, 0]]])
            fixed = basis(fixed)
            if u < fixed.shape[1] + LEAST_IN_CLASS - 1:
                what = "groups" if residuals.is_grouped else "rows"
                return f"a class has only {u} {what}, which is too few to rotate"
            R = residuals.rest[rows].reshape(u, -1).astype(np.float64)
            fixed_part = fixed.T @ R
            R -= fixed @ fixed_part
            pieces.append(_Piece(rows, _triangle(R, u - fixed.shape[1]), fixed, fixed_part))
        return cls(seed, residuals, tuple(pieces))

    def draw(self, k: int) -> np.ndarray:
        """Return draw k of the rows, (n, d)."""
        rng, rest = self.rng(k), np.empty_like(self.residuals.rest)
        for piece in self.pieces:
            rotated = piece.fixed @ piece.fixed_part + _frame(piece, rng)
            rest[piece.rows] = rotated.reshape(*piece.rows.shape, -1)
        return self.residuals.rows(rest)


def _patterns(residuals: Residuals) -> list[np.ndarray] | str:
    """Return rows (u, s) of units that may be rotated among each other, or why there are none."""
    z, unit = residuals.z, residuals.unit
    if not residuals.is_grouped:
        members = quarters_of(z) if z.codes is None else z.codes
        return [np.flatnonzero(members == c)[:, None] for c in range(int(members.max()) + 1)]
    if z.codes is None:
        return "rows of a group depend on each other, and numbers differ within groups"
    # Members of a group in the order of their classes, so that patterns can be compared.
    order = np.lexsort((z.codes, unit))
    _, size = np.unique(unit[order], return_counts=True)
    if (size != size[0]).any():
        return "rotations among groups need groups of one size"
    rows = order.reshape(-1, size[0])
    patterns, member = np.unique(z.codes[rows], axis=0, return_inverse=True)
    member = member.ravel()
    if len(patterns) > z.n_columns:
        return "rotations among groups need at most one pattern of labels per class"
    return [rows[member == p] for p in range(len(patterns))]


def _triangle(R: np.ndarray, most: int) -> np.ndarray:
    """Return S (r, s) with SᵀS = RᵀR and r ≤ most."""
    if R.shape[1] < most:
        return np.asarray(np.linalg.qr(R, mode="r"))
    _, sizes, right = np.linalg.svd(R, full_matrices=False)
    return (sizes[:, None] * right)[:most]


def _frame(piece: _Piece, rng: np.random.Generator) -> np.ndarray:
    """Return U S (u, s), with U a uniform frame orthogonal to the fixed columns."""
    u, r = len(piece.rows), len(piece.triangle)
    G = rng.standard_normal((u, r))
    G -= piece.fixed @ (piece.fixed.T @ G)
    if u > NEARLY_SQUARE * (r + piece.fixed.shape[1]):
        lower = np.linalg.cholesky(G.T @ G)
        return G @ solve_triangular(lower, piece.triangle, trans=1, lower=True)
    Q, T = np.linalg.qr(G)
    return (Q * np.sign(np.diag(T))) @ piece.triangle
