"""LEACE: least-squares concept erasure in closed form.

Problem. After some affine maps no linear predictor of Z beats the best constant. Find the one
among them that moves X least in expectation, in every inner product at once.

Solution. x ↦ x − A (x − μ) with A = C (Cᵀ Σ⁺ C)⁺ Cᵀ Σ⁺, Σ = Cov(X), C = Cov(X, Z): k right-hand
sides and one Cholesky decomposition in place of the eigendecomposition of Σ.

Reference. N. Belrose, D. Schneider-Joseph, S. Ravfogel, R. Cotterell, E. Raff, S. Biderman,
"LEACE: Perfect linear concept erasure in closed form", 2023, arXiv 2306.03819, Theorem 4.3.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg
from nullprobe.erasers.estimator import MomentEraser
from nullprobe.erasers.fits import fitted, remaining_share
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.moments import Moments


def leace(moments: Moments, *, shrinkage: float | str = 0.0) -> AffineEraser:
    """Return the least-squares optimal eraser.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).
    shrinkage : float in [0, 1] or "oas"
        Weight λ of diag Σ in Σ̃ = (1 − λ) Σ + λ diag Σ, which replaces Σ; "oas" for the
        oracle-approximating weight.

    Notes
    -----
    With features divided by their standard deviations, R their correlation matrix and B (d, r)
    their correlations with r uncorrelated unit-variance concept variables, the map is
    A = B M⁻¹ Bᵀ R⁺ with M = Bᵀ R⁺ B. The eigenvalues of M are squared canonical correlations. M
    is formed from the computed R⁺B itself, so that (I − A) B = 0 to rounding however badly
    conditioned R is: errors of the solve cost optimality, never guardedness. The same holds for
    shrinkage: it changes the kernel of A, not its range, and Cov(X', Z) stays zero.

    Guaranteed on the fitting sample: Cov(X', Z) = 0, hence no affine predictor beats the best
    constant under any convex loss. Not guaranteed: anything about 0-1 loss, nonlinear probes,
    or rows outside the sample. If Σ is singular, rows outside its column space are mapped by
    the pseudo-inverse in units of the standard deviations.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> X_ = leace(Moments.of(X, y)).apply(X)
    >>> bool(np.allclose(X_[:2].mean(axis=0), X_[2:].mean(axis=0)))
    True
    """
    basis = moments.concept_basis()
    B = basis.correlation
    lam = moments.shrinkage(shrinkage)
    V = moments.factor(shrinkage).solve(B) if basis.rank else B
    M = B.T @ V
    reading = linalg.reciprocal(basis.scale)[:, None] * np.linalg.solve(M.T, V.T).T
    writing = (basis.scale[:, None] * B).T
    # The diagonal of A Σ Aᵀ is the removed variance. Unshrunk, A Σ Aᵀ = A Σ = B M⁻¹ Bᵀ.
    if lam == 0.0:
        removed = np.einsum("ij,ji->i", B, np.linalg.solve(M, B.T))
        return fitted("LEACE", moments, reading, writing, 1.0 - removed)
    remaining = remaining_share(moments, reading, writing)
    return fitted("LEACE, shrunk", moments, reading, writing, remaining, shrinkage=f"{lam:.6g}")


class LEACE(MomentEraser):
    """Erase a concept with the linear map that moves the representation least.

    Parameters
    ----------
    shrinkage : float in [0, 1] or "oas"
        Weight of the diagonal in the covariance; 0 moves the fitting sample least. With few rows
        the covariance is estimated badly, and some shrinkage may move *new* rows less. "oas" is
        the oracle-approximating weight, computed from X alone. The guarantee does not depend on
        the weight.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(100, 5)), np.arange(100) % 3
    >>> X[:, 0] += y
    >>> X_ = LEACE().fit(X, y).transform(X)
    >>> bool(np.allclose(X_[y == 0].mean(0), X_[y == 2].mean(0)))
    True
    """

    def __init__(self, shrinkage: float | str = 0.0, kind: str | None = None) -> None:
        self.shrinkage = shrinkage
        self.kind = kind

    def _erase(self, moments: Moments) -> AffineEraser:
        return leace(moments, shrinkage=self.shrinkage)
