"""What is observed: curves, what carries over, what is followed or used, what is read beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from nullprobe.stats.null_distribution import Null
from nullprobe.stats.observation import Observation
from nullprobe.stats.thresholds import Thresholds


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
