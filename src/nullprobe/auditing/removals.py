"""Removals: the curve of what is read while directions are removed, over several partitions.

One partition of a small data set decides much of where the curve goes, and surrogates do not know
which one: as many partitions as time allows are averaged, for data and surrogates alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nullprobe.auditing.bootstrap import Observing
from nullprobe.claims import Curve
from nullprobe.data.splits import Parts, split
from nullprobe.heldout.removal_curve import ROUNDS, curve
from nullprobe.heldout.three_way import ThreeWay

MOST_REPEATS = 2
ELEMENTS = 1e5  # of X, up to which it is partitioned again and again


class Removals:
    """Reads the curve of any representation of the same rows.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    data : ThreeWay
        Concept and first partition of these rows.
    observing : Observing
    seed : int
        Of the further partitions.
    """

    def __init__(self, X: np.ndarray, data: ThreeWay, observing: Observing, seed: int) -> None:
        self.X, self.data, self.observing = X, data, observing
        z, parts = data.z, data.partition
        repeats = int(np.clip(ELEMENTS / X.size, 1, MOST_REPEATS))
        self.partitions = [parts]
        for i in range(1, repeats):
            rng = np.random.default_rng([seed, 7, i])
            self.partitions.append(split(z, groups=parts.groups, n_parts=parts.n_parts, rng=rng))

    def readings(self, X: np.ndarray) -> np.ndarray:
        """Return what is read after 0, 1, ... removals, (r,), of a representation (n, d)."""
        return self._mean([self._scores(X, parts) for parts in self.partitions])

    def _scores(self, X: np.ndarray, parts: Parts) -> np.ndarray:
        # No more fits than features, and one more for what is left.
        return curve(X, self.data.z, parts, min(ROUNDS, X.shape[1] + 1))

    def _mean(self, scores: Sequence[np.ndarray]) -> np.ndarray:
        """Return the readings (r,) of the scores in each partition, averaged."""
        read = [self._read(one, parts) for one, parts in zip(scores, self.partitions, strict=True)]
        return np.mean(read, axis=0)

    def _read(self, scores: np.ndarray, parts: Parts) -> np.ndarray:
        found = np.zeros(len(scores))
        for j in range(parts.n_parts):
            rows = parts.rows(j)
            each = scores[:, rows].transpose(0, 2, 1)
            truth = np.broadcast_to(self.observing.truth[:, :, rows], each.shape)
            found += self.data.statistic(each, truth) / parts.n_parts
        return found

    def curve(self, drawn: np.ndarray) -> Curve:
        """Return the curve of the data beside those (m, r) of surrogates."""
        scores = [self._scores(self.X, parts) for parts in self.partitions]
        values = self._mean(scores)
        seen = [self.observing.scores(step) for step in scores[0]]
        # Replicates are of the first partition; the value is the mean over all.
        ends = [
            [value + (end - one.value) for end in one.interval or (np.nan, np.nan)]
            for value, one in zip(values, seen, strict=True)
        ]
        return Curve(values, self.data.z.metric.name, np.array(ends), drawn)
