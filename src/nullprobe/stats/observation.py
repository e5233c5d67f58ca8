"""Observations: one statistic of the data, its value and its bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest

from nullprobe.data.metric import Metric

LEAST_RESAMPLES = 20


@dataclass(frozen=True, eq=False)
class Observation:
    """One statistic of the data: its value, what to compare it with, and how sure it is.

    Attributes
    ----------
    value : float
    unit : str
        "AUC", "macro AUC", "balanced accuracy", "R²" or "canonical correlation".
    chance : float
        What the statistic is when nothing can be read.
    resampled : ndarray of shape (B,)
        Its bootstrap replicates.
    trials : int or None
        Of how many independent trials it is the share, where it is one.
    chance_p : float or None
        p-value of the test against chance. Intervals of a coverage that the test does not exclude
        chance at reach it: the bootstrap leaves the fits as they are, which the test does not.
    """

    value: float
    unit: str
    chance: float
    resampled: np.ndarray = field(repr=False)
    trials: int | None = None
    chance_p: float | None = None

    @classmethod
    def of(cls, value: float, metric: Metric, resampled: np.ndarray) -> Observation:
        """Return an observation of a metric that has a value at chance."""
        assert metric.chance is not None, f"{metric.name} has no value at chance"
        return cls(float(value), metric.name, metric.chance, resampled)

    @property
    def metric(self) -> Metric:
        """What the statistic is."""
        return Metric(self.unit, self.chance)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval, given the fitted eraser and probe; None without replicates."""
        return self.within(0.95)

    def within(self, coverage: float) -> tuple[float, float] | None:
        """Return the interval of a coverage, given the fits; None without replicates.

        Of a share it is Wilson's: the bootstrap would be certain of 0 and of 1.
        """
        if self.trials is not None:
            wilson = binomtest(round(self.value * self.trials), self.trials).proportion_ci(
                coverage, method="wilson"
            )
            return float(wilson.low), float(wilson.high)
        kept = self.resampled[np.isfinite(self.resampled)]
        if len(kept) < LEAST_RESAMPLES:
            return None
        tail = (1.0 - coverage) / 2.0
        low, high = map(float, np.quantile(kept, [tail, 1.0 - tail]))
        if self.chance_p is not None and self.chance_p > 1.0 - coverage:
            low, high = min(low, self.chance), max(high, self.chance)
        return low, high

    def over(self, other: Observation) -> Observation:
        """Return by how much this one is larger; replicates must be of the same resamples."""
        gain = self.resampled - other.resampled
        return Observation(self.value - other.value, self.unit, 0.0, gain)
