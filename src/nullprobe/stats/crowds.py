"""Crowds: rows that are closer together than the density around them explains.

For points in D dimensions, (r_k / r_{k+1})^(k D) is uniform for the distances r_k to the k-th
neighbour, for any density (Rényi's representation; Levina and Bickel 2004). Crowds of rows with
tiny values are detected at a false discovery rate (Benjamini and Hochberg 1995). Unlike a
comparison with a Gaussian sample, this is valid for heavy tails, for clusters, and for rows that
fill fewer dimensions than there are columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

ALONE = 4  # number of features: two swapped symbols of a one-hot code differ in four
RATE = 0.002  # false discovery rate of near copies
GAP = 2 / 3  # largest ratio of distances at a sharp edge; noisy one-hot codes have larger ratios
SMALL = 0.05  # share of all rows: a larger crowd is a cluster, such as a distant class
NEAREST = 20  # most near copies of one row
LARGEST = 100  # further rows of a large crowd, which is named but not joined
JUDGED = 1000  # rows that are judged for large crowds
PAIRS = 60_000_000  # most distances
SKETCH = 64  # dimensions of the projection in which distances are computed
LEAF, TREES = 400, 3  # rows in a leaf, and trees, if n² distances are too many
SAMPLE = 2000  # rows that units are measured in
MOST = 0.5  # share of rows off the mode; with fewer, a feature is measured by its flips
LEAST = 12  # fewest different rows for an estimate of density
TILE = 4_000_000  # numbers in one batch


def _embedded(U: np.ndarray, units: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows (K, min(d, 64)) in float32 whose distances are those of U in its units."""
    K, d = len(U), int(U.shape[1])
    units = _flips(U, units)
    mix = rng.standard_normal((d, SKETCH)) / 8.0 if d > SKETCH else None
    W = np.empty((K, min(d, SKETCH)), dtype=np.float32)
    mean = U.mean(axis=0, dtype=np.float64)
    step = max(1, TILE // d)
    for start in range(0, K, step):
        block = U[start : start + step] - mean
        block /= units
        W[start : start + step] = block if mix is None else block @ mix
    return W


def crowds(U: np.ndarray, units: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return the crowd of each of K different rows, and the number of rows in large crowds.

    Parameters
    ----------
    U : ndarray of shape (K, d)
        Different rows, K at least 12, without constant features.
    units : ndarray of shape (d,)
        Standard deviation of each feature.
    rng : Generator

    Returns
    -------
    codes : ndarray of shape (K,)
        Code of each row's crowd, from 0.
    n_large : int
        Estimated number of rows in crowds of 22 to 101 rows, which are not joined.

    Notes
    -----
    See `nullprobe.stats.copies.copies`.
    """
    W = _embedded(U, units, rng)
    return _near(U, W, rng), _in_large_crowds(W, int(U.shape[1]), rng)


def _near(U: np.ndarray, W: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the crowd of each row: codes (K,) from 0."""
    K, d = len(U), int(U.shape[1])
    judged = np.arange(K)
    if K * K > PAIRS:
        judged = rng.choice(K, max(LEAST, PAIRS // K), replace=False)
    r, neighbours = _neighbours(W, judged, NEAREST)
    dimension = _dimension(r, d)
    most = max(1, int(SMALL * K) - 1)
    p, crowd = _crowds(r, dimension, 1, most)
    cut = _false_discovery(p, RATE)
    if not (p[crowd > 0] <= cut).any():
        return np.arange(K)
    if len(judged) == K:
        a, b = _joins(judged, neighbours, crowd * (p <= cut))
    else:
        pairs = [_leaf_pairs(W, leaf, dimension, cut, most) for leaf in _leaves(W, rng)]
        a, b = np.hstack(pairs)
    return _components(K, *_differing(U, a, b))


def _in_large_crowds(W: np.ndarray, d: int, rng: np.random.Generator) -> int:
    """Return the estimated number of rows in crowds of 22 to 101 rows, from at most 1,000 rows.

    These are not joined: twenty-five noisy copies of a row look like a tight class of 25 rows.
    """
    most = min(LARGEST, int(SMALL * len(W)) - 1)
    if most <= NEAREST:
        return 0
    judged = np.arange(len(W))
    if len(W) > JUDGED:
        judged = rng.choice(len(W), JUDGED, replace=False)
    r, _ = _neighbours(W, judged, most)
    p, crowd = _crowds(r, _dimension(r, d), NEAREST + 1, most)
    count = int((p[crowd > 0] <= _false_discovery(p, RATE)).sum())
    return round(count * len(W) / len(judged)) if count > NEAREST else 0


def _flips(U: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return units (d,) in which leaving the most common value has a length of about one.

    A bit of 2 % differs by seven standard deviations where it differs, so the few rows that share
    it would be a distant crowd. Features without a value that most rows have are left as they are.
    """
    sample = U[:: max(1, len(U) // SAMPLE)].astype(np.float64)
    off = sample - np.partition(sample, len(sample) // 2, axis=0)[len(sample) // 2]
    share = np.count_nonzero(off, axis=0) / len(sample)
    common = (share > 0) & (share < MOST)
    units = units.copy()
    units[common] = np.sqrt((off[:, common] ** 2).mean(axis=0) / share[common])
    return units


def _differing(U: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that differ in more than four features, or in all of at most four.

    Sparse rows with the same few active features are close together by chance.
    """
    least = min(ALONE + 1, U.shape[1])
    step = max(1, TILE // U.shape[1])
    starts = range(0, len(a), step)
    differ = [(U[a[i : i + step]] != U[b[i : i + step]]).sum(axis=1) >= least for i in starts]
    passed = np.concatenate([np.zeros(0, dtype=bool), *differ])
    return a[passed], b[passed]


def _neighbours(W: np.ndarray, judged: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to the 2 × most nearest rows of W and their positions, nearest first."""
    k = min(2 * most, len(W) - 1)
    r = np.empty((len(judged), k))
    who = np.empty((len(judged), k), dtype=int)
    step = max(1, TILE // len(W))
    for start in range(0, len(judged), step):
        rows = judged[start : start + step]
        D = squared_distances(W[rows], W)
        D[np.arange(len(rows)), rows] = np.inf
        few = np.argpartition(D, k - 1, axis=1)[:, :k]
        # The product formula is inaccurate for small distances.
        exact = ((W[few] - W[rows][:, None]) ** 2).sum(axis=2)
        order = exact.argsort(axis=1)
        who[start : start + step] = np.take_along_axis(few, order, axis=1)
        r[start : start + step] = np.sqrt(np.take_along_axis(exact, order, axis=1))
    return r, who


def _dimension(r: np.ndarray, d: int) -> float:
    """Return the estimated dimension of the rows, from the farther half of their neighbours."""
    k = int(r.shape[1])
    half = np.arange(k // 2, k)  # r_k and r_{k+1} for k from here on, counted from 1
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(r[:, half] / r[:, half - 1])
    total = float(np.nansum(half * logs))
    return float(min(d, logs.size / total)) if total > 0 else float(d)


def _crowds(
    r: np.ndarray, dimension: float, least: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return p of the clearest crowd around each row, and its size k; 0 without a sharp edge."""
    k = np.arange(least, min(most, r.shape[1] // 2) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(r[:, k - 1] / r[:, k], nan=1.0)
        logs = np.log(ratio) * k * dimension + np.log(k * (k + 1.0))
    best = logs.argmin(axis=1)
    at = np.arange(len(r))
    sharp = ratio[at, best] <= GAP
    return np.exp(np.minimum(logs[at, best], 0.0)), np.where(sharp, k[best], 0)


def _false_discovery(p: np.ndarray, rate: float) -> float:
    ordered = np.sort(p)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, len(p) + 1) / len(p))
    return float(ordered[passed[-1]]) if len(passed) else -1.0


def _joins(
    rows: np.ndarray, neighbours: np.ndarray, crowd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.arange(int(neighbours.shape[1])) < crowd[:, None]
    return rows[np.nonzero(chosen)[0]], neighbours[chosen]


def _leaf_pairs(
    W: np.ndarray, leaf: np.ndarray, dimension: float, cut: float, most: int
) -> np.ndarray:
    r, who = _neighbours(W[leaf], np.arange(len(leaf)), NEAREST)
    p, crowd = _crowds(r, dimension, 1, most)
    return leaf[np.vstack(_joins(np.arange(len(leaf)), who, crowd * (p <= cut)))]


def _leaves(W: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the rows of each leaf of three trees that halve the rows along random directions."""
    leaves: list[NDArray[np.int64]] = []
    waiting: list[NDArray[np.int64]] = [np.arange(len(W))] * TREES
    while waiting:
        rows = waiting.pop()
        if len(rows) <= LEAF:
            leaves.append(rows)
            continue
        order = (W[rows] @ rng.standard_normal(int(W.shape[1]))).argsort()
        waiting += np.array_split(rows[order], 2)
    return leaves


def _components(K: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the connected components of mutual pairs."""
    related = coo_array((np.ones(len(a)), (a, b)), (K, K)).tocsr()
    return connected_components(related.minimum(related.T), directed=False)[1]


def squared_distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the squared distances (a, b) of two sets of rows; errors are relative to lengths."""
    if A.shape[1] <= 4:
        return cdist(A, B, "sqeuclidean")
    D = A @ B.T
    np.multiply(D, -2.0, out=D)
    np.add(D, np.einsum("ij,ij->i", A, A)[:, None], out=D)
    return np.add(D, np.einsum("ij,ij->i", B, B), out=D)
