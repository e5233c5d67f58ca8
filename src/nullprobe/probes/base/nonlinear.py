"""What every nonlinear probe ends in, and the estimator shell that the methods share.

How strongly a nonlinear probe is to be regularised is not known beforehand. It is decided by
inner splits of the rows that the probe is fitted to, and of no others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.model_selection import StratifiedKFold

from nullprobe._core import arrays, linalg, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.data.concept import Concept
from nullprobe.moments.scatter import need_squares
from nullprobe.probes.base.linear import ProbeEstimator
from nullprobe.stats import metrics

FOLDS = 3
BLOCK = 2048  # rows that are scored together


@dataclass(frozen=True, eq=False)
class Reader:
    """A fitted reader of class labels; frozen.

    Attributes
    ----------
    classes : tuple
        Labels.
    d : int
        Number of features.
    """

    classes: tuple
    d: int

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of rows (n, d): (n, 1) for two classes, else (n, K)."""
        raise TypeError(f"{type(self).__name__} does not say how it scores")

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for two classes and (n, K) for more, in X's library and device."""
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        found = self.columns(arrays.host(X))
        return arrays.like(found[:, 0] if len(self.classes) == 2 else found, X)

    def predict(self, X: Array) -> np.ndarray:
        """Return the label that each row of X (n, d) is read as."""
        scores = arrays.host(self.scores(X))
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.array(self.classes)[best]


@dataclass(frozen=True, eq=False)
class ModelReader(Reader):
    """Scores of a classifier of scikit-learn's; rows that coincide have the same.

    Attributes
    ----------
    setting : object
        The setting that was chosen, or given.
    live : ndarray of shape (l,)
        Features that vary in the fitting rows; the model sees no others.
    mean, inverse : ndarray of shape (l,)
        What is subtracted from these, and what they are multiplied by then.
    model : estimator
        Fitted to these, standardised.
    """

    setting: Any
    live: np.ndarray
    mean: np.ndarray
    inverse: np.ndarray
    model: Any

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of rows (n, d): (n, 1) for two classes, else (n, K)."""
        rows = (rows[:, self.live] - self.mean) * self.inverse
        first, again = distinct(rows)
        parts = [rows[first[i : i + BLOCK]] for i in range(0, len(first), BLOCK)]
        return np.concatenate([scored(self.model, part) for part in parts])[again]


class ReaderEstimator(ProbeEstimator):
    """The shell round a reader that needs class labels and takes no weights.

    Attributes
    ----------
    probe_ : Reader
        The fitted reader.
    classes_ : ndarray of shape (K,)
        Labels.
    """

    def fit(self, X: Array, y: Any, *, kind: str | None = None) -> Self:
        """Fit the probe to X (n, d) and labels y (n,).

        ``kind="labels"`` takes floats as labels.

        There is no ``sample_weight``; where rows have weights, use a linear probe that takes them,
        such as ``LDAProbe`` or ``LogisticProbe``. ``score`` takes weights.
        """
        return super().fit(X, y, kind=kind)

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> Any:
        if z.codes is None or z.classes is None:
            validation.complain(
                f"{type(self).__name__} needs class labels",
                "the concept is numeric",
                "use LDAProbe, or cut the concept into classes",
            )
        return self._reader(arrays.host(X), z.codes, z.classes)

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        raise TypeError(f"{type(self).__name__} does not say how it fits")


class InnerChoice(ReaderEstimator):
    """The shell round a classifier of scikit-learn's, with a setting chosen on inner rows."""

    SPLITS = FOLDS
    max_samples: int
    random_state: RandomState

    def _settings(self, n: int) -> Sequence:
        """Return what is chosen from for n rows, simplest first; or what was given, alone."""
        raise TypeError(f"{type(self).__name__} does not say what it chooses from")

    def _model(self, setting: Any, rows: np.ndarray, seed: int) -> Any:
        """Return the unfitted classifier for standardised rows (n, l)."""
        raise TypeError(f"{type(self).__name__} does not say what it fits")

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        most = parameters.whole_number("max_samples", self.max_samples, least=2)
        seed = integer_seed(self.random_state)
        kept = some(codes, most, seed)
        X, codes = X[kept], codes[kept]

        def fit(X: np.ndarray, codes: np.ndarray, setting: Any) -> Reader:
            mean, inverse = units(X)
            live = np.flatnonzero(inverse) if inverse.any() else np.array([0])
            mean, inverse = mean[live], inverse[live]
            rows = (X[:, live] - mean) * inverse
            model = self._model(setting, rows, seed).fit(rows, codes)
            return ModelReader(classes, X.shape[1], setting, live, mean, inverse, model)

        settings = self._settings(len(X))
        splits = inner_splits(codes, seed)[: self.SPLITS] if len(settings) > 1 else []
        found = readings(fit, settings, X, codes, splits)
        return fit(X, codes, settings[int(np.argmax(found)) if splits else 0])


