"""Maps that carry covariances into one another, by turning their factors.

Problem. Of all linear maps with M S Mᵀ = S', find the one that moves N(0, S) least; and find the
S' that is nearest to many covariances in that sense, their Wasserstein barycentre.

Solution. With S = L Lᵀ and S' = F Fᵀ all such maps are M = F U L⁻¹ with U orthogonal, and the
best U is the orthogonal polar factor of Fᵀ L: as if the factors were point clouds to be laid on
each other. So M S Mᵀ = S' holds as exactly as U is orthogonal, whatever else is inexact. The
barycentre is the mean of the factors, each turned as it fits best, F = Σ p_c L_c U_cᵀ: a closed
form for two, a fixed point for more.

Reference. V. Masarotto, V. M. Panaretos, Y. Zemel, "Procrustes metrics on covariance operators
and optimal transportation of Gaussian processes", 2019, arXiv 1801.01990; P. C. Álvarez-Esteban,
E. del Barrio, J. A. Cuesta-Albertos, C. Matrán, "A fixed-point approach to barycenters in
Wasserstein space", 2016, arXiv 1511.05355.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from nullprobe._core import linalg

# How far from a fixed point the barycentre may be, relative to the spread of each feature.
CLOSE = 1e-10
MOST_STEPS = 100
# Steps that the iteration looks back on, and steps without progress after which it ends.
MEMORY = 4
PATIENCE = 10
# Turns I + Ω with a larger norm of Ω are no nudges.
LARGE = 0.5
# Progress of a step after which the next may do with nudges.
HALF = 0.5


@dataclass(frozen=True, eq=False)
class Meeting:
    """The covariance at which others meet, and how they get there.

    Attributes
    ----------
    factor : ndarray of shape (r, r)
        F; the covariance is F Fᵀ.
    turned : list of ndarray of shape (r, r)
        F U_c, with U_c orthogonal; the map of covariance L_c L_cᵀ is F U_c L_c⁻¹.
    steps : int
        Steps that were taken to find F; 0 for a closed form.
    """

    factor: np.ndarray
    turned: Sequence[np.ndarray]
    steps: int

    def maps(self, factors: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return (F U_c L_c⁻¹)ᵀ for each lower Cholesky factor L_c, to multiply rows with."""
        return [
            solve_triangular(L, T.T, lower=True, trans=1, check_finite=False)
            for L, T in zip(factors, self.turned, strict=True)
        ]


def at_one(factors: Sequence[np.ndarray], place: int) -> Meeting:
    """Let all covariances meet at one of them."""
    F = factors[place]
    return Meeting(F, [F if L is F else F @ polar(F.T @ L) for L in factors], 0)


def at_barycentre(
    factors: Sequence[np.ndarray], shares: np.ndarray, *, eps: float = 0.0
) -> Meeting:
    """Let covariances meet where their mean squared distance, weighted by shares, is least.

    Parameters
    ----------
    factors : sequence of ndarray of shape (r, r)
        Lower Cholesky factors.
    shares : ndarray of shape (K,)
    eps : float
        Relative rounding error of the covariances; a search goes no further than they do.
    """
    if len(factors) > 2:
        known = linalg.NOISE_MARGIN * eps * np.sqrt(len(factors[0]))
        return _fixed_point(factors, shares, max(CLOSE, known))
    # The barycentre of two lies on the line from one factor to the other, turned.
    U = polar(factors[1].T @ factors[0])
    F = shares[0] * factors[0] + shares[1] * factors[1] @ U
    return Meeting(F, [F, F @ U.T], 0)


def _fixed_point(factors: Sequence[np.ndarray], shares: np.ndarray, enough: float) -> Meeting:
    """Find F = Σ p_c L_c U_cᵀ, U_c the polar factor of Fᵀ L_c.

    Notes
    -----
    F ← Σ p_c L_c U_cᵀ is the fixed point of Álvarez-Esteban et al., equation 7, written for
    factors. Any F is the factor of a covariance, so steps may be mixed freely: each goes to the
    combination of the last few that would have left least (Anderson 1965), which takes half as
    many. Where that leads astray, the next step is the plain one from the best F so far.
    """
    F = cholesky(sum(p * L @ L.T for p, L in zip(shares, factors, strict=True)), lower=True)
    unit = np.sqrt(np.square(F).sum(axis=1, keepdims=True))
    sizes, past, fits = [], [], [None] * len(factors)
    best = F, F
    while not sizes or (min(sizes) > enough and len(sizes) < MOST_STEPS):
        # Near the fixed point a fit to the last F needs no more than a nudge.
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
    """How a factor L is laid on F: Fᵀ L = P diag(size) Vᵀ, U = P Vᵀ.

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
        """Fit to an F that is near the one before, or return None if it is not.

        Pᵀ Fᵀ L V is diagonal no more; the small turn I + Ω makes it symmetric again, where
        Ω diag(size) + diag(size) Ω is what it lacks. A step of Newton and Schulz makes it a turn.
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
    """Return by how much a plain step from the last F is worse than what past steps suggest."""
    if len(past) < 2:
        return np.zeros_like(past[0][0])
    stepped = [b[0] - a[0] for a, b in zip(past[:-1], past[1:], strict=True)]
    changed = [b[1] - a[1] for a, b in zip(past[:-1], past[1:], strict=True)]
    flat = np.array([(c / unit).ravel() for c in changed])
    weights = np.linalg.lstsq(flat @ flat.T, flat @ (past[-1][1] / unit).ravel(), rcond=1e-12)[0]
    overshoot = np.zeros_like(past[0][0])
    for w, s, c in zip(weights, stepped, changed, strict=True):
        overshoot += w * (s + c)
    return overshoot


def polar(W: np.ndarray) -> np.ndarray:
    """Return the orthogonal polar factor of W (r, r), the turn nearest to it."""
    P, _, Q = np.linalg.svd(W)
    return P @ Q
