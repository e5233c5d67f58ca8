"""Association: how strongly rows and concept go together in the whole sample.

Problem. Is anything there? A probe spends two thirds of the rows on being honest about how much it
reads, and overlooks what all rows together would show.

Solution. Hotelling's T², by permuted labels. It needs no split: permuted labels have been fitted
as well as the observed ones. With (u_j, s_j) the principal axes of the standardised rows and z the
centred concept,

    T(λ) = Σ_j (u_jᵀ z)² s_j² / (s_j² + λ),

which orders labellings as T² does for λ = 0, and as the distance of the class means for λ = ∞. In
between it gains where features are many, or repeat each other. The statistic is the largest T over
a few λ, each standardised by permuted labels drawn beforehand, which are the same for the data and
for all draws: so the p-value stays exact.

Reference. H. Hotelling, "The generalization of Student's ratio", 1931; L. S. Chen, D. Paul, R. L.
Prentice, P. Wang, "A regularized Hotelling's T² test for pathway analysis in proteomic studies",
2011.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments

# Shares of the principal axes that count, on average over them: λ = 0, three in between, λ = ∞.
SHARES = (1.0, 0.5, 0.25, 0.1, 0.0)
REFERENCE = 200  # permuted labellings by which T is standardised
VARIES = 1e3  # units of rounding by which a T that tells labellings apart varies at least
STEPS = 100  # of the bisection for λ
ELEMENTS = 1 << 23  # entries that are worked on at once


class Association:
    """Rows factored once, to be held against any labelling.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
        Classes, or numbers, which are judged by their values and by their ranks.
    moments : Moments
        Of X and z.
    reference : ndarray of shape (n, m)
        Orders of permuted labellings, by which T is standardised.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 4)), np.arange(60) % 2
    >>> X[:, 0] += 2 * y
    >>> z, orders = concept(y), np.stack([rng.permutation(60) for _ in range(299)], axis=1)
    >>> found = Association(X, z, Moments.summed(X, z), orders[:, :200])
    >>> observed = found.read(np.arange(60)[:, None])
    >>> bool((found.read(orders[:, 200:]) < observed).all())
    True
    """

    def __init__(self, X: np.ndarray, z: Concept, moments: Moments, reference: np.ndarray) -> None:
        self._axes, variances = _principal_axes(X, moments)
        self._weights = np.array([_weights(variances, share) for share in SHARES])
        self._data = _columns(z)
        strength = self._strength(reference)
        self._middle, sd = strength.mean(axis=1), strength.std(axis=1)
        rounding = VARIES * np.finfo(self._axes.dtype).eps
        says = sd > rounding * self._middle
        self._inverse = np.where(says, linalg.reciprocal(sd), 0.0)

    def read(self, order: np.ndarray) -> np.ndarray:
        """Return the statistic (m,) of the labellings y[order[:, j]], of an order (n, m)."""
        off = (self._strength(order) - self._middle[:, None]) * self._inverse[:, None]
        return off.max(axis=0)

    def _strength(self, order: np.ndarray) -> np.ndarray:
        """Return the cube roots of all T, (l, m): nearly normal, so that skewness does not rule."""
        found = []
        for data in self._data:
            step = max(1, ELEMENTS // data.size)
            each = [
                self._squares(data[order[:, j : j + step]]) for j in range(0, len(order.T), step)
            ]
            found.append(np.cbrt(self._weights @ np.concatenate(each, axis=1)))
        return np.concatenate(found)

    def _squares(self, Z: np.ndarray) -> np.ndarray:
        """Return the squared length of Z (n, m, k) along each principal axis, (r, m)."""
        n, m, k = Z.shape
        centred = (Z - Z.mean(axis=0)).reshape(n, m * k)
        along = self._axes.T @ centred.astype(self._axes.dtype)
        return (along.reshape(-1, m, k).astype(np.float64) ** 2).sum(axis=2)


def _columns(z: Concept) -> list[np.ndarray]:
    """Return what rows are held against, (n, k) each: classes; or numbers, and their ranks."""
    if z.is_classes:
        if z.n_scores == 1:
            return [z.matrix[:, 1:]]
        return [z.matrix * linalg.reciprocal(np.sqrt(z.matrix.mean(axis=0)))]
    return [Z * linalg.reciprocal(Z.std(axis=0)) for Z in (z.data, rankdata(z.data, axis=0))]


def _principal_axes(X: np.ndarray, moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return the principal axes of the standardised rows, (n, r), and their variances (r,).

    Axes along which rows vary by rounding alone are left out.
    """
    n, d = X.shape
    mean, inverse = moments.mean, linalg.reciprocal(moments.scale)
    gram = np.zeros((min(n, d),) * 2)
    step = max(1, ELEMENTS // min(n, d))
    for start in range(0, max(n, d), step):
        some = slice(start, start + step)
        if n > d:
            block = (X[some] - mean) * inverse
            gram += block.T @ block
        else:
            block = (X[:, some] - mean[some]) * inverse[some]
            gram += block @ block.T
    variances, vectors = np.linalg.eigh(gram / n)
    far = 1.0 + float(np.square(mean * inverse).max(initial=0.0))
    rounding = np.finfo(X.dtype).eps ** 2 * far
    rounding += np.finfo(np.float64).eps * np.sqrt(len(gram)) * variances.max(initial=0.0)
    kept = variances > linalg.NOISE_MARGIN * rounding
    variances, vectors = variances[kept], vectors[:, kept]
    if n <= d:
        return vectors, variances
    turn = inverse[:, None] * vectors / np.sqrt(n * variances)
    axes = np.empty((n, len(variances)), dtype=X.dtype)
    for start in range(0, n, step):
        some = slice(start, start + step)
        axes[some] = (X[some] - mean) @ turn
    return axes, variances


def _weights(variances: np.ndarray, share: float) -> np.ndarray:
    """Return the weights v / (v + λ) of principal axes, which are `share` on average, (r,).

    For a share of 0 they are v, to which they are proportional as λ grows.
    """
    if share == 1.0 or not len(variances):
        return np.ones_like(variances)
    if share == 0.0:
        return variances
    v = variances / variances.mean()
    low, high = 0.0, 1.0 / share  # the mean of v / (v + λ) is at most 1 / (1 + λ)
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (v / (v + middle)).mean() > share else (low, middle)
    return v / (v + low)
