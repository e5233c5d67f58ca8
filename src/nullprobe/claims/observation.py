"""Observations that claims judge: curves, transfer, contrast pairs, confounds, use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.data.confounds import ROWS_PER_COLUMN
from nullprobe.stats.null_distribution import ROUNDING, Null
from nullprobe.stats.observation import Observation
from nullprobe.stats.thresholds import Thresholds

CURVES = {
    "moments": "data of the same class means and covariances",
    "noise": "data that also have the shape of the noise",
}


@dataclass(frozen=True, eq=False)
class Curve:
    """The reading after each removal of a direction, in the data and in draws of nulls.

    Attributes
    ----------
    values : ndarray of shape (r,)
        Held-out reading after 0, 1, ..., r − 1 removals.
    unit : str
    intervals : ndarray of shape (r, 2)
        95 % bootstrap intervals.
    drawn : mapping of str to ndarray of shape (m, r)
        The same curve in each draw of an explanation ("moments", "noise").

    Examples
    --------
    Data that lose much more at the first removal than the draws do:

    >>> values = np.array([0.9, 0.5, 0.5])
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=(99, 3))
    >>> drawn = {"moments": np.array([0.9, 0.7, 0.5]) + noise}
    >>> curve = Curve(values, "AUC", np.column_stack([values - 0.05, values + 0.05]), drawn)
    >>> size, null = curve.largest("moments")
    >>> null.p_value(size)
    0.01
    """

    values: np.ndarray
    unit: str
    intervals: np.ndarray
    drawn: Mapping[str, np.ndarray] = field(repr=False)

    def departures(self, explanation: str) -> np.ndarray:
        """Return the distance of each curve from the mean curve, (1 + m, r − 1), observed first.

        The unit is the standard deviation over all curves. If that is a rounding error, the
        distance is 0. The reading before any removal is left out: draws may be matched to it.
        """
        every = np.vstack([self.values, self.drawn[explanation]])[:, 1:]
        off, sd = every - every.mean(axis=0), every.std(axis=0)
        return np.divide(off, sd, out=np.zeros_like(off), where=sd > ROUNDING)

    def largest(self, explanation: str) -> tuple[float, Null]:
        """Return the largest departure over all removals, for the data and for the draws."""
        size = np.abs(self.departures(explanation)).max(axis=1, initial=0.0)
        description = f"{CURVES[explanation]}; the largest departure"
        return float(size[0]), Null(explanation, description, size[1:], True)

    def explained(self, null: Null, bar: Thresholds) -> Explanation:
        """Judge an explanation by its curves; ``null`` has the largest departure of each draw.

        It is sufficient if the difference from the mean of the draws is less than the smallest
        effect of interest after every removal, jointly over all removals.
        """
        drawn = self.drawn[null.rung][:, 1:]
        observed = float(np.abs(self.departures(null.rung))[0].max(initial=0.0))
        judged = Explanation.of(observed, null, replace(bar, min_effect=0.0))
        if not drawn.shape[1]:
            return replace(judged, outcome=Outcome.SUFFICIENT, difference=None)
        off = self.values[1:] - drawn.mean(axis=0)
        # A share 2α of draws exceeds this departure, as in two one-sided tests of one value.
        reach = float(np.quantile(null.values, 1 - 2 * bar.alpha)) * drawn.std(axis=0, ddof=1)
        low, high = float((off - reach).min()), float((off + reach).max())
        outcome = judged.outcome
        if max(-low, high) < bar.min_effect:
            outcome = Outcome.SUFFICIENT
        return replace(judged, outcome=outcome, difference=(low, high))


@dataclass(frozen=True, eq=False)
class Carried:
    """Readings within and across groups, before and after erasure.

    Attributes
    ----------
    groups : tuple of str
    read : ndarray of shape (G, G)
        Entry (g, h): reading of a probe fitted in group g and scored in group h.
    erased : ndarray of shape (G, G)
        Entry (g, h): reading of a fresh probe, fitted and scored in group h, after an eraser that
        was fitted in group g.
    within, across : Observation
        Means of ``read`` on the diagonal, and off it.
    left_within, left_across : Observation
        Means of ``erased`` on the diagonal, and off it.
    random : Null
        ``left_across`` after random subspaces of the size that the eraser removed.

    Examples
    --------
    A concept that is read well within two languages, and less well across them:

    >>> read, erased = np.array([[0.9, 0.7], [0.7, 0.9]]), np.full((2, 2), 0.5)
    >>> high, low, none = (Observation(v, "AUC", 0.5, np.empty(0)) for v in (0.9, 0.7, 0.5))
    >>> random = Null("chance", "random subspaces", np.full(39, 0.7))
    >>> carried = Carried(("en", "fr"), read, erased, high, low, none, none, random)
    >>> round(carried.within.over(carried.across).value, 2)
    0.2
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
    """Agreement of labels with a probe of contrast pairs that was fitted without labels.

    Attributes
    ----------
    agreement : Observation
        Share of held-out pairs on which the probe agrees with the labels.
    random : Null
        The same share for random directions.
    first : Observation
        The same share for the first principal component of the differences.
    others : mapping of str to tuple of Observation and Null
        Agreement with each other known label, and with permutations of that label.
    supervised : Observation
        The same share for a probe that was fitted to the labels.

    Examples
    --------
    >>> probe, first = (
    ...     Observation(share, "accuracy", 0.5, np.empty(0), trials=200) for share in (0.95, 0.6)
    ... )
    >>> random = Null("chance", "random directions", np.linspace(0.4, 0.6, 99))
    >>> followed = Followed(probe, random, first, others={}, supervised=probe)
    >>> followed.random.p_value(followed.agreement.value)
    0.01
    """

    agreement: Observation
    random: Null
    first: Observation
    others: Mapping[str, tuple[Observation, Null]]
    supervised: Observation


