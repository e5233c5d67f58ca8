"""Explanations of an observation, each with its outcome.

A verdict has two axes. What the result *takes*: linear algebra, chance, class means and
covariances, the shape of the noise, or more structure than these. Where it *comes from*: the
inputs, the architecture, the corpus, or training. On either axis an explanation is sufficient,
rejected, undecided or not tried. Only a sufficient explanation is credited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nullprobe.stats.null_distribution import Null
from nullprobe.stats.thresholds import Thresholds


class Takes(StrEnum):
    """What an observation takes, simplest first.

    Examples
    --------
    >>> Takes("linear_algebra"), Takes.CHANCE == "chance"
    (<Takes.LINEAR_ALGEBRA: 'linear_algebra'>, True)
    """

    LINEAR_ALGEBRA = "linear_algebra"
    CHANCE = "chance"
    MOMENTS = "moments"
    NOISE = "noise"
    STRUCTURE = "structure"
    UNDECIDED = "undecided"


class ComesFrom(StrEnum):
    """Where an observation comes from.

    Examples
    --------
    >>> ComesFrom("training"), ComesFrom.NOT_TRIED == "not_tried"
    (<ComesFrom.TRAINING: 'training'>, True)
    """

    INPUTS = "inputs"
    ARCHITECTURE = "architecture"
    CORPUS = "corpus"
    TRAINING = "training"
    UNDECIDED = "undecided"
    NOT_TRIED = "not_tried"


class FactAbout(StrEnum):
    """What a result is a fact about: both axes in one word.

    Examples
    --------
    >>> FactAbout("representation"), FactAbout.MOMENTS == "moments"
    (<FactAbout.REPRESENTATION: 'representation'>, True)
    """

    LINEAR_ALGEBRA = "linear_algebra"
    CHANCE = "chance"
    MOMENTS = "moments"
    NOISE = "noise"
    INPUTS = "inputs"
    ARCHITECTURE = "architecture"
    CORPUS = "corpus"
    REPRESENTATION = "representation"


class Outcome(StrEnum):
    """The outcome of an explanation.

    Examples
    --------
    >>> Outcome("rejected"), Outcome.SUFFICIENT == "sufficient"
    (<Outcome.REJECTED: 'rejected'>, True)
    """

    SUFFICIENT = "sufficient"
    REJECTED = "rejected"
    UNDECIDED = "undecided"
    NOT_TRIED = "not_tried"


# Explanations on the first axis, simplest first, and on the second.
REQUIREMENTS = (
    "linear_algebra",
    "chance",
    "random_directions",
    "random_subspaces",
    "moments",
    "noise",
)
SOURCES = ("inputs", "architecture", "corpus")


@dataclass(frozen=True)
class Explanation:
    """A possible explanation of an observation, with its outcome.

    Attributes
    ----------
    name : str
        Such as "chance", "moments" or "inputs".
    outcome : Outcome
    reason : str
        Why it was not tried; empty if it was tried.
    p_value, adjusted_p : float or None
        Two-sided p-value of the observation under this explanation, and the p-value adjusted for
        the claims and representations that are judged together.
    difference : tuple of two floats or None
        Interval of the observation minus its value under the explanation. The coverage is 1 − 2α,
        so "sufficient" is wrong with probability α at most (two one-sided tests).

    Examples
    --------
    >>> chance = Explanation("chance", Outcome.REJECTED, p_value=0.002, adjusted_p=0.006)
    >>> chance.suffices, chance.judged_p
    (False, 0.006)
    """

    name: str
    outcome: Outcome
    reason: str = ""
    p_value: float | None = None
    adjusted_p: float | None = None
    difference: tuple[float, float] | None = None

    @classmethod
    def not_tried(cls, name: str, reason: str) -> Explanation:
        """Return an explanation that was not tried, with the reason."""
        return cls(name, Outcome.NOT_TRIED, reason)

    @classmethod
    def of(cls, observed: float, null: Null, bar: Thresholds) -> Explanation:
        """Judge an explanation by the draws of its null.

        It is sufficient if the interval of the difference lies within the smallest effect of
        interest. Otherwise it is rejected if the adjusted p-value is at most α, else undecided.
        """
        difference = null.difference(observed, 1 - 2 * bar.alpha)
        p = null.judged_p(observed)
        if max(-difference[0], difference[1]) < bar.min_effect:
            outcome = Outcome.SUFFICIENT
        else:
            outcome = Outcome.REJECTED if p <= bar.alpha else Outcome.UNDECIDED
        return cls(null.rung, outcome, "", null.p_value(observed), null.adjusted, difference)

    @property
    def judged_p(self) -> float:
        """The p-value that decides: the adjusted one if there is one; NaN without a p-value."""
        p = self.p_value if self.adjusted_p is None else self.adjusted_p
        return float("nan") if p is None else p

    @property
    def suffices(self) -> bool:
        """Whether it is sufficient: it accounts for the observation."""
        return self.outcome is Outcome.SUFFICIENT

    @property
    def is_rejected(self) -> bool:
        """Whether it is rejected: it does not account for the observation."""
        return self.outcome is Outcome.REJECTED


def takes(explanations: Sequence[Explanation]) -> Takes:
    """Return the simplest sufficient explanation, or "structure" if the last one is rejected.

    Each explanation on this axis allows all that the ones before it allow. So if the last one, the
    shape of the noise, is rejected, all are, whether they were tried or not.
    """
    by_name = {one.name: one for one in explanations if one.name in REQUIREMENTS}
    for name in REQUIREMENTS:
        if name in by_name and by_name[name].suffices:
            return Takes.CHANCE if name.startswith("random") else Takes(name)
    noise = by_name.get("noise")
    return Takes.STRUCTURE if noise is not None and noise.is_rejected else Takes.UNDECIDED


def comes_from(explanations: Sequence[Explanation]) -> ComesFrom:
    """Return where an observation comes from: the first sufficient source, or training.

    Training is credited only if inputs and architecture were both tried and both rejected.
    """
    by_name = {one.name: [e for e in explanations if e.name == one.name] for one in explanations}
    tried = False
    for name in SOURCES:
        outcomes = [one for one in by_name.get(name, ()) if one.outcome is not Outcome.NOT_TRIED]
        tried = tried or bool(outcomes)
        if any(one.suffices for one in outcomes):
            return ComesFrom(name)
    if not tried:
        return ComesFrom.NOT_TRIED
    both = [one for name in SOURCES[:2] for one in by_name.get(name, ())]
    rejected = {one.name for one in both if one.is_rejected}
    if rejected == {*SOURCES[:2]} and all(one.is_rejected for one in both):
        return ComesFrom.TRAINING
    return ComesFrom.UNDECIDED


def fact_about(takes: Takes, comes_from: ComesFrom) -> FactAbout | None:
    """Return both axes in one word, or None by this table.

    ==================  ===============  ==================
    takes               comes from       fact about
    ==================  ===============  ==================
    linear algebra      any              linear algebra
    chance              any              chance
    any other           inputs           inputs
    any other           architecture     architecture
    any other           corpus           corpus
    moments             any other        moments
    noise               any other        noise
    structure           training         representation
    structure           any other        None
    undecided           any other        None
    ==================  ===============  ==================
    """
    if takes in (Takes.LINEAR_ALGEBRA, Takes.CHANCE):
        return FactAbout(takes.value)
    if comes_from.value in SOURCES:
        return FactAbout(comes_from.value)
    if takes in (Takes.MOMENTS, Takes.NOISE):
        return FactAbout(takes.value)
    if takes is Takes.STRUCTURE and comes_from is ComesFrom.TRAINING:
        return FactAbout.REPRESENTATION
    return None
