"""Contrasts: what a rule is about, as weights of the cells, and draws of the same weights.

A rule is about one contrast, or about the differences of all pairs of levels of a factor. These are
judged together: an effect that only the middle level has is in no difference of the ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nullprobe.stats.null_distribution import Null
from nullprobe.studies.definition import Study
from nullprobe.studies.effects import Estimate, Table, weighted, weights
from nullprobe.studies.rules import LARGEST, Rule

Draws = Mapping[tuple[str, int], Mapping[str, Sequence[float]]]
WORDS = ("mean over the cells", "last level of {} less the first", "interaction of {} and {}")


@dataclass(frozen=True, eq=False)
class Contrast:
    """A weighted sum of cells.

    Attributes
    ----------
    each : ndarray of shape (cells,)
        The weights.
    words : str
        What it is.
    reverse : str
        What the same with the other sign is, for a difference of two levels.
    """

    each: np.ndarray
    words: str
    reverse: str = ""

    def estimate(self, study: Study, table: Table, name: str) -> Estimate:
        """Return the contrast of a measurement, over all seeds."""
        return weighted(study, table, name, self.each)

    def reversed(self) -> Contrast:
        """Return the same with the other sign."""
        return Contrast(-self.each, self.reverse, self.words)


def contrasts_of(study: Study, rule: Rule) -> tuple[Contrast, ...]:
    """Return the contrast of a rule, or those of all pairs of levels.

    Examples
    --------
    >>> from nullprobe.studies.rules import of_factor
    >>> three = Study("three", lambda cell, seed, budget: {}, "?", "u", {"a": (0, 1, 2)})
    >>> [one.each.tolist() for one in contrasts_of(three, of_factor("a", 3))]
    [[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]]
    """
    where = ", ".join(f"{factor} = {level}" for factor, level in rule.levels.items())
    more = f", where {where}" if where else ""
    if rule.contrast == LARGEST:
        name, levels = rule.effect[0], study.factors[rule.effect[0]]
        head = f"largest difference between levels of {name}, "
        return tuple(
            Contrast(
                weights(study, (name,), rule.levels, ends=(low, high)),
                f"{head}{name} = {high} less {name} = {low}{more}",
                f"{head}{name} = {low} less {name} = {high}{more}",
            )
            for low, high in combinations(levels, 2)
        )
    words = WORDS[len(rule.effect)].format(*rule.effect) + more
    if where and not rule.effect:
        words = f"where {where}"
    return (Contrast(weights(study, rule.effect, rule.levels), words),)


def drawn(study: Study, contrasts: Sequence[Contrast], name: str, nulls: Draws) -> Null | None:
    """Return draws of the contrast, averaged over seeds: draw k of each model is one draw.

    Of several contrasts, the largest absolute one of each draw is compared.
    """
    rows = [draws.get(name) for draws in nulls.values()]
    if not rows or any(row is None for row in rows):
        return None
    m = min(len(row) for row in rows if row is not None)
    seeds = len({seed for _, seed in nulls})
    totals = np.zeros((len(contrasts), m))
    for total, contrast in zip(totals, contrasts, strict=True):
        each = dict(zip(map(str, study.cells), contrast.each, strict=True))
        for (cell, _), draws in nulls.items():
            total += each[cell] * np.asarray(draws[name][:m], dtype=np.float64) / seeds
    how = "draws within each model, averaged over seeds"
    if len(contrasts) == 1:
        return Null("chance", how, totals[0])
    largest = np.abs(totals).max(axis=0)
    return Null("chance", f"{how}; the largest difference of two levels", largest, upper=True)
