"""Covariance beyond confounds: a doubly robust test of scores and labels given W.

Scores and labels are each predicted from the confounds W, and their residuals are multiplied. If
labels and rows are independent given W, the mean of the products is near 0 if *either* prediction
is good. So the test does not depend on P(y | W) alone.

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
    prediction: ConfoundPrediction,
    parts: Parts,
    seed: int,
) -> float:
    """Return the p-value of no positive covariance between scores and concept given W.

    Parameters
    ----------
    scores : ndarray of shape (n, k)
        Held-out scores: one column for two classes, one for each number.
    z : Concept
    W : Confounds
    prediction : ConfoundPrediction
        Prediction of the concept from W.
    parts : Parts
        Folds for the prediction of scores; a group lies in one fold.
    seed : int

    Notes
    -----
    The statistic is the largest studentised mean over the columns. It is compared with draws in
    which the centred products are multiplied by standard normal numbers, one for each row or group.
    """
    if prediction.log_probability is not None:
        rest = z.matrix - np.exp(prediction.log_probability)
        rest = rest[:, 1:] if z.n_scores == 1 else rest
    else:
        assert prediction.mean is not None, "a prediction of numbers has means"
        rest = z.data - prediction.mean
    products = residuals(scores, W, parts, seed) * rest
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
