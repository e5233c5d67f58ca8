"""Cross-fitted predictions of a concept from confounds W.

P(y | W) is fitted on four fifths of the rows and predicts the rest, five times. The models range
from class shares to boosted trees; the model with the best held-out predictions is used. So the
prediction finds squares and thresholds in W, and equals the class shares if W is uninformative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

from nullprobe.data.concept import Concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.splits import Parts, split

FOLDS = 5
PENALTIES = (0.01, 0.1, 1.0, 10.0)
MOST_SQUARED_COLUMNS = 30  # more columns of W get no squares and products
LEAST_TREE_ROWS = 100  # with fewer rows, no trees are fitted
LEAST_PROBABILITY = 1e-6  # of any class in any row


@dataclass(frozen=True, eq=False)
class ConfoundPrediction:
    """Held-out prediction of the concept of each row from its confounds.

    Attributes
    ----------
    model : str
        Name of the model with the best held-out predictions.
    log_probability : ndarray of shape (n, K) or None
        log P(y = class | W); None for a numeric concept.
    mean, sd : ndarray of shape (n, k) and (k,), or None
        Conditional mean and residual standard deviation of a numeric concept, which are assumed
        homoscedastic; None for classes.
    gain : float
        Held-out gain over class shares, in nats per row, or over the mean, as R².
    """

    model: str
    log_probability: np.ndarray | None
    mean: np.ndarray | None
    sd: np.ndarray | None
    gain: float

    @property
    def informative(self) -> float:
        """Effective number of rows whose label W does not determine.

        For classes, the sum of 1 − Σ p² over rows, divided by 1 − Σ p² of the class shares. For
        numbers, the residual share of the variance times n.
        """
        if self.log_probability is None:
            assert self.mean is not None, "numbers have means"
            return float(len(self.mean) * (1.0 - max(self.gain, 0.0)))
        p = np.exp(self.log_probability)
        shares = p.mean(axis=0)
        return float((1.0 - (p**2).sum(axis=1)).sum() / (1.0 - (shares**2).sum()))


def predict_from_confounds(z: Concept, W: Confounds, parts: Parts, seed: int) -> ConfoundPrediction:
    """Predict a concept from confounds: each row by models that were fitted to other rows.

    Parameters
    ----------
    z : Concept
    W : Confounds
    parts : Parts
        The folds.
    seed : int
    """
    if z.codes is None:
        return _predict_numbers(z, W.design, parts, seed)
    log_p = {
        name: _log_probabilities(model, W.design, z.codes, parts, z.n_columns)
        for name, model in _classifiers(W.design, seed)
    }
    loss = {name: -float(p[np.arange(len(z)), z.codes].mean()) for name, p in log_p.items()}
    shares = np.bincount(z.codes) / len(z)
    baseline = -float(np.log(shares)[z.codes].mean())
    best = min(loss, key=lambda name: loss[name])
    if loss[best] >= baseline:
        log_shares = np.tile(np.log(shares), (len(z), 1))
        return ConfoundPrediction("class shares", log_shares, None, None, 0.0)
    return ConfoundPrediction(best, log_p[best], None, None, baseline - loss[best])


def residuals(values: np.ndarray, W: Confounds, parts: Parts, seed: int) -> np.ndarray:
    """Return the held-out residuals (n, k) of a regression of values (n, k) on W."""
    return values - _best_regression(values, W.design, parts, seed)[1]


def _predict_numbers(z: Concept, design: np.ndarray, parts: Parts, seed: int) -> ConfoundPrediction:
    name, mean = _best_regression(z.data, design, parts, seed)
    residual_variance = ((z.data - mean) ** 2).mean(axis=0)
    gain = 1.0 - float((residual_variance / z.data.var(axis=0)).mean())
    return ConfoundPrediction(name, None, mean, np.sqrt(residual_variance), gain)


def folds(z: Concept, groups: np.ndarray | None, rng: np.random.Generator) -> Parts:
    """Return five folds, or fewer if the rarest class has under ten rows; at least two."""
    most = FOLDS if z.codes is None else int(np.bincount(z.codes).min()) // 2
    if groups is not None:
        most = min(most, len(np.unique(groups)))
    return split(z, groups=groups, n_parts=max(2, min(FOLDS, most)), rng=rng)


def _classifiers(design: np.ndarray, seed: int) -> Iterator[tuple[str, Any]]:
    yield "logistic", _logistic_grid(StandardScaler())
    if design.shape[1] <= MOST_SQUARED_COLUMNS:
        yield (
            "logistic, with squares and products",
            _logistic_grid(PolynomialFeatures(2, include_bias=False), StandardScaler()),
        )
    if len(design) >= LEAST_TREE_ROWS:
        yield "boosted trees", HistGradientBoostingClassifier(max_leaf_nodes=8, random_state=seed)


def _logistic_grid(*steps: Any) -> Any:
    """Return a logistic regression that chooses its penalty inside its fitting rows."""
    model = make_pipeline(*steps, LogisticRegression(max_iter=2000))
    grid = {"logisticregression__C": PENALTIES}
    return GridSearchCV(model, grid, scoring="neg_log_loss", cv=3)


def _log_probabilities(
    model: Any, design: np.ndarray, codes: np.ndarray, parts: Parts, n_classes: int
) -> np.ndarray:
    """Return held-out log P(y | W) of each row, (n, K)."""
    p = np.full((len(codes), n_classes), LEAST_PROBABILITY)
    for j in range(parts.n_parts):
        train, test = parts.part != j, parts.part == j
        # The fits are small: more OpenMP threads would wait for each other.
        with threadpool_limits(1):
            fitted = model.fit(design[train], codes[train])
            p[np.ix_(test, fitted.classes_)] = fitted.predict_proba(design[test])
    p = np.maximum(p, LEAST_PROBABILITY)
    return np.log(p / p.sum(axis=1, keepdims=True))


def _best_regression(
    values: np.ndarray, design: np.ndarray, parts: Parts, seed: int
) -> tuple[str, np.ndarray]:
    """Return the best model and its held-out predictions (n, k) of values (n, k)."""
    predictions = {"mean": np.empty_like(values, dtype=np.float64)}
    models: dict[str, Any] = {"ridge": make_pipeline(StandardScaler(), Ridge())}
    if design.shape[1] <= MOST_SQUARED_COLUMNS:
        squared = PolynomialFeatures(2, include_bias=False)
        models["ridge, with squares and products"] = make_pipeline(
            squared, StandardScaler(), Ridge()
        )
    if len(values) >= LEAST_TREE_ROWS:
        models["boosted trees"] = None
    for name in models:
        predictions[name] = np.empty(values.shape)
    for j in range(parts.n_parts):
        train, test = parts.part != j, parts.part == j
        predictions["mean"][test] = values[train].mean(axis=0)
        for name, model in models.items():
            if model is not None:
                predicted = model.fit(design[train], values[train]).predict(design[test])
                predictions[name][test] = predicted.reshape(-1, values.shape[1])
                continue
            for column in range(values.shape[1]):
                trees = HistGradientBoostingRegressor(max_leaf_nodes=8, random_state=seed)
                with threadpool_limits(1):
                    trees.fit(design[train], values[train, column])
                    predictions[name][test, column] = trees.predict(design[test])
    loss = {name: float(((values - p) ** 2).mean(axis=0).sum()) for name, p in predictions.items()}
    best = min(loss, key=lambda name: loss[name])
    return best, predictions[best]
