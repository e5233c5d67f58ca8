"""Metrics: how well scores predict the concept, for many labellings at once.

The metric is the AUC for two classes, its macro average over one class against the rest for more
classes, and R² for a numeric concept. Methods that stop when the concept is no longer detectable
use a test with a closed formula (`above_chance`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, ndtr, stdtr

from nullprobe._core import estimators, linalg
from nullprobe.data.concept import Concept

NO_VARIANCE = 1e-12  # variance of an AUC of 1 or 0, which must not be 0 in a ratio of errors


def auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the ROC curve of each row; ties count half.

    Parameters
    ----------
    scores : ndarray of shape (m, n) or (1, n)
        One row of scores per labelling, or one row for all.
    positive : ndarray of shape (m, n) or (1, n), bool
        Which rows are positives.
    weights : ndarray of shape (m, n), optional
        Weights of the n rows.

    Returns
    -------
    ndarray of shape (m,)
        NaN if positives or negatives have no weight.

    Examples
    --------
    >>> import numpy as np
    >>> auc(np.array([[0.1, 0.4, 0.4, 0.8]]), np.array([[False, False, True, True]])).tolist()
    [0.875]
    """
    order = np.argsort(scores, axis=1)
    S = np.take_along_axis(scores, order, axis=1)
    P = _reorder(positive, order).astype(np.float64)
    W = 1.0 if weights is None else _reorder(weights, order)
    up, down = W * P, W * (1.0 - P)
    below = np.cumsum(down, axis=1)
    if (S[:, 1:] == S[:, :-1]).any():  # without ties, a positive does not count below itself
        below = _midway(below, S)
    pairs = up.sum(axis=1) * down.sum(axis=1)
    wins = np.einsum("mn,mn->m", *np.broadcast_arrays(up, below))
    return np.divide(wins, pairs, out=np.full(np.shape(pairs), np.nan), where=pairs > 0)


def auc_with_variance(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the AUC of each row of scores (m, n), and its sampling variance.

    The variance is computed from the shares of negatives below each positive, and of positives
    above each negative, so it reflects different spreads of the two classes. A class with a single
    row contributes the variance of a uniform share.

    Reference. E. DeLong, D. DeLong, D. Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves", 1988.

    Examples
    --------
    >>> import numpy as np
    >>> scores, positive = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[False, True, False, True]])
    >>> [result.tolist() for result in auc_with_variance(scores, positive)]
    [[0.75], [0.125]]
    """
    order = np.argsort(scores, axis=1)
    S = np.take_along_axis(scores, order, axis=1)
    P = _reorder(positive, order).astype(np.float64)
    has_ties = (S[:, 1:] == S[:, :-1]).any()
    sides: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for side, other in ((P, 1.0 - P), (1.0 - P, P)):
        below, n_side, n_other = np.cumsum(other, axis=1), side.sum(axis=1), other.sum(axis=1)
        below = _midway(below, S) if has_ties else below
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = below / n_other[:, None]
            mean = (side * shares).sum(axis=1) / n_side
            off = (side * (shares - mean[:, None]) ** 2).sum(axis=1)
            sides.append((mean, np.where(n_side > 1, off / (n_side - 1), 1 / 12) / n_side))
    (mean, of_positives), (_, of_negatives) = sides
    return mean, of_positives + of_negatives


def _reorder(a: np.ndarray, order: np.ndarray) -> np.ndarray:
    if len(order) == 1:
        return a[:, order[0]]
    return np.take_along_axis(np.broadcast_to(a, order.shape), order, axis=1)


def _midway(cumulated: np.ndarray, S: np.ndarray) -> np.ndarray:
    """Return, for each sorted score, the weight below it plus half of the weight at this score."""
    n = int(S.shape[1])
    place = np.arange(n)
    new = np.ones(S.shape, dtype=bool)
    new[:, 1:] = S[:, 1:] != S[:, :-1]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    closes = np.ones(S.shape, dtype=bool)
    closes[:, :-1] = new[:, 1:]
    last = np.minimum.accumulate(np.where(closes, place, n)[:, ::-1], axis=1)[:, ::-1]
    full = np.concatenate([np.zeros((len(cumulated), 1)), cumulated], axis=1)
    low, high = (
        np.take_along_axis(full, np.broadcast_to(i, cumulated.shape), axis=1)
        for i in (first, last + 1)
    )
    return 0.5 * (low + high)


def r_squared(
    predicted: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the held-out R² of each row of predictions (m, n) for values (m, n).

    NaN if all weights are 0, or if the values are constant.
    """
    W = np.ones((1, values.shape[1])) if weights is None else weights
    mean = (W * values).sum(axis=1) * linalg.reciprocal(W.sum(axis=1))
    total = (W * (values - mean[:, None]) ** 2).sum(axis=1)
    missed = (W * (values - predicted) ** 2).sum(axis=1)
    return 1.0 - np.divide(missed, total, out=np.full(len(total), np.nan), where=total > 0)


