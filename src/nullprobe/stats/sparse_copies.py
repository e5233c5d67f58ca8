"""Copies among sparse rows: rows that are equal to other rows, and unlike the rest.

As in `copies`, equal rows are copies if every different row differs from
them in more than four features, and if fewer than a tenth of all rows are equal. Rows without any
value are never copies. Near copies are not looked for: distances of sparse rows say little.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from nullprobe.stats.copies import ATOM, Copies
from nullprobe.stats.crowds import ALONE

MOST_COMPARED = 1000  # contents that are compared with all rows; of more, a sample is


def sparse_copies(X: Any, seed: int) -> Copies:
    """Find rows that are equal to other rows of sparse X (n, d).

    Parameters
    ----------
    X : csr_array of shape (n, d)
        As `sparse_rows.csr` returns it.
    seed : int
        Seed of the sample of contents that are compared.

    Examples
    --------
    >>> from scipy import sparse
    >>> rng = np.random.default_rng(0)
    >>> X = sparse.random_array((40, 900), density=0.02, format="csr", rng=rng)
    >>> found = sparse_copies(sparse.vstack([X, X[:3]]).tocsr(), 0)
    >>> found.n_exact, found.codes[-3:].tolist()
    (6, [0, 1, 2])
    """
    n = int(X.shape[0])
    known: dict[bytes, int] = {}
    content, first = np.empty(n, dtype=int), list[int]()
    for i in range(n):
        stored = slice(X.indptr[i], X.indptr[i + 1])
        digest = blake2b(X.indices[stored].tobytes(), digest_size=16)
        digest.update(X.data[stored].tobytes())
        content[i] = known.setdefault(digest.digest(), len(known))
        if content[i] == len(first):
            first.append(i)
    counts = np.bincount(content)
    full = np.diff(X.indptr)[first] > 0
    repeated = np.flatnonzero((counts > 1) & (counts < max(ATOM * n, 4)) & full)
    is_copy = np.zeros(len(first), dtype=bool)
    if len(repeated) and len(first) > 1:
        is_copy[repeated] = _isolated(X[np.array(first)], repeated, seed)
    codes = np.where(is_copy[content], content, len(first) + np.arange(n))
    _, place, member = np.unique(codes, return_index=True, return_inverse=True)
    return Copies(
        place.argsort().argsort()[member],
        int(counts[is_copy].sum()),
        0,
        int(counts[counts > 1].sum()),
    )


def _isolated(U: Any, rows: np.ndarray, seed: int) -> np.ndarray:
    """Return for each of ``rows`` of different U whether all others differ in many features."""
    rng = np.random.default_rng(seed)
    judged = rows
    if len(rows) > MOST_COMPARED:
        judged = np.sort(rng.choice(rows, MOST_COMPARED, replace=False))
    by_column, size = U.tocsc(), np.diff(U.indptr)
    alone = np.empty(len(judged), dtype=bool)
    for i, row in enumerate(judged):
        stored = slice(U.indptr[row], U.indptr[row + 1])
        near = by_column[:, U.indices[stored]].tocoo()
        same = near.data == U.data[stored][near.col]
        # Features that both rows have count once, and not at all where the values are equal.
        shared: Any = np.bincount(near.row, 1.0 + same, len(size))
        differ = size + size[row] - shared
        differ[row] = np.inf
        alone[i] = differ.min() > ALONE
    if len(judged) == len(rows):
        return alone
    isolated = np.full(len(rows), alone.mean() > 0.5)
    isolated[np.searchsorted(rows, judged)] = alone
    return isolated
