"""Covariance beyond confounds: whether scores and labels go together once W is taken off both.

Scores and labels are each predicted from the confounds, and what is left of the one is multiplied
by what is left of the other. If labels have nothing to do with the rows but through W, the mean of
the products is near 0 as soon as *either* prediction is good. So the test does not hang on P(y | W)
alone.

Reference. R. D. Shah, J. Peters, "The hardness of conditional independence testing and the
generalised covariance measure", 2020, arXiv 1804.07203, sections 3.1 and 3.2.
"""

from __future__ import annotations

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.splits import Parts
from nullprobe.heldout.confound_prediction import ConfoundPrediction, residuals

MULTIPLIERS = 1999


def covariance_beyond(
    scores: np.ndarray,
    z: Concept,
    W: Confounds,
    given: ConfoundPrediction,
    parts: Parts,
    seed: int,
) -> float:
    """Return the p-value of no positive covariance of scores and concept beyond W.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Held out; of two classes one column, of numbers one for each.
    z : Concept
    W : Confounds
    given : ConfoundPrediction
        What W says of the concept.
    parts : Parts
        Folds in which scores are predicted, groups whole.
    seed : int

    Notes
    -----
    Of several columns the largest of the studentised means is compared with that of the same
    products multiplied by random signs of the normal distribution (one for each group).
    """
    if given.log_probability is not None:
        left = z.matrix - np.exp(given.log_probability)
        left = left[:, 1:] if z.n_scores == 1 else left
    else:
        assert given.mean is not None, "numbers have means"
        left = z.data - given.mean
    products = residuals(scores, W, parts, seed) * left
    if parts.groups is not None:
        _, group = np.unique(parts.groups, return_inverse=True)
        summed = np.zeros((int(group.max()) + 1, products.shape[1]))
        np.add.at(summed, group, products)
        products = summed
    n, mean = len(products), products.mean(axis=0)
    sd = products.std(axis=0)
    unit = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
    observed = float((np.sqrt(n) * mean * unit).max())
    normal = np.random.default_rng([seed, 20]).standard_normal((MULTIPLIERS, n))
    drawn = (normal @ ((products - mean) * unit) / np.sqrt(n)).max(axis=1)
    return (int((drawn >= observed).sum()) + 1) / (MULTIPLIERS + 1)
