"""Random probe of pairs: the accuracy of random directions.

Problem. A probe that was fitted without labels has an accuracy of 75 %. A random direction may
reach the same accuracy if one feature is salient, because most directions contain a part of it.

Solution. Draw many random directions and multiply them with the differences of the normalised
sides. This gives a distribution of accuracies, up to sign, as for a probe with unresolved sign.

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
        Sorted accuracies, each the larger of a and 1 − a.
    """

    accuracies: np.ndarray = field(repr=False)

    def percentile(self, q: float) -> float:
        """Return the q-th percentile of the accuracies."""
        return float(np.percentile(self.accuracies, q))

    def p_value(self, accuracy: float) -> float:
        """Return (b + 1) / (m + 1), where b of m directions are at least as accurate."""
        parameters.real_number("accuracy", accuracy)
        as_good = len(self.accuracies) - np.searchsorted(self.accuracies, accuracy - 1e-12)
        return float((as_good + 1) / (len(self.accuracies) + 1))


def random_directions(d: int, m: int, rng: np.random.Generator) -> np.ndarray:
    """Draw m standard normal directions (d, m) of standardised features."""
    return rng.standard_normal((d, m))


class RandomProbe(BaseEstimator):
    """The distribution of the accuracy of random directions, a baseline for other probes.

    Parameters
    ----------
    n_draws : int
        Number of directions.
    random_state : int, Generator or None
        Source of the directions.

    Attributes
    ----------
    directions_ : ndarray of shape (d, n_draws)
        Standard normal directions of the standardised sides.
    normaliser_ : Normaliser
        Standardisation fitted to the training pairs.

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
        """Draw the directions, and fit the normaliser to the pairs (n, d); labels are not used."""
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
        """Return the accuracy of each direction on labelled pairs, up to sign."""
        check_is_fitted(self)
        pairs = as_pairs(negative, positive, y, groups)
        validation.width(pairs.d, self.n_features_in_)
        truth = need_truth(pairs.y, len(pairs)) == 1
        right = np.zeros(self.directions_.shape[1])
        step = max(1, BLOCK_ELEMENTS // max(self.directions_.shape))
        for start in range(0, len(pairs), step):
            rows = slice(start, start + step)
            low, high = self.normaliser_.sides(pairs.take(rows))
            above = (high - low) @ self.directions_ > 0
            right += (above == truth[rows, None]).sum(axis=0)
        share = right / len(pairs)
        return RandomAccuracies(np.sort(np.maximum(share, 1.0 - share)))
