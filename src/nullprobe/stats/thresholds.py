"""Thresholds: from when on an observation counts: above chance, clearly, or hardly at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from nullprobe.stats.null_distribution import Null
from nullprobe.stats.observation import Observation

POWER = 0.8  # an effect that is found four times out of five
LEAST_DRAWS = 39  # of a null, however large α is


@dataclass(frozen=True)
class Thresholds:
    """From when on an observation counts.

    Attributes
    ----------
    alpha : float
        Share of wrong alarms that a test may raise.
    min_effect : float
        Smallest effect of interest: how far above chance a reading must be to matter, in AUC,
        balanced accuracy or R².
    """

    alpha: float = 0.05
    min_effect: float = 0.05

    @property
    def least_draws(self) -> int:
        """Draws of a null with fewer of which no two-sided p-value could reach α."""
        return max(LEAST_DRAWS, int(np.ceil(2.0 / self.alpha - 1e-9)) - 1)

    def interval(self, observation: Observation) -> tuple[float, float] | None:
        """Return the 1 − α interval, on which verdicts rest; readers are shown that of 95 %."""
        return observation.within(1.0 - self.alpha)

    def stands_out(self, observation: Observation, null: Null) -> bool:
        """Return whether a null does not reproduce the observation, two-sided at α."""
        return null.judged_p(observation.value) <= self.alpha

    def negligible(self, observation: Observation) -> bool:
        """Return whether the interval stays closer to chance than the effect of interest.

        Of coverage 1 − α/2: it is given its probes, and others of so many rows vary as well.
        """
        interval = observation.within(1.0 - self.alpha / 2.0)
        return interval is not None and interval[1] < observation.chance + self.min_effect

    def detectable(self, observation: Observation, null: Null) -> float:
        """Return the smallest value that would have stood out four times out of five.

        It may be more than any value can be: then nothing would have.
        """
        tails = 1 if null.upper else 2
        reach = norm.ppf(1.0 - self.alpha / tails) + norm.ppf(POWER)
        return float(observation.chance + reach * null.sd)
