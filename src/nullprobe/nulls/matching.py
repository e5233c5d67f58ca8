"""Matching: class means with an unbiased distance, at which draws are as readable as the data.

Problem. Actions on estimated residuals keep sample means, which are further apart than the true
means. The squared Mahalanobis gap of two classes is too large by about d (1/n₁ + 1/n₀), so draws
on these means are too readable.

Solution. The gap is scaled to its unbiased size along each canonical direction. Then it is scaled
until the held-out *raw* reading of draws equals the raw reading of the data. So readings after
erasure are compared at equal readability before it. A raw reading within one standard deviation of
chance is not evidence of a gap; then draws have no gap.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from nullprobe._core import linalg
from nullprobe.moments import Moments
from nullprobe.moments.shrinkage import shrink
from nullprobe.nulls.action import Action
from nullprobe.nulls.residuals import Residuals
from nullprobe.probes.linear.lda import LEAST_WITHIN

PILOTS = 8
STEPS = 10
CLOSE = 0.5  # tolerance on the reading, in standard errors of the pilots
WIDENING, WIDEST_SCALE = np.sqrt(2.0), 64.0
LEAST_UNITS = 10  # in a class: with fewer, draws are few, and each unit has much weight in the mean


@dataclass(frozen=True, eq=False)
class MatchedAction(Action):
    """An action on residuals of full size, on class means as readable as the data.

    Residuals are too short by √(1 − h), where h is the leverage of a unit. They are scaled to full
    size, and are not centred again after the action.

    Attributes
    ----------
    residuals : Residuals
    rest : ndarray of shape (n, d)
        Residuals at full size.
    slopes : ndarray of shape (q, d)
        Slopes of the means.
    scale : float
        Factor on the slopes.
    """

    residuals: Residuals
    rest: np.ndarray
    slopes: np.ndarray
    scale: float

    @classmethod
    def of(cls, residuals: Residuals, moments: Moments, seed: tuple[int, ...]) -> Self | str:
        """Return the action on means of unbiased size, or the reason why it cannot be formed."""
        units = residuals.units_in_class()
        if units < LEAST_UNITS:
            what = "groups" if residuals.is_grouped else "rows"
            return f"a class has {units} {what}, but {LEAST_UNITS} are needed"
        full = residuals.rest / np.sqrt(1.0 - residuals.share)[:, None]
        slopes = unbiased_slopes(residuals, moments)
        scale, slopes = (0.0, residuals.slopes) if slopes is None else (1.0, slopes)
        return cls(seed, residuals, full.astype(residuals.dtype, copy=False), slopes, scale)

    def matched(
        self,
        read: Callable[[list[np.ndarray]], np.ndarray],
        observed: float,
        chance: float,
        noise: float,
    ) -> Self:
        """Return the action on means at which its draws are as readable as the data.

        Parameters
        ----------
        read : callable
            Takes a list of representations (n, d), and returns the raw reading of each.
        observed, chance, noise : float
            Raw reading of the data, and mean and standard deviation of the raw readings of permuted
            labels.
        """
        pilots = [self.acted(np.random.default_rng([*self.seed, 1, i])) for i in range(PILOTS)]

        def reading(scale: float) -> np.ndarray:
            fitted = self.residuals.fitted(scale, self.slopes)
            return read([(fitted + rest).astype(rest.dtype, copy=False) for rest in pilots])

        return replace(self, scale=matched_scale(reading, observed, chance, noise))

    def rng(self, k: int) -> np.random.Generator:
        """Return the generator of draw k; it differs from the generators of the pilots."""
        return np.random.default_rng([*self.seed, 0, k])

    def draw(self, k: int) -> np.ndarray:
        """Return draw k of the rows, (n, d)."""
        rest = self.acted(self.rng(k))
        rest += self.residuals.fitted(self.scale, self.slopes)
        return rest

    @abstractmethod
    def acted(self, rng: np.random.Generator) -> np.ndarray:
        """Return the residuals (n, d) after the action."""


def unbiased_slopes(residuals: Residuals, moments: Moments) -> np.ndarray | None:
    """Return slopes (q, d) of unbiased size in each canonical direction; None if all are 0.

    Notes
    -----
    Let H = (design)ᵀ(design), B the slopes, and S the within-covariance with n − q' degrees of
    freedom. The eigenvalues g of H½ B S⁻¹ Bᵀ H½ have the expectation
    (n − q')/(n − q' − d − 1) (γ + d) for true values γ. So a = (n − q' − d − 1)/(n − q') g is the
    size of the sample slopes, and a − d is an unbiased estimate of the size of the true slopes.
    Slopes are scaled by √(max(0, a − d) / a). For two classes with counts n₁ and n₀, a − d
    corresponds to D²_u = (n − d − 3)/(n − 2) D² − d (1/n₁ + 1/n₀). If there are too few rows, the
    shrunk covariance counts as known, and only d is subtracted. d is the number of independent
    features.
    """
    explained = len(moments.classes) - 1 if moments.classes is not None else moments.k
    fitted = moments.n - 1 - explained  # degrees of freedom within
    # The residual sum of squares, divided by its degrees of freedom.
    covariance = moments.covariance - moments.cross_covariance @ residuals.slopes
    covariance *= moments.weight / max(fitted, 1)
    # A feature that is constant in each class needs a positive standard deviation as its unit.
    least = LEAST_WITHIN * moments.variance
    np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), least))
    shrunk, inverse = _shrink(covariance, fitted)
    return _debias(residuals.slopes, residuals.design, covariance, shrunk, inverse, fitted)


def _shrink(covariance: np.ndarray, dof: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shrunk covariance in units of standard deviations, and their reciprocals."""
    inverse = linalg.reciprocal(np.sqrt(np.clip(covariance.diagonal(), 0.0, None)))
    R = covariance * np.outer(inverse, inverse)
    shrink(R, dof)
    return R, inverse


