"""Fitted nonlinear probes, and the base classes of their estimators.

The best regularisation of a nonlinear probe is not known in advance. Inner splits of the fitting
rows choose it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.model_selection import StratifiedKFold

from nullprobe._core import arrays, linalg, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.data.concept import OR_FLOATS, Concept
from nullprobe.moments.scatter import need_squares
from nullprobe.probes.base.linear import ProbeEstimator
from nullprobe.stats import metrics

FOLDS = 3
BLOCK = 2048  # rows per block of scores


@dataclass(frozen=True, eq=False)
class Reader:
    """A fitted nonlinear probe of class labels; frozen.

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
        raise TypeError(f"{type(self).__name__} does not implement columns")

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for two classes and (n, K) for more, in X's library and device."""
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        scores = self.columns(arrays.host(X))
        return arrays.like(scores[:, 0] if len(self.classes) == 2 else scores, X)

    def predict(self, X: Array) -> np.ndarray:
        """Return the predicted label of each row of X (n, d)."""
        scores = arrays.host(self.scores(X))
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.array(self.classes)[best]


@dataclass(frozen=True, eq=False)
class ModelReader(Reader):
    """A fitted classifier of scikit-learn; equal rows get equal scores.

    Attributes
    ----------
    setting : object
        The chosen or given setting.
    live : ndarray of shape (l,)
        Features that vary in the fitting rows; the model uses only these.
    mean, inverse : ndarray of shape (l,)
        Means and reciprocal standard deviations of these features.
    model : estimator
        Model fitted to these features, standardised.
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
    """Base class of nonlinear probes: they need class labels and take no weights.

    Attributes
    ----------
    probe_ : Reader
        The fitted probe.
    classes_ : ndarray of shape (K,)
        Labels.
    """

    def fit(self, X: Array, y: Any, *, kind: str | None = None) -> Self:
        """Fit the probe to X (n, d) and labels y (n,).

        ``kind="labels"`` declares that floats are labels.

        There is no ``sample_weight``. If rows have weights, use a linear probe that takes them,
        such as ``LDAProbe`` or ``LogisticProbe``. ``score`` takes weights.
        """
        try:
            return super().fit(X, y, kind=kind)
        except InputError as error:  # floats would be refused next
            if not error.hint.endswith(OR_FLOATS):
                raise
            hint = error.hint.removesuffix(OR_FLOATS)
            raise type(error)(error.required, error.received, hint) from None

    def save(self, path: str | Path) -> NoReturn:
        """Refuse: a nonlinear probe holds an object of scikit-learn, and files have no code."""
        validation.complain(
            "only linear probes can be saved",
            f"{type(self).__name__} holds a fitted model of another library, or rows",
            "use a linear probe, or fit this probe again",
        )

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> Any:
        if z.codes is None or z.classes is None:
            validation.complain(
                f"{type(self).__name__} needs class labels",
                "the concept is numeric",
                "use LDAProbe, or cut the concept into classes"
                + ("" if z.n_columns == 1 else ", one column at a time"),
            )
        return self._reader(arrays.host(X), z.codes, z.classes)

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        raise TypeError(f"{type(self).__name__} does not implement _reader")


class InnerChoice(ReaderEstimator):
    """Base class of classifiers of scikit-learn with a setting chosen by inner splits."""

    SPLITS = FOLDS
    max_samples: int
    random_state: RandomState

    def _settings(self, n: int) -> Sequence:
        """Return the candidate settings for n rows, simplest first; or only the given setting."""
        raise TypeError(f"{type(self).__name__} does not implement _settings")

    def _model(self, setting: Any, rows: np.ndarray, seed: int) -> Any:
        """Return the unfitted classifier for standardised rows (n, l)."""
        raise TypeError(f"{type(self).__name__} does not implement _model")

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        most = parameters.whole_number("max_samples", self.max_samples, least=2)
        seed = integer_seed(self.random_state)
        subset = stratified_subset(codes, most, seed)
        X, codes = X[subset], codes[subset]

        def fit(X: np.ndarray, codes: np.ndarray, setting: Any) -> Reader:
            mean, inverse = units(X)
            live = np.flatnonzero(inverse) if inverse.any() else np.array([0])
            mean, inverse = mean[live], inverse[live]
            rows = (X[:, live] - mean) * inverse
            model = self._model(setting, rows, seed).fit(rows, codes)
            return ModelReader(classes, X.shape[1], setting, live, mean, inverse, model)

        settings = self._settings(len(X))
        splits = inner_splits(codes, seed)[: self.SPLITS] if len(settings) > 1 else []
        aucs = readings(fit, settings, X, codes, splits)
        return fit(X, codes, settings[int(np.argmax(aucs)) if splits else 0])


def readings(
    fit: Callable[[np.ndarray, np.ndarray, Any], Reader],
    settings: Sequence,
    X: np.ndarray,
    codes: np.ndarray,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Return the mean macro AUC of each setting over inner splits; 0 without splits."""
    aucs = np.zeros(len(settings))
    for train, test in splits:
        for j, setting in enumerate(settings):
            scores = fit(X[train], codes[train], setting).columns(X[test])
            aucs[j] += macro_auc(scores, codes[test], int(codes.max()) + 1) / len(splits)
    return aucs