@dataclass(frozen=True, eq=False)
class Confounded:
    """The reading of labels that are drawn from the confounds alone.

    Attributes
    ----------
    names : tuple of str
        Names of the confounds.
    null : Null
        Raw readings of labels drawn given the confounds.
    covariance_p : float
        p-value of the test that scores and labels do not covary beyond the confounds.
    model : str
        Model of P(y | W).
    informative : float
        Effective number of rows whose labels the confounds leave open.
    odds : float or None
        Factor by which the odds given the confounds may be wrong before the verdict changes; None
        if it was not computed.
    is_closed : bool
        Whether the confounds nearly determine the concept.
    rows, columns : int
        Rows and columns of the confounds; each category has a column.
    matched_pairs : int or None
        Pairs of rows of both classes with equal confounds; None unless there are two classes.

    Examples
    --------
    Labels drawn given the length of a text have an AUC of at most 0.6; the data have 0.9:

    >>> null = Null("confounds", "labels drawn given length", np.linspace(0.5, 0.6, 99))
    >>> length = Confounded(("length",), null, 0.001, "logistic", informative=180.0, odds=None)
    >>> length.explanation(0.9, Thresholds()).outcome
    <Outcome.REJECTED: 'rejected'>
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

    @property
    def is_wide(self) -> bool:
        """Whether the confounds have more columns than their rows support."""
        return self.rows < ROWS_PER_COLUMN * self.columns

    def explanation(self, observed: float, bar: Thresholds) -> Explanation:
        """Judge whether the confounds account for an observation.

        They are rejected only if a covariance beyond them is detected, too, and never if they are
        wide: their model misses a part of them, which both tests then find. They are sufficient
        only if it is not detected and they leave labels open: labels drawn from confounds that
        determine the concept are the labels themselves.
        """
        judged = Explanation.of(observed, self.null, bar)
        beyond = self.covariance_p <= bar.alpha
        either = (judged.is_rejected and (self.is_wide or not beyond)) or (
            judged.suffices and (beyond or self.is_closed)
        )
        return replace(judged, outcome=Outcome.UNDECIDED) if either else judged


@dataclass(frozen=True, eq=False)
class Neutral:
    """Kullback-Leibler divergence of the next token on neutral texts, edited from unedited.

    Attributes
    ----------
    texts : int
    change : Observation
        By erasing, in nats per token; replicates resample texts.
    random : Null
        The same number for random subspaces.
    excess : Observation
        ``change`` minus the mean of random subspaces, text by text.
    """

    texts: int
    change: Observation
    random: Null
    excess: Observation

    @property
    def details(self) -> dict[str, float]:
        """The two numbers, by the keys of `Claim.details`."""
        return {"divergence": self.change.value, "random_divergence": self.random.mean}


@dataclass(frozen=True, eq=False)
class Use:
    """The effect of erasing a concept from hidden states on what a model does.

    Attributes
    ----------
    before : float
        Mean of the metric over all texts, for the unedited model.
    change : Observation
        Change of the metric when the concept is erased.
    random : Null
        Change of the metric for random subspaces of the size that the eraser removes.
    excess : Observation
        ``change`` minus the mean change for random subspaces, text by text.
    divergence : Neutral or None
        What changes on neutral texts.

    Examples
    --------
    >>> change = Observation(-1.2, "log-probability (nats)", 0.0, np.empty(0))
    >>> random = Null("chance", "random subspaces", np.linspace(-0.1, 0.1, 99))
    >>> use = Use(before=-2.0, change=change, random=random, excess=change)
    >>> use.random.p_value(use.change.value)
    0.01
    """

    before: float
    change: Observation
    random: Null
    excess: Observation
    divergence: Neutral | None = None