def correlation(scores: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the correlation of each row of scores (m, n) with values (m, n); 0 if one is constant.

    Weights have shape (1, n), or (b, n) for b correlations of one row.
    """
    share = weights / weights.sum(axis=1, keepdims=True)
    S, V = (a - (share * a).sum(axis=1, keepdims=True) for a in (scores, values))
    size = np.sqrt((share * S**2).sum(axis=1) * (share * V**2).sum(axis=1))
    cross = (share * S * V).sum(axis=1)
    return np.divide(cross, size, out=np.zeros_like(size), where=size > 0)


def balanced_accuracy(
    predicted: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the mean of the hit rates on positives and on negatives, (m,), of (m, n) arrays."""
    W = np.ones((1, positive.shape[1])) if weights is None else weights
    rates: list[NDArray[np.float64]] = []
    for side in (positive, ~positive):
        hits, all_ = (W * (side & (predicted == positive))).sum(axis=1), (W * side).sum(axis=1)
        rates.append(np.divide(hits, all_, out=np.full(len(all_), np.nan), where=all_ > 0))
    return 0.5 * (rates[0] + rates[1])


def information(scores: np.ndarray, positive: np.ndarray, rng: np.random.Generator) -> float:
    """Return a cross-fitted lower bound on the information of a score (n,) on a binary concept.

    A logistic curve is fitted to the scores of each half of the rows and evaluated on the other
    half. The result, in nats, is the entropy of the labels minus the held-out log-loss. It is a
    lower bound in expectation on the mutual information, and negative for noise.
    """
    share = positive.mean()
    entropy = -(share * np.log(share) + (1 - share) * np.log1p(-share))
    return float(entropy - log_losses(scores, positive, rng).mean())


def log_losses(scores: np.ndarray, positive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the log-loss of each row (n,), with a logistic curve fitted to the other half."""
    half = np.zeros(len(scores), dtype=bool)
    for side in (positive, ~positive):
        rows = rng.permutation(np.flatnonzero(side))
        half[rows[: len(rows) // 2]] = True
    spread = scores.std()
    s = ((scores - scores.mean()) / (spread if spread > 0 else 1.0))[:, None]
    losses = np.empty(len(scores))
    for fit in (half, ~half):
        logits = estimators.logistic_logits(s[fit], positive[fit], s[~fit])
        losses[~fit] = -log_expit(np.where(positive[~fit], logits, -logits))
    return losses


def above_chance(
    scores: np.ndarray, z: Concept, *, alpha: float, weights: np.ndarray | None = None
) -> tuple[float, bool]:
    """Return a metric of scores on held-out rows, and whether it is above chance.

    Parameters
    ----------
    scores : ndarray of shape (n, m)
        One column for two classes, K columns for more, or one per column of a numeric concept.
    z : Concept
        The concept of the n rows.
    alpha : float in [0, 1]
        Significance level of all columns together (Bonferroni).
    weights : ndarray of shape (n,), optional
        Weight of each row.

    Returns
    -------
    reading : float
        Mean over the columns of the AUC, or of the correlation of score and number. NaN if no
        column can be tested, because a class has no rows.
    above : bool
        Whether a column is above chance by a one-sided test.

    Notes
    -----
    If scores are independent of the class, the AUC has mean ½ and variance (a₁ + a₀ + a₁a₀)/12,
    where a is the sum of squared weights divided by the squared sum of weights of a class. Without
    weights this is (n₁ + n₀ + 1)/(12 n₁n₀), which is exact; with ties the variance is smaller.
    Correlations are tested by the t test, with (Σw)²/Σw² rows.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.data.concept import concept
    >>> z = concept(["a", "b"] * 10)
    >>> above_chance(np.arange(20.0)[:, None], z, alpha=0.05)
    (0.55, False)
    >>> above_chance(np.array([[0.0], [1.0]] * 10), z, alpha=0.05)
    (1.0, True)
    """
    w = np.ones(len(z)) if weights is None else weights
    if z.codes is None:
        readings, p = _correlation_test(scores, z.data, w)
    else:
        labels = np.arange(z.n_columns)[-scores.shape[1] :]  # one column scores the second of two
        readings, p = _auc_test(scores.T, z.codes == labels[:, None], w)
    tested = np.isfinite(readings)
    if not tested.any():
        return float("nan"), False
    return float(readings[tested].mean()), bool(min(1.0, p[tested].min() * tested.sum()) <= alpha)


def _auc_test(
    scores: np.ndarray, positive: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the AUC of each row of scores (m, n), and its one-sided p-value."""
    areas = auc(scores, positive, w[None])
    sides: list[NDArray[np.float64]] = []
    for side in (positive, ~positive):
        total = side @ w
        sides.append(np.divide(side @ w**2, total**2, out=np.ones(len(total)), where=total > 0))
    variance = (sides[0] + sides[1] + sides[0] * sides[1]) / 12.0
    return areas, ndtr((0.5 - areas) / np.sqrt(variance))


def _correlation_test(
    scores: np.ndarray, values: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation of each column of scores and values, and its one-sided p-value."""
    r = correlation(scores.T, values.T, w[None])
    freedom = float(w.sum() ** 2 / (w @ w)) - 2.0
    if freedom <= 0:
        return np.full(len(r), np.nan), np.ones(len(r))
    r = np.clip(r, -1.0, 1.0)
    with np.errstate(divide="ignore"):  # a correlation of 1 has p = 0
        p = stdtr(freedom, -r * np.sqrt(freedom / (1.0 - r**2)))
    return np.where((values == values[:1]).all(axis=0), np.nan, r), p
