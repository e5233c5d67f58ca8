"""Null distributions: the draws of a null, and p-values of an observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

from nullprobe._core import parameters, validation
from nullprobe._core.frames import Line, Table

ROUNDING = 1e-9  # sums of the same terms in another order differ by less


@dataclass(frozen=True, eq=False)
class Null:
    """The distribution of a statistic under one explanation.

    Attributes
    ----------
    rung : str
        Name of the explanation: "chance", "moments", "noise", ...
    description : str
        Description of the draws, in words.
    values : ndarray of shape (m,)
        The statistic in each draw.
    upper : bool
        Whether only large values are evidence against the null, as for a largest departure, or for
        R² under chance.
    adjusted : float, optional
        p-value adjusted for the other claims and representations that share the draws.
    errors : ndarray of shape (m,), optional
        Standard error of each draw, relative to the observation. Departures are then compared in
        units of their standard errors.

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

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each draw.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return DRAWS.frame([self], kind)

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """Standard deviation of the draws; NaN for a single draw."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")

    def p_value(self, observed: float) -> float:
        """Return the exact two-sided p-value (b + 1)/(m + 1).

        b is the number of draws that are at least as extreme as the observation. Departures are
        measured from the mean of observation and draws, in standard errors if these are known.
        With ``upper`` the p-value is one-sided. Draws that differ from the observation only by
        rounding count as extreme.

        Raises
        ------
        InputError
            If the observation is not a finite number, or a draw is NaN. An undefined statistic
            would otherwise look like the strongest evidence.
        """
        return (self._as_far(observed) + 1) / (len(self.values) + 1)

    def judged_p(self, observed: float) -> float:
        """Return the p-value for a verdict: the adjusted p-value if there is one."""
        return self.p_value(observed) if self.adjusted is None else self.adjusted

    def p_interval(self, observed: float, coverage: float = 0.99) -> tuple[float, float]:
        """Return an interval for the p-value with infinitely many draws.

        It is the Clopper-Pearson interval of the share of extreme draws.
        """
        ends = binomtest(self._as_far(observed), len(self.values)).proportion_ci(
            coverage, method="exact"
        )
        return float(ends.low), float(ends.high)

    def is_settled(self, observed: float, alpha: float) -> bool:
        """Return whether the 99 % interval of the judged p-value excludes α.

        For an adjusted p-value (b + 1)/(m + 1) it is the interval of the share b/m.
        """
        low, high = self.p_interval(observed)
        if self.adjusted is not None:
            m = len(self.values)
            b = min(m, max(0, round(self.adjusted * (m + 1)) - 1))
            ends = binomtest(b, m).proportion_ci(0.99, method="exact")
            low, high = max(low, float(ends.low)), max(high, float(ends.high))
        return low > alpha or high < alpha

    def difference(self, observed: float, coverage: float) -> tuple[float, float]:
        """Return an interval for the observation minus the mean of the null.

        Under the null the observation is one more draw, so this is the prediction interval of a
        draw: Student's t with m − 1 degrees of freedom times sd √(1 + 1/m).
        """
        m = len(self.values)
        half = float(student.ppf(0.5 + coverage / 2, m - 1)) * self.sd * np.sqrt(1 + 1 / m)
        return float(observed - self.mean - half), float(observed - self.mean + half)

    def _as_far(self, observed: float) -> int:
        """Return the number of draws that are at least as extreme as the observation."""
        parameters.real_number("an observed statistic", observed)
        if np.isnan(self.values).any():
            validation.complain(
                "every draw of a null must be a number",
                f"{int(np.isnan(self.values).sum())} of {len(self.values)} are NaN",
                "leave out statistics that are undefined in a draw",
            )
        off = departures(observed, self.values, self.errors, upper=self.upper)
        return int(np.count_nonzero(off[1:] >= off[0] - ROUNDING))

    def z(self, observed: float) -> float | None:
        """Return the distance of the observation above the mean, in standard deviations."""
        parameters.real_number("an observed statistic", observed)
        return (observed - self.mean) / self.sd if self.sd > 0 else None


def _draws(null: Null) -> list[Line]:
    return [{"null": null.rung, "draw": i, "value": one} for i, one in enumerate(null.values)]


DRAWS = Table({"null": str, "draw": int, "value": float}, _draws)


def departures(
    observed: float, values: np.ndarray, errors: np.ndarray | None = None, *, upper: bool = False
) -> np.ndarray:
    """Return the departures of the observation and m draws from their common mean, (1 + m,).

    Each departure is divided by the standard error of its draw, if ``errors`` are passed (1 for
    the observation). All are then divided by their root mean square. If all values differ only by
    rounding, all departures are 0.
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
        Nulls of several statistics, with m draws each. Draws with the same number are joint draws.
    observed : sequence of L floats
        Observed statistics.

    Notes
    -----
    Maximum statistic with step-down: P. H. Westfall, S. S. Young, "Resampling-based multiple
    testing", 1993, algorithm 2.8. The largest departure is compared with the largest of all in each
    draw, the next one with the largest of the remaining statistics. A joint draw applies the same
    permutation to all statistics, so it preserves their dependence.
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
    # The largest of the remaining statistics in each draw: a running maximum from the smallest.
    largest = np.maximum.accumulate(off[order, 1:][::-1], axis=0)[::-1]
    as_far = (largest >= off[order, :1] - ROUNDING).sum(axis=1)
    adjusted = np.empty(len(nulls))
    adjusted[order] = np.maximum.accumulate((as_far + 1) / off.shape[1])
    return [replace(null, adjusted=float(q)) for null, q in zip(nulls, adjusted, strict=True)]
