"""Few features: held-out scores of a probe that may use k features only.

Problem. Does a handful of features read the concept as well as all of them? A choice of features
that has seen the scored rows looks better than it is.

Solution. The features are chosen on P: those that correlate most with the concept there. A shrunk
discriminant is fitted to them on P, and scored on S. For a permuted labelling all of it is done
anew, so that chance includes the choice.

Reference. W. Gurnee et al., "Finding neurons in a haystack: case studies with sparse probing",
2023, arXiv 2305.01610, section 3 ("mean difference" as the choice of features).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.moments.shrinkage import shrink

DIGITS = 9  # of a strength, relative to the largest; the rounding of sums is far below


@dataclass(frozen=True, eq=False)
class Chosen:
    """Held-out scores of the observed labelling, and the features that each probe used.

    Attributes
    ----------
    scores : ndarray of shape (n, k)
        k = 1 for two classes.
    features : list of ndarray of shape (q,)
        Positions of the features of each probe, from the one that correlates most.
    """

    scores: np.ndarray
    features: list[np.ndarray]


def strength(part: Part, cross: np.ndarray, k: int) -> np.ndarray:
    """Return how much each feature correlates with each labelling, (d, m): the norm over outputs.

    Parameters
    ----------
    part : Part
    cross : ndarray of shape (d, m k)
        Covariances with the k outputs of m labellings.
    k : int
    """
    correlation = part.inverse[:, None] * cross
    return np.linalg.norm(correlation.reshape(len(correlation), -1, k), axis=2)


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest values (d,), in descending order.

    Values that differ by rounding errors only are ordered by their position.

    Examples
    --------
    >>> largest(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist()
    [1, 2, 3]
    """
    count = min(count, len(values))
    values = np.round(values / max(values.max(), np.finfo(float).tiny), DIGITS)
    least = np.partition(values, len(values) - count)[len(values) - count]
    above = np.flatnonzero(values >= least)
    return above[np.argsort(-values[above], kind="stable")][:count]


def _weights(rows: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """Return the shrunk discriminant (q, k) of centred rows (n, q) with these covariances."""
    rows = rows.astype(np.float64)
    n = len(rows)
    variance = np.einsum("nq,nq->q", rows, rows) / n
    inverse = linalg.reciprocal(np.sqrt(variance))
    R = (rows.T @ rows) * np.outer(inverse, inverse) / n
    shrink(R, n - 1)
    eps = float(np.finfo(np.float64).eps)
    factor = linalg.factor_psd(R, eps=eps)
    return inverse[:, None] * factor.solve(inverse[:, None] * cross)


def _scores(rows: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return rows (n, q) @ W (q, k), added up in the same order for every row.

    Many sparse rows have no value in a few features. Their scores are equal, and the rounding of a
    matrix product, which differs between rows, must not decide such ties.
    """
    scores = np.zeros((len(rows), W.shape[1]))
    for column, weights in zip(rows.T, W, strict=True):
        scores += column[:, None] * weights
    return scores


def _fits(
    data: ThreeWay, Z: np.ndarray, count: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray, Part]]:
    """Yield features, scores (k, n_S) and part S for each labelling of Z (n, m, k) and role."""
    n, m, k = Z.shape
    flat = Z.reshape(n, m * k)
    for _, p, s in data.partition.roles():
        P, S = data.parts[p], data.parts[s]
        cross = P.cross(flat)
        sizes = strength(P, cross, k)
        for j in range(m):
            features = largest(sizes[:, j], count)
            W = _weights(P.columns(features), cross[features, j * k : (j + 1) * k])
            scores = _scores(S.columns(features), W) + (S.mean - P.mean)[features] @ W
            if data.z.codes is None:  # R² depends on the level, AUC does not
                scores = scores + flat[P.rows, j * k : (j + 1) * k].mean(axis=0)
            yield j, features, scores.T, S


def few_features_scores(data: ThreeWay, count: int) -> Chosen:
    """Return the held-out scores of the observed labelling by probes of ``count`` features."""
    Z = data.columns(np.arange(len(data.z))[:, None])
    scores, features = np.empty((len(Z), data.z.n_scores)), []
    for _, chosen, one, S in _fits(data, Z, count):
        scores[S.rows] = one.T
        features.append(chosen)
    return Chosen(scores, features)


def read_few_features(data: ThreeWay, order: np.ndarray, count: int) -> np.ndarray:
    """Return the metric (m,) of m permuted labellings, with features chosen for each."""
    every = []
    for Z in data.batches(order):
        m, k = Z.shape[1:]
        by_part: dict[int, tuple[np.ndarray, Part]] = {}
        for j, _, one, S in _fits(data, Z, count):
            scores, _ = by_part.setdefault(id(S), (np.empty((m, k, len(S.rows))), S))
            scores[j] = one
        values = [
            data.statistic(scores, Z[S.rows].transpose(1, 2, 0)) for scores, S in by_part.values()
        ]
        every.append(np.mean(values, axis=0))
    return np.concatenate(every)
