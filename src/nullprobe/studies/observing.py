"""Where a predictor stands between exact observers, and what is read from states."""

from __future__ import annotations

import numpy as np

RIDGE = 1e-3  # of the mean eigenvalue: keeps the solution where features repeat each other


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return KL(p ‖ q) of log-probabilities (..., V), in nats, of shape (...).

    Words of probability 0 under p add nothing.

    Examples
    --------
    >>> half = np.log([[0.5, 0.5]])
    >>> divergence(half, half).tolist(), divergence(half, np.log([[0.25, 0.75]])).round(4).tolist()
    ([0.0], [0.1438])
    """
    with np.errstate(invalid="ignore"):
        terms = np.exp(p) * (p - q)
    return np.where(p > -np.inf, terms, 0.0).sum(axis=-1)


def by_class(log_p: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the probability of each class of words (..., k), given that the word has a class.

    Parameters
    ----------
    log_p : ndarray of shape (..., V)
    classes : ndarray of shape (V, k)
        1 where a word is of a class.

    Examples
    --------
    >>> by_class(np.log([[0.2, 0.2, 0.6]]), np.array([[1, 0], [0, 1], [0, 0]])).tolist()
    [[0.5, 0.5]]
    """
    p = np.exp(log_p) @ classes
    return p / p.sum(axis=-1, keepdims=True)


def share(model: np.ndarray, less: np.ndarray, full: np.ndarray) -> float:
    """Return how far a model is on the way from an observer that lacks an idea to the full one.

    It is ⟨model − less, full − less⟩ / ‖full − less‖²: 0 for a model that predicts as the lesser
    observer does, and 1 for one that predicts as the full one. A model that is far from both may
    have any value, so divergences are stated next to it.

    Parameters
    ----------
    model, less, full : ndarray of shape (..., k)
        Probabilities.

    Examples
    --------
    >>> less, full = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    >>> share(0.25 * less + 0.75 * full, less, full)
    0.75
    """
    way = full - less
    return float(((model - less) * way).sum() / (way * way).sum())


def explained(X: np.ndarray, y: np.ndarray, train: np.ndarray) -> float:
    """Return the held-out R² of a linear reading, as a share of the variance of all columns of y.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n, k)
    train : ndarray of shape (n,)
        Whether a row fits the reading; the others are scored.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> round(explained(X, X[:, :1] + 2.0, np.arange(200) < 100), 4)
    1.0
    """
    left, total = _squares(X, y, train)
    return float(1.0 - left.sum() / total.sum())


def explained_each(X: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return the held-out R² of each column of y, of shape (k,), as `explained` does for all.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> explained_each(X, X[:, :2] + 2.0, np.arange(200) < 100).round(4).tolist()
    [1.0, 1.0]
    """
    left, total = _squares(X, y, train)
    return 1.0 - left / total


def _squares(X: np.ndarray, y: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the squares that a reading leaves of each column, and those of the column."""
    mean, centre = X[train].mean(axis=0), y[train].mean(axis=0)
    A, B = X[train] - mean, y[train] - centre
    gram = A.T @ A
    ridge = RIDGE * np.trace(gram) / len(gram) + np.finfo(float).tiny
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), A.T @ B)
    left = y[~train] - centre - (X[~train] - mean) @ weights
    return (left**2).sum(axis=0), ((y[~train] - y[~train].mean(axis=0)) ** 2).sum(axis=0)


def words_before(ids: np.ndarray, positions: np.ndarray, n_words: int, last: int = 3) -> np.ndarray:
    """Return what texts show without a model: counts of words, and the last words, (n, m, ...).

    Parameters
    ----------
    ids : ndarray of shape (n, T)
    positions : ndarray of shape (m,)
        The words up to and including each of these positions are counted.
    n_words : int
        Size V of the vocabulary.
    last : int
        How many of the last words are given one by one.

    Examples
    --------
    >>> words_before(np.array([[0, 1, 1]]), np.array([2]), 2, last=1).tolist()
    [[[1.0, 2.0, 0.0, 1.0]]]
    """
    one_hot = np.eye(n_words)[ids]
    counts = one_hot.cumsum(axis=1)[:, positions]
    recent = [one_hot[:, positions - k] for k in range(last)]
    return np.concatenate([counts, *recent], axis=-1)
