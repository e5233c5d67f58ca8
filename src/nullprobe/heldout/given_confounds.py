"""Given: what the confounds say of each row's label, learned from other rows.

P(y | W) is fitted on four fifths of the rows and asked about the rest, five times. Several models
are tried, from class shares to boosted trees, and the one that predicts other rows best is taken.
So a square or a threshold in W is seen, and nothing is made of a W that says nothing.
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
MOST_SQUARED = 30  # columns of W that squares and products are taken of
LEAST_OF_TREES = 100  # rows
LEAST_CHANCE = 1e-6  # of a class; no label is impossible


@dataclass(frozen=True, eq=False)
class Given:
    """What confounds say of the concept of each row.

    Attributes
    ----------
    model : str
        Which one predicts other rows best.
    log_chance : ndarray of shape (n, K) or None
        log P(y = class | W); None of numbers.
    mean, sd : ndarray of shape (n, k) and (k,), or None
        Of numbers, which are taken to spread alike about their means; None of classes.
    gain : float
        By how much it predicts other rows better than class shares or the mean do: in nats a row,
        or as a share of the variance.
    """

    model: str
    log_chance: np.ndarray | None
    mean: np.ndarray | None
    sd: np.ndarray | None
    gain: float

    @property
    def informative(self) -> float:
        """How many rows' worth of labels W leaves open: the sum of 1 − Σ p², over that of shares.

        Of numbers, the share of the variance that W leaves times the rows.
        """
        if self.log_chance is None:
            assert self.mean is not None, "numbers have means"
            return float(len(self.mean) * (1.0 - max(self.gain, 0.0)))
        p = np.exp(self.log_chance)
        shares = p.mean(axis=0)
        return float((1.0 - (p**2).sum(axis=1)).sum() / (1.0 - (shares**2).sum()))


def given_confounds(z: Concept, W: Confounds, parts: Parts, seed: int) -> Given:
    """Learn what confounds say of a concept, for each row from others.

    Parameters
    ----------
    z : Concept
    W : Confounds
    parts : Parts
        The folds.
    seed : int
    """
    if z.codes is None:
        return _of_numbers(z, W.design, parts, seed)
    tried = {
        name: _cross_fitted(model, W.design, z.codes, parts, z.n_columns)
        for name, model in _classifiers(W.design, seed)
    }
    loss = {name: -float(p[np.arange(len(z)), z.codes].mean()) for name, p in tried.items()}
    shares = np.bincount(z.codes) / len(z)
    plain = -float(np.log(shares)[z.codes].mean())
    best = min(loss, key=lambda name: loss[name])
    if loss[best] >= plain:
        return Given("class shares", np.tile(np.log(shares), (len(z), 1)), None, None, 0.0)
    return Given(best, tried[best], None, None, plain - loss[best])


def residuals(values: np.ndarray, W: Confounds, parts: Parts, seed: int) -> np.ndarray:
    """Return what is left of values (n, k) once W has predicted them, for each row from others."""
    return values - _predicted(values, W.design, parts, seed)[1]


def _of_numbers(z: Concept, design: np.ndarray, parts: Parts, seed: int) -> Given:
    name, mean = _predicted(z.data, design, parts, seed)
    left = ((z.data - mean) ** 2).mean(axis=0)
    gain = 1.0 - float((left / z.data.var(axis=0)).mean())
    return Given(name, None, mean, np.sqrt(left), gain)


def folds(z: Concept, groups: np.ndarray | None, rng: np.random.Generator) -> Parts:
    """Return five folds, or as many as the rarest class allows; never fewer than two."""
    most = FOLDS if z.codes is None else int(np.bincount(z.codes).min()) // 2
    if groups is not None:
        most = min(most, len(np.unique(groups)))
    return split(z, groups=groups, n_parts=max(2, min(FOLDS, most)), rng=rng)


def _classifiers(design: np.ndarray, seed: int) -> Iterator[tuple[str, Any]]:
    yield "logistic", _searched(StandardScaler())
    if design.shape[1] <= MOST_SQUARED:
        yield (
            "logistic, with squares and products",
            _searched(PolynomialFeatures(2, include_bias=False), StandardScaler()),
        )
    if len(design) >= LEAST_OF_TREES:
        yield "boosted trees", HistGradientBoostingClassifier(max_leaf_nodes=8, random_state=seed)


def _searched(*steps: Any) -> Any:
    """Return a logistic regression whose penalty is chosen within the rows that it is fitted to."""
    model = make_pipeline(*steps, LogisticRegression(max_iter=2000))
    grid = {"logisticregression__C": PENALTIES}
    return GridSearchCV(model, grid, scoring="neg_log_loss", cv=3)


def _cross_fitted(
    model: Any, design: np.ndarray, codes: np.ndarray, parts: Parts, n_classes: int
) -> np.ndarray:
    """Return log P(y | W) of each row (n, K) by a model that has not seen it."""
    p = np.full((len(codes), n_classes), LEAST_CHANCE)
    for j in range(parts.n_parts):
        train, test = parts.part != j, parts.part == j
        # Threads of OpenMP would wait for each other: the fits are small.
        with threadpool_limits(1):
            fitted = model.fit(design[train], codes[train])
            p[np.ix_(test, fitted.classes_)] = fitted.predict_proba(design[test])
    p = np.maximum(p, LEAST_CHANCE)
    return np.log(p / p.sum(axis=1, keepdims=True))


def _predicted(
    values: np.ndarray, design: np.ndarray, parts: Parts, seed: int
) -> tuple[str, np.ndarray]:
    """Return the best of several predictions of values (n, k), for each row from others."""
    tried = {"mean": np.empty_like(values, dtype=np.float64)}
    models: dict[str, Any] = {"ridge": make_pipeline(StandardScaler(), Ridge())}
    if design.shape[1] <= MOST_SQUARED:
        squared = PolynomialFeatures(2, include_bias=False)
        models["ridge, with squares and products"] = make_pipeline(
            squared, StandardScaler(), Ridge()
        )
    if len(values) >= LEAST_OF_TREES:
        models["boosted trees"] = None
    for name in models:
        tried[name] = np.empty(values.shape)
    for j in range(parts.n_parts):
        train, test = parts.part != j, parts.part == j
        tried["mean"][test] = values[train].mean(axis=0)
        for name, model in models.items():
            if model is not None:
                found = model.fit(design[train], values[train]).predict(design[test])
                tried[name][test] = found.reshape(-1, values.shape[1])
                continue
            for column in range(values.shape[1]):
                trees = HistGradientBoostingRegressor(max_leaf_nodes=8, random_state=seed)
                with threadpool_limits(1):
                    trees.fit(design[train], values[train, column])
                    tried[name][test, column] = trees.predict(design[test])
    off = {name: float(((values - one) ** 2).mean(axis=0).sum()) for name, one in tried.items()}
    best = min(off, key=lambda name: off[name])
    return best, tried[best]
