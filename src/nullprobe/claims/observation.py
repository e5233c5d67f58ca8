"""What is observed, and from when on it counts: above chance, clearly, or hardly at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from scipy.stats import binomtest, norm

from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null

POWER = 0.8  # an effect that is found four times out of five
LEAST_RESAMPLES = 20
LEAST_DRAWS = 39  # of a null, however large α is


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
    """

    value: float
    unit: str
    chance: float
    resampled: np.ndarray = field(repr=False)
    trials: int | None = None

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
        low, high = np.quantile(kept, [tail, 1.0 - tail])
        return float(low), float(high)

    def over(self, other: Observation) -> Observation:
        """Return by how much this one is larger; replicates must be of the same resamples."""
        gain = self.resampled - other.resampled
        return Observation(self.value - other.value, self.unit, 0.0, gain)


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
        return null.p_value(observation.value) <= self.alpha

    def beats_chance(self, observation: Observation, null: Null) -> bool:
        """Return whether permuted labels do not reproduce it, and it is a reading at all.

        Permuted labels have an R² well below 0, since probes overfit; to do better than they do
        and still predict worse than the mean is not to read.
        """
        worse_than_the_mean = null.mean < observation.value <= observation.chance
        return self.stands_out(observation, null) and not worse_than_the_mean

    def negligible(self, observation: Observation) -> bool:
        """Return whether the interval stays closer to chance than the effect of interest."""
        interval = self.interval(observation)
        return interval is not None and interval[1] < observation.chance + self.min_effect

    def detectable(self, observation: Observation, null: Null) -> float:
        """Return the smallest value that would have stood out four times out of five."""
        tails = 1 if null.upper else 2
        reach = norm.ppf(1.0 - self.alpha / tails) + norm.ppf(POWER)
        return float(observation.chance + reach * null.sd)


@dataclass(frozen=True, eq=False)
class Curve:
    """What is read on while direction after direction is removed, and what surrogates show.

    Attributes
    ----------
    values : ndarray of shape (r,)
        Held-out reading after 0, 1, ..., r − 1 removals.
    unit : str
    intervals : ndarray of shape (r, 2)
        95 % bootstrap intervals.
    drawn : ndarray of shape (m, r)
        The same curve of each surrogate.
    strongest : ndarray of shape (m,), optional
        Of several representations, see Null.
    """

    values: np.ndarray
    unit: str
    intervals: np.ndarray
    drawn: np.ndarray = field(repr=False)
    strongest: np.ndarray | None = field(default=None, repr=False)

    def departures(self) -> np.ndarray:
        """Return how far each curve is from the mean of all, (1 + m, r − 1), the observed first.

        In standard deviations of all. What is read before any removal is no part of it, since
        surrogates are matched to it.
        """
        every = np.vstack([self.values, self.drawn])[:, 1:]
        off, sd = every - every.mean(axis=0), every.std(axis=0)
        return np.divide(off, sd, out=np.zeros_like(off), where=sd > 0)

    def largest(self) -> tuple[float, Null]:
        """Return the largest departure over all removals, and those of the surrogates."""
        size = np.abs(self.departures()).max(axis=1, initial=0.0)
        said = "Gaussian data with the same class means and covariances; the largest departure"
        return float(size[0]), Null("moments", said, size[1:], True, self.strongest)


@dataclass(frozen=True, eq=False)
class Carried:
    """What carries over from group to group.

    Attributes
    ----------
    groups : tuple of str
    read : ndarray of shape (G, G)
        Reading of a probe fitted in the group of the row and scored in that of the column.
    erased : ndarray of shape (G, G)
        Reading of a fresh probe, fitted and scored in the group of the column, after an eraser
        that was fitted in that of the row.
    within, across : Observation
        Means of ``read`` on the diagonal, and off it.
    left_within, left_across : Observation
        The same of ``erased``.
    random : Null
        ``left_across`` after random subspaces, each as large as what the eraser removed.
    """

    groups: tuple[str, ...]
    read: np.ndarray
    erased: np.ndarray
    within: Observation
    across: Observation
    left_within: Observation
    left_across: Observation
    random: Null


@dataclass(frozen=True, eq=False)
class Followed:
    """What a probe of contrast pairs follows that was fitted without labels.

    Attributes
    ----------
    agreement : Observation
        Share of held-out pairs that it reads as the labels say.
    random : Null
        The same of random directions.
    first : Observation
        The same of the first principal component of the differences.
    others : mapping of str to tuple of Observation and Null
        The probe's agreement with every other label that is known, and that with it permuted.
    told : Observation
        Share of held-out pairs that a probe reads so that was fitted to the labels.
    """

    agreement: Observation
    random: Null
    first: Observation
    others: Mapping[str, tuple[Observation, Null]]
    told: Observation


@dataclass(frozen=True, eq=False)
class Use:
    """What a model does differently once something is erased from its hidden states.

    Attributes
    ----------
    before : float
        Mean of the metric over all texts, in the model as it is.
    change : Observation
        By how much erasing the concept changes it.
    random : Null
        The same of random subspaces, each as large as what the eraser removes.
    excess : Observation
        ``change`` less the mean change of random subspaces, text by text.
    divergence : tuple of float and Null, or None
        Mean Kullback-Leibler divergence on neutral texts, in nats a token, and that of the same
        random subspaces.
    """

    before: float
    change: Observation
    random: Null
    excess: Observation
    divergence: tuple[float, Null] | None = None


@dataclass(frozen=True)
class Beside:
    """What something simpler reads of the same rows; it stands beside the nulls of a claim.

    Attributes
    ----------
    rung : str
        That it is of.
    name : str
    value : float
    interval : tuple of two floats or None
        95 % bootstrap interval of ``value``.
    gain : tuple of two floats or None
        Bootstrap interval of by how much the observation exceeds it, row by row.
    coverage : float
        Of ``gain``: 1 − α.
    """

    rung: str
    name: str
    value: float
    interval: tuple[float, float] | None
    gain: tuple[float, float] | None
    coverage: float = 0.95

    @classmethod
    def of(
        cls, rung: str, name: str, simpler: Observation, observed: Observation, bar: Thresholds
    ) -> Self:
        """Compare two observations of the same rows, with replicates of the same resamples."""
        gain = bar.interval(observed.over(simpler))
        return cls(rung, name, simpler.value, simpler.interval, gain, 1.0 - bar.alpha)

    @property
    def reproduces(self) -> bool:
        """Whether the observation does not clearly exceed it."""
        return self.gain is None or self.gain[0] <= 0
