"""Gaussian surrogate: the class means and covariances, and nothing else of the data.

Problem. Is an observation what Gaussian data of the same moments would show? Drawing with the
sample's own moments answers wrongly, by up to eight standard deviations: estimated means are
further apart than the true ones, and an estimated covariance is more uneven.

Solution. Three corrections. The squared Mahalanobis gap along each canonical direction is
replaced by its unbiased estimate. The covariances are shrunk by the oracle-approximating λ.
What bias remains is taken out where it can be seen: the gap is scaled until the surrogates'
held-out *raw* reading is the observed one, so that what is compared after erasure is compared
at equal readability. A raw reading within one standard deviation of chance is no evidence of a
gap, and gets none. See `docs/methods/surrogate.md` for how each of these was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.scatter import oracle_shrinkage
from nullprobe.probes.linear.lda import LEAST_WITHIN

DESCRIPTION = "Gaussian data with the same class means and covariances; everything rerun"
CLASS_COVARIANCE_ELEMENTS = 1 << 26  # above this K d², classes share one covariance
PILOTS = 8
HALVINGS = 6
WIDENING, WIDEST_SCALE = np.sqrt(2.0), 64.0


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A Gaussian source of data with known class means and covariances.

    Attributes
    ----------
    design : ndarray of shape (n, q)
        Centred one-hot classes, or the centred numeric concept.
    slopes : ndarray of shape (q, d)
        Debiased class means about their centre, or regression slopes.
    mean : ndarray of shape (d,)
    triangles : tuple of ndarray of shape (d, d)
        Lower Cholesky factor of each covariance.
    member : ndarray of shape (n,)
        Which covariance each row has.
    gap : float
        Factor on ``slopes``; 0 draws data that do not know the concept. Where it is 0 because
        the unbiased estimate is, ``slopes`` are the sample's own, for matching to scale.
    dtype : type
        Of what is drawn: float32 for float32 data, which are then read by the same products.
    """

    design: np.ndarray
    slopes: np.ndarray
    mean: np.ndarray
    triangles: tuple[np.ndarray, ...]
    member: np.ndarray
    gap: float = 1.0
    dtype: type = np.float64

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw X (n, d) for the same rows, labels and splits."""
        return self.shifted(self.noise(rng))

    def noise(self, rng: np.random.Generator) -> np.ndarray:
        """Draw what is left of X (n, d) without the concept."""
        X = rng.standard_normal((len(self.design), len(self.mean)), self.dtype)
        for c, triangle in enumerate(self.triangles):
            rows = self.member == c
            X[rows] = X[rows] @ triangle.T
        return X

    def shifted(self, noise: np.ndarray) -> np.ndarray:
        """Add the means to noise (n, d)."""
        X = self.design @ (self.gap * self.slopes)
        X += noise
        X += self.mean
        return X.astype(self.dtype, copy=False)


def gaussian_surrogate(X: np.ndarray, z: Concept, moments: Moments | None = None) -> Surrogate:
    """Return the debiased Gaussian source for X (n, d) and its concept, whose moments may be known.

    Notes
    -----
    With H = (design)ᵀ(design), slopes B and the within-covariance S of n − q' degrees of
    freedom, the eigenvalues g of H½ B S⁻¹ Bᵀ H½ have expectation
    (n − q')/(n − q' − d − 1) (γ + d) for true values γ: each is replaced by the unbiased
    max(0, (n − q' − d − 1)/(n − q') g − d). For two classes this is
    D²_u = (n − d − 3)/(n − 2) D² − d (1/n₁ + 1/n₀). With too few rows for that, the shrunk
    covariance counts as known and d alone is subtracted. d is the number of independent
    features.
    """
    moments = Moments.of(X, z) if moments is None else moments
    fitted = moments.n - 1 - _rank(moments)  # degrees of freedom within
    slopes = np.linalg.lstsq(moments.concept_covariance, moments.cross_covariance.T, rcond=None)[0]
    # What the concept does not explain, divided by its freedom.
    covariance = moments.covariance - moments.cross_covariance @ slopes
    covariance *= moments.weight / max(fitted, 1)
    # A feature that is one point in each class would have no unit to be measured in.
    least = LEAST_WITHIN * moments.variance
    np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), least))
    shrunk, inverse = _shrink(covariance, fitted)
    design = z.matrix - moments.concept_mean
    debiased = _debias(slopes, design, covariance, shrunk, inverse, fitted)
    triangles, member = _triangles(X, z, shrunk, inverse)
    dtype = np.float32 if X.dtype == np.float32 else np.float64
    triangles = tuple(triangle.astype(dtype) for triangle in triangles)
    gap, found = (0.0, slopes) if debiased is None else (1.0, debiased)
    return Surrogate(design, found, moments.mean, triangles, member, gap, dtype)


def _rank(moments: Moments) -> int:
    return len(moments.classes) - 1 if moments.classes is not None else moments.k


def _shrink(covariance: np.ndarray, dof: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shrunk covariance in units of standard deviations, and their reciprocals."""
    inverse = linalg.reciprocal(np.sqrt(np.clip(covariance.diagonal(), 0.0, None)))
    R = covariance * np.outer(inverse, inverse)
    lam = oracle_shrinkage(R, dof)
    R *= 1.0 - lam
    R[np.diag_indices_from(R)] += lam * (inverse > 0)
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
        unbiased = np.clip(spare / dof * seen - raw.rank, 0.0, None)
    else:
        unbiased = np.clip(values - np.count_nonzero(inverse), 0.0, None)
    keep = np.divide(
        unbiased, values, out=np.zeros_like(values), where=values > 1e-12 * values.max(initial=0)
    )
    if not keep.any():
        return None
    scaled = vectors @ (np.sqrt(keep)[:, None] * (vectors.T @ B))
    sd = linalg.reciprocal(inverse)
    return np.linalg.lstsq(root, scaled, rcond=None)[0] * sd


