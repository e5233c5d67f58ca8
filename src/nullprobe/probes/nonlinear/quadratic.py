"""Quadratic discriminant with shrinkage: read what class means and class covariances tell.

Problem. Classes of equal means may differ in how they vary. Class covariances are known badly
where rows are few, and not at all in the directions in which a class of few rows has none.

Solution. Gaussian classes; the covariance of each is shrunk towards the one within classes by
α, and that one towards its diagonal by the oracle-approximating λ. In coordinates that whiten
the latter, S_c(α) = (1 − α) S_c + α I, so one singular value decomposition a class gives the
log-densities for *all* α, also with fewer rows than features. α is that of the best AUC in a
cross-validation inside the fitting rows.

Reference. J. H. Friedman, "Regularized discriminant analysis", JASA 84 (1989); λ as in `lda.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg, parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.moments import Moments
from nullprobe.moments.shrinkage import shrink
from nullprobe.probes.base.nonlinear import (
    Reader,
    ReaderEstimator,
    inner_splits,
    log_odds,
    units,
    worth,
)

SHRINKAGES = (1.0, 0.6, 0.3, 0.1, 0.03, 0.01)  # strongest first: of equals the first is taken
USUAL_SHRINKAGE = 0.5  # where a class is too rare for an inner split
# Variance within classes counts as at least this share of the total, so that a feature in which
# classes are points gives large log-odds rather than infinite ones.
LEAST_WITHIN = 1e-8


@dataclass(frozen=True, eq=False)
class QuadraticReader(Reader):
    """Log-odds of Gaussian classes.

    Attributes
    ----------
    mean, inverse : ndarray of shape (d,)
        What is subtracted from the features, and what they are multiplied by then.
    factor : PSDFactor
        Of the correlations within classes, shrunk: what whitens rows to r coordinates.
    centres : ndarray of shape (K, r)
        Class means, whitened.
    axes : tuple of K ndarrays of shape (r, q)
        Directions in which the fitting rows of a class vary, whitened.
    spreads : tuple of K ndarrays of shape (q,)
        Their variances there; in all other directions they have none.
    log_shares : ndarray of shape (K,)
    shrinkage : float
        α, the weight of the identity, which is the whitened covariance within classes.
    """

    mean: np.ndarray
    inverse: np.ndarray
    factor: linalg.PSDFactor
    centres: np.ndarray
    axes: tuple[np.ndarray, ...]
    spreads: tuple[np.ndarray, ...]
    log_shares: np.ndarray
    shrinkage: float

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return log-odds (n, K), one class against the rest, of rows (n, d)."""
        return self.odds(self.whitened(rows), self.shrinkage)

    def whitened(self, rows: np.ndarray) -> np.ndarray:
        """Return the coordinates (n, r) of rows (n, d)."""
        return self.factor.whiten((rows - self.mean) * self.inverse)

    def odds(self, whitened: np.ndarray, shrinkage: float) -> np.ndarray:
        """Return the log-odds of whitened rows (n, r) for any α in (0, 1]."""
        scores = np.tile(self.log_shares, (len(whitened), 1))
        classes = zip(self.centres, self.axes, self.spreads, strict=True)
        for c, (centre, axes, spread) in enumerate(classes):
            away = whitened - centre
            along = away @ axes
            variance = (1.0 - shrinkage) * spread + shrinkage
            beside = np.einsum("ij,ij->i", away, away) - np.einsum("ij,ij->i", along, along)
            scores[:, c] -= 0.5 * (along**2 @ (1.0 / variance) + beside / shrinkage)
            unseen = len(centre) - len(spread)
            scores[:, c] -= 0.5 * (np.log(variance).sum() + unseen * np.log(shrinkage))
        return log_odds(scores)


