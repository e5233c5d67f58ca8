"""Association: dependence between rows and concept in the whole sample.

Problem. Does X depend on the concept at all? A held-out reading uses only a third of the rows for
each score, so it can miss a dependence that all rows together show.

Solution. Hotelling's T² with permuted labels. It needs no split, since the permuted labels are
fitted to the same rows as the observed ones. Let (u_j, s_j) be the principal axes of the
standardised rows, and z the centred concept:

    T(λ) = Σ_j (u_jᵀ z)² s_j² / (s_j² + λ).

For λ = 0, T orders labellings as T² does. For λ = ∞ it orders them as the distance of the class
means does. Values in between have more power if features are many or redundant. The statistic is
the largest T over five λ. Each T is standardised with a reference set of permuted labels. The
reference set is the same for the data and for all draws, so the p-value stays exact.

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

# Mean weights of the principal axes: λ = 0, three values in between, λ = ∞.
SHARES = (1.0, 0.5, 0.25, 0.1, 0.0)
REFERENCE = 200  # permuted labellings that standardise T
VARIES = 1e3  # a T with a smaller standard deviation, in units of rounding, is constant
STEPS = 100  # steps of the bisection for λ
ELEMENTS = 1 << 23  # entries of an array in one step


class Association:
    """Association of rows with any labelling; the rows are factored once.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
        Classes or numbers. Numbers are used as values and as ranks.
    moments : Moments
        Moments of X and z.
    reference : ndarray of shape (n, m)
        Orders of permuted labellings that standardise T.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 4)), np.arange(60) % 2
    >>> X[:, 0] += 2 * y
    >>> z, orders = concept(y), np.stack([rng.permutation(60) for _ in range(299)], axis=1)
    >>> association = Association(X, z, Moments.summed(X, z), orders[:, :200])
    >>> observed = association.read(np.arange(60)[:, None])
    >>> bool((association.read(orders[:, 200:]) < observed).all())
    True
    """

    def __init__(self, X: np.ndarray, z: Concept, moments: Moments, reference: np.ndarray) -> None:
        self._axes, variances = _principal_axes(X, moments)
        self._weights = np.array([_weights(variances, share) for share in SHARES])
        self._data = _columns(z)
        strength = self._strength(reference)
        self._middle, sd = strength.mean(axis=1), strength.std(axis=1)
        rounding = VARIES * np.finfo(self._axes.dtype).eps
        varies = sd > rounding * self._middle
        self._inverse = np.where(varies, linalg.reciprocal(sd), 0.0)

    def read(self, order: np.ndarray) -> np.ndarray:
        """Return the statistic (m,) of the labellings y[order[:, j]], for an order (n, m)."""
        off = (self._strength(order) - self._middle[:, None]) * self._inverse[:, None]
        return off.max(axis=0)

    def _strength(self, order: np.ndarray) -> np.ndarray:
        """Return the cube roots of all T, (l, m). They are nearly normal, so none dominates."""
        roots = []
        for data in self._data:
            step = max(1, ELEMENTS // data.size)
            squares = [
                self._squares(data[order[:, j : j + step]]) for j in range(0, len(order.T), step)
            ]
            roots.append(np.cbrt(self._weights @ np.concatenate(squares, axis=1)))
        return np.concatenate(roots)

    def _squares(self, Z: np.ndarray) -> np.ndarray:
        """Return the squared length of Z (n, m, k) along each principal axis, (r, m)."""
        n, m, k = Z.shape
        centred = (Z - Z.mean(axis=0)).reshape(n, m * k)
        along = self._axes.T @ centred.astype(self._axes.dtype)
        return (along.reshape(-1, m, k).astype(np.float64) ** 2).sum(axis=2)


def _columns(z: Concept) -> list[np.ndarray]:
    """Return the columns (n, k) of a concept: class indicators, or numbers and their ranks."""
    if z.is_classes:
        if z.n_scores == 1:
            return [z.matrix[:, 1:]]
        return [z.matrix * linalg.reciprocal(np.sqrt(z.matrix.mean(axis=0)))]
    return [Z * linalg.reciprocal(Z.std(axis=0)) for Z in (z.data, rankdata(z.data, axis=0))]


def _principal_axes(X: np.ndarray, moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return the principal axes of the standardised rows, (n, r), and their variances (r,).

    Axes along which rows vary only by rounding are left out.
    """
    n, d = X.shape
    mean, inverse = moments.mean, linalg.reciprocal(moments.scale)
    gram = np.zeros((min(n, d),) * 2)
    step = max(1, ELEMENTS // min(n, d))
    for start in range(0, max(n, d), step):
        part = slice(start, start + step)
        if n > d:
            block = (X[part] - mean) * inverse
            gram += block.T @ block
        else:
            block = (X[:, part] - mean[part]) * inverse[part]
            gram += block @ block.T
    variances, vectors = np.linalg.eigh(gram / n)
    far = 1.0 + float(np.square(mean * inverse).max(initial=0.0))
    rounding = np.finfo(X.dtype).eps ** 2 * far
    rounding += np.finfo(np.float64).eps * np.sqrt(len(gram)) * variances.max(initial=0.0)
    varies = variances > linalg.NOISE_MARGIN * rounding
    variances, vectors = variances[varies], vectors[:, varies]
    if n <= d:
        return vectors, variances
    turn = inverse[:, None] * vectors / np.sqrt(n * variances)
    axes = np.empty((n, len(variances)), dtype=X.dtype)
    for start in range(0, n, step):
        part = slice(start, start + step)
        axes[part] = (X[part] - mean) @ turn
    return axes, variances


def _weights(variances: np.ndarray, share: float) -> np.ndarray:
    """Return the weights v / (v + λ) of the principal axes (r,), with a mean of `share`.

    For a share of 0 they are v, since the weights are proportional to v as λ goes to ∞.
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