def _triangles(
    X: np.ndarray, z: Concept, shrunk: np.ndarray, inverse: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Return Cholesky factors, one a class where memory allows, and each row's class.

    What the covariance of a class differs by from the common one is brought to its unbiased size,
    as the means are. A Gaussian sample's S has E|S − Σ|² = (tr² Σ + tr Σ²)/(n − 1), and of S less
    the mean of all classes, of shares p, (1 − p)² of that and p'² of that of every other class.
    """
    d, sd = len(shrunk), linalg.reciprocal(inverse)
    common = sd[:, None] * _root(shrunk)
    if z.codes is None or z.n_columns * d * d > CLASS_COVARIANCE_ELEMENTS:
        return (common,), np.zeros(len(z), dtype=int)
    spreads, counts = _class_covariances(X, z)
    spreads = spreads * np.outer(inverse, inverse)
    share = counts / counts.sum()
    traces, squares = np.einsum("kii->k", spreads), np.einsum("kij,kij->k", spreads, spreads)
    noise = (traces**2 + squares) / np.maximum(counts - 1, 1)
    off = spreads - np.einsum("k,kij->ij", share, spreads)
    unbiased = np.einsum("kij,kij->k", off, off) - (1 - 2 * share) * noise - share**2 @ noise
    roots = []
    for R, size in zip(spreads, unbiased, strict=True):
        whole = float(((R - shrunk) ** 2).sum())
        own = np.sqrt(np.clip(size / whole, 0.0, 1.0)) if whole > 0 else 0.0
        roots.append(sd[:, None] * _root(own * R + (1.0 - own) * shrunk))
    return tuple(roots), z.codes


def _class_covariances(X: np.ndarray, z: Concept) -> tuple[np.ndarray, np.ndarray]:
    moments = ClassMoments.summed(X, z)
    counts = moments.counts
    return moments.covariances * (counts / np.maximum(counts - 1, 1))[:, None, None], counts


def _root(R: np.ndarray) -> np.ndarray:
    """Return L with L Lᵀ = R, (d, d), for R positive semi-definite."""
    try:
        return np.linalg.cholesky(R)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(R)
        return vectors * np.sqrt(np.clip(values, 0.0, None))


def match(
    source: Surrogate,
    read: Callable[[Surrogate, Sequence[np.ndarray]], np.ndarray],
    observed: float,
    chance: float,
    noise: float,
    rng: np.random.Generator,
) -> Surrogate:
    """Scale the gap until the surrogates read as the data do.

    Parameters
    ----------
    source : Surrogate
    read : callable
        Takes a source and m draws of its noise (n, d), and returns the pipeline's raw readings
        (m,) of what they make together.
    observed : float
        Raw reading of the data.
    chance, noise : float
        Mean and standard deviation of the raw reading of permuted labels.
    rng : Generator

    Notes
    -----
    The same pilot noise serves every gap, so that the reading grows smoothly with it and
    bisection finds the crossing; a debiased gap that is off by less than half a pilot standard
    deviation is kept. The R² of a shrunk probe may fall again as the gap widens: then the gap
    of the best reading before that is taken, not one far beyond.
    """
    if observed <= chance + noise:
        return replace(source, gap=0.0)
    pilots = [source.noise(rng) for _ in range(PILOTS)]

    def readings(gap: float) -> np.ndarray:
        return read(replace(source, gap=gap), pilots)

    first = readings(1.0)
    if abs(first.mean() - observed) <= 0.5 * first.std(ddof=1) / np.sqrt(PILOTS):
        return replace(source, gap=1.0)
    low, high, reached = 0.0, 1.0, float(first.mean())
    while reached < observed:
        low, high, before = high, WIDENING * high, reached
        reached = float(readings(high).mean())
        if reached < before or high > WIDEST_SCALE:
            return replace(source, gap=low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if readings(middle).mean() < observed else (low, middle)
    return replace(source, gap=0.5 * (low + high))
