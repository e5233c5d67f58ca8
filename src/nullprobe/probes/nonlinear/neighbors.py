"""Nearest neighbours: predict a row from the labels of nearby rows.

Problem. The claim that a concept is unreadable needs a probe that makes no assumption about the
shape of the classes, not even smoothness on one scale.

Solution. Standardise features and let the k nearest fitting rows vote, by scikit-learn. The class
shares add one vote, so that log-odds are finite if all k agree. Equal rows are one neighbour, with
one vote that they share. Cross-validation inside the fitting rows chooses k by AUC.

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

NEIGHBOURS = (160, 40, 20, 5)  # smoothest first: ties go to the first
VOTE_DIGITS = 9  # rounding makes a sum of fractional votes independent of their order


class Votes(BaseEstimator):
    """Log-odds of the votes of the nearest distinct fitting rows.

    Parameters
    ----------
    n_neighbors : int
        Number of distinct rows that vote; all rows if there are fewer.
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
        """Return log-odds of rows X (n, d): (n, 1) for two classes, (n, K) for more."""
        k: Any = self.regressor_.n_neighbors
        votes = (k * self.regressor_.predict(X)).round(VOTE_DIGITS) + self.shares_
        votes = votes[:, 1 if len(self.shares_) == 2 else 0 :]
        # A function of the votes for the class alone: rows with equal votes get equal scores.
        return np.log(votes) - np.log(k + 1.0 - votes)


class KNeighborsProbe(InnerChoice):
    """Read a concept from the labels of the nearest rows, without assumptions on class shapes.

    Parameters
    ----------
    n_neighbors : int or None
        Number of distinct rows that vote; None for the best AUC in a cross-validation inside the
        fitting rows.
    max_samples : int
        Most fitting rows. From more rows a sample is drawn, with classes in proportion.
    random_state : int, Generator or None
        Source of the sample and the cross-validation.

    Notes
    -----
    Scores are log-odds log(v + π) − log(k + 1 − v − π), where v of k votes are for a class and π is
    its share of the fitting rows. If many features are unrelated to the concept, all distances are
    similar and the probe reads little, even if the concept is present.

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
                f"n_neighbors = {self.n_neighbors} needs as many fitting rows",
                f"there are {n}",
                "pass more rows or a smaller n_neighbors, or n_neighbors=None",
            )
        return [self.n_neighbors]

    def _model(self, setting: int, rows: np.ndarray, seed: int) -> Votes:
        return Votes(setting)
