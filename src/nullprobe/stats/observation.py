"""Observations: one statistic of the data, its value and its bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest

from nullprobe.data.metric import Metric

LEAST_RESAMPLES = 20


@dataclass(frozen=True, eq=False)
class Observation:
    """One statistic of the data: its value, its chance level, and its uncertainty.

    Attributes
    ----------
    value : float
    unit : str
        "AUC", "macro AUC", "balanced accuracy", "R²" or "canonical correlation".
    chance : float
        Value of the statistic at chance.
    resampled : ndarray of shape (B,)
        Bootstrap replicates, given the fits; of `transfers`, widened by the variation of the fits.
    trials : int or None
        Number of independent trials, if the statistic is a share of trials.
    chance_p : float or None
        p-value of the test against chance. If the test does not reject chance at a level, the
        interval of the corresponding coverage includes chance. The bootstrap does not repeat the
        fits, so its intervals can be too narrow.

    Examples
    --------
    >>> noise = 0.02 * np.random.default_rng(0).normal(size=1000)
    >>> reading = Observation(0.8, "AUC", 0.5, 0.8 + noise)
    >>> np.round(reading.interval, 2).tolist()
    [0.76, 0.84]
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
        """Metric of the statistic."""
        return Metric(self.unit, self.chance)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval; None without replicates.

        It is conditional on the fitted eraser and probe, unless the replicates vary with them.
        """
        return self.within(0.95)

    def within(self, coverage: float) -> tuple[float, float] | None:
        """Return the interval of a coverage; None without replicates.

        For a share of trials it is Wilson's interval: bootstrap intervals of 0 and 1 have width 0.
        """
        if self.trials is not None:
            wilson = binomtest(round(self.value * self.trials), self.trials).proportion_ci(
                coverage, method="wilson"
            )
            return float(wilson.low), float(wilson.high)
        finite = self.resampled[np.isfinite(self.resampled)]
        if len(finite) < LEAST_RESAMPLES:
            return None
        tail = (1.0 - coverage) / 2.0
        low, high = map(float, np.quantile(finite, [tail, 1.0 - tail]))
        if self.chance_p is not None and self.chance_p > 1.0 - coverage:
            low, high = min(low, self.chance), max(high, self.chance)
        return low, high

    def over(self, other: Observation) -> Observation:
        """Return this observation minus another; the replicates must share their resamples."""
        gain = self.resampled - other.resampled
        return Observation(self.value - other.value, self.unit, 0.0, gain)
