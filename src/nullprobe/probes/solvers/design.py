"""Standardised rows, and preconditioners, of logistic regressions on the same rows.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992): the covariance bounds the second derivative, up to a factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, get_blas_funcs

from nullprobe._core import linalg
from nullprobe.moments import Moments
from nullprobe.moments.scatter import need_squares

LEAST_SHIFT = 1e-6  # least shift of the preconditioner, so that float32 can factor it
FEW = 16  # up to so many columns, triangular products are not faster than full ones


@dataclass(frozen=True, eq=False)
class Design:
    """Standardised rows, which all problems on these rows share; frozen.

    Attributes
    ----------
    rows : ndarray of shape (n, r + 1)
        Standardised rows, rotated into their span where d > n, and a column of ones.
    narrow : ndarray of shape (n, r + 1)
        The same in float32.
    shares : ndarray of shape (n,)
        Weights of the rows, with sum 1.
    covariance : ndarray of shape (r, r)
        Covariance of the standardised rows.
    mean, inverse : ndarray of shape (d,)
        Means and reciprocal standard deviations.
    basis : ndarray of shape (d, r) or None
        Orthonormal basis of the rotation.
    total : float
        Sum of the weights, which divides a penalty.
    """

    rows: np.ndarray
    shares: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    inverse: np.ndarray
    basis: np.ndarray | None
    total: float
    narrow: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, w: np.ndarray | None, moments: Moments | None = None) -> Design:
        """Standardise rows X (n, d) with weights w (n,), and with moments if they are known."""
        n, d = X.shape
        total = float(n if w is None else w.sum())
        shares = np.full(n, 1.0 / n) if w is None else w / total
        mean = shares @ X if moments is None else moments.mean
        rows = np.empty((n, d + 1))
        centred = np.subtract(X, mean, out=rows[:, :-1])
        if moments is None:
            with np.errstate(over="ignore", invalid="ignore"):
                variance = np.einsum("n,nd,nd->d", shares, centred, centred)
            scale = linalg.feature_scale(mean, variance)
            need_squares(X, w, variance)
        else:
            scale = moments.scale
        inverse = linalg.reciprocal(scale)
        centred *= inverse
        basis = None
        if d > n:
            basis, triangle = np.linalg.qr(centred.T)
            rows = np.empty((n, n + 1))
            rows[:, :-1] = triangle.T
            centred = rows[:, :-1]
        if moments is not None and basis is None:
            spread = moments.covariance * np.outer(inverse, inverse)
        else:
            spread = centred.T @ (centred if w is None else shares[:, None] * centred)
            spread /= n if w is None else 1.0
        rows[:, -1] = 1.0
        narrow = rows.astype(np.float32)
        return cls(rows, shares, spread, mean, inverse, basis, total, narrow)

    def weights(self, A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (d, m) and bias (m,) that score X as ``rows @ A``, A (r + 1, m)."""
        W = A[:-1] if self.basis is None else self.basis @ A[:-1]
        W = self.inverse[:, None] * W
        return W, A[-1] - self.mean @ W

    def preconditioner(self, penalty: float) -> Preconditioner:
        """Return the preconditioner of one penalty."""
        return Preconditioner.of(self, penalty)

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Return other rows X (n, d) in the coordinates of these, (n, r)."""
        other = (X - self.mean) * self.inverse
        return other if self.basis is None else other @ self.basis

    def log_odds(self, standardised: np.ndarray, A: np.ndarray) -> np.ndarray:
        """Return the log-odds (n, m, k) of standardised rows under A (r + 1, m, k)."""
        return np.tensordot(standardised, A[:-1], 1) + A[-1]

    def constraint(self, Q: np.ndarray) -> np.ndarray:
        """Return B (r, q) such that Bᵀ a = 0 if and only if Qᵀ w = 0, for directions Q (d, q)."""
        B = self.inverse[:, None] * Q
        return B if self.basis is None else self.basis.T @ B


@dataclass(frozen=True, eq=False)
class Preconditioner:
    """(Σ + s I)⁻¹ on weights, 1 on the bias; within Bᵀ a = 0 if there is a constraint.

    This forms the inverse of a triangle, because it is applied to many columns many times. Its
    rounding changes the number of steps, not the accuracy of the solution.
    """

    penalty: float  # λ of the objective: mean loss + ½ λ |a|², without the bias
    whitening: np.ndarray  # (r, r) float32: T with TᵀT = M⁻¹, which stays definite after rounding
    across: np.ndarray | None  # (r, q), orthonormal: the span of B
    along: np.ndarray | None  # (r, q): M⁻¹ B (Bᵀ M⁻¹ B)⁻¹

    @classmethod
    def of(cls, design: Design, penalty: float, across: np.ndarray | None = None) -> Preconditioner:
        """Return the preconditioner of one penalty, for a logistic variance of ¼."""
        M = design.covariance.copy().T  # symmetric; LAPACK's order saves a copy
        M[np.diag_indices_from(M)] += max(4.0 * penalty, LEAST_SHIFT)
        factor = cholesky(M, lower=True, overwrite_a=True, check_finite=False).astype(np.float32)
        (invert,) = linalg.lapack_functions(("trtri",), factor)
        whitening, _ = invert(factor, lower=1, overwrite_c=1)
        whitening = np.ascontiguousarray(whitening)
        return cls(penalty, whitening, None, None).within(across)

    def within(self, across: np.ndarray | None) -> Preconditioner:
        """Return the same preconditioner within Bᵀ a = 0."""
        if across is None or not across.shape[1]:
            return Preconditioner(self.penalty, self.whitening, None, None)
        across = np.linalg.qr(across)[0]
        along = self.whitening.T @ (self.whitening @ across.astype(np.float32))
        along = np.linalg.solve(across.T @ along, along.T).T.astype(np.float32)
        return Preconditioner(self.penalty, self.whitening, across, along)

    def __call__(self, G: np.ndarray) -> np.ndarray:
        """Return M⁻¹ G for float32 G (r + 1, m)."""
        result = G.copy()
        if G.shape[1] < FEW:
            result[:-1] = self.whitening.T @ (self.whitening @ G[:-1])
        else:  # half of T is zero
            turned, T = result[:-1].T, self.whitening.T
            (multiply,) = get_blas_funcs(("trmm",), (T, turned))
            for transposed in (0, 1):
                multiply(1.0, T, turned, side=1, lower=0, trans_a=transposed, overwrite_b=1)
        if self.across is not None and self.along is not None:
            result[:-1] -= self.along @ (self.across.T.astype(np.float32) @ result[:-1])
        return result

    def keep_within(self, G: np.ndarray) -> np.ndarray:
        """Project gradients or steps (r + 1, m, k) onto the constraint, in place."""
        if self.across is not None:
            B, flat = self.across.astype(G.dtype), G[:-1].reshape(len(G) - 1, -1)
            G[:-1] -= (B @ (B.T @ flat)).reshape(G[:-1].shape)
        return G
