"""Linear discriminant analysis with shrinkage, from moments.

Problem. Read y linearly from class means and one covariance, when n is close to d or below it.

Solution. Directions Σ̃⁻¹ C with Σ̃ = (1 − λ) Σ + λ diag Σ, where Σ is the covariance of all rows.
Shrinkage does not depend on labels, so one factorisation serves any number of labellings. For two
classes the direction equals the direction from the covariance within classes: the two covariances
differ by a multiple of δδᵀ, which only rescales Σ̃⁻¹δ. Within the K − 1 directions, the classical
discriminant predicts.

Reference. R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936; λ by
Y. Chen, A. Wiesel, Y. C. Eldar, A. O. Hero, "Shrinkage algorithms for MMSE covariance
estimation", 2010, arXiv 0907.4698, equation 23, on the correlation matrix.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg
from nullprobe.moments import Moments
from nullprobe.probes.base.batched import ManyByMoments
from nullprobe.probes.base.linear import LinearProbe

# Variance within classes counts as at least this share of the total. Otherwise a direction in which
# classes are points would have infinite log-odds.
LEAST_WITHIN = 1e-8


def directions(moments: Moments, *, shrinkage: float | str = "oas") -> np.ndarray:
    """Return Σ̃⁻¹ Cov(X, Z), (d, k): the discriminant directions of k concept columns."""
    inverse = linalg.reciprocal(moments.scale)[:, None]
    return inverse * moments.factor(shrinkage).solve(inverse * moments.cross_covariance)


def lda(
    moments: Moments,
    *,
    shrinkage: float | str = "oas",
    factor: linalg.PSDFactor | None = None,
) -> LinearProbe:
    """Return the shrunk linear discriminant.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).
    shrinkage : float in [0, 1] or "oas"
        λ; "oas" for the oracle-approximating λ, computed from X alone.
    factor : PSDFactor, optional
        Factor of the shrunk correlation matrix; if passed, ``shrinkage`` is ignored.

    Notes
    -----
    Scores are log-odds under Gaussian classes with equal covariance; for a numeric concept
    they are ridge predictions.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> world = worlds.gaussian(n=600, d=8, gap=4.0)
    >>> probe = lda(Moments.of(world.X[:300], world.y[:300]))
    >>> bool((probe.predict(world.X[300:]) == world.y[300:]).mean() > 0.9)
    True
    """
    if factor is None:
        factor = moments.factor(shrinkage)
    inverse = linalg.reciprocal(moments.scale)[:, None]
    if moments.classes is None:
        W = inverse * factor.solve(inverse * moments.cross_covariance)
        return LinearProbe(W, moments.concept_mean - moments.mean @ W)
    if moments.k == 2:
        cross, share = moments.cross_covariance[:, 1:], moments.concept_mean[1:]
        return LinearProbe(*two_classes(moments, cross, share, factor), moments.classes)
    V = inverse * factor.solve(moments.concept_basis().correlation)
    M = (moments.class_means - moments.mean) @ V
    total = V.T @ (moments.covariance @ V)
    within = total - (M.T * moments.concept_mean) @ M
    within = within + LEAST_WITHIN * (total + np.finfo(float).tiny * np.eye(len(total)))
    # M.T has shape (r, K): one small system, no inverse
    G = np.linalg.lstsq(within, M.T, rcond=None)[0] if len(within) else np.zeros((0, len(M)))
    W = V @ G
    bias = np.log(moments.concept_mean) - 0.5 * np.einsum("ij,ji->i", M, G) - moments.mean @ W
    return LinearProbe(W, bias, moments.classes)


def two_classes(
    moments: Moments, cross: np.ndarray, share: np.ndarray, factor: linalg.PSDFactor
) -> tuple[np.ndarray, np.ndarray]:
    """Return the discriminants of many pairs of classes: weights (d, m) and bias (m,).

    Parameters
    ----------
    moments : Moments
        Moments of X with any concept.
    cross : ndarray of shape (d, m)
        Covariances of X and the indicator of the second class of each pair.
    share : ndarray of shape (m,)
        Share of the second class.
    factor : PSDFactor
        Factor of the shrunk correlation matrix of X.
    """
    inverse, variance = linalg.reciprocal(moments.scale)[:, None], share * (1.0 - share)
    correlation = inverse * (cross / np.sqrt(variance))
    noise = linalg.correlation_noise(moments.mean, moments.scale, eps=moments.eps)
    sizes = np.linalg.norm(correlation / noise[:, None], axis=0)
    correlation[:, sizes <= linalg.NOISE_MARGIN * np.sqrt(moments.d)] = 0.0
    V = inverse * factor.solve(correlation)
    distance = np.einsum("dm,dm->m", V, cross) / variance
    total = np.einsum("dm,dm->m", V, moments.covariance @ V)
    within = total - variance * distance**2 + LEAST_WITHIN * (total + np.finfo(float).tiny)
    W = V * np.divide(distance, within, out=np.zeros_like(distance), where=within > 0)
    # The midpoint of the class means lies at (½ − p) of their distance from the overall mean.
    halfway = (0.5 - share) * np.einsum("dm,dm->m", W, cross) / variance
    return W, np.log(share) - np.log1p(-share) - halfway - moments.mean @ W


class LDAProbe(ManyByMoments):
    """Read a concept with a shrunk linear discriminant.

    Parameters
    ----------
    shrinkage : float in [0, 1] or "oas"
        λ; "oas" for the oracle-approximating λ, computed from X alone.

    Notes
    -----
    If ``shrinkage`` is a number, a sample weight of 2 equals a repeated row. The
    oracle-approximating λ counts rows instead of weights, so that it does not depend on the unit of
    the weights.

    Scores are log-odds of Gaussian classes with the moments of the fitting rows. They are
    overconfident unless n is much larger than d: for probabilities, use scikit-learn's
    ``CalibratedClassifierCV``.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> X = rng.normal(size=(200, 3)) + 4 * y[:, None]
    >>> bool((LDAProbe().fit(X, y).predict(X) == y).mean() > 0.99)
    True
    """

    def __init__(self, shrinkage: float | str = "oas") -> None:
        self.shrinkage = shrinkage

    def _read(self, moments: Moments) -> LinearProbe:
        return self._read_ready(moments, self._ready(moments))

    def _ready(self, moments: Moments) -> linalg.PSDFactor:
        return moments.factor(self.shrinkage)

    def _read_ready(self, moments: Moments, ready: linalg.PSDFactor) -> LinearProbe:
        return lda(moments, factor=ready)

    def _read_sides(
        self, moments: Moments, ready: linalg.PSDFactor
    ) -> tuple[np.ndarray, np.ndarray]:
        return two_classes(moments, moments.cross_covariance, moments.concept_mean, ready)
