"""Observing: held-out scores become an observation, averaged over parts, with its replicates."""

from __future__ import annotations

import numpy as np

from nullprobe.claims import Observation
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.stats import metrics

N_RESAMPLES = 1000
RESAMPLED = 2e7  # rows times replicates that are drawn at most
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
        self.n_resamples = int(np.clip(RESAMPLED / n, 100, N_RESAMPLES))
        self.weights, self.has_interval = [], True
        for part in data.parts:
            groups = data.partition.groups
            few = groups is not None and len(np.unique(groups[part.rows])) < LEAST_GROUPS
            if few or len(part.rows) < LEAST_ROWS:
                self.has_interval = False
            self.weights.append(
                metrics.resampled_weights(
                    None if data.z.codes is None else data.z.codes[part.rows],
                    None if groups is None else groups[part.rows],
                    len(part.rows),
                    self.n_resamples,
                    rng,
                )
            )

    @property
    def unit(self) -> tuple[str, float]:
        """What a reading is called, and what it is by chance."""
        if not self.data.z.is_classes:
            return "R²", 0.0
        return ("AUC" if self.data.n_outputs == 1 else "macro AUC"), 0.5

    def scores(self, scores: np.ndarray) -> Observation:
        """Observe the reading of held-out scores (n, k)."""
        value, resampled = 0.0, np.zeros(self.n_resamples)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            s, truth = scores[part.rows].T[None], self.truth[:, :, part.rows]
            value += self.data.statistic(s, truth)[0] / len(self.data.parts)
            resampled += self.data.statistic(s, truth, weights) / len(self.data.parts)
        return Observation(float(value), *self.unit, self._told(resampled))

    def calls(self, calls: np.ndarray) -> Observation:
        """Observe the balanced accuracy of held-out calls (n, k), bool."""
        value, resampled = 0.0, np.zeros(self.n_resamples)
        outputs = range(self.data.n_outputs)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            for c in outputs:
                said, truth = calls[None, part.rows, c], self.truth[:, c, part.rows] > 0.5
                share = len(self.data.parts) * len(outputs)
                value += metrics.balanced_accuracy(said, truth)[0] / share
                resampled += metrics.balanced_accuracy(said, truth, weights) / share
        return Observation(float(value), "balanced accuracy", 0.5, self._told(resampled))

    def _told(self, resampled: np.ndarray) -> np.ndarray:
        return resampled if self.has_interval else np.full_like(resampled, np.nan)
