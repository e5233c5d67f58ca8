"""Nearest neighbours: read a row by the labels of the rows that it lies next to.

Problem. A reader that assumes nothing of the shape of the classes, not even smoothness on one
scale, should be among those that a concept is declared unreadable by.

Solution. Features in units of their standard deviations, and the votes of the k nearest fitting
rows, by scikit-learn. One more vote is cast by the class shares, so that the log-odds are finite
where all k agree. Rows that coincide are one neighbour, with a vote that they share. k is that of
the best AUC in a cross-validation inside the fitting rows.

Reference. T. Cover, P. Hart, "Nearest neighbor pattern classification", 1967.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import KNeighborsRegressor

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState
from nullprobe.probes.base.nonlinear import InnerChoice, distinct

NEIGHBOURS = (160, 40, 20, 5)  # smoothest first: of equals the first is taken
VOTE_DIGITS = 9  # parts of a vote add up to the same sum in any order


class Votes(BaseEstimator):
    """Log-odds of the votes of the nearest of the distinct fitting rows.

    Parameters
    ----------
    n_neighbors : int
        Distinct rows that vote; all of them where there are fewer.
    """

    def __init__(self, n_neighbors: int) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: np.ndarray, codes: np.ndarray) -> Self:
        """Fit to rows X (n, d) and the positions of their classes (n,)."""
        first, again = distinct(X)
        labels = np.eye(codes.max() + 1)[codes]
        counts = np.zeros((len(first), labels.shape[1]))
        np.add.at(counts, again, labels)
        self.shares_ = labels.mean(axis=0)
        self.regressor_ = KNeighborsRegressor(min(self.n_neighbors, len(first)))
        self.regressor_.fit(X[first], counts / counts.sum(axis=1, keepdims=True))
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return log-odds (n, 1) for two classes and (n, K) for more, of rows X (n, d)."""
        k: Any = self.regressor_.n_neighbors
        told = (k * self.regressor_.predict(X)).round(VOTE_DIGITS) + self.shares_
        told = told[:, 1 if len(self.shares_) == 2 else 0 :]
        # By the votes of the class alone: rows with as many have the same score to the last bit.
        return np.log(told) - np.log(k + 1.0 - told)


class KNeighborsProbe(InnerChoice):
    """Read a concept by the labels of the nearest rows: whatever differs from place to place.

    Parameters
    ----------
    n_neighbors : int or None
        Distinct rows that vote; None for the number of best AUC in a cross-validation inside the
        rows that it is fitted to.
    max_samples : int
        Rows that it is fitted to; of more, so many are drawn, every class in proportion.
    random_state : int, Generator or None
        Of the rows and the cross-validation.

    Notes
    -----
    Scores are log-odds log(v + π) − log(k + 1 − v − π), v the votes for a class, of k, and π its
    share of the fitting rows. Where many features know nothing of the concept all rows are about
    as far, and little is read: what it does not find may still be there.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> KNeighborsProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    def __init__(
        self,
        n_neighbors: int | None = None,
        max_samples: int = 20_000,
        random_state: RandomState = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.max_samples = max_samples
        self.random_state = random_state

    def _settings(self, n: int) -> Sequence[int]:
        if self.n_neighbors is None:
            return [k for k in NEIGHBOURS if k <= n // 4] or [max(1, n // 4)]
        if parameters.whole_number("n_neighbors", self.n_neighbors, least=1) > n:
            validation.complain(
                f"at least n_neighbors = {self.n_neighbors} rows are needed to vote",
                f"{n} are fitted to",
                "pass more rows or a smaller number, or leave it out",
            )
        return [self.n_neighbors]

    def _model(self, setting: int, rows: np.ndarray, seed: int) -> Votes:
        return Votes(setting)
