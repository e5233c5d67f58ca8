"""Crowds: rows that lie closer together than their surroundings explain.

Among points that fill D dimensions, (r_k / r_{k+1})^(k D) is uniform for the distances r_k to the
k-th neighbour, whatever the density (Rényi's representation; Levina and Bickel 2004). A crowd of
rows for which it is tiny is found at a false discovery rate (Benjamini and Hochberg 1995). Unlike
a Gaussian sample as a measuring rod, this holds under heavy tails, in clusters and in fewer
dimensions than columns.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

ALONE = 4  # features: two symbols of a one-hot code swapped
RATE = 0.002  # of false discoveries among near copies
GAP = 2 / 3  # of distances: the edge of a crowd, as sharp as a blurred one-hot code has none
NEAREST = 20  # near copies of one row, at most
PAIRS = 60_000_000  # distances, at most
SKETCH = 64  # dimensions in which distances are taken
LEAF, TREES = 400, 3  # rows compared with each other where n² distances are too many
LEAST = 12  # different rows, to speak of surroundings
TILE = 4_000_000  # numbers that are worked on at once


def crowds(
    U: np.ndarray, units: np.ndarray, steps: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the crowd of each of K different rows: codes (K,) from 0.

    Parameters
    ----------
    U : ndarray of shape (K, d)
        Different rows, K at least 12, without constant features.
    units, steps : ndarray of shape (d,)
        Standard deviation of each feature, and median distance of its consecutive values.
    rng : Generator

    Notes
    -----
    See `nullprobe.stats.copies.copies`.
    """
    K, d = U.shape
    mix = rng.standard_normal((d, SKETCH)) / 8.0 if d > SKETCH else None
    W = np.empty((K, min(d, SKETCH)), dtype=np.float32)
    mean = U.mean(axis=0, dtype=np.float64)
    step = max(1, TILE // d)
    for start in range(0, K, step):
        block = U[start : start + step] - mean
        block += steps * (rng.random(block.shape) - 0.5)
        block /= units
        W[start : start + step] = block if mix is None else block @ mix
    judged = np.arange(K)
    if K * K > PAIRS:
        judged = rng.choice(K, max(LEAST, PAIRS // K), replace=False)
    r, neighbours = _neighbours(W, judged)
    dimension = _dimension(r, d)
    p, crowd = _crowds(r, dimension)
    cut = _false_discovery(p, RATE)
    if not (p[crowd > 0] <= cut).any():
        return np.arange(K)
    if len(judged) == K:
        a, b = _wishes(judged, neighbours, crowd * (p <= cut))
    else:
        pairs = [_leaf_pairs(W, leaf, dimension, cut) for leaf in _leaves(W, rng)]
        a, b = np.hstack(pairs)
    return _components(K, *_differing(U, a, b))


def _differing(U: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that differ in more than four features, or in all where there are fewer.

    Sparse rows that share their few active features lie close together by chance.
    """
    least = min(ALONE + 1, U.shape[1])
    step = max(1, TILE // U.shape[1])
    starts = range(0, len(a), step)
    differ = [(U[a[i : i + step]] != U[b[i : i + step]]).sum(axis=1) >= least for i in starts]
    kept = np.concatenate([np.zeros(0, dtype=bool), *differ])
    return a[kept], b[kept]


def _neighbours(W: np.ndarray, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to the nearest 2 × 20 rows of W and their positions, nearest first."""
    k = min(2 * NEAREST, len(W) - 1)
    r = np.empty((len(judged), k))
    who = np.empty((len(judged), k), dtype=int)
    step = max(1, TILE // len(W))
    for start in range(0, len(judged), step):
        rows = judged[start : start + step]
        D = squared_distances(W[rows], W)
        D[np.arange(len(rows)), rows] = np.inf
        few = np.argpartition(D, k - 1, axis=1)[:, :k]
        # The product formula loses the digits of small distances.
        exact = ((W[few] - W[rows][:, None]) ** 2).sum(axis=2)
        order = exact.argsort(axis=1)
        who[start : start + step] = np.take_along_axis(few, order, axis=1)
        r[start : start + step] = np.sqrt(np.take_along_axis(exact, order, axis=1))
    return r, who


def _dimension(r: np.ndarray, d: int) -> float:
    """Return the dimension that the rows fill, from the farther half of their neighbours."""
    k = r.shape[1]
    half = np.arange(k // 2, k)  # r_k and r_{k+1} for k from here on, counted from 1
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(r[:, half] / r[:, half - 1])
    total = np.nansum(half * logs)
    return float(min(d, logs.size / total)) if total > 0 else float(d)


def _crowds(r: np.ndarray, dimension: float) -> tuple[np.ndarray, np.ndarray]:
    """Return p for the clearest crowd about each row, and its size k, 0 where its edge is soft."""
    k = np.arange(1, r.shape[1] // 2 + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(r[:, k - 1] / r[:, k], nan=1.0)
        logs = np.log(ratio) * k * dimension + np.log(k * (k + 1.0))
    best = logs.argmin(axis=1)
    at = np.arange(len(r))
    sharp = ratio[at, best] <= GAP
    return np.exp(np.minimum(logs[at, best], 0.0)), np.where(sharp, best + 1, 0)


def _false_discovery(p: np.ndarray, rate: float) -> float:
    ordered = np.sort(p)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, len(p) + 1) / len(p))
    return float(ordered[passed[-1]]) if len(passed) else -1.0


def _wishes(
    rows: np.ndarray, neighbours: np.ndarray, crowd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.arange(neighbours.shape[1]) < crowd[:, None]
    return rows[np.nonzero(chosen)[0]], neighbours[chosen]


def _leaf_pairs(W: np.ndarray, leaf: np.ndarray, dimension: float, cut: float) -> np.ndarray:
    r, who = _neighbours(W[leaf], np.arange(len(leaf)))
    p, crowd = _crowds(r, dimension)
    return leaf[np.vstack(_wishes(np.arange(len(leaf)), who, crowd * (p <= cut)))]


def _leaves(W: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the rows of each leaf of three trees that halve the rows along random directions."""
    found, waiting = [], [np.arange(len(W))] * TREES
    while waiting:
        rows = waiting.pop()
        if len(rows) <= LEAF:
            found.append(rows)
            continue
        order = (W[rows] @ rng.standard_normal(W.shape[1])).argsort()
        waiting += np.array_split(rows[order], 2)
    return found


def _components(K: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the connected components of pairs that wish for each other."""
    wish = coo_array((np.ones(len(a)), (a, b)), (K, K)).tocsr()
    return connected_components(wish.minimum(wish.T), directed=False)[1]


def squared_distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the squared distances (a, b) of two sets of rows, to the digits of their lengths."""
    if A.shape[1] <= 4:
        return cdist(A, B, "sqeuclidean")
    D = A @ B.T
    D *= -2.0
    D += np.einsum("ij,ij->i", A, A)[:, None]
    D += np.einsum("ij,ij->i", B, B)
    return D
