"""Optimal transport maps between covariances, by rotation of their factors.

Problem. Among the linear maps with M S Mᵀ = S', find the one that moves N(0, S) least. Find the S'
that is nearest to many covariances in this sense: their Wasserstein barycentre.

Solution. Let S = L Lᵀ and S' = F Fᵀ. All such maps are M = F U L⁻¹ with U orthogonal. The best U is
the orthogonal polar factor of Fᵀ L, as in a Procrustes alignment of point clouds. So M S Mᵀ = S'
holds as exactly as U is orthogonal, even if other quantities are inexact. The barycentre is the
mean of the factors after the best rotation of each, F = Σ p_c L_c U_cᵀ: a closed form for two
covariances, a fixed point for more.

Reference. V. Masarotto, V. M. Panaretos, Y. Zemel, "Procrustes metrics on covariance operators
and optimal transportation of Gaussian processes", 2019, arXiv 1801.01990; P. C. Álvarez-Esteban,
E. del Barrio, J. A. Cuesta-Albertos, C. Matrán, "A fixed-point approach to barycenters in
Wasserstein space", 2016, arXiv 1511.05355.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from nullprobe._core import linalg

# Largest distance of the barycentre from the fixed point, in standard deviations of each feature.
CLOSE = 1e-10
MOST_STEPS = 100
# Steps in the memory of the iteration; steps without progress before it ends.
MEMORY = 4
PATIENCE = 10
# Largest norm of Ω for which the rotation I + Ω updates a fit.
LARGE = 0.5
# A step that shrinks the residual by this factor lets the next step update fits.
HALF = 0.5


@dataclass(frozen=True, eq=False)
class Meeting:
    """The common target covariance, and the maps of others to it.

    Attributes
    ----------
    factor : ndarray of shape (r, r)
        F; the covariance is F Fᵀ.
    turned : list of ndarray of shape (r, r)
        F U_c, with U_c orthogonal; F U_c L_c⁻¹ maps the covariance L_c L_cᵀ.
    steps : int
        Steps of the search for F; 0 for a closed form.
    """

    factor: np.ndarray
    turned: Sequence[np.ndarray]
    steps: int

    def maps(self, factors: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return (F U_c L_c⁻¹)ᵀ for each lower Cholesky factor L_c, to multiply rows by."""
        return [
            solve_triangular(L, T.T, lower=True, trans=1, check_finite=False)
            for L, T in zip(factors, self.turned, strict=True)
        ]


def at_one(factors: Sequence[np.ndarray], place: int) -> Meeting:
    """Map all covariances to one of them."""
    F = factors[place]
    return Meeting(F, [F if L is F else F @ polar(F.T @ L) for L in factors], 0)


def at_barycentre(
    factors: Sequence[np.ndarray], shares: np.ndarray, *, eps: float = 0.0
) -> Meeting:
    """Map covariances to their barycentre: the least mean squared distance, weighted by shares.

    Parameters
    ----------
    factors : sequence of ndarray of shape (r, r)
        Lower Cholesky factors.
    shares : ndarray of shape (K,)
    eps : float
        Relative rounding error of the covariances; the search stops at this accuracy.
    """
    if len(factors) > 2:
        rounding = linalg.NOISE_MARGIN * eps * np.sqrt(len(factors[0]))
        return _fixed_point(factors, shares, max(CLOSE, rounding))
    # The barycentre of two lies on the line from one factor to the other, after rotation.
    U = polar(factors[1].T @ factors[0])
    F = shares[0] * factors[0] + shares[1] * factors[1] @ U
    return Meeting(F, [F, F @ U.T], 0)