def readings(
    fit: Callable[[np.ndarray, np.ndarray, Any], Reader],
    settings: Sequence,
    X: np.ndarray,
    codes: np.ndarray,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Return the mean macro AUC of fits with each setting on inner rows; 0 without splits."""
    found = np.zeros(len(settings))
    for train, test in splits:
        for j, setting in enumerate(settings):
            scores = fit(X[train], codes[train], setting).columns(X[test])
            found[j] += worth(scores, codes[test], int(codes.max()) + 1) / len(splits)
    return found


def units(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and reciprocal standard deviation of each feature, (d,); 0 for a constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = X.mean(axis=0)
        variance = ((X - mean) ** 2).mean(axis=0)
    scale = linalg.feature_scale(mean, variance)
    need_squares(X, None, variance)
    return mean, linalg.reciprocal(scale)


def sides(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return who is a positive, bool: (n, 1) for two classes, (n, K) one against the rest."""
    return codes[:, None] == np.arange(1 if n_classes == 2 else 0, n_classes)


def scored(probe: Any, X: np.ndarray) -> np.ndarray:
    """Return the scores (n, 1) of two classes, or (n, K), of any fitted classifier.

    Those of a classifier that gives chances alone are log-odds, one class against the rest.
    """
    if hasattr(probe, "decision_function"):
        return arrays.host(probe.decision_function(X)).reshape(len(X), -1)
    chances = arrays.host(probe.predict_proba(X))
    return log_odds(np.log(np.maximum(chances, np.finfo(np.float64).tiny)))


def worth(scores: np.ndarray, codes: np.ndarray, n_classes: int) -> float:
    """Return the macro AUC of scores, (n, 1) for two classes and (n, K) for more."""
    return float(np.mean(metrics.auc(scores.T, sides(codes, n_classes).T)))


def inner_splits(codes: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of rows, to fit and to judge by, all classes in both.

    There are none where a class has a single row.
    """
    least = int(np.bincount(codes).min())
    if least < 2:
        return []
    folds = StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=seed)
    return list(folds.split(codes, codes))


def log_odds(densities: np.ndarray) -> np.ndarray:
    """Return log-odds, one class against the rest, of log-densities (n, K); (n, 1) for two.

    A log-density alone says how usual a row is, which differs between rows more than between
    classes.
    """
    if densities.shape[1] == 2:
        return densities[:, 1:] - densities[:, :1]
    odds = np.empty_like(densities)
    for c in range(densities.shape[1]):
        odds[:, c] = densities[:, c] - logsumexp(np.delete(densities, c, axis=1), axis=1)
    return odds


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each of the m distinct rows stands first, and which of them each row is, (n,).

    A product rounds a row by where it stands, and ties are to stay ties: so each distinct row is
    scored once. Compared as bytes, once -0.0 is 0.0, which takes little beside the scoring.
    """
    rows = np.ascontiguousarray(rows + 0.0)
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]
    _, first, again = np.unique(whole, return_index=True, return_inverse=True)
    return first, again


def some(codes: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return at most so many rows, in order, every class in proportion and with two at least."""
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = np.random.default_rng(seed)
    kept = []
    for c, count in enumerate(np.bincount(codes)):
        share = max(2, int(most * count / len(codes)))
        kept.append(rng.permutation(np.flatnonzero(codes == c))[:share])
    return np.sort(np.concatenate(kept))
