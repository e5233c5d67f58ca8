"""Effects: contrasts of cells, with t-intervals over seeds.

The seed is the unit: a contrast is computed within each seed, and the seeds give its interval. With
m seeds it is the mean ± t(m − 1) sd/√m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import t as student

from nullprobe.report.document import plain
from nullprobe.studies.definition import Cell, Study
from nullprobe.studies.levels import same

Table = Mapping[tuple[str, int], Mapping[str, float]]
ROUNDING = 1e-14  # of the sum of absolute terms: what is left of terms that cancel

LEAST_SEEDS = 3  # of a verdict from an interval over seeds


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    Attributes
    ----------
    values : tuple of m floats
        One for each seed.

    Examples
    --------
    >>> one = Estimate((1.0, 2.0, 3.0))
    >>> one.value, [round(end, 2) for end in one.interval]
    (2.0, [-0.48, 4.48])
    """

    values: tuple[float, ...]

    @property
    def value(self) -> float:
        """The mean."""
        return _sum(np.asarray(self.values)) / len(self.values)

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN with one seed."""
        m = len(self.values)
        return float(np.std(self.values, ddof=1) / np.sqrt(m)) if m > 1 else float("nan")

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % t-interval; None with one seed."""
        return self.within(0.95)

    def within(self, coverage: float) -> tuple[float, float] | None:
        """Return the t-interval of a coverage; None with one seed."""
        m = len(self.values)
        if m < 2:
            return None
        reach = float(student.ppf((1 + coverage) / 2, m - 1)) * self.error
        return self.value - reach, self.value + reach

    def p_value(self, zero: float = 0.0) -> float | None:
        """Return the two-sided p-value of the t-test; None with one seed, 1 without any spread."""
        if len(self.values) < 2:
            return None
        if self.error == 0:
            return 1.0 if self.value == zero else float(np.finfo(float).tiny)
        statistic = abs(self.value - zero) / self.error
        return max(2 * float(student.sf(statistic, len(self.values) - 1)), np.finfo(float).tiny)

    def detectable(self, alpha: float) -> float | None:
        """Return the smallest distance from zero that 80 % of such studies would show."""
        m = len(self.values)
        if m < 2:
            return None
        reach = float(student.ppf(1 - alpha / 2, m - 1) + student.ppf(0.8, m - 1))
        return reach * self.error

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference, seed by seed."""
        return Estimate(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True)
class Effect(Estimate):
    """A main effect or an interaction of a measurement.

    Attributes
    ----------
    measurement : str
    factors : tuple of str
        One for a main effect (last level less first), two for an interaction.
    """

    measurement: str = ""
    factors: tuple[str, ...] = ()


def weights(
    study: Study,
    factors: Sequence[str],
    levels: Mapping[str, object] | None = None,
    ends: tuple[Any, Any] | None = None,
) -> np.ndarray:
    """Return the weight of each cell in a contrast, of shape (cells,).

    Other factors are averaged over, except that ``levels`` fixes some of them. A factor's contrast
    is its last level less the first, or the second of ``ends`` less the first.

    Examples
    --------
    >>> from nullprobe.studies.definition import study
    >>> @study(question="?", unit="u", factors={"a": (0, 1), "b": (0, 1)})
    ... def two(cell, seed, budget):
    ...     return {"model": 0.0}
    >>> weights(two, ("a",)), weights(two, ("a", "b"))
    (array([-0.5, -0.5,  0.5,  0.5]), array([ 1., -1., -1.,  1.]))
    >>> weights(two, (), {"b": 1})
    array([0. , 0.5, 0. , 0.5])
    """
    each, fixed = np.ones(len(study.cells)), levels or {}
    for name, every in study.factors.items():
        if name in fixed:
            each *= [same(cell.levels[name], fixed[name]) for cell in study.cells]
            continue
        if name not in factors:
            each /= len(every)
            continue
        low, high = (every[0], every[-1]) if ends is None else ends
        signs = {str(high): 1.0, str(low): -1.0}
        each *= [signs.get(str(cell.levels[name]), 0.0) for cell in study.cells]
    return each


def estimate(
    study: Study,
    table: Table,
    name: str,
    factors: Sequence[str] = (),
    levels: Mapping[str, object] | None = None,
) -> Estimate:
    """Return the contrast of a measurement, over all seeds.

    Parameters
    ----------
    study : Study
    table : mapping of (cell, seed) to measurements
    name : str
        Of the measurement.
    factors : sequence of str
    levels : mapping of str to level, optional
        Factors that are fixed.
    """
    return weighted(study, table, name, weights(study, factors, levels))


def weighted(study: Study, table: Table, name: str, each: np.ndarray) -> Estimate:
    """Return the sum of a measurement over cells with the weights ``each``, over all seeds."""
    seeds = sorted({seed for _, seed in table})
    rows = [[table[str(c), s][name] for c in study.cells] for s in seeds]
    return Estimate(tuple(_sum(each * np.asarray(row)) for row in rows))


def effects(study: Study, table: Table, name: str) -> dict[str, Effect]:
    """Return all main effects and two-way interactions of a measurement, by name."""
    names = list(study.factors)
    chosen = [(one,) for one in names] + list(combinations(names, 2))
    # As documents hold them, so that a result that is read back has the same interval.
    return {
        " × ".join(factors): Effect(
            tuple(map(plain, estimate(study, table, name, factors).values)), name, factors
        )
        for factors in chosen
    }


def mean_of_cell(table: Table, cell: Cell, name: str) -> Estimate:
    """Return the mean of a measurement in one cell, over seeds."""
    at: Any = {seed: values[name] for (where, seed), values in table.items() if where == str(cell)}
    return Estimate(tuple(at[seed] for seed in sorted(at)))


def _sum(terms: np.ndarray) -> float:
    """Return a sum; 0 where terms cancel but for rounding."""
    total = float(sum(terms.tolist()))
    return 0.0 if abs(total) <= ROUNDING * float(np.abs(terms).sum()) else total