def _fixed_point(factors: Sequence[np.ndarray], shares: np.ndarray, enough: float) -> Meeting:
    """Find F = Σ p_c L_c U_cᵀ, U_c the polar factor of Fᵀ L_c.

    Notes
    -----
    F ← Σ p_c L_c U_cᵀ is the fixed point of Álvarez-Esteban et al., equation 7, written for
    factors. Any F is the factor of a covariance, so steps may be combined freely. Each step goes
    to the combination of the last few with the least residual (Anderson 1965); this halves the
    number of steps. If the residual grows, the next step is a plain step from the best F so far.
    """
    mean = sum(p * L @ L.T for p, L in zip(shares, factors, strict=True))
    F = cholesky(cast(np.ndarray, mean), lower=True)
    unit = np.sqrt(np.square(F).sum(axis=1, keepdims=True))
    sizes, past, fits = [], [], [None] * len(factors)
    best = F, F
    while not sizes or (min(sizes) > enough and len(sizes) < MOST_STEPS):
        # Near the fixed point, a small rotation updates the fit to the last F.
        close = len(sizes) > 1 and sizes[-1] < HALF * sizes[-2]
        pairs = zip(fits, factors, strict=True)
        fits = [(f.nudged(F) if f and close else None) or _Fit.of(F, L) for f, L in pairs]
        left = sum(p * f.turned() for p, f in zip(shares, fits, strict=True)) - F
        sizes.append(np.sqrt(np.square(left / unit).sum(axis=1).max()))
        if sizes[-1] == min(sizes):
            best = F, left
        elif len(sizes) - np.argmin(sizes) > PATIENCE:
            break
        elif sizes[-1] > 2.0 * min(sizes):
            F, left, past = *best, []
        past = [*past[-MEMORY:], (F, left)]
        F = F + left - _overshoot(past, unit)
    F = best[0] + best[1]
    return Meeting(F, [F @ polar(F.T @ L) for L in factors], len(sizes))


@dataclass(frozen=True, eq=False)
class _Fit:
    """Alignment of a factor L to F: Fᵀ L = P diag(size) Vᵀ, U = P Vᵀ.

    Attributes
    ----------
    left : ndarray of shape (r, r)
        P, orthogonal.
    size : ndarray of shape (r,)
        Singular values.
    right : ndarray of shape (r, r)
        L V.
    """

    left: np.ndarray
    size: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, F: np.ndarray, L: np.ndarray) -> _Fit:
        """Fit L to F."""
        P, size, Q = np.linalg.svd(F.T @ L)
        return cls(P, size, L @ Q.T)

    def nudged(self, F: np.ndarray) -> _Fit | None:
        """Return the fit to an F near the last one; None if F is too far.

        Pᵀ Fᵀ L V is no longer diagonal. A small rotation I + Ω makes it symmetric again, where
        Ω diag(size) + diag(size) Ω is its asymmetry. A step of Newton and Schulz makes I + Ω
        orthogonal.
        """
        K = self.left.T @ (F.T @ self.right)
        turn = (K - K.T) / (self.size[:, None] + self.size)
        if np.abs(turn).sum(axis=0).max() > LARGE:
            return None
        left = self.left + self.left @ turn
        return replace(self, left=1.5 * left - 0.5 * left @ (left.T @ left))

    def turned(self) -> np.ndarray:
        """Return L Uᵀ."""
        return self.right @ self.left.T


def _overshoot(past: Sequence[tuple[np.ndarray, np.ndarray]], unit: np.ndarray) -> np.ndarray:
    """Return the correction of a plain step from the last F, extrapolated from past steps."""
    if len(past) < 2:
        return np.zeros_like(past[0][0])
    stepped = [b[0] - a[0] for a, b in itertools.pairwise(past)]
    changed = [b[1] - a[1] for a, b in itertools.pairwise(past)]
    flat = np.array([(c / unit).ravel() for c in changed])
    weights = np.linalg.lstsq(flat @ flat.T, flat @ (past[-1][1] / unit).ravel(), rcond=1e-12)[0]
    overshoot = np.zeros_like(past[0][0])
    for w, s, c in zip(weights, stepped, changed, strict=True):
        overshoot += w * (s + c)
    return overshoot


def polar(W: np.ndarray) -> np.ndarray:
    """Return the orthogonal polar factor of W (r, r), the nearest orthogonal matrix."""
    P, _, Q = np.linalg.svd(W)
    return P @ Q
