"""Few rows: the shrunk correlation matrix of fewer rows than features, factored from AAᵀ.

Problem. With n < d, the correlation matrix R (d, d) has at most n eigenvalues that are not zero.
To form and factor it takes n d² + d³/3 operations and d² numbers.

Solution. R = AᵀA for standardised rows A (n, d), and AAᵀ (n, n) has the same eigenvalues above 0.
Spikes keep their eigenvalues and leave A; the shrunk matrix of the rest is (1 − λ) AᵀA + λτ I. Its
inverse is (I − Aᵀ (AAᵀ + λτ/(1 − λ) I)⁻¹ A) / (λτ) (Woodbury). This takes n² d + n³/3 operations,
and no eigendecomposition if no eigenvalue stands out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from nullprobe._core import linalg
from nullprobe.moments.scatter import need_squares
from nullprobe.moments.shrinkage import shrink_gram


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
        Standardised rows divided by √n, without the spikes.
    gram : ndarray of shape (n, n)
        AAᵀ.
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
    gram: np.ndarray
    floor: float
    remaining: float
    values: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, shrinkage: float | None = None) -> FewRows:
        """Factor X (n, d), with shrinkage as in :meth:`Moments.factor`, by default "oas"."""
        n = len(X)
        mean, centred = _centred(X)
        variance = np.einsum("ij,ij->j", centred, centred) / n
        need_squares(X, None, variance)
        inverse = linalg.reciprocal(linalg.feature_scale(mean, variance))
        A = centred * (inverse / np.sqrt(n))
        gram = A @ A.T
        if shrinkage is not None:
            none = np.zeros(0), np.zeros((X.shape[1], 0))
            return cls(mean, centred, inverse, A, gram, shrinkage, 1.0 - shrinkage, *none)
        d = int(np.count_nonzero(inverse))
        shrunk = shrink_gram(gram, d, n - 1, float(np.vdot(gram, gram)))
        axes = (A.T @ shrunk.vectors) / np.sqrt(shrunk.values)
        if len(shrunk.values):
            A -= shrunk.vectors @ (shrunk.vectors.T @ A)
            gram = A @ A.T
        floor, remaining = shrunk.weight * shrunk.target, 1.0 - shrunk.weight
        return cls(mean, centred, inverse, A, gram, floor, remaining, shrunk.values, axes)

    def solve(self, B: np.ndarray) -> np.ndarray:
        """Return Σ̃⁻¹ B for the shrunk matrix Σ̃ and B (d, m); 0 at constant features."""
        if self.floor <= 0:
            return self.dense.solve(B)
        along = self.axes.T @ B
        rest = B - self.axes @ along
        if self.remaining > 0:
            rest -= self.A.T @ cho_solve(self._inner, self.A @ rest, check_finite=False)
        rest /= self.floor
        return rest + self.axes @ (along / self.values[:, None])

    def whiten(self, X: np.ndarray) -> np.ndarray:
        """Return standardised rows (m, d) as rows whose second moment is the identity."""
        return self.dense.whiten(X)

    def unwhiten(self, W: np.ndarray) -> np.ndarray:
        """Return weights (d, m) that give X the scores that ``W`` gives whitened rows."""
        return self.dense.unwhiten(W)

    @cached_property
    def _inner(self) -> tuple[np.ndarray, bool]:
        """The Cholesky factor of AAᵀ + λτ/(1 − λ) I."""
        ridged = self.gram.copy()
        ridged[np.diag_indices_from(ridged)] += self.floor / self.remaining
        return cho_factor(ridged, lower=True, overwrite_a=True, check_finite=False)

    @cached_property
    def dense(self) -> linalg.PSDFactor:
        """The factor of Σ̃ (d, d) itself, which whitening needs."""
        R = self.A.T @ self.A
        R *= self.remaining
        R[np.diag_indices_from(R)] += self.floor * (self.inverse > 0)
        if len(self.values):
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
