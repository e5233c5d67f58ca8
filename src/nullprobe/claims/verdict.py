"""What every claim ends in: whether it holds, and what that is a fact about.

A claim that holds *or fails* is credited to the lowest rung of the ladder that reproduces the
observation: linear algebra, chance, means and covariances, the inputs, the representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from nullprobe.nulls.null import Null

ALPHA = 0.05  # share of wrong alarms that a test may raise
Z_POWER = 1.96 + 0.84  # effect in null standard deviations found four times out of five
SMALLEST_OF_INTEREST = 0.05  # above chance, in AUC, balanced accuracy or R²


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
    """

    value: float
    unit: str
    chance: float
    resampled: np.ndarray = field(repr=False)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % bootstrap interval, given the fitted eraser and probe; None without replicates."""
        kept = self.resampled[np.isfinite(self.resampled)]
        if len(kept) < 20:
            return None
        low, high = np.quantile(kept, [0.025, 0.975])
        return float(low), float(high)


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
    unit : str
        What the statistic is.
    interval : tuple of two floats or None
        95 % bootstrap interval of ``observed``, given the fitted eraser and probe.
    nulls : tuple of Null
        The rungs that were tried, lowest first.
    p_value : float or None
        Two-sided, against chance; None where the claim needs no test.
    reason : str
        Why the verdict is what it is, in a sentence or two.
    smallest_effect : float or None
        Where the verdict is "unclear": the smallest value that this much data would have told
        from chance four times out of five.
    details : mapping of str to float
        Further numbers that the page shows beside it.
    """

    name: str
    statement: str
    holds: Holds
    fact_about: FactAbout
    observed: float
    unit: str
    interval: tuple[float, float] | None
    nulls: tuple[Null, ...]
    p_value: float | None
    reason: str
    smallest_effect: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)


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
    details : mapping of str to mapping of str to float
        Further numbers for each claim, by its name.
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
    details: Mapping[str, Mapping[str, float]]


def stands_out(observation: Observation, null: Null) -> bool:
    """Return whether a null does not reproduce the observation, two-sided at ALPHA."""
    return null.p_value(observation.value) <= ALPHA


def beats_chance(observation: Observation, null: Null) -> bool:
    """Return whether permuted labels do not reproduce it, and it is a reading at all.

    Permuted labels have an R² well below 0, since probes overfit; to do better than they do and
    still predict worse than the mean is not to read.
    """
    worse_than_the_mean = null.mean < observation.value <= observation.chance
    return stands_out(observation, null) and not worse_than_the_mean


def negligible(observation: Observation) -> bool:
    """Return whether the interval stays closer to chance than the smallest effect of interest."""
    interval = observation.interval
    return interval is not None and interval[1] < observation.chance + SMALLEST_OF_INTEREST


def smallest_effect(observation: Observation, null: Null) -> float:
    """Return the smallest value that would have stood out four times out of five."""
    return float(observation.chance + Z_POWER * null.sd)


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


def after_erasure(
    name: str, statement: str, key: str, observed: Observation, evidence: Evidence
) -> Claim:
    """Return the verdict on "nothing of this kind can be read after erasure".

    Parameters
    ----------
    name, statement : str
        Of the claim.
    key : str
        Under which the evidence holds its nulls.
    observed : Observation
    evidence : Evidence
    """
    chance, moments = evidence.chance[key], evidence.moments.get(key)
    holds, about, reason = _absence(observed, chance, moments, evidence.notes)
    return Claim(
        name,
        statement,
        holds,
        about,
        observed.value,
        observed.unit,
        observed.interval,
        (chance,) if moments is None else (chance, moments),
        chance.p_value(observed.value),
        reason,
        smallest_effect(observed, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(name, {}),
    )


def _absence(
    observed: Observation, chance: Null, moments: Null | None, notes: Mapping[str, str]
) -> tuple[Holds, FactAbout, str]:
    said = against_chance(observed, chance)
    if not beats_chance(observed, chance):
        said += (
            ": no better than always saying the mean"
            if stands_out(observed, chance)
            else ": no more than chance"
        )
        if negligible(observed):
            return Holds.YES, FactAbout.CHANCE, f"{said}."
        least = number(smallest_effect(observed, chance))
        reason = f"{said}, but {least} is the least that this much data would have told from it."
        return Holds.UNCLEAR, FactAbout.CHANCE, reason
    if observed.value < chance.mean:
        said += ", below chance, so that labels could be recovered by turning the probe round"
    if moments is None:
        why = notes.get("moments", "surrogates were not drawn")
        reason = f"{said}; the rung of the moments was not tried: {why}."
        return Holds.NO, FactAbout.REPRESENTATION, reason
    beside = (
        f"Gaussian data of the same moments leave {number(moments.mean)} ± {number(moments.sd)}"
    )
    p = p_text(moments.p_value(observed.value))
    if stands_out(observed, moments):
        about = FactAbout.REPRESENTATION
        compared = "less than observed" if observed.value > moments.mean else "more than observed"
    else:
        about, compared = FactAbout.MOMENTS, "which does not tell it from the observed"
    return Holds.NO, about, f"{said}; {beside}, {compared} ({p})."
