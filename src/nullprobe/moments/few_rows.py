"""Few rows: the shrunk correlation matrix of fewer rows than features, factored from AAᵀ.

Problem. With n < d, the correlation matrix R (d, d) has at most n eigenvalues that are not zero.
To form and factor it takes n d² + d³/3 operations and d² numbers.

Solution. R = AᵀA for standardised rows A (n, d). The eigenvectors U and eigenvalues v of AAᵀ (n, n)
give those of R: the directions AᵀU/√v. The shrunk matrix has the same directions, and the
eigenvalues f = (1 − λ) v + λτ (spikes keep theirs). In all other directions it is λτ I. So its
inverse is (I − AᵀU diag((1 − λτ/f) / v) UᵀA) / (λτ). This takes n² d + 9 n³ operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import eigh

from nullprobe._core import linalg
from nullprobe.moments.scatter import need_squares
from nullprobe.moments.shrinkage import n_spikes, weight


@dataclass(frozen=True, eq=False)
class FewRows:
    """Rows with the inverse of their shrunk correlation matrix Σ̃, without forming it.

    Attributes
    ----------
    mean : ndarray of shape (d,)
    centred : ndarray of shape (n, d)
        Rows minus their mean, float64.
    inverse : ndarray of shape (d,)
        Reciprocal standard deviations; 0 for constant features.
    A : ndarray of shape (n, d)
        Standardised rows divided by √n.
    vectors : ndarray of shape (n, r)
        Eigenvectors of AAᵀ that are not spikes.
    gains : ndarray of shape (r,)
        (1 − λτ/f) / v, which is (1 − λ)/f, for each of them.
    floor : float
        λτ, the eigenvalue of the shrunk matrix in directions without variance.
    remaining : float
        1 − λ.
    values, axes : ndarray of shape (k,) and (d, k)
        Eigenvalues and directions of the spikes, which do not shrink.
    """

    mean: np.ndarray
    centred: np.ndarray
    inverse: np.ndarray
    A: np.ndarray
    vectors: np.ndarray
    gains: np.ndarray
    floor: float
    remaining: float
    values: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> FewRows:
        """Factor X (n, d), with oracle-approximating shrinkage as in :meth:`Moments.factor`."""
        n = len(X)
        mean, centred = _centred(X)
        variance = np.einsum("ij,ij->j", centred, centred) / n
        need_squares(X, None, variance)
        inverse = linalg.reciprocal(linalg.feature_scale(mean, variance))
        A = centred * (inverse / np.sqrt(n))
        values, vectors = eigh(A @ A.T, driver="evd", check_finite=False)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        d = int(np.count_nonzero(inverse))
        k = n_spikes(values, d, n - 1)
        spikes, rest = values[:k], values[k:]
        lam, target = (
            weight(d - k, n - 1 - k, float(rest.sum()), float(rest @ rest)) if d > 1 else (0.0, 0.0)
        )
        axes = (A.T @ vectors[:, :k]) / np.sqrt(spikes)
        floor, remaining = lam * target, 1.0 - lam
        gains = remaining * linalg.reciprocal(remaining * rest + floor)
        return cls(mean, centred, inverse, A, vectors[:, k:], gains, floor, remaining, spikes, axes)

    def solve(self, B: np.ndarray) -> np.ndarray:
        """Return Σ̃⁻¹ B for the shrunk matrix Σ̃ and B (d, m); 0 at constant features."""
        if self.floor <= 0:
            return self.dense.solve(B)
        along = self.axes.T @ B
        rest = B - self.axes @ along
        inner = self.vectors.T @ (self.A @ rest)
        rest -= self.A.T @ (self.vectors @ (self.gains[:, None] * inner))
        rest /= self.floor
        return rest + self.axes @ (along / self.values[:, None])

    def whiten(self, X: np.ndarray) -> np.ndarray:
        """Return standardised rows (m, d) as rows whose second moment is the identity."""
        return self.dense.whiten(X)

    def unwhiten(self, W: np.ndarray) -> np.ndarray:
        """Return weights (d, m) that give X the scores that ``W`` gives whitened rows."""
        return self.dense.unwhiten(W)

    @cached_property
    def dense(self) -> linalg.PSDFactor:
        """The factor of Σ̃ (d, d) itself, which whitening needs."""
        rows = self.vectors.T @ self.A
        R = self.remaining * (rows.T @ rows)
        R[np.diag_indices_from(R)] += self.floor * (self.inverse > 0)
        R += (self.axes * (self.values - self.floor)) @ self.axes.T
        return linalg.factor_psd(R, eps=float(np.finfo(np.float64).eps))


def _centred(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (d,) and the rows minus it (n, d), in float64."""
    centred = X.astype(np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    rounding = centred.mean(axis=0)  # of a mean far from 0
    centred -= rounding
    return mean + rounding, centred
