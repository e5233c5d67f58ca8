"""Thresholds: significance level and smallest effect of interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.stats.null_distribution import Null
from nullprobe.stats.observation import LEAST_RESAMPLES, Observation
from nullprobe.stats.sample_size import rows_to_decide, to_detect

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

    Examples
    --------
    >>> bar = Thresholds(alpha=0.01)
    >>> bar.least_draws
    199
    >>> reading = Observation(0.9, "AUC", 0.5, np.empty(0))
    >>> bar.stands_out(reading, Null("chance", "labels permuted", np.linspace(0.4, 0.6, 199)))
    True
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
        reach = to_detect(self.alpha, tails=1 if null.upper else 2)
        return float(observation.chance + reach * null.sd)

    def rows_needed(self, observation: Observation, null: Null, rows: int) -> float:
        """Return how many rows like these bring a verdict with a power of 80 %.

        From the spreads of the draws and of the reading at present (`sample_size`). Draws of an R²
        lie below chance, since probes overfit: as long as they do so by more than the smallest
        effect of interest nothing is concluded, and what they miss shrinks as 1/n.

        Parameters
        ----------
        observation : Observation
        null : Null
            What permuted labels make of it.
        rows : int
            Rows that both were measured on.
        """
        replicates = observation.resampled[np.isfinite(observation.resampled)]
        spread = replicates.std() if len(replicates) >= LEAST_RESAMPLES else null.sd
        decided = rows_to_decide(null.sd, float(spread), self.min_effect, self.alpha)
        overfitted = (observation.chance - null.mean) / self.min_effect
        return rows * max(decided, overfitted)
