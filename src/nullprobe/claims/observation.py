"""What is observed: curves, what carries over, what is followed or used, what is read beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.stats.null_distribution import ROUNDING, Null
from nullprobe.stats.observation import Observation
from nullprobe.stats.thresholds import Thresholds

CURVES = {
    "moments": "data of the same class means and covariances",
    "noise": "data that also have the shape of the noise",
}


@dataclass(frozen=True, eq=False)
class Curve:
    """What is read on while direction after direction is removed, and what nulls show.

    Attributes
    ----------
    values : ndarray of shape (r,)
        Held-out reading after 0, 1, ..., r − 1 removals.
    unit : str
    intervals : ndarray of shape (r, 2)
        95 % bootstrap intervals.
    drawn : mapping of str to ndarray of shape (m, r)
        The same curve in each draw of an explanation ("moments", "noise").
    """

    values: np.ndarray
    unit: str
    intervals: np.ndarray
    drawn: Mapping[str, np.ndarray] = field(repr=False)

    def departures(self, explanation: str) -> np.ndarray:
        """Return how far each curve is from the mean of all, (1 + m, r − 1), the observed first.

        In standard deviations of all; where these are rounding, nothing departs. What is read
        before any removal is no part of it, since draws may be matched to it.
        """
        every = np.vstack([self.values, self.drawn[explanation]])[:, 1:]
        off, sd = every - every.mean(axis=0), every.std(axis=0)
        return np.divide(off, sd, out=np.zeros_like(off), where=sd > ROUNDING)

    def largest(self, explanation: str) -> tuple[float, Null]:
        """Return the largest departure over all removals, and those of the draws."""
        size = np.abs(self.departures(explanation)).max(axis=1, initial=0.0)
        said = f"{CURVES[explanation]}; the largest departure"
        return float(size[0]), Null(explanation, said, size[1:], True)

    def explained(self, null: Null, bar: Thresholds) -> Explanation:
        """Judge the curve by draws of an explanation, of which ``null`` has the departures.

        Sufficient, where after every removal the difference from the mean of the draws is less
        than the smallest effect of interest, jointly over all removals.
        """
        drawn = self.drawn[null.rung][:, 1:]
        observed = float(np.abs(self.departures(null.rung))[0].max(initial=0.0))
        found = Explanation.of(observed, null, replace(bar, min_effect=0.0))
        if not drawn.shape[1]:
            return replace(found, outcome=Outcome.SUFFICIENT, difference=None)
        off = self.values[1:] - drawn.mean(axis=0)
        # The departure that draws exceed in a share 2α, as the two one-sided tests of one value.
        reach = float(np.quantile(null.values, 1 - 2 * bar.alpha)) * drawn.std(axis=0, ddof=1)
        low, high = float((off - reach).min()), float((off + reach).max())
        outcome = found.outcome
        if max(-low, high) < bar.min_effect:
            outcome = Outcome.SUFFICIENT
        return replace(found, outcome=outcome, difference=(low, high))


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
class Confounded:
    """What is read of labels that follow the confounds alone.

    Attributes
    ----------
    names : tuple of str
        Of the confounds.
    null : Null
        The raw reading of labels drawn given the confounds.
    covariance_p : float
        p-value of no covariance of scores and labels beyond the confounds.
    model : str
        What P(y | W) was learned by.
    informative : float
        How many rows' worth of labels the confounds leave open.
    odds : float or None
        By how much the odds given the confounds may be wrong before the verdict changes; None
        where this was not asked.
    is_closed : bool
        Whether the confounds nearly say what the concept is.
    rows, columns : int
        Of the confounds, categories having a column each.
    matched_pairs : int or None
        Pairs of rows of both classes whose confounds are equal; None unless there are two classes.
    """

    names: tuple[str, ...]
    null: Null
    covariance_p: float
    model: str
    informative: float
    odds: float | None
    is_closed: bool = False
    rows: int = 0
    columns: int = 0
    matched_pairs: int | None = None

    def explanation(self, observed: float, bar: Thresholds) -> Explanation:
        """Judge whether the confounds account for an observation.

        Rejected only where the covariance beyond them is found, too. Sufficient only where it is
        not, and where they leave some labels open: of confounds that say what the concept is,
        labels drawn given them are the labels.
        """
        found = Explanation.of(observed, self.null, bar)
        beyond = self.covariance_p <= bar.alpha
        either = (found.is_rejected and not beyond) or (
            found.suffices and (beyond or self.is_closed)
        )
        return replace(found, outcome=Outcome.UNDECIDED) if either else found


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


@dataclass(frozen=True, eq=False)
class Added:
    """What a representation adds to another one of the same rows, for probes of both together.

    Attributes
    ----------
    reading : Observation
        By how much a probe of both reads more than one of the other alone.
    nats : Observation or None
        The same in held-out log-loss; of two classes.
    """

    reading: Observation
    nats: Observation | None


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
    p_value : float or None
        Of its own reading against permuted labels, if it was tested.
    contains : bool
        Whether what is audited is a linear function of it.
    adds, adds_nats : tuple of three floats or None
        By how much a probe of both together reads more than one of it alone, and by how many nats
        its log-loss is less, each with its 95 % bootstrap interval: value, low, high.
    """

    rung: str
    name: str
    value: float
    interval: tuple[float, float] | None
    gain: tuple[float, float] | None
    coverage: float = 0.95
    p_value: float | None = None
    contains: bool = False
    adds: tuple[float, float, float] | None = None
    adds_nats: tuple[float, float, float] | None = None

    @classmethod
    def of(
        cls,
        rung: str,
        name: str,
        simpler: Observation,
        observed: Observation,
        bar: Thresholds,
        several: int = 1,
        contains: bool = False,
        added: Added | None = None,
    ) -> Self:
        """Compare two observations of the same rows, with replicates of the same resamples.

        The coverage of the gain is 1 − α over all of several comparisons (Bonferroni).
        """
        coverage = 1.0 - bar.alpha / several
        gain = observed.over(simpler).within(coverage)
        p = simpler.chance_p
        more = (None, None) if added is None else (added.reading, added.nats)
        adds, nats = (_with_ends(one) for one in more)
        ends = simpler.interval
        return cls(rung, name, simpler.value, ends, gain, coverage, p, contains, adds, nats)

    def explanation(self, bar: Thresholds) -> Explanation:
        """Judge whether it accounts for the observation.

        Sufficient, where what is audited is a function of it, or where it is above chance itself
        and the observation exceeds it by less than the smallest effect of interest; else rejected,
        where the observation exceeds it at all; else undecided.
        """
        outcome = Outcome.UNDECIDED
        reads = self.p_value is None or self.p_value <= 1.0 - self.coverage + ROUNDING
        as_much = self.gain is not None and self.gain[1] < bar.min_effect
        if self.contains or (reads and as_much):
            outcome = Outcome.SUFFICIENT
        elif self.gain is not None and self.gain[0] > 0:
            outcome = Outcome.REJECTED
        return Explanation(self.rung, outcome, difference=self.gain)


def _with_ends(one: Observation | None) -> tuple[float, float, float] | None:
    """Return a value and the ends of its 95 % interval, or None without an interval."""
    ends = None if one is None else one.interval
    return None if one is None or ends is None else (one.value, *ends)
