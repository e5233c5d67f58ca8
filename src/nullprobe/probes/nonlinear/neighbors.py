"""Nearest neighbours: read a row by the labels of the rows that it lies next to.

Problem. A reader that assumes nothing of the shape of the classes, not even smoothness on one
scale, should be among those that a concept is declared unreadable by.

Solution. Features in units of their standard deviations, and the votes of the k nearest fitting
rows. One more vote is cast by the class shares, so that the log-odds are finite where all k
agree. Rows that coincide share a vote: where k ends among them, each counts in part. k is that
of the best AUC in a cross-validation inside the fitting rows.

Reference. T. Cover, P. Hart, "Nearest neighbor pattern classification", 1967.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from nullprobe._core import validation
from nullprobe._core.random_state import integer_seed
from nullprobe.probes.base.nonlinear import (
    Reader,
    ReaderEstimator,
    distinct,
    inner_splits,
    some,
    units,
    worth,
)

NEIGHBOURS = (160, 80, 40, 20, 10, 5)  # smoothest first: of equals the first is taken
USUAL_NEIGHBOURS = 10  # where a class is too rare for an inner split
VOTE_ELEMENTS = 1 << 23
VOTE_DIGITS = 9  # parts of a vote add up to the same sum in any order


@dataclass(frozen=True, eq=False)
class NeighboursReader(Reader):
    """Log-odds of the votes of the k nearest rows.

    Attributes
    ----------
    index : NearestNeighbors
        Of the m distinct standardised fitting rows.
    counts : ndarray of shape (m, K)
        How many fitting rows of each class each of them stands for.
    k : int
        Rows that vote.
    """

    index: Any
    counts: np.ndarray
    k: int

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return log-odds, (n, 1) for two classes and (n, K) for more, of standardised rows."""
        return self.odds(rows, [self.k])[0]

    def odds(self, rows: np.ndarray, ks: Sequence[int]) -> np.ndarray:
        """Return the log-odds (len(ks), n, 1 or K) for any numbers of neighbours."""
        first, again = distinct(rows)
        rows = rows[first]
        most = min(max(ks), len(self.counts))
        votes = np.empty((len(ks), len(rows), len(self.classes)))
        step = max(1, VOTE_ELEMENTS // (most * len(self.classes)))
        for start in range(0, len(rows), step):
            piece = slice(start, start + step)
            near = self.index.kneighbors(rows[piece], most, return_distance=False)
            votes[:, piece] = _votes(self.counts[near], ks)
        shares = self.counts.sum(axis=0) / self.counts.sum()
        told = (votes + shares)[..., 1 if len(shares) == 2 else 0 :]
        # By the votes of the class alone: rows with as many have the same score to the last bit.
        odds = np.log(told) - np.log(np.array(ks)[:, None, None] + 1.0 - told)
        return odds[:, again]


def neighbours(
    X: np.ndarray, codes: np.ndarray, classes: tuple, *, k: int | None, seed: int | None
) -> NeighboursReader:
    """Return the reader by nearest neighbours.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Position of each row's label in ``classes``; every class has a row.
    classes : tuple
    k : int or None
        Rows that vote; None for the number of best AUC in an inner cross-validation.
    seed : int or None
        Of that.
    """
    if k is None:
        splits = inner_splits(codes, seed)
        least = min((len(train) for train, _ in splits), default=len(X))
        able = [k for k in NEIGHBOURS if k <= least // 2] or [max(1, least // 2)]
        found = np.zeros(len(able))
        for train, test in splits:
            part = _among(X[train], codes[train], classes, able[0])
            odds = part.odds((X[test] - part.mean) * part.inverse, able)
            found += [worth(scores, codes[test], len(classes)) for scores in odds]
        k = able[int(found.argmax())] if splits else min(able[0], USUAL_NEIGHBOURS)
    return _among(X, codes, classes, k)


def _among(X: np.ndarray, codes: np.ndarray, classes: tuple, k: int) -> NeighboursReader:
    mean, inverse = units(X)
    rows = (X - mean) * inverse
    first, again = distinct(rows)
    counts = np.zeros((len(first), len(classes)))
    np.add.at(counts, (again, codes), 1.0)
    return NeighboursReader(classes, mean, inverse, NearestNeighbors().fit(rows[first]), counts, k)


def _votes(counts: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """Return the votes (len(ks), n, K) of neighbours that stand for counts (n, m, K) of rows."""
    size = counts.sum(axis=2)
    before = np.cumsum(size, axis=1) - size
    parts = [np.clip(k - before, 0.0, size) / size for k in ks]
    return np.array([np.einsum("nm,nmc->nc", p, counts) for p in parts]).round(VOTE_DIGITS)


class NeighboursProbe(ReaderEstimator):
    """Read a concept by the labels of the nearest rows: whatever differs from place to place.

    Parameters
    ----------
    k : int or None
        Rows that vote; None for the number of best AUC in a cross-validation inside the rows
        that it is fitted to.
    most_rows : int
        Rows that it is fitted to; of more, so many are drawn, every class in proportion.
    random_state : int or None
        Of the rows and the cross-validation.

    Notes
    -----
    Scores are log-odds log(v + π) − log(k + 1 − v − π), v the votes for a class and π its share
    of the fitting rows. Where many features know nothing of the concept all rows are about as
    far, and little is read: what it does not find may still be there.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> NeighboursProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    def __init__(
        self, k: int | None = None, most_rows: int = 20_000, random_state: int | None = 0
    ) -> None:
        self.k = k
        self.most_rows = most_rows
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        most = validation.whole_number("most_rows", self.most_rows, least=2)
        seed = integer_seed(self.random_state)
        kept = some(codes, most, seed)
        if self.k is not None and validation.whole_number("k", self.k, least=1) > len(kept):
            validation.complain(
                f"at least k = {self.k} rows are needed to vote",
                f"{len(kept)} are fitted to",
                "pass more rows or a smaller k, or leave k out",
            )
        return neighbours(X[kept], codes[kept], classes, k=self.k, seed=seed)
