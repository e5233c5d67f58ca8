"""The verdict on a claim: whether it holds, what that takes, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from nullprobe.claims.explanations import (
    SOURCES,
    ComesFrom,
    Explanation,
    FactAbout,
    Outcome,
    Takes,
    comes_from,
    fact_about,
    takes,
)
from nullprobe.claims.observation import (
    Added,
    Carried,
    Confounded,
    Curve,
    Followed,
    Observation,
    SimplerReading,
    Thresholds,
)
from nullprobe.claims.sentences import (
    READERS,
    absent,
    against_chance,
    compared,
    took,
    undetected,
)
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null


class Holds(StrEnum):
    """Whether a claim holds.

    Examples
    --------
    >>> Holds("yes"), Holds.UNCLEAR == "unclear"
    (<Holds.YES: 'yes'>, True)
    """

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, eq=False)
class Claim:
    """A verdict with the numbers behind it; frozen.

    Attributes
    ----------
    name : str
        Such as "erasure_holds".
    statement : str
        The claim in words.
    holds : Holds
    explanations : tuple of Explanation
        Possible explanations of the observation, simplest first, each with its outcome.
    observed : float
        The statistic.
    metric : Metric
        Name of the statistic, its value at chance, and which direction is better.
    interval : tuple of two floats or None
        95 % bootstrap interval of ``observed``, given the fitted eraser and probe.
    nulls : tuple of Null
        The nulls that were drawn, simplest explanation first.
    p_value : float or None
        Two-sided, against chance; None if the claim needs no test.
    reason : str
        What to conclude, in the first sentence; then the numbers behind it.
    detectable : float or None
        If the verdict is "unclear": the smallest value that this much data would have distinguished
        from chance four times out of five.
    details : mapping of str to float or mapping
        Further numbers, by snake_case keys; the report has words for each.
    shown : mapping of str to Any
        Data of pictures: a curve of removals, matrices of groups.
    beside : tuple of SimplerReading
        Readings of simpler representations or readers on the same rows.
    rows_needed : int or None
        If the verdict is "unclear": the number of rows, to two digits, that would bring a verdict
        four times out of five, whatever is true. None if no number can be named.
    rows_reason : str
        Why no number can be named; empty if there is a verdict or a number.
    warnings : tuple of str
        What a reader should know before relying on the verdict, one sentence each.

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.two_features(random_state=0)
    >>> claim = audit(w.X, w.y, claims=["one_direction"])["one_direction"]
    >>> claim.name, str(claim.holds), round(claim.observed, 9)
    ('one_direction', 'yes', 0.0)
    """

    name: str
    statement: str
    holds: Holds
    explanations: tuple[Explanation, ...]
    observed: float
    metric: Metric
    interval: tuple[float, float] | None
    nulls: tuple[Null, ...]
    p_value: float | None
    reason: str
    detectable: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)
    beside: tuple[SimplerReading, ...] = ()
    rows_needed: int | None = None
    rows_reason: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Name of the statistic."""
        return self.metric.name

    @property
    def adjusted_p(self) -> float | None:
        """p-value against chance, adjusted for the claims and representations judged together."""
        return self.nulls[0].adjusted if self.p_value is not None else None

    @property
    def takes(self) -> Takes:
        """The simplest sufficient explanation; undecided if the claim is unclear."""
        return Takes.UNDECIDED if self.holds is Holds.UNCLEAR else takes(self.explanations)

    @property
    def comes_from(self) -> ComesFrom:
        """Where the result comes from; undecided if the claim is unclear and a source was tried."""
        source = comes_from(self.explanations)
        tried = source is not ComesFrom.NOT_TRIED
        return ComesFrom.UNDECIDED if self.holds is Holds.UNCLEAR and tried else source

    @property
    def fact_about(self) -> FactAbout | None:
        """Both axes in one word (`explanations.fact_about`), or None by its table."""
        if self.holds is Holds.UNCLEAR:
            return None
        return fact_about(self.takes, self.comes_from)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that an audit measures before claims are judged.

    Attributes
    ----------
    raw, erased, halfspace : Observation or None
        Held-out readings: before erasure, after it, and of the best halfspace after it.
    nulls : mapping of str to mapping of str to Null
        Nulls, by explanation ("chance", "moments", "noise") and observation ("raw", "erased", ...);
        absent if they could not be drawn.
    baselines : mapping of str to mapping of str to Observation
        Readings of other representations of the rows, with the replicates of ``raw``, by source
        ("inputs", "architecture") and name.
    residual : float
        Largest canonical correlation that is left after erasing from the whole sample.
    residual_null : Null
        The same for permuted labels.
    notes : mapping of str to str
        Why an explanation was not tried for an observation, by "explanation observation".
    details : mapping of str to mapping of str to float or mapping
        Further numbers for each claim, by its name.
    thresholds : Thresholds
        Significance level and smallest effect of interest.
    family : Observation or None
        Held-out reading, after erasure, of the strongest of the nonlinear readers.
    curve : Curve or None
        Readings after each removal of a direction.
    carried : Carried or None
        Readings across groups.
    followed : Followed or None
        Agreement of labels with a probe of contrast pairs that was fitted without labels.
    association : Observation or None
        Strength of the dependence of rows and concept in the whole sample.
    probe_rows : int
        Rows that each probe was trained on.
    confounded : Confounded or None
        Reading of labels drawn from the confounds alone.
    contained : set of (str, str)
        Source and name of each baseline that determines the representation linearly.
    added : mapping of (str, str) to Added
        What the representation adds to a baseline.
    rows : int
        Rows that were audited; 0 if unknown.
    sizes : sequence of (int, Observation)
        Numbers of training rows, each with the reading of a linear probe on other rows.
    """

    raw: Observation
    erased: Observation
    halfspace: Observation | None
    nulls: Mapping[str, Mapping[str, Null]]
    baselines: Mapping[str, Mapping[str, Observation]]
    residual: float
    residual_null: Null
    notes: Mapping[str, str]
    details: Mapping[str, Mapping[str, Any]]
    thresholds: Thresholds = Thresholds()
    family: Observation | None = None
    curve: Curve | None = None
    carried: Carried | None = None
    followed: Followed | None = None
    association: Observation | None = None
    probe_rows: int = 0
    sizes: Sequence[tuple[int, Observation]] = ()
    confounded: Confounded | None = None
    contained: frozenset[tuple[str, str]] = frozenset()
    added: Mapping[tuple[str, str], Added] = field(default_factory=dict)
    rows: int = 0

    def null(self, explanation: str, name: str) -> Null | None:
        """Return the null of an observation under an explanation, or None if it was not drawn."""
        return self.nulls.get(explanation, {}).get(name)

    def chance(self, name: str) -> Null:
        """Return the null of an observation for permuted labels."""
        return self.nulls["chance"][name]

    def not_tried(self, explanation: str, name: str) -> Explanation:
        """Return an explanation that was not tried for an observation, with the reason."""
        reason = self.notes.get(f"{explanation} {name}", "not requested")
        return Explanation.not_tried(explanation, reason)

    def observed(self, name: str) -> Observation:
        """Return the observation that nulls of this name belong to."""
        observations = {
            "raw": self.raw,
            "erased": self.erased,
            "halfspace": self.halfspace,
            "family": self.family,
            "association": self.association,
            "consistent": None if self.followed is None else self.followed.agreement,
        }
        if self.carried is not None:
            within, across = self.carried.within, self.carried.across
            observations |= {"within": within, "across": across, "gap": within.over(across)}
        observation = observations[name]
        assert observation is not None, f"there is no null of {name} without it"
        return observation


def by_chance(observed: Observation, chance: Null, bar: Thresholds) -> Explanation:
    """Judge chance as an explanation, by permuted labels.

    Chance is sufficient if two intervals exclude the smallest effect of interest: the interval of
    the difference from the draws, and the interval of the reading itself.

    Permuted labels have an R² below 0, since probes overfit. A reading that is better than theirs
    but below 0 predicts worse than the mean, so nothing is read. Chance is then sufficient if the
    interval of the reading excludes the effect of interest and probes overfit by less than it.
    Otherwise chance is undecided: probes that overfit more may miss what is there.
    """
    judged = Explanation.of(observed.value, chance, bar)
    p, room = judged.judged_p, not bar.negligible(observed)
    if judged.suffices and room:
        # Draws vary less around chance than readings vary around the reading of new rows.
        outcome = Outcome.REJECTED if p <= bar.alpha else Outcome.UNDECIDED
        judged = replace(judged, outcome=outcome)
    if judged.suffices or not chance.mean < observed.value <= observed.chance:
        return judged
    fits = observed.chance - chance.mean < bar.min_effect
    enough = fits and not room
    return replace(judged, outcome=Outcome.SUFFICIENT if enough else Outcome.UNDECIDED)


def after_erasure(name: str, statement: str, key: str, evidence: Evidence) -> Claim:
    """Return the verdict on "nothing of this kind can be read after erasure".

    Parameters
    ----------
    name, statement : str
        Name and words of the claim.
    key : str
        Key of the observation and its nulls in the evidence.
    evidence : Evidence
    """
    observed, bar = evidence.observed(key), evidence.thresholds
    chance = evidence.chance(key)
    first = by_chance(observed, chance, bar)
    rest, drawn = [], [chance]
    for explanation in ("moments", "noise"):
        null = evidence.null(explanation, key)
        if null is None:
            rest.append(evidence.not_tried(explanation, key))
        else:
            rest.append(Explanation.of(observed.value, null, bar))
            drawn.append(null)
    explanations = (first, *rest, *no_sources())
    holds = Holds.UNCLEAR
    # A reading below chance shows neither presence nor absence.
    below = first.is_rejected and observed.value < chance.mean
    if first.outcome is not Outcome.UNDECIDED and not below:
        holds = Holds.YES if first.suffices else Holds.NO
    return Claim(
        name,
        statement,
        holds,
        explanations,
        observed.value,
        observed.metric,
        observed.interval,
        tuple(drawn),
        chance.p_value(observed.value),
        _below(observed, chance, key)
        if below
        else _reason(holds, explanations, drawn, key, evidence),
        bar.detectable(observed, chance) if holds is Holds.UNCLEAR else None,
        evidence.details.get(name, {}),
    )


def no_sources() -> tuple[Explanation, ...]:
    """Return the sources as not tried, for a claim that has no baselines."""
    reason = "baselines are compared with the reading before erasure only"
    return tuple(Explanation.not_tried(name, reason) for name in SOURCES[:2])


def _reason(
    holds: Holds,
    explanations: Sequence[Explanation],
    drawn: Sequence[Null],
    key: str,
    evidence: Evidence,
) -> str:
    observed, bar, reader, chance = (
        evidence.observed(key),
        evidence.thresholds,
        READERS[key],
        drawn[0],
    )
    numbers = f"{against_chance(observed, chance)}."
    if chance.mean < observed.value <= observed.chance and observed.unit == "R²":
        numbers += (
            " It predicts worse than the mean does, which is not a reading; probes of permuted "
            "labels overfit and do worse still."
        )
    if holds is Holds.YES:
        who = f"{reader} trained on up to {evidence.probe_rows:,} rows"
        return f"After erasure, {absent(who, observed, bar)}. {numbers}"
    if holds is Holds.UNCLEAR:
        return (
            f"After erasure, the {reader} is not clearly better than chance, but these data cannot "
            f"show that nothing is left. {numbers} {undetected(bar, observed, chance)}."
        )
    start = f"After erasure, a {reader} still reads the concept on new rows; {took(explanations)}."
    return f"{start} {numbers}{compared(explanations, drawn)}"


def _below(observed: Observation, chance: Null, key: str) -> str:
    return (
        f"After erasure, the {READERS[key]} reads less than chance, which shows neither that the "
        f"concept is gone nor that it is left. {against_chance(observed, chance)}. Either rows "
        "depend on each other (copies, groups that were not named, rows that the eraser was fitted "
        "to), or the parts of the data disagree about the direction."
    )