def _debias(
    slopes: np.ndarray,
    design: np.ndarray,
    covariance: np.ndarray,
    shrunk: np.ndarray,
    inverse: np.ndarray,
    dof: int,
) -> np.ndarray | None:
    """Return slopes of unbiased size along each canonical direction; None if all are 0."""
    root = np.linalg.qr(design, mode="r")  # rootᵀ root = H
    B = root @ slopes * inverse
    factor = linalg.factor_psd(shrunk.copy(), eps=np.finfo(float).eps)
    known = B @ factor.solve(B.T)
    values, vectors = np.linalg.eigh(known)
    raw = linalg.factor_psd(covariance * np.outer(inverse, inverse), eps=np.finfo(float).eps)
    spare = dof - raw.rank - 1
    if spare > 0:
        sample = B @ raw.solve(B.T)
        squares = np.einsum("ij,ik,kj->j", vectors, sample, vectors)
        sizes, excess = spare / dof * squares, raw.rank
    else:
        sizes, excess = values, np.count_nonzero(inverse)
    keep = np.divide(
        np.clip(sizes - excess, 0.0, None),
        sizes,
        out=np.zeros_like(sizes),
        where=sizes > 1e-12 * sizes.max(initial=0),
    )
    if not keep.any():
        return None
    scaled = vectors @ (np.sqrt(keep)[:, None] * (vectors.T @ B))
    sd = linalg.reciprocal(inverse)
    return np.linalg.lstsq(root, scaled, rcond=None)[0] * sd


def matched_scale(
    read: Callable[[float], np.ndarray], observed: float, chance: float, noise: float
) -> float:
    """Return the factor on the gap at which draws are as readable as the data.

    Parameters
    ----------
    read : callable
        Takes a factor, and returns raw readings (m,) of the same m pilot draws at this factor.
    observed : float
        Raw reading of the data.
    chance, noise : float
        Mean and standard deviation of the raw readings of permuted labels.

    Notes
    -----
    All factors use the same pilots, so the reading is a smooth function of the factor. The search
    stops if the reading is within half a standard error of the pilots. The R² of a shrunk probe may
    fall as the gap grows. Then the result is the factor of the best reading before the fall.
    """
    if observed <= chance + noise:
        return 0.0
    first = read(1.0)
    close = CLOSE * first.std(ddof=1) / np.sqrt(len(first))
    if abs(first.mean() - observed) <= close:
        return 1.0
    low, high, above = 0.0, 1.0, float(first.mean()) - observed
    below = chance - observed
    while above < 0:
        low, below, high = high, above, WIDENING * high
        above = float(read(high).mean()) - observed
        if above < below or high > WIDEST_SCALE:
            return low
    for step in range(STEPS):
        # The zero of a straight line and the middle take turns, so that both ends move.
        share = below / (below - above) if step % 2 == 0 else 0.5
        middle = low + share * (high - low)
        off = float(read(middle).mean()) - observed
        if abs(off) <= close:
            return middle
        low, below, high, above = (
            (middle, off, high, above) if off < 0 else (low, below, middle, off)
        )
    return 0.5 * (low + high)