def quadratic(
    X: np.ndarray, codes: np.ndarray, classes: tuple, *, shrinkage: float | str, seed: int
) -> QuadraticReader:
    """Return the shrunk quadratic discriminant.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Position of each row's label in ``classes``; every class has a row.
    classes : tuple
    shrinkage : float in (0, 1] or "cv"
        α; "cv" for the one of best AUC in an inner cross-validation.
    seed : int
        Of that.
    """
    shrinkage = parameters.shrinkage(shrinkage, "cv")
    if shrinkage == 0:
        validation.complain(
            "shrinkage must be above 0",
            "it is 0",
            "pass a small number, since a class of few rows does not vary in every direction",
        )
    if isinstance(shrinkage, str):
        found = np.zeros(len(SHRINKAGES))
        for train, test in inner_splits(codes, seed):
            part = _gaussians(X[train], codes[train], classes, USUAL_SHRINKAGE)
            whitened = part.whitened(X[test])
            found += [worth(part.odds(whitened, a), codes[test], len(classes)) for a in SHRINKAGES]
        shrinkage = SHRINKAGES[int(found.argmax())] if found.any() else USUAL_SHRINKAGE
    return _gaussians(X, codes, classes, shrinkage)


def _gaussians(
    X: np.ndarray, codes: np.ndarray, classes: tuple, shrinkage: float
) -> QuadraticReader:
    mean, inverse = units(X)
    rows = (X - mean) * inverse
    counts = np.bincount(codes)
    means = np.array([rows[codes == c].mean(axis=0) for c in range(len(classes))])
    inside = rows - means[codes]
    moments = Moments.of(inside, codes)
    R = moments.covariance
    R[np.diag_indices_from(R)] += LEAST_WITHIN
    own = (inverse > 0) / np.sqrt(R.diagonal())
    R *= np.outer(own, own)
    shrink(R, len(X) - len(classes))
    factor = linalg.factor_psd(R, eps=moments.eps)
    axes, spreads = [], []
    for c, count in enumerate(counts):
        along, sizes = _principal(factor.whiten(inside[codes == c] * own))
        axes.append(along)
        spreads.append(sizes / max(count - 1, 1))
    return QuadraticReader(
        classes,
        X.shape[1],
        mean,
        inverse * own,
        factor,
        factor.whiten(means * own),
        tuple(axes),
        tuple(spreads),
        np.log(counts / len(X)),
        shrinkage,
    )


def _principal(T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return orthonormal axes (r, q) along which rows T (n, r) vary, and their sums of squares.

    From the smaller of the two products: singular values to half the digits, of which those
    below the shrinkage do not count, for a quarter of the time.
    """
    few = len(T) < T.shape[1]
    sizes, vectors = np.linalg.eigh(T @ T.T if few else T.T @ T)
    kept = sizes > len(sizes) * np.finfo(np.float64).eps * sizes.max(initial=0.0)
    sizes, vectors = sizes[kept], vectors[:, kept]
    return (T.T @ vectors / np.sqrt(sizes) if few else vectors), sizes


class QuadraticProbe(ReaderEstimator):
    """Read a concept with a shrunk quadratic discriminant: class means and class covariances.

    Parameters
    ----------
    shrinkage : float in (0, 1] or "cv"
        Weight of the covariance within classes in that of each class; 1 makes it linear. "cv"
        for the one of best AUC in a cross-validation inside the rows that it is fitted to.
    random_state : int, Generator or None
        Of that cross-validation.

    Notes
    -----
    It reads what Gaussian classes differ in, and no more: what leaves class means and
    covariances equal, such as an exclusive or of three features, it does not find.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.arange(400) % 2
    >>> X = np.random.default_rng(0).normal(size=(400, 2)) * (1 + 4 * y[:, None])  # equal means
    >>> QuadraticProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    def __init__(self, shrinkage: float | str = "cv", random_state: RandomState = 0) -> None:
        self.shrinkage = shrinkage
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        seed = integer_seed(self.random_state)
        return quadratic(X, codes, classes, shrinkage=self.shrinkage, seed=seed)
