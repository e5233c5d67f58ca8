"""Thresholds: significance level and smallest effect of interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from nullprobe.stats.null_distribution import Null
from nullprobe.stats.observation import Observation

POWER = 0.8  # power of a detectable effect
LEAST_DRAWS = 39  # fewest draws of a null, for any α


@dataclass(frozen=True)
class Thresholds:
    """Significance level and smallest effect of interest of verdicts.

    Attributes
    ----------
    alpha : float
        Significance level: the largest rate of false positives of a test.
    min_effect : float
        Smallest effect of interest: a smaller distance from chance is negligible, in units of AUC,
        balanced accuracy or R².
    """

    alpha: float = 0.05
    min_effect: float = 0.05

    @property
    def least_draws(self) -> int:
        """Fewest draws of a null with which a two-sided p-value can reach α."""
        return max(LEAST_DRAWS, int(np.ceil(2.0 / self.alpha - 1e-9)) - 1)

    def interval(self, observation: Observation) -> tuple[float, float] | None:
        """Return the 1 − α interval for verdicts; reports show the 95 % interval."""
        return observation.within(1.0 - self.alpha)

    def stands_out(self, observation: Observation, null: Null) -> bool:
        """Return whether the observation is significant under a null, two-sided at level α."""
        return null.judged_p(observation.value) <= self.alpha

    def negligible(self, observation: Observation) -> bool:
        """Return whether the interval is below chance plus the smallest effect of interest.

        Its coverage is 1 − α/2, because it is conditional on the fitted probes, and probes from
        other rows would differ.
        """
        interval = observation.within(1.0 - self.alpha / 2.0)
        return interval is not None and interval[1] < observation.chance + self.min_effect

    def detectable(self, observation: Observation, null: Null) -> float:
        """Return the smallest value that would be significant with a power of 80 %.

        It may be larger than the largest possible value: then no effect is detectable.
        """
        tails = 1 if null.upper else 2
        reach = norm.ppf(1.0 - self.alpha / tails) + norm.ppf(POWER)
        return float(observation.chance + reach * null.sd)
