"""What every null procedure ends in: the values it drew, and where an observation falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nullprobe._core import parameters, validation

ROUNDING = 1e-9  # sums of the same terms in another order differ by less


@dataclass(frozen=True, eq=False)
class Null:
    """The distribution of a statistic under one rung of the ladder.

    Attributes
    ----------
    rung : str
        What is kept: "chance", "moments", ...
    description : str
        How it was drawn, in words.
    values : ndarray of shape (m,)
        The statistic in each draw.
    upper : bool
        Whether only large values speak against it, as of a largest departure.
    strongest : ndarray of shape (m,), optional
        Where the statistic was taken of several representations: the largest departure among
        them in each draw, in standard deviations. The p-value is then that of the largest of all.

    Examples
    --------
    >>> import numpy as np
    >>> Null("chance", "labels permuted", np.linspace(0, 1, 99)).p_value(2.0)
    0.02
    """

    rung: str
    description: str
    values: np.ndarray = field(repr=False)
    upper: bool = False
    strongest: np.ndarray | None = field(default=None, repr=False)

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """Standard deviation of the draws."""
        return float(np.std(self.values, ddof=1))

    def p_value(self, observed: float) -> float:
        """Return the exact two-sided p-value: twice the smaller of the tails (b + 1)/(m + 1).

        Values that differ by rounding alone are ties, and count in both tails. Of a null of which
        only the upper tail speaks, that tail; among several representations, the share of draws
        whose largest departure is as large, if that is more.

        Raises
        ------
        InputError
            If the observation is not a finite number, or a draw is NaN: no tail holds NaN, so
            that an undefined statistic would look like the strongest evidence.
        """
        parameters.real_number("an observed statistic", observed)
        if np.isnan(self.values).any():
            validation.complain(
                "every draw of a null must be a number",
                f"{int(np.isnan(self.values).sum())} of {len(self.values)} are NaN",
                "leave out what cannot be read in every draw",
            )
        if self.strongest is None:
            return self._alone(observed)
        departure = departures(observed, self.values, upper=self.upper)[0]
        as_far = int(np.count_nonzero(self.strongest >= departure - ROUNDING))
        # A departure has one tail where a value has two: among others no p is less than by itself.
        return max(self._alone(observed), (as_far + 1) / (len(self.strongest) + 1))

    def _alone(self, observed: float) -> float:
        slack = ROUNDING * max(1.0, abs(observed))
        above = int(np.count_nonzero(self.values >= observed - slack))
        if self.upper:
            return (above + 1) / (len(self.values) + 1)
        below = int(np.count_nonzero(self.values <= observed + slack))
        return min(1.0, 2.0 * (min(above, below) + 1) / (len(self.values) + 1))

    def z(self, observed: float) -> float | None:
        """Return how many standard deviations the observation lies above the mean."""
        parameters.real_number("an observed statistic", observed)
        return (observed - self.mean) / self.sd if self.sd > 0 else None


def departures(observed: float, values: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return how far the observation and m draws lie from their common mean, (1 + m,).

    In their common standard deviations, so that under the null the observation is one of them.
    """
    every = np.concatenate([[observed], values])
    off = every - every.mean()
    off = off if upper else np.abs(off)
    sd = every.std()
    return off / sd if sd > 0 else np.zeros(len(every))


def among(nulls: Sequence[Null], observed: Sequence[float]) -> list[Null]:
    """Return nulls of several representations, told of each other.

    Parameters
    ----------
    nulls : sequence of L Null
        Of the same statistic and rung, with m draws each, of which the j-th belong together.
    observed : sequence of L floats

    Notes
    -----
    Maximum statistic: P. H. Westfall, S. S. Young, "Resampling-based multiple testing", 1993,
    chapter 2. Where draws that belong together share their permutation, the largest departure has
    the dependence among representations in it; where they are independent the test is that of
    Šidák, and errs on the safe side.
    """
    for value in observed:
        parameters.real_number("an observed statistic", value)
    each = [
        departures(value, null.values, upper=null.upper)
        for value, null in zip(observed, nulls, strict=True)
    ]
    strongest = np.max(each, axis=0)[1:]
    return [replace(null, strongest=strongest) for null in nulls]
