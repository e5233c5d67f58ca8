"""What every nonlinear probe ends in, and the estimator shell that the methods share.

How strongly a nonlinear probe is to be regularised is not known beforehand. It is decided by
inner splits of the rows that the probe is fitted to, and of no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.model_selection import StratifiedKFold

from nullprobe import _array, _check, _linalg, reading
from nullprobe._array import Array
from nullprobe.concepts import Concept
from nullprobe.probes.linear import ProbeEstimator

FOLDS = 3


@dataclass(frozen=True, eq=False)
class Reader:
    """A fitted reader of class labels; frozen.

    Attributes
    ----------
    classes : tuple
        Labels.
    mean, inverse : ndarray of shape (d,)
        What is subtracted from the features, and what they are multiplied by then.
    """

    classes: tuple
    mean: np.ndarray
    inverse: np.ndarray

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.mean)

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of standardised rows (n, d): (n, 1) for two classes, else (n, K)."""
        raise TypeError(f"{type(self).__name__} does not say how it scores")

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for two classes and (n, K) for more, in X's library and device."""
        X = _check.representation(X)
        _check.width(X.shape[1], self.d)
        found = self.columns((_array.host(X) - self.mean) * self.inverse)
        return _array.like(found[:, 0] if len(self.classes) == 2 else found, X)

    def predict(self, X: Array) -> np.ndarray:
        """Return the label that each row of X (n, d) is read as."""
        scores = _array.host(self.scores(X))
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.array(self.classes)[best]


class ReaderEstimator(ProbeEstimator):
    """The shell round a reader that needs class labels and takes no weights.

    Attributes
    ----------
    probe_ : Reader
        The fitted reader.
    classes_ : ndarray of shape (K,)
        Labels.
    """

    def fit(self, X: Array, y: Any) -> Self:
        """Fit the probe to X (n, d) and labels y (n,)."""
        return super().fit(X, y)

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> Any:
        if z.codes is None or z.classes is None:
            _check.complain(
                f"{type(self).__name__} needs class labels",
                "the concept is numeric",
                "use LDAProbe, or cut the concept into classes",
            )
        return self._reader(_array.host(X), z.codes, z.classes)

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        raise TypeError(f"{type(self).__name__} does not say how it fits")


def units(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and reciprocal standard deviation of each feature, (d,); 0 for a constant."""
    mean = X.mean(axis=0)
    return mean, _linalg.reciprocal(_linalg.feature_scale(mean, ((X - mean) ** 2).mean(axis=0)))


def sides(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return who is a positive, bool: (n, 1) for two classes, (n, K) one against the rest."""
    return codes[:, None] == np.arange(1 if n_classes == 2 else 0, n_classes)


def worth(scores: np.ndarray, codes: np.ndarray, n_classes: int) -> float:
    """Return the macro AUC of scores, (n, 1) for two classes and (n, K) for more."""
    return float(np.mean(reading.auc(scores.T, sides(codes, n_classes).T)))


def inner_splits(codes: np.ndarray, seed: int | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of rows, to fit and to judge by, all classes in both.

    There are none where a class has a single row.
    """
    least = int(np.bincount(codes).min())
    if least < 2:
        return []
    folds = StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=seed)
    return list(folds.split(codes, codes))
