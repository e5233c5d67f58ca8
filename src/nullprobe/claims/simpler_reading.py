"""Simpler readings: baselines of a reading, and what the representation adds to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.sentences import number, p_text
from nullprobe.stats.null_distribution import ROUNDING
from nullprobe.stats.observation import Observation
from nullprobe.stats.thresholds import Thresholds


@dataclass(frozen=True, eq=False)
class Added:
    """The gain of a probe of the representation and a baseline over a probe of the baseline.

    Attributes
    ----------
    reading : Observation
        Gain in the reading.
    nats : Observation or None
        Gain in held-out log-loss, for two classes.
    """

    reading: Observation
    nats: Observation | None


@dataclass(frozen=True)
class SimplerReading:
    """The reading of a simpler representation or reader on the same rows, for comparison.

    Attributes
    ----------
    rung : str
        The explanation that it stands for, such as "inputs".
    name : str
    value : float
    interval : tuple of two floats or None
        95 % bootstrap interval of ``value``.
    gain : tuple of two floats or None
        Bootstrap interval of the observation minus ``value``, row by row.
    coverage : float
        Coverage of ``gain``: 1 − α over all comparisons.
    p_value : float or None
        p-value of ``value`` against permuted labels, if it was tested.
    contains : bool
        Whether the audited representation is a linear function of this one.
    adds, adds_nats : tuple of three floats or None
        Gain of a probe of both representations over a probe of this one, in the reading and in
        log-loss (nats). Each is value, low, high, with a 95 % bootstrap interval.

    Examples
    --------
    A bag of words reads nearly as much as the states, so the inputs are sufficient:

    >>> import numpy as np
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=200)
    >>> words, states = (Observation(v, "AUC", 0.5, v + noise) for v in (0.89, 0.9))
    >>> reading = SimplerReading.of("inputs", "bag of words", words, states, Thresholds())
    >>> reading.explanation(Thresholds()).outcome
    <Outcome.SUFFICIENT: 'sufficient'>
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
    def of(  # noqa: PLR0913  a constructor
        cls,
        rung: str,
        name: str,
        simpler: Observation,
        observed: Observation,
        bar: Thresholds,
        n_comparisons: int = 1,
        contains: bool = False,
        added: Added | None = None,
    ) -> Self:
        """Compare two observations of the same rows, whose replicates use the same resamples.

        The coverage of the gain is 1 − α over all ``n_comparisons`` (Bonferroni).
        """
        coverage = 1.0 - bar.alpha / n_comparisons
        gain = observed.over(simpler).within(coverage)
        p = simpler.chance_p
        more = (None, None) if added is None else (added.reading, added.nats)
        adds, nats = (_with_ends(one) for one in more)
        ends = simpler.interval
        return cls(rung, name, simpler.value, ends, gain, coverage, p, contains, adds, nats)

    @property
    def reads(self) -> bool:
        """Whether it reads more than permuted labels, or was not compared with them."""
        return self.p_value is None or self.p_value <= 1.0 - self.coverage + ROUNDING

    @property
    def warning(self) -> str:
        """What to know of a baseline that reads nothing; "" for one that reads something."""
        if self.reads or self.contains:
            return ""
        return (
            f"{self.name!r} reads no better than chance ({number(self.value)}, "
            f"{p_text(self.p_value or 0.0)}), as noise would: that it does not explain the "
            f"reading shows nothing about the {self.rung}"
        )

    def explanation(self, bar: Thresholds) -> Explanation:
        """Judge whether it accounts for the observation.

        It is sufficient if the audited representation is a function of this one. It is also
        sufficient if its reading is above chance and the observation exceeds it by less than the
        smallest effect of interest. Otherwise it is rejected if the observation exceeds it at all,
        else undecided.
        """
        outcome = Outcome.UNDECIDED
        as_much = self.gain is not None and self.gain[1] < bar.min_effect
        if self.contains or (self.reads and as_much):
            outcome = Outcome.SUFFICIENT
        elif self.gain is not None and self.gain[0] > 0:
            outcome = Outcome.REJECTED
        return Explanation(self.rung, outcome, difference=self.gain)


def _with_ends(one: Observation | None) -> tuple[float, float, float] | None:
    """Return a value and the ends of its 95 % interval, or None without an interval."""
    ends = None if one is None else one.interval
    return None if one is None or ends is None else (one.value, *ends)
