"""Matching: class means that stand as far apart as they do in truth, and read as the data do.

Problem. Actions on estimated residuals keep sample means, which are further apart than the true
ones: the squared Mahalanobis gap of two classes is inflated by about d (1/n₁ + 1/n₀), and data
drawn on such means read too well.

Solution. Along each canonical direction the gap is brought to its unbiased size. What bias remains
is taken out where it can be seen: the gap is scaled until the held-out *raw* reading of the draws
is the observed one, so that what is compared after erasure is compared at equal readability. A raw
reading within one standard deviation of chance is no evidence of a gap, and gets none.
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
CLOSE = 0.5  # standard errors of the pilots that the reading may be off
WIDENING, WIDEST_SCALE = np.sqrt(2.0), 64.0
LEAST_UNITS = 10  # of a class: fewer leave too few draws, and their mean holds much of each


@dataclass(frozen=True, eq=False)
class MatchedAction(Action):
    """An action on residuals of full size, on class means that read as the data do.

    Residuals are too short by √(1 − h), h the share of the mean that a unit makes up: they are
    brought to full size, and not centred again once something has acted on them.

    Attributes
    ----------
    residuals : Residuals
    rest : ndarray of shape (n, d)
        Residuals at full size.
    slopes : ndarray of shape (q, d)
        Of the means.
    scale : float
        Factor on the slopes.
    """

    residuals: Residuals
    rest: np.ndarray
    slopes: np.ndarray
    scale: float

    @classmethod
    def of(cls, residuals: Residuals, moments: Moments, seed: tuple[int, ...]) -> Self | str:
        """Return the action on means of unbiased size, or why it cannot be drawn."""
        units = residuals.units_in_class()
        if units < LEAST_UNITS:
            what = "groups" if residuals.is_grouped else "rows"
            return f"a class has {units} {what}, and {LEAST_UNITS} are needed"
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
        """Return the action on means with which its draws read as the data do.

        Parameters
        ----------
        read : callable
            Takes several representations (n, d), and returns the raw reading of each.
        observed, chance, noise : float
            Raw reading of the data, and mean and standard deviation of that of permuted labels.
        """
        pilots = [self.acted(np.random.default_rng([*self.seed, 1, i])) for i in range(PILOTS)]

        def reading(scale: float) -> np.ndarray:
            fitted = self.residuals.fitted(scale, self.slopes)
            return read([(fitted + rest).astype(rest.dtype, copy=False) for rest in pilots])

        return replace(self, scale=matched_scale(reading, observed, chance, noise))

    def rng(self, k: int) -> np.random.Generator:
        """Return the generator of draw k, another than those of the pilots."""
        return np.random.default_rng([*self.seed, 0, k])

    def draw(self, k: int) -> np.ndarray:
        """Return draw k of the rows, (n, d)."""
        rest = self.acted(self.rng(k))
        rest += self.residuals.fitted(self.scale, self.slopes)
        return rest

    @abstractmethod
    def acted(self, rng: np.random.Generator) -> np.ndarray:
        """Return the residuals (n, d) once something has acted on them."""


def unbiased_slopes(residuals: Residuals, moments: Moments) -> np.ndarray | None:
    """Return slopes (q, d) of unbiased size in each canonical direction; None if all are 0.

    Notes
    -----
    With H = (design)ᵀ(design), slopes B and the within-covariance S of n − q' degrees of
    freedom, the eigenvalues g of H½ B S⁻¹ Bᵀ H½ have expectation
    (n − q')/(n − q' − d − 1) (γ + d) for true values γ. So (n − q' − d − 1)/(n − q') g is the
    size of what the slopes are, and less d the unbiased size of what they are in truth: slopes
    are scaled by the root of max(0, the second) over the first. For two classes the second is
    D²_u = (n − d − 3)/(n − 2) D² − d (1/n₁ + 1/n₀). With too few rows for that, the shrunk
    covariance counts as known and d alone is subtracted. d is the number of independent
    features.
    """
    explained = len(moments.classes) - 1 if moments.classes is not None else moments.k
    fitted = moments.n - 1 - explained  # degrees of freedom within
    # What the concept does not explain, divided by its freedom.
    covariance = moments.covariance - moments.cross_covariance @ residuals.slopes
    covariance *= moments.weight / max(fitted, 1)
    # A feature that is one point in each class would have no unit to be measured in.
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
        seen = np.einsum("ij,ik,kj->j", vectors, sample, vectors)
        sizes, excess = spare / dof * seen, raw.rank
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
    """Return the factor on the gap with which draws read as the data do.

    Parameters
    ----------
    read : callable
        Takes a factor, and returns the raw readings (m,) of the same m pilot draws with it.
    observed : float
        Raw reading of the data.
    chance, noise : float
        Mean and standard deviation of the raw reading of permuted labels.

    Notes
    -----
    The same pilots serve every factor, so that the reading grows smoothly with it. A factor is
    taken once the reading is off by half a standard error of the pilots or less. The R² of
    a shrunk probe may fall again as the gap widens: then the factor of the best reading before
    that is taken, not one far beyond.
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
        # Where a straight line would cross, and in turn the middle, so that both ends move.
        share = below / (below - above) if step % 2 == 0 else 0.5
        middle = low + share * (high - low)
        off = float(read(middle).mean()) - observed
        if abs(off) <= close:
            return middle
        low, below, high, above = (
            (middle, off, high, above) if off < 0 else (low, below, middle, off)
        )
    return 0.5 * (low + high)
