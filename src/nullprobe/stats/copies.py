"""Copies: rows that repeat others, exactly or nearly, and must not be torn apart by a split.

A row that stands in the file several times can be recognised, so any label of it can be read.
Equal rows are not copies where values are few: 600 one-hot rows of 40 symbols hold 40 different
ones. What tells the two apart is the company of a row. Where rows meet by chance, others meet
it almost; copies of a row agree in all features, and the next row disagrees in most.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from nullprobe.stats.crowds import ALONE, LEAST, PAIRS, TILE, crowds, squared_distances

STEPS = 10.0  # squared steps a feature: beyond, no other row lies near even where d ≤ 4
ATOM = 0.1  # share of all rows from which on one value is what the law repeats


@dataclass(frozen=True, eq=False)
class Copies:
    """Which rows are copies of each other.

    Attributes
    ----------
    codes : ndarray of shape (n,)
        Code of each row's group from 0, in the order in which groups begin. Rows of one code are
        copies; a row without a copy has a code that no other row has.
    n_exact : int
        Rows that equal another row and count as its copies.
    n_near : int
        Further rows that are joined with rows they do not equal.
    n_equal : int
        Rows that equal another one, copies or not: more than ``n_exact`` where values are few.
    """

    codes: np.ndarray
    n_exact: int
    n_near: int
    n_equal: int

    @property
    def any(self) -> bool:
        """Whether any row is a copy of another."""
        return self.n_exact + self.n_near > 0


def copies(X: np.ndarray, seed: int) -> Copies:
    """Find rows that are copies of each other, exactly or nearly.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Finite rows, in any order. Nothing else is looked at, so labels may be permuted.
    seed : int
        Of sketches and samples: same seed, same answer.

    Returns
    -------
    Copies

    Notes
    -----
    *Exact.* Rows with equal bytes (0 and −0 alike) are copies if the nearest different row either
    differs in more than four features, or by more than √10 steps in root mean square, a step
    being the median distance between consecutive values of a feature. Independent rows that meet
    by chance have far more places to meet in all but four features (1 + d + d (d − 1) / 2 + ...
    to 1). A row that at least a tenth of all rows equal is a value, never a copy.

    *Near.* For each row that is no exact copy of an earlier one, distances to 21 neighbours are
    taken, in features divided by their standard deviations and blurred by their steps, so that
    rows on a lattice do not look close. With the dimension D estimated from neighbours 21 to 40,
    the smallest of k (k + 1) (r_k / r_{k+1})^(k D) is a p-value of the crowd of k. Rows whose p
    the rule of Benjamini and Hochberg takes at .002, and whose crowd ends with a gap of
    r_k ≤ ⅔ r_{k+1}, are joined with it, if the wish is mutual.

    At most 6 × 10⁷ distances are taken. For n > 7,700 a sample of rows is judged first, and only
    where it holds near copies, all rows are compared within three random partition trees. A row
    of 10⁵ whose near copies are fewer than one row in a hundred may then stay unnoticed.

    Not found: more than 20 near copies of one row, loose groups (tokens of one text), series.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5)).repeat(3, axis=0)
    >>> found = copies(X, 0)
    >>> found.n_exact, found.n_near, found.codes[:7].tolist()
    (300, 0, [0, 0, 0, 1, 1, 1, 2])
    >>> copies(np.eye(40)[rng.integers(0, 40, 600)], 0).any
    False
    """
    n = len(X)
    rng = np.random.default_rng(seed)
    first, content = equal_rows(X)
    counts = np.bincount(content)
    U = X if len(first) == n else X[first]
    units, steps = _units(U)
    varies = units > 0
    if not varies.all():
        U, units, steps = U[:, varies], units[varies], steps[varies]
    is_copy = np.zeros(len(U), dtype=bool)
    repeated = np.flatnonzero((counts > 1) & (counts < max(ATOM * n, 4)))
    if len(repeated) and len(U) > 1:
        is_copy[repeated] = _apart(U, repeated, units, steps, rng)
    near = crowds(U, units, steps, rng) if len(U) >= LEAST and U.shape[1] else np.arange(len(U))
    codes = near[content]
    # Equal rows that are no copies stay apart, unless near copies make them a crowd.
    loose = ~is_copy[content]
    codes[loose & (np.bincount(near)[codes] == 1)] = -1
    lonely = codes < 0
    codes[lonely] = len(U) + np.arange(lonely.sum())
    n_exact = int(counts[is_copy].sum())
    joined = np.bincount(codes, minlength=n + len(U))[codes] > 1
    n_near = int((joined & loose).sum())
    return Copies(_in_order(codes), n_exact, n_near, int(counts[counts > 1].sum()))


def equal_rows(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each content, and the content (n,) of each row."""
    seen: dict[bytes, int] = {}
    content = np.empty(len(X), dtype=int)
    first = []
    step = max(1, TILE // max(X.shape[1], 1))
    for start in range(0, len(X), step):
        block = np.ascontiguousarray(X[start : start + step]) + X.dtype.type(0)  # −0 becomes 0
        for i, row in enumerate(block, start):
            code = seen.setdefault(blake2b(row.data, digest_size=16).digest(), len(seen))
            if code == len(first):
                first.append(i)
            content[i] = code
    return np.array(first, dtype=int), content


def _in_order(codes: np.ndarray) -> np.ndarray:
    _, first, member = np.unique(codes, return_index=True, return_inverse=True)
    return first.argsort().argsort()[member]


def _units(U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each feature's standard deviation and step, among at most 2,000 different rows."""
    U = U[:: max(1, len(U) // 2000)].astype(np.float64)
    units, steps = U.std(axis=0), np.zeros(U.shape[1])
    for j in np.flatnonzero(units > 0):
        steps[j] = np.median(np.diff(np.unique(U[:, j])))
    return units, steps


def _apart(
    U: np.ndarray, rows: np.ndarray, units: np.ndarray, steps: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return whether the nearest different row is far from each of some rows."""
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
        some = judged[start : start + 256]
        D = squared_distances(scaled[rows[some]], scaled)
        D[np.arange(len(some)), rows[some]] = np.inf
        far[start : start + 256] = D.min(axis=1) > reach
    alone[judged] = far
    if len(judged) < len(doubtful):
        alone[np.setdiff1d(doubtful, judged)] = far.mean() > 0.5
    return alone


def _met(U: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return for each of some rows whether another one differs in four features or fewer.

    Of five sets of features, such rows agree in at least one as a whole. Rows that agree in a set
    stand next to each other once sorted by it, so few need to be compared.
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
            ask = (key[:-shift] == key[shift:]) & ((wanted & ~met)[a] | (wanted & ~met)[b])
            a, b = a[ask], b[ask]
            for start in range(0, len(a), max(1, TILE // d)):
                some = slice(start, start + max(1, TILE // d))
                close = (U[a[some]] != U[b[some]]).sum(axis=1) <= ALONE
                met[a[some][close]] = met[b[some][close]] = True
    return met[rows]
