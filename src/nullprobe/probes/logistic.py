"""Logistic regression, on scikit-learn, in units of the standard deviations.

Problem. Read y with the probe that most papers use, without a fit that depends on units.

Solution. Features are divided by their standard deviations, scikit-learn fits, and the weights
are brought back to the original units.

Reference. F. Pedregosa et al., "Scikit-learn: machine learning in Python", JMLR 12 (2011).
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from nullprobe import _array, _check, _linalg
from nullprobe._array import Array
from nullprobe.concepts import Concept
from nullprobe.probes.linear import LinearProbe, ProbeEstimator


def logistic(
    X: np.ndarray, codes: np.ndarray, *, C: float, weights: np.ndarray | None, max_iter: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (d, m) and bias (m,) of logistic regression on X (n, d); m = 1 or K."""
    mean = np.average(X, axis=0, weights=weights)
    variance = np.average((X - mean) ** 2, axis=0, weights=weights)
    inverse = _linalg.reciprocal(_linalg.feature_scale(mean, variance))
    model = LogisticRegression(C=C, max_iter=max_iter).fit((X - mean) * inverse, codes, weights)
    W = inverse[:, None] * model.coef_.T
    return W, model.intercept_ - mean @ W


class LogisticProbe(ProbeEstimator):
    """Read a concept with logistic regression.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty, in units of the standard deviations.
    max_iter : int
        Steps that the solver may take.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> LogisticProbe().fit(X, [0, 0, 1, 1]).predict(np.array([[0.5], [2.5]])).tolist()
    [0, 1]
    """

    def __init__(self, C: float = 1.0, max_iter: int = 1000) -> None:
        self.C = C
        self.max_iter = max_iter

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if z.codes is None:
            _check.complain(
                "logistic regression needs class labels",
                "the concept is numeric",
                "use LDAProbe, which predicts numbers, or pass labels",
            )
        W, bias = logistic(_array.host(X), z.codes, C=self.C, weights=w, max_iter=self.max_iter)
        return LinearProbe(W, bias, z.classes)
