"""What every null procedure ends in: the values it drew, and where an observation falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

from nullprobe._core import parameters, validation

ROUNDING = 1e-9  # sums of the same terms in another order differ by less


@dataclass(frozen=True, eq=False)
class Null:
    """The distribution of a statistic under one explanation.

    Attributes
    ----------
    rung : str
        What is kept: "chance", "moments", "noise", ...
    description : str
        How it was drawn, in words.
    values : ndarray of shape (m,)
        The statistic in each draw.
    upper : bool
        Whether only large values speak against it, as for a largest departure, or R² by chance.
    adjusted : float, optional
        p-value adjusted for the other claims and representations that share its draws.
    errors : ndarray of shape (m,), optional
        Standard error of each draw, that of the observation being 1: departures are compared in
        standard errors of their own.

    Examples
    --------
    >>> import numpy as np
    >>> Null("chance", "labels permuted", np.linspace(0, 1, 99)).p_value(2.0)
    0.01
    """

    rung: str
    description: str
    values: np.ndarray = field(repr=False)
    upper: bool = False
    adjusted: float | None = None
    errors: np.ndarray | None = field(default=None, repr=False)

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """Standard deviation of the draws; NaN of a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")

    def p_value(self, observed: float) -> float:
        """Return the exact two-sided p-value (b + 1)/(m + 1), b draws being as far out.

        How far is measured from the mean of observation and draws, to either side, and in standard
        errors where these are known; where only large values speak against the null, to the upper
        side alone. Draws that are as far but for rounding count.

        Raises
        ------
        InputError
            If the observation is not a finite number, or a draw is NaN: an undefined statistic
            would look like the strongest evidence.
        """
        return (self._as_far(observed) + 1) / (len(self.values) + 1)

    def judged_p(self, observed: float) -> float:
        """Return the p-value that a verdict uses: the adjusted one where there is one."""
        return self.p_value(observed) if self.adjusted is None else self.adjusted

    def p_interval(self, observed: float, coverage: float = 0.99) -> tuple[float, float]:
        """Return the interval of the p-value that endless draws would give.

        Clopper and Pearson's interval of the share of draws that are as far out.
        """
        ends = binomtest(self._as_far(observed), len(self.values)).proportion_ci(
            coverage, method="exact"
        )
        return float(ends.low), float(ends.high)

    def is_settled(self, observed: float, alpha: float) -> bool:
        """Return whether the 99 % interval of the p-value that counts excludes α.

        Of an adjusted p-value, (b + 1)/(m + 1) of m draws, it is that of the share b/m.
        """
        low, high = self.p_interval(observed)
        if self.adjusted is not None:
            m = len(self.values)
            b = min(m, max(0, round(self.adjusted * (m + 1)) - 1))
            ends = binomtest(b, m).proportion_ci(0.99, method="exact")
            low, high = max(low, float(ends.low)), max(high, float(ends.high))
        return low > alpha or high < alpha

    def difference(self, observed: float, coverage: float) -> tuple[float, float]:
        """Return an interval of the observation less what the null makes of it on average.

        Under the null the observation is one more draw, so that it is the prediction interval of
        a draw: Student's t with m − 1 degrees of freedom times sd √(1 + 1/m).
        """
        m = len(self.values)
        half = float(student.ppf(0.5 + coverage / 2, m - 1)) * self.sd * np.sqrt(1 + 1 / m)
        return float(observed - self.mean - half), float(observed - self.mean + half)

    def _as_far(self, observed: float) -> int:
        """Return how many draws are as far out as the observation."""
        parameters.real_number("an observed statistic", observed)
        if np.isnan(self.values).any():
            validation.complain(
                "every draw of a null must be a number",
                f"{int(np.isnan(self.values).sum())} of {len(self.values)} are NaN",
                "leave out what cannot be read in every draw",
            )
        off = departures(observed, self.values, self.errors, upper=self.upper)
        return int(np.count_nonzero(off[1:] >= off[0] - ROUNDING))

    def z(self, observed: float) -> float | None:
        """Return how many standard deviations the observation lies above the mean."""
        parameters.real_number("an observed statistic", observed)
        return (observed - self.mean) / self.sd if self.sd > 0 else None


def departures(
    observed: float, values: np.ndarray, errors: np.ndarray | None = None, *, upper: bool = False
) -> np.ndarray:
    """Return how far the observation and m draws lie from their common mean, (1 + m,).

    Each departure is divided by the standard error of its draw, if ``errors`` are given (1 for the
    observation). All are then divided by their common standard deviation. Values that differ only
    by rounding have no departure.
    """
    every = np.concatenate([[observed], values])
    off = every - every.mean()
    if every.std() <= ROUNDING * max(1.0, abs(float(every.mean()))):
        return np.zeros(len(every))
    if errors is not None:
        off[1:] /= errors
    off = off if upper else np.abs(off)
    return off / np.sqrt((off**2).mean())


def together(nulls: Sequence[Null], observed: Sequence[float]) -> list[Null]:
    """Return nulls with p-values that are adjusted for each other.

    Parameters
    ----------
    nulls : sequence of L Null
        Of several statistics, with m draws each, the j-th of which belong together.
    observed : sequence of L floats

    Notes
    -----
    Maximum statistic with step-down: P. H. Westfall, S. S. Young, "Resampling-based multiple
    testing", 1993, algorithm 2.8. The largest departure is held against the largest of all in each
    draw, the next against the largest of those that remain. Draws that belong together share what
    acts on the data, so that the dependence among statistics is in them.
    """
    for value in observed:
        parameters.real_number("an observed statistic", value)
    if len(nulls) == 1:
        return [replace(nulls[0], adjusted=nulls[0].p_value(observed[0]))]
    off = np.array(
        [
            departures(value, null.values, null.errors, upper=null.upper)
            for value, null in zip(observed, nulls, strict=True)
        ]
    )
    order = np.argsort(-off[:, 0], kind="stable")
    # The largest of those that remain, in each draw: a maximum from the smallest up.
    largest = np.maximum.accumulate(off[order, 1:][::-1], axis=0)[::-1]
    as_far = (largest >= off[order, :1] - ROUNDING).sum(axis=1)
    adjusted = np.empty(len(nulls))
    adjusted[order] = np.maximum.accumulate((as_far + 1) / off.shape[1])
    return [replace(null, adjusted=float(q)) for null, q in zip(nulls, adjusted, strict=True)]
