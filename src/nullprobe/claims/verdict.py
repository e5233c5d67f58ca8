"""The verdict on a claim: whether it holds, what that takes, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nullprobe.claims.explanations import (
    SOURCES,
    ComesFrom,
    Explanation,
    FactAbout,
    Takes,
    comes_from,
    fact_about,
    takes,
)
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.tables import frame_of
from nullprobe.data.metric import Metric
from nullprobe.report.notebook import verdicts
from nullprobe.report.text.wording import sentence
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


@dataclass(frozen=True, eq=False, repr=False)
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
        95 % bootstrap interval of ``observed``, given the fitted eraser and probe; the one
        of `transfers` includes the variation of the fits.
    nulls : tuple of Null
        The nulls that were drawn, simplest explanation first.
    p_value : float or None
        Two-sided, against chance; None if the claim needs no test.
    reason : str
        What to conclude, in the first sentence; then the numbers behind it.
    detectable : float or None
        If the verdict is "unclear": the smallest value that this much data would have distinguished
        from chance four times out of five. None if no possible value would have been; the reason
        says so.
    details : mapping of str to float or mapping
        Further numbers, by snake_case keys; the report has words for each.
    shown : mapping of str to Any
        Data of pictures: a curve of removals, matrices of groups.
    beside : tuple of SimplerReading
        Readings of simpler representations or readers on the same rows.
    rows_needed : int or None
        If the verdict is "unclear": the number of rows, to two digits, that would bring a verdict
        four times out of five, whatever is true. If these rows cannot test the claim, the least
        number that can. None if no number can be named.
    rows_reason : str
        Why no number can be named, or what needs the least number: groups or blocks of neighbours.
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
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    shown: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    beside: tuple[SimplerReading, ...] = ()
    rows_needed: int | None = None
    rows_reason: str = ""
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the verdict, both axes and the observation in one line."""
        axes = f"takes {self.takes}, comes from {self.comes_from}"
        return f"Claim({self.name} {self.holds}, {axes}; {self.unit} {self.observed:.3g})"

    def _repr_html_(self) -> str:
        """Return the verdict and its reason as one table, for a notebook."""
        return verdicts(self.statement, [sentence(self.reason)], [self])

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

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of the claim as a data frame, as `Audit.to_frame` does."""
        return frame_of([(None, None, self)], of, kind, None)


def no_sources() -> tuple[Explanation, ...]:
    """Return the sources as not tried, for a claim that has no baselines."""
    reason = "baselines are compared with the reading before erasure only"
    return tuple(Explanation.not_tried(name, reason) for name in SOURCES[:2])
