"""Copies: rows that repeat other rows, exactly or nearly. A split must keep them together.

If a row occurs more than once in a file, a probe can recognise it and predict any label of it.
Equal rows are not always copies: 600 one-hot rows of 40 symbols have only 40 different values. The
other rows distinguish the two cases. If rows are equal by chance, still other rows are almost
equal. Copies agree in all features, and the next row differs in most features.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from nullprobe.stats.crowds import ALONE, LEAST, PAIRS, TILE, crowds, squared_distances

STEPS = 10.0  # squared steps per feature: a larger distance is not by chance, even if d ≤ 4
ATOM = 0.1  # a value with at least this share of all rows is part of the distribution


@dataclass(frozen=True, eq=False)
class Copies:
    """Groups of rows that are copies of each other.

    Attributes
    ----------
    codes : ndarray of shape (n,)
        Code of each row's group from 0, in the order of the first rows of the groups. Rows with the
        same code are copies; a row without copies has a unique code.
    n_exact : int
        Number of rows that are equal to another row and count as its copies.
    n_near : int
        Number of further rows that are near copies.
    n_equal : int
        Number of rows that are equal to another row, copies or not. If there are few distinct
        values, this is more than ``n_exact``.
    n_large : int
        Estimated number of rows in tight sets of 22 to 101 rows, which may be near copies or
        classes far apart, and are not joined.
    """

    codes: np.ndarray
    n_exact: int
    n_near: int
    n_equal: int
    n_large: int = 0

    @property
    def any(self) -> bool:
        """Whether a row is a copy of another row."""
        return self.n_exact + self.n_near > 0


def copies(X: np.ndarray, seed: int) -> Copies:
    """Find rows that are copies of each other, exactly or nearly.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows, in any order. The result does not depend on labels, so these may be permuted.
    seed : int
        Seed of sketches and samples: the same seed gives the same result.

    Returns
    -------
    Copies

    Notes
    -----
    *Exact.* Rows with equal bytes (0 equals −0) are copies if the nearest different row differs in
    more than four features, or by more than √10 steps in root mean square. A step is the median
    distance between consecutive values of a feature. Independent rows are much more often equal in
    all but four features than in all features (1 + d + d (d − 1) / 2 + ... to 1). If at least a
    tenth of all rows are equal, they are not copies.

    *Near.* For each different row, distances r_k to 40 neighbours are computed, in features
    divided by their standard deviations, or by their root mean square difference from a value that
    most rows have. The dimension D is estimated from neighbours 20 to 40.
    The smallest of k (k + 1) (r_k / r_{k+1})^(k D) over k ≤ 20 is the p-value of a crowd of k
    neighbours. A row joins its crowd if the rule of Benjamini and Hochberg rejects at rate .002,
    the crowd ends with a gap of r_k ≤ ⅔ r_{k+1}, the relation is mutual, and the rows differ in
    more than four features.

    At most 6 × 10⁷ distances are computed. For n > 7,700 a sample of rows is tested first. Only if
    it contains near copies are all rows compared, within three random partition trees. If fewer
    than one row in a hundred of 10⁵ rows has near copies, they may remain undetected.

    Sets of 22 to 101 rows are counted with the same test, in at most 1,000 rows, but not joined.

    Not detected: crowds of more than 101 rows or of more than 5 % of the rows (clusters, such as
    distant classes), loose groups (tokens of one text), series. Smaller distant clusters *are*
    joined: X does not distinguish ten rows of a tight class from ten paraphrases.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5)).repeat(3, axis=0)
    >>> groups = copies(X, 0)
    >>> groups.n_exact, groups.n_near, groups.codes[:7].tolist()
    (300, 0, [0, 0, 0, 1, 1, 1, 2])
    >>> copies(np.eye(40)[rng.integers(0, 40, 600)], 0).any
    False
    """
    n = len(X)
    rng = np.random.default_rng(seed)
    first, content = equal_rows(X)
    counts = np.bincount(content)
    different = X if len(first) == n else X[first]
    units, steps = _units(different)
    varies = units > 0
    if not varies.all():
        different, units, steps = different[:, varies], units[varies], steps[varies]
    U = different
    is_copy = np.zeros(len(U), dtype=bool)
    repeated = np.flatnonzero((counts > 1) & (counts < max(ATOM * n, 4)))
    if len(repeated) and len(U) > 1:
        is_copy[repeated] = _isolated(U, repeated, units, steps, rng)
    near, n_large = np.arange(len(U)), 0
    if len(U) >= LEAST and U.shape[1]:
        near, n_large = crowds(U, units, rng)
    codes = near[content]
    # Equal rows that are not copies are not joined, unless near copies make them a crowd.
    loose = ~is_copy[content]
    codes[loose & (np.bincount(near)[codes] == 1)] = -1
    single = codes < 0
    codes[single] = len(U) + np.arange(single.sum())
    n_exact = int(counts[is_copy].sum())
    joined = np.bincount(codes, minlength=n + len(U))[codes] > 1
    n_near = int((joined & loose).sum())
    return Copies(_in_order(codes), n_exact, n_near, int(counts[counts > 1].sum()), n_large)


def equal_rows(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each distinct content, and the code (n,) of each row's content."""
    known: dict[bytes, int] = {}
    content = np.empty(len(X), dtype=int)
    first: list[int] = []
    step = max(1, TILE // max(X.shape[1], 1))
    for start in range(0, len(X), step):
        block = np.ascontiguousarray(X[start : start + step]) + X.dtype.type(0)  # −0 becomes 0
        for i, row in enumerate(block, start):
            code = known.setdefault(blake2b(row.data, digest_size=16).digest(), len(known))
            if code == len(first):
                first.append(i)
            content[i] = code
    return np.array(first, dtype=int), content


def _in_order(codes: np.ndarray) -> np.ndarray:
    _, first, member = np.unique(codes, return_index=True, return_inverse=True)
    return first.argsort().argsort()[member]


def _units(U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each feature's standard deviation and step, from at most 2,000 different rows."""
    sample = U[:: max(1, len(U) // 2000)].astype(np.float64)
    units, steps = sample.std(axis=0), np.zeros(U.shape[1])
    for j in np.flatnonzero(units > 0):
        steps[j] = np.median(np.diff(np.unique(sample[:, j])))
    return units, steps


def _isolated(
    U: np.ndarray, rows: np.ndarray, units: np.ndarray, steps: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return for each of ``rows`` whether the nearest different row is far away."""
    alone = ~_met(U, rows, rng)
    doubtful = np.flatnonzero(~alone)
    judged = doubtful
    most = max(1, PAIRS // 10 // len(U))
    if len(doubtful) > most:
        judged = rng.choice(doubtful, most, replace=False)
    far = np.empty(len(judged), dtype=bool)
    scaled = (U - U.mean(axis=0, dtype=np.float64)) / units if len(judged) else U
    reach = STEPS * ((steps / units) ** 2).sum()
    for start in range(0, len(judged), 256):
        batch = judged[start : start + 256]
        D = squared_distances(scaled[rows[batch]], scaled)
        D[np.arange(len(batch)), rows[batch]] = np.inf
        far[start : start + 256] = D.min(axis=1) > reach
    alone[judged] = far
    if len(judged) < len(doubtful):
        alone[np.setdiff1d(doubtful, judged)] = far.mean() > 0.5
    return alone


def _met(U: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return for each of ``rows`` whether another row differs from it in at most four features.

    The features are divided into five sets; such a pair of rows agrees completely in at least one
    set. After sorting by this set the two rows are close together, so few pairs are compared.
    """
    d = U.shape[1]
    if d <= ALONE:
        return np.ones(len(rows), dtype=bool)
    met = np.zeros(len(U), dtype=bool)
    parts = np.array_split(rng.permutation(d), ALONE + 1)
    hashes = np.stack([equal_rows(U[:, part])[1] for part in parts])
    wanted = np.zeros(len(U), dtype=bool)
    wanted[rows] = True
    for j in range(len(parts)):
        order = np.lexsort(np.roll(hashes, -j, axis=0)[::-1])
        key = hashes[j][order]
        for shift in range(1, 9):
            a, b = order[:-shift], order[shift:]
            compare = (key[:-shift] == key[shift:]) & ((wanted & ~met)[a] | (wanted & ~met)[b])
            a, b = a[compare], b[compare]
            for start in range(0, len(a), max(1, TILE // d)):
                tile = slice(start, start + max(1, TILE // d))
                close = (U[a[tile]] != U[b[tile]]).sum(axis=1) <= ALONE
                met[a[tile][close]] = met[b[tile][close]] = True
    return met[rows]
