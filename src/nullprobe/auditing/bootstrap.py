"""Bootstrap: observations from held-out scores, averaged over partitions, with replicates."""

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

LEAST_GROUPS = 5  # per part: resampling one or two groups hardly shows how much groups differ
# Per part: resamples of few rows vary far less than new rows. With 12 rows and a real effect, 6 of
# 100 samples had an interval that excluded the effect.
LEAST_ROWS = 10
BLOCK_ELEMENTS = 1 << 21  # most weights that are read at once


class Observing:
    """Bootstrap weights, drawn once, so that observations of the same rows can be compared.

    Rows, or whole groups, are resampled once for all partitions, which share the rows.

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
        self.no_interval = _too_few(partitions[0])

    @property
    def has_interval(self) -> bool:
        """Whether the parts are large enough for intervals; if not, `no_interval` says why."""
        return not self.no_interval

    def scores(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Return the reading of held-out scores (n, k) in each partition."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            self.labellings.statistic,
            self.truth,
            self.z.metric,
        )

    def calls(self, calls_by_partition: Sequence[np.ndarray]) -> Observation:
        """Return the balanced accuracy of held-out calls (n, k), bool, in each partition."""
        return self._observed(
            [(calls[rows].T[None], rows) for calls, rows in self._parts(calls_by_partition)],
            _balanced,
            self.truth > 0.5,
            BALANCED_ACCURACY,
        )

    def marked(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Return the mean AUC of held-out scores (n, q) for `marks`, in each partition."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            mean_auc,
            marks(self.z).T[None],
            self.z.metric if self.z.is_classes else QUARTERS_AUC,
        )

    def ranks(self, scores_by_partition: Sequence[np.ndarray]) -> Observation:
        """Return Spearman's rank correlation of held-out scores (n, k) with numbers."""
        return self._observed(
            [(scores[rows].T[None], rows) for scores, rows in self._parts(scores_by_partition)],
            _rank_correlation,
            self.truth,
            RANK_CORRELATION,
        )

    def mean(self, values: np.ndarray, unit: str) -> Observation:
        """Return the mean of a value of each row (n,), which is 0 by chance."""
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
        """Average a statistic of outputs (1, k, m) for rows (m,), with its replicates.

        The value is averaged over partitions, but the spread of the replicates is the spread of one
        partition. Partitions share their rows, so errors of their probes are correlated. Replicates
        keep the probes fixed and do not show this.
        """
        n_parts = self.partitions[0].n_parts
        value, replicated = 0.0, np.zeros((len(each) // n_parts, self.n_resamples))
        for i, (output, rows) in enumerate(each):
            value += statistic(output, truth[:, :, rows])[0] / len(each)
            if self.has_interval:
                size = max(1, BLOCK_ELEMENTS // len(rows))
                for block in (slice(b, b + size) for b in range(0, self.n_resamples, size)):
                    one = statistic(output, truth[:, :, rows], self.weights[block, rows])
                    replicated[i // n_parts, block] += one / n_parts
        if not self.has_interval:
            return Observation.of(value, metric, np.full(self.n_resamples, np.nan))
        return Observation.of(value, metric, _as_of_one(replicated))


def _too_few(parts: Parts) -> str:
    """Return why the parts are too small for intervals, or an empty string."""
    each = [parts.rows(j) for j in range(parts.n_parts)]
    counts = [("rows", LEAST_ROWS, min(map(len, each)))]
    if parts.groups is not None:
        fewest = min(len(np.unique(parts.groups[rows])) for rows in each)
        counts.insert(0, ("groups", LEAST_GROUPS, fewest))
    for what, least, fewest in counts:
        if fewest < least:
            return (
                f"there is no interval, since each part of the split needs at least {least} "
                f"{what}, and the smallest has {fewest}"
            )
    return ""


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
    """Return the mean (B,) of replicates of p partitions (p, B), with the spread of one.

    No statistic here exceeds 1.
    """
    mean = replicated.mean(axis=0)
    known = np.isfinite(mean)
    if len(replicated) == 1 or not known.any():
        return mean
    middle, narrow = mean[known].mean(), mean[known].std()
    wide = np.sqrt(replicated[:, known].var(axis=1).mean())
    times = wide / narrow if narrow > 0 else 1.0
    return np.minimum(middle + times * (mean - middle), 1.0)
