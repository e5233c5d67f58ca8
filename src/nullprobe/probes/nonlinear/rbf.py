"""Gaussian-kernel probe: read whatever differs smoothly between the classes.

Problem. Linear and quadratic readers find what means and covariances tell. What an eraser
leaves to a reader that assumes neither has to be measured with one.

Solution. Features in units of their standard deviations, a Gaussian kernel whose width is the
median distance of two rows, every class counting the same. Support vectors on the whole kernel
matrix up to `MOST_EXACT` rows; beyond, landmarks (Nyström) and logistic regression. Either ends
in Σ w k(x, x') + b. C is that of the best AUC in a split inside the fitting rows.

Reference. B. Schölkopf, A. Smola, "Learning with kernels" (2002); C. Williams, M. Seeger,
"Using the Nyström method to speed up kernel machines", NIPS 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from nullprobe._core import validation
from nullprobe._core.random_state import integer_seed
from nullprobe.probes.base.nonlinear import (
    Reader,
    ReaderEstimator,
    distinct,
    inner_splits,
    sides,
    some,
    units,
    worth,
)

STRENGTHS = (1.0, 10.0, 100.0)  # weakest first: of equals the first is taken
USUAL_STRENGTH = 10.0  # where a class is too rare for an inner split
MOST_EXACT = 2000  # rows whose whole kernel matrix is worked with
LANDMARKS = 512
PAIRED = 500  # rows whose distances set the width
KERNEL_ELEMENTS = 1 << 24


@dataclass(frozen=True, eq=False)
class RadialReader(Reader):
    """Scores Σ w k(x, x') + b with k(x, x') = exp(−γ |x − x'|²).

    Attributes
    ----------
    gamma : float
        γ.
    points : ndarray of shape (m, d)
        The rows x', standardised: support vectors or landmarks.
    weights : ndarray of shape (m, k)
        One column for two classes, else one a class.
    bias : ndarray of shape (k,)
    strength : float
        C with which it was fitted.
    """

    gamma: float
    points: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    strength: float

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores (n, k) of standardised rows."""
        first, again = distinct(rows)
        rows = rows if len(first) == len(rows) else rows[first]
        scores = np.empty((len(rows), len(self.bias)))
        step = max(1, KERNEL_ELEMENTS // max(1, len(self.points)))
        for start in range(0, len(rows), step):
            piece = slice(start, start + step)
            scores[piece] = rbf_kernel(rows[piece], self.points, gamma=self.gamma) @ self.weights
        return scores[again] + self.bias


def radial(
    X: np.ndarray, codes: np.ndarray, classes: tuple, *, C: float | None, seed: int | None
) -> RadialReader:
    """Return the Gaussian-kernel reader.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Position of each row's label in ``classes``; every class has a row.
    classes : tuple
    C : float or None
        Inverse strength of the penalty; None for the one of best AUC in an inner split.
    seed : int or None
        Of that, of the landmarks, and of the pairs whose distance sets the width.
    """
    mean, inverse = units(X)
    rows = (X - mean) * inverse
    gamma = _gamma(rows, seed)
    features, points, back = _features(rows, gamma, seed)
    fit = _support_vectors if back is None else _logistic
    Y = sides(codes, len(classes))
    if C is None:
        C = USUAL_STRENGTH
        for train, test in inner_splits(codes, seed)[:1]:
            fits = [fit(features, Y, train, strength) for strength in STRENGTHS]
            found = [worth(features[test] @ W + b, codes[test], len(classes)) for W, b in fits]
            C = STRENGTHS[int(np.argmax(found))]
    weights, bias = fit(features, Y, np.arange(len(X)), C)
    weights = weights if back is None else back @ weights
    kept = np.flatnonzero(weights.any(axis=1))
    return RadialReader(classes, mean, inverse, gamma, points[kept], weights[kept], bias, C)


def _features(
    rows: np.ndarray, gamma: float, seed: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return features (n, m), the points (m, d) they stand for, and B in features = kernel @ B."""
    if len(rows) <= MOST_EXACT:
        return rbf_kernel(rows, gamma=gamma), rows, None
    nystroem: Any = Nystroem(gamma=gamma, n_components=LANDMARKS, random_state=seed)
    return nystroem.fit_transform(rows), nystroem.components_, nystroem.normalization_.T


def _support_vectors(
    kernel: np.ndarray, Y: np.ndarray, train: np.ndarray, C: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (n, k), 0 but for support vectors among ``train``, and bias (k,)."""
    inner = kernel[np.ix_(train, train)]
    weights, bias = np.zeros(Y.shape), np.zeros(Y.shape[1])
    for j, positive in enumerate(Y.T):
        model: Any = SVC(C=C, kernel="precomputed", class_weight="balanced").fit(
            inner, positive[train]
        )
        weights[train[model.support_], j] = model.dual_coef_[0]
        bias[j] = model.intercept_[0]
    return weights, bias


def _logistic(
    features: np.ndarray, Y: np.ndarray, train: np.ndarray, C: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (m, k) and bias (k,) of logistic regression on features (n, m)."""
    weights, bias = np.zeros((features.shape[1], Y.shape[1])), np.zeros(Y.shape[1])
    for j, positive in enumerate(Y.T):
        model: Any = LogisticRegression(C=C, class_weight="balanced", max_iter=5000)
        model.fit(features[train], positive[train])
        weights[:, j], bias[j] = model.coef_[0], model.intercept_[0]
    return weights, bias


def _gamma(rows: np.ndarray, seed: int | None) -> float:
    """Return 1 / the median squared distance of some rows (n, d); 1 where most coincide."""
    some = np.random.default_rng(seed).permutation(len(rows))[:PAIRED]
    distances = pdist(rows[some], "sqeuclidean")
    median = float(np.median(distances)) if len(distances) else 0.0
    return 1.0 / median if median > 0 else 1.0


class RBFProbe(ReaderEstimator):
    """Read a concept with a Gaussian kernel: whatever differs smoothly between the classes.

    Parameters
    ----------
    C : float or None
        Inverse strength of the penalty; None for the one of best AUC in a split inside the rows
        that it is fitted to.
    most_rows : int
        Rows that it is fitted to; of more, so many are drawn, every class in proportion.
    random_state : int or None
        Of the rows, the split and the landmarks.

    Notes
    -----
    Up to 2,000 rows it is a support vector machine on the whole kernel matrix, beyond it is
    logistic regression on 512 landmarks. Where many features know nothing of the concept, all
    distances are alike and a kernel of all features reads little: what it does not find may
    still be there.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> RBFProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    def __init__(
        self, C: float | None = None, most_rows: int = 20_000, random_state: int | None = 0
    ) -> None:
        self.C = C
        self.most_rows = most_rows
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        if self.C is not None and validation.real_number("C", self.C, least=0.0) == 0:
            validation.complain("C must be above 0", "it is 0", "pass a larger number")
        most = validation.whole_number("most_rows", self.most_rows, least=2)
        seed = integer_seed(self.random_state)
        kept = some(codes, most, seed)
        return radial(X[kept], codes[kept], classes, C=self.C, seed=seed)
