"""Observing: held-out scores become an observation, averaged over partitions, with replicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import rankdata

from nullprobe.claims import Observation
from nullprobe.data.concept import Concept
from nullprobe.data.metric import BALANCED_ACCURACY, QUARTERS_AUC, RANK_CORRELATION, Metric
from nullprobe.data.splits import Parts
from nullprobe.heldout.targets import Labellings, marks, mean_auc
from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import replicates, resampled_weights

LEAST_GROUPS = 5  # in a part: resampling one or two groups shows hardly any of how they differ
# In a part: resampled, few rows vary far less than new ones would. Of 12 rows with a real effect,
# 6 samples in 100 were said to leave no room for one.
LEAST_ROWS = 10


class Observing:
    """Bootstrap weights drawn once, so that observations of the same rows can be compared in pairs.

    Rows, or whole groups, are resampled once for all partitions, since they are the same in each.

    Parameters
    ----------
    z : Concept
    partitions : sequence of Parts
    seed : int
    """

    def __init__(self, z: Concept, partitions: Sequence[Parts], seed: int) -> None:
        self.z, self.partitions, n = z, partitions, len(z)
        self.labellings = Labellings(z)
        self.truth = self.labellings.columns(np.arange(n)[:, None]).transpose(1, 2, 0)
        self.n_resamples = replicates(n)
        groups = partitions[0].groups
        rng = np.random.default_rng([seed, 1])
        self.weights = resampled_weights(z.codes, groups, n, self.n_resamples, rng)
        self.has_interval = all(
            len(rows) >= LEAST_ROWS
            and (groups is None or len(np.unique(groups[rows])) >= LEAST_GROUPS)
            for rows in (partitions[0].rows(j) for j in range(partitions[0].n_parts))
        )

    def scores(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Observe the reading of held-out scores (n, k), of one or more partitions."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            self.labellings.statistic,
            self.truth,
            self.z.metric,
        )

    def calls(self, calls_by_partition: Sequence[np.ndarray]) -> Observation:
        """Observe the balanced accuracy of held-out calls (n, k), bool, of some partitions."""
        return self._observed(
            [(calls[rows].T[None], rows) for calls, rows in self._parts(calls_by_partition)],
            _balanced,
            self.truth > 0.5,
            BALANCED_ACCURACY,
        )

    def marked(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Observe the mean AUC of held-out scores (n, q) for `marks`, of some partitions."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            mean_auc,
            marks(self.z).T[None],
            self.z.metric if self.z.is_classes else QUARTERS_AUC,
        )

    def ranks(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Observe Spearman's rank correlation of held-out scores (n, k) with numbers."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            _rank_correlation,
            self.truth,
            RANK_CORRELATION,
        )

    def mean(self, values: np.ndarray, unit: str) -> Observation:
        """Observe the mean of a value of each row (n,), 0 where nothing is there."""
        replicated = np.full(self.n_resamples, np.nan)
        if self.has_interval:
            replicated = (self.weights @ values) / self.weights.sum(axis=1)
        return Observation(float(values.mean()), unit, 0.0, replicated)

    def _parts(self, by_partition: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        return [
            (one, parts.rows(j))
            for one, parts in zip(by_partition, self.partitions, strict=False)
            for j in range(parts.n_parts)
        ]

    def _observed(
        self,
        each: Sequence[tuple[np.ndarray, np.ndarray]],
        statistic: Callable[..., np.ndarray],
        truth: np.ndarray,
        metric: Metric,
    ) -> Observation:
        """Average a statistic of what is said (1, k, m) of rows (m,), with its replicates.

        Replicates are as far apart as those of one partition, though values are averaged over
        several: these share their rows, so that what probes learned of them goes the same way in
        all, which replicates that leave the probes as they are cannot see.
        """
        n_parts = self.partitions[0].n_parts
        value, replicated = 0.0, np.zeros((len(each) // n_parts, self.n_resamples))
        for i, (output, rows) in enumerate(each):
            value += statistic(output, truth[:, :, rows])[0] / len(each)
            if self.has_interval:
                one = statistic(output, truth[:, :, rows], self.weights[:, rows])
                replicated[i // n_parts] += one / n_parts
        if not self.has_interval:
            return Observation.of(value, metric, np.full(self.n_resamples, np.nan))
        return Observation.of(value, metric, _as_of_one(replicated))


def _balanced(
    calls: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the balanced accuracy of calls (1, k, n), the mean over outputs, (m,)."""
    outputs = range(calls.shape[1])
    each = [metrics.balanced_accuracy(calls[:, c], truth[:, c], weights) for c in outputs]
    return np.mean(each, axis=0)


def _rank_correlation(
    scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the correlation of ranks of scores (1, k, n) and numbers, the mean over k, (m,)."""
    once = np.ones((1, scores.shape[2])) if weights is None else weights
    each = [
        metrics.correlation(rankdata(scores[:, c], axis=1), rankdata(truth[:, c], axis=1), once)
        for c in range(scores.shape[1])
    ]
    return np.mean(each, axis=0)


def _as_of_one(replicated: np.ndarray) -> np.ndarray:
    """Return the mean (B,) of replicates of p partitions (p, B), as far apart as those of one.

    No statistic here is above 1.
    """
    mean = replicated.mean(axis=0)
    known = np.isfinite(mean)
    if len(replicated) == 1 or not known.any():
        return mean
    middle, narrow = mean[known].mean(), mean[known].std()
    wide = np.sqrt(replicated[:, known].var(axis=1).mean())
    times = wide / narrow if narrow > 0 else 1.0
    return np.minimum(middle + times * (mean - middle), 1.0)
