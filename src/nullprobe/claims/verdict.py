"""What every claim ends in: whether it holds, and what that is a fact about.

A claim that holds *or fails* is credited to the lowest rung of the ladder that reproduces the
observation: linear algebra, chance, means and covariances, the inputs, the representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nullprobe.claims.observation import (
    Beside,
    Carried,
    Curve,
    Followed,
    Observation,
    Thresholds,
)
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null


class Holds(StrEnum):
    """Whether a claim holds."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class FactAbout(StrEnum):
    """What a result is a fact about: the rungs of the ladder, lowest first."""

    LINEAR_ALGEBRA = "linear_algebra"
    CHANCE = "chance"
    MOMENTS = "moments"
    INPUTS = "inputs"
    REPRESENTATION = "representation"


@dataclass(frozen=True, eq=False)
class Claim:
    """A verdict, with all that it rests on; frozen.

    Attributes
    ----------
    name : str
        Such as "erasure_holds".
    statement : str
        What is claimed, in words.
    holds : Holds
    fact_about : FactAbout
    observed : float
        The statistic.
    metric : Metric
        What the statistic is: name, value at chance, which direction is better.
    interval : tuple of two floats or None
        95 % bootstrap interval of ``observed``, given the fitted eraser and probe.
    nulls : tuple of Null
        The rungs that were tried, lowest first.
    p_value : float or None
        Two-sided, against chance; None where the claim needs no test.
    reason : str
        Why the verdict is what it is, in a sentence or two.
    detectable : float or None
        Where the verdict is "unclear": the smallest value that this much data would have told
        from chance four times out of five.
    details : mapping of str to float or mapping
        Further numbers, by snake_case keys; the report has words for each.
    shown : mapping of str to Any
        What pictures of its own need: a curve of removals, matrices of groups.
    beside : tuple of Beside
        What simpler representations or readers read of the same rows.
    """

    name: str
    statement: str
    holds: Holds
    fact_about: FactAbout
    observed: float
    metric: Metric
    interval: tuple[float, float] | None
    nulls: tuple[Null, ...]
    p_value: float | None
    reason: str
    detectable: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)
    beside: tuple[Beside, ...] = ()

    @property
    def unit(self) -> str:
        """Name of the statistic."""
        return self.metric.name


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an audit measured before anything is claimed.

    Attributes
    ----------
    raw, erased, halfspace : Observation or None
        Held-out reading before and after erasure, and the best halfspace after it.
    chance : mapping of str to Null
        Permutation null of each of these, by its name.
    moments : mapping of str to Null
        Surrogate null of each; absent where it could not be drawn.
    baselines : mapping of str to Observation
        Reading of each baseline representation, with the replicates of ``raw``.
    residual : float
        Largest canonical correlation left in the whole sample after erasing from it.
    residual_null : Null
        The same for permuted labels.
    notes : mapping of str to str
        Why a rung could not be tried, by its name.
    details : mapping of str to mapping of str to float or mapping
        Further numbers for each claim, by its name.
    thresholds : Thresholds
        From when on an observation counts.
    family : Observation or None
        Held-out reading, after erasure, of the strongest of several nonlinear readers.
    curve : Curve or None
        What is read on while direction after direction is removed.
    carried : Carried or None
        What carries over from group to group.
    followed : Followed or None
        What a probe of contrast pairs follows that was fitted without labels.
    """

    raw: Observation
    erased: Observation
    halfspace: Observation | None
    chance: Mapping[str, Null]
    moments: Mapping[str, Null]
    baselines: Mapping[str, Observation]
    residual: float
    residual_null: Null
    notes: Mapping[str, str]
    details: Mapping[str, Mapping[str, Any]]
    thresholds: Thresholds = Thresholds()
    family: Observation | None = None
    curve: Curve | None = None
    carried: Carried | None = None
    followed: Followed | None = None

    def observed(self, name: str) -> Observation:
        """Return the observation that a null of this name is of."""
        found = {
            "raw": self.raw,
            "erased": self.erased,
            "halfspace": self.halfspace,
            "family": self.family,
            "consistent": None if self.followed is None else self.followed.agreement,
        }
        if self.carried is not None:
            within, across = self.carried.within, self.carried.across
            found |= {"within": within, "across": across, "gap": within.over(across)}
        observation = found[name]
        assert observation is not None, f"there is no null of {name} without it"
        return observation


def number(value: float) -> str:
    """Write a number as the page and the reasons do."""
    if value == 0:
        return "0"
    return f"{value:.3f}" if abs(value) >= 5e-4 else f"{value:.1e}"


def p_text(p: float) -> str:
    """Write a p-value."""
    return f"p = {p:.3g}"


def against_chance(observed: Observation, chance: Null) -> str:
    """Say what was observed, and what permuted labels make of it."""
    return (
        f"held-out {observed.unit} {number(observed.value)} against {number(chance.mean)} for "
        f"permuted labels ({p_text(chance.p_value(observed.value))})"
    )


def after_erasure(name: str, statement: str, key: str, evidence: Evidence) -> Claim:
    """Return the verdict on "nothing of this kind can be read after erasure".

    Parameters
    ----------
    name, statement : str
        Of the claim.
    key : str
        Under which the evidence holds the observation and its nulls.
    evidence : Evidence
    """
    observed, bar = evidence.observed(key), evidence.thresholds
    chance, moments = evidence.chance[key], evidence.moments.get(key)
    holds, about, reason = _absence(observed, chance, moments, evidence)
    return Claim(
        name,
        statement,
        holds,
        about,
        observed.value,
        observed.metric,
        observed.interval,
        (chance,) if moments is None else (chance, moments),
        chance.p_value(observed.value),
        reason,
        bar.detectable(observed, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(name, {}),
    )


def _absence(
    observed: Observation, chance: Null, moments: Null | None, evidence: Evidence
) -> tuple[Holds, FactAbout, str]:
    said, bar = against_chance(observed, chance), evidence.thresholds
    if not bar.beats_chance(observed, chance):
        said += (
            ": no better than always saying the mean"
            if bar.stands_out(observed, chance)
            else ": no more than chance"
        )
        if bar.negligible(observed):
            return Holds.YES, FactAbout.CHANCE, f"{said}."
        least = number(bar.detectable(observed, chance))
        reason = f"{said}, but {least} is the least that this much data would have told from it."
        return Holds.UNCLEAR, FactAbout.CHANCE, reason
    if observed.value < chance.mean:
        said += ", below chance, so that labels could be recovered by turning the probe round"
    if moments is None:
        why = evidence.notes.get("moments", "surrogates were not drawn")
        reason = f"{said}; the rung of the moments was not tried: {why}."
        return Holds.NO, FactAbout.REPRESENTATION, reason
    beside = (
        f"Gaussian data of the same moments leave {number(moments.mean)} ± {number(moments.sd)}"
    )
    p = p_text(moments.p_value(observed.value))
    if bar.stands_out(observed, moments):
        about = FactAbout.REPRESENTATION
        compared = "less than observed" if observed.value > moments.mean else "more than observed"
    else:
        about, compared = FactAbout.MOMENTS, "which does not tell it from the observed"
    return Holds.NO, about, f"{said}; {beside}, {compared} ({p})."
