"""Observing: held-out scores become an observation, averaged over parts, with its replicates."""

from __future__ import annotations

import numpy as np

from nullprobe.claims import Observation
from nullprobe.data.metric import BALANCED_ACCURACY, Metric
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import replicates, resampled_weights

LEAST_GROUPS = 5  # in a part: resampling one or two groups shows hardly any of how they differ
# In a part: resampled, few rows vary far less than new ones would. Of 12 rows with a real effect,
# 6 samples in 100 were said to leave no room for one.
LEAST_ROWS = 10


class Observing:
    """Bootstrap weights drawn once, so that observations of the same rows can be compared in pairs.

    Parameters
    ----------
    data : ThreeWay
        Its parts and its concept; the representation does not matter here.
    seed : int
    """

    def __init__(self, data: ThreeWay, seed: int) -> None:
        self.data, n = data, len(data.z)
        self.truth = data.columns(np.arange(n)[:, None]).transpose(1, 2, 0)
        rng = np.random.default_rng([seed, 1])
        self.n_resamples = replicates(n)
        self.weights, self.has_interval = [], True
        for part in data.parts:
            groups = data.partition.groups
            few = groups is not None and len(np.unique(groups[part.rows])) < LEAST_GROUPS
            if few or len(part.rows) < LEAST_ROWS:
                self.has_interval = False
            self.weights.append(
                resampled_weights(
                    data.z.take(part.rows).codes,
                    None if groups is None else groups[part.rows],
                    len(part.rows),
                    self.n_resamples,
                    rng,
                )
            )

    def scores(self, scores: np.ndarray) -> Observation:
        """Observe the reading of held-out scores (n, k)."""
        value, resampled = 0.0, np.zeros(self.n_resamples)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            s, truth = scores[part.rows].T[None], self.truth[:, :, part.rows]
            value += self.data.statistic(s, truth)[0] / len(self.data.parts)
            resampled += self.data.statistic(s, truth, weights) / len(self.data.parts)
        return self._observed(value, self.data.z.metric, resampled)

    def calls(self, calls: np.ndarray) -> Observation:
        """Observe the balanced accuracy of held-out calls (n, k), bool."""
        value, resampled = 0.0, np.zeros(self.n_resamples)
        outputs = range(self.data.z.n_scores)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            for c in outputs:
                said, truth = calls[None, part.rows, c], self.truth[:, c, part.rows] > 0.5
                share = len(self.data.parts) * len(outputs)
                value += metrics.balanced_accuracy(said, truth)[0] / share
                resampled += metrics.balanced_accuracy(said, truth, weights) / share
        return self._observed(value, BALANCED_ACCURACY, resampled)

    def _observed(self, value: float, metric: Metric, resampled: np.ndarray) -> Observation:
        told = resampled if self.has_interval else np.full_like(resampled, np.nan)
        return Observation.of(value, metric, told)