def units(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and reciprocal standard deviation of each feature, (d,); 0 for a constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = X.mean(axis=0)
        variance = ((X - mean) ** 2).mean(axis=0)
    scale = linalg.feature_scale(mean, variance)
    need_squares(X, None, variance)
    return mean, linalg.reciprocal(scale)


def sides(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return which rows are positive, bool: (n, 1) for two classes, (n, K) one against the rest."""
    return codes[:, None] == np.arange(1 if n_classes == 2 else 0, n_classes)


def scored(probe: Any, X: np.ndarray) -> np.ndarray:
    """Return the scores (n, 1) of two classes, or (n, K), of any fitted classifier.

    A classifier with only ``predict_proba`` gets log-odds, one class against the rest.
    """
    if hasattr(probe, "decision_function"):
        return arrays.host(probe.decision_function(X)).reshape(len(X), -1)
    chances = arrays.host(probe.predict_proba(X))
    return log_odds(np.log(np.maximum(chances, np.finfo(np.float64).tiny)))


def macro_auc(scores: np.ndarray, codes: np.ndarray, n_classes: int) -> float:
    """Return the macro AUC of scores, (n, 1) for two classes and (n, K) for more."""
    return float(np.mean(metrics.auc(scores.T, sides(codes, n_classes).T)))


def inner_splits(codes: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return splits into training and test rows, with all classes in both.

    There are no splits if a class has a single row.
    """
    least = int(np.bincount(codes).min())
    if least < 2:
        return []
    folds = StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=seed)
    return list(folds.split(codes, codes))


def log_odds(densities: np.ndarray) -> np.ndarray:
    """Return log-odds, one class against the rest, of log-densities (n, K); (n, 1) for two.

    A log-density alone differs more between rows than between classes.
    """
    if densities.shape[1] == 2:
        return densities[:, 1:] - densities[:, :1]
    odds = np.empty_like(densities)
    for c in range(densities.shape[1]):
        odds[:, c] = densities[:, c] - logsumexp(np.delete(densities, c, axis=1), axis=1)
    return odds


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first position (m,) of each distinct row, and the distinct row (n,) of each row.

    The rounding of a product depends on the position of a row, but equal rows must have equal
    scores: so each distinct row is scored once. Rows are compared as bytes, after -0.0 becomes 0.0;
    this takes little time compared with the scores.
    """
    rows = np.ascontiguousarray(rows + 0.0)
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]
    _, first, again = np.unique(whole, return_index=True, return_inverse=True)
    return first, again


def stratified_subset(codes: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return at most ``most`` rows in order, classes in proportion, at least two per class."""
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = np.random.default_rng(seed)
    parts = []
    for c, count in enumerate(np.bincount(codes)):
        share = max(2, int(most * count / len(codes)))
        parts.append(rng.permutation(np.flatnonzero(codes == c))[:share])
    return np.sort(np.concatenate(parts))
