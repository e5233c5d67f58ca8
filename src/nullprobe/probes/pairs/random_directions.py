"""Random probe of pairs: how often directions are right that know nothing.

Problem. A probe that was fitted without labels is right in 75 % of cases. So may a direction be
that was drawn at random, where one feature is salient and most directions have a share in it.

Solution. Many random directions at once, one matrix product with the differences of the normalised
sides: a distribution of accuracies, up to sign, as for a probe whose sign is unresolved.

Reference. C. Burns, H. Ye, D. Klein, J. Steinhardt, 2022, arXiv 2212.03827 (normalised sides);
F. Roger, "What discovering latent knowledge did and did not find", 2023 (random directions).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.pair_labels import need_truth
from nullprobe.data.pairs import as_pairs
from nullprobe.probes.base.pairs import Normaliser

BLOCK_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class RandomAccuracies:
    """Accuracies of random directions on the same labelled pairs.

    Attributes
    ----------
    accuracies : ndarray of shape (m,)
        Sorted; each the larger of a and 1 − a.
    """

    accuracies: np.ndarray = field(repr=False)

    def percentile(self, q: float) -> float:
        """Return the accuracy that q % of the directions do not exceed."""
        return float(np.percentile(self.accuracies, q))

    def p_value(self, accuracy: float) -> float:
        """Return the share of directions that are as accurate: (b + 1) / (m + 1)."""
        parameters.real_number("accuracy", accuracy)
        as_good = len(self.accuracies) - np.searchsorted(self.accuracies, accuracy - 1e-12)
        return float((as_good + 1) / (len(self.accuracies) + 1))


def random_directions(d: int, m: int, rng: np.random.Generator) -> np.ndarray:
    """Draw m directions, (d, m): standard normal in units of the standard deviations."""
    return rng.standard_normal((d, m))


class RandomProbe(BaseEstimator):
    """The distribution of the accuracy of random directions, to hold other probes against.

    Parameters
    ----------
    n_draws : int
        Directions.
    random_state : int, Generator or None
        Source of the directions.

    Attributes
    ----------
    directions_ : ndarray of shape (d, n_draws)
        Standard normal, in units of the standard deviations of the sides.
    normaliser_ : Normaliser
        From the training pairs.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(400) % 2
    >>> negative, positive = rng.normal(size=(2, 400, 4))
    >>> negative[:, 0] -= 8 * y - 4                        # one salient feature of four
    >>> positive[:, 0] += 8 * y - 4
    >>> found = RandomProbe().fit(negative, positive).accuracies(negative, positive, y)
    >>> bool(found.percentile(50) > 0.65), found.p_value(0.5)
    (True, 1.0)
    """

    def __init__(self, n_draws: int = 1000, random_state: RandomState = 0) -> None:
        self.n_draws = n_draws
        self.random_state = random_state

    def fit(self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None) -> Self:
        """Draw the directions; of the pairs (n, d) only the normaliser is taken, never labels."""
        n_draws = parameters.whole_number("n_draws", self.n_draws, least=1)
        pairs = as_pairs(negative, positive, y, groups)
        pairs.need_enough()
        rng = generator(self.random_state)
        self.normaliser_ = Normaliser.of(pairs)
        self.directions_ = random_directions(pairs.d, n_draws, rng)
        self.n_features_in_ = pairs.d
        return self

    def accuracies(
        self, negative: Any, positive: Any = None, y: Any = None, groups: Any = None
    ) -> RandomAccuracies:
        """Return how often each direction is right, up to its sign, on labelled pairs."""
        check_is_fitted(self)
        pairs = as_pairs(negative, positive, y, groups)
        validation.width(pairs.d, self.n_features_in_)
        told = need_truth(pairs.y, len(pairs)) == 1
        right = np.zeros(self.directions_.shape[1])
        step = max(1, BLOCK_ELEMENTS // max(self.directions_.shape))
        for start in range(0, len(pairs), step):
            rows = slice(start, start + step)
            low, high = self.normaliser_.sides(pairs.take(rows))
            above = (high - low) @ self.directions_ > 0
            right += (above == told[rows, None]).sum(axis=0)
        share = right / len(pairs)
        return RandomAccuracies(np.sort(np.maximum(share, 1.0 - share)))
