"""Drawing: as many draws of an explanation as its p-values need.

Problem. A thousand draws give a p-value with three digits, but forty often suffice to show on which
side of α it lies.

Solution. After 39 draws (for α = .05), and then after about 110, 220, 500 and 1,000, drawing stops
if the 99 % interval of every p-value that counts excludes α. All claims and representations share
their draws, and their p-values are adjusted for each other.

Reference. Sequential Monte Carlo p-values: J. Besag, P. Clifford, "Sequential Monte Carlo
p-values", 1991; A. Gandy, "Sequential implementation of Monte Carlo tests with uniformly bounded
resampling risk", 2009. Stopping at a few fixed counts does not change the significance level:
`tests/auditing/test_drawing.py` computes it exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nullprobe.stats.null_distribution import Null, together
from nullprobe.stats.thresholds import Thresholds

GROWTH = (1.0, 2.8, 5.6, 12.8)  # of the least number of draws
SPARED = 1.5

Values = Mapping[str, np.ndarray]
# Readings of draws of a representation; their nulls, with the observed values.
Draw = Callable[[int, range], Values]
Judge = Callable[[int, Values], Mapping[str, tuple[float, Null]]]


def looks(limit: int, bar: Thresholds) -> list[int]:
    """Return the numbers of draws after which drawing may stop.

    Examples
    --------
    >>> looks(999, Thresholds(alpha=0.05))
    [39, 109, 218, 499, 999]
    """
    counts = [round(bar.least_draws * g) for g in GROWTH]
    # Stopping just before the limit would save little.
    early = [m for m in counts if m < limit / SPARED]
    return [*early, limit]


def drawn(
    n_representations: int, draw: Draw, judge: Judge, limit: int, bar: Thresholds
) -> tuple[list[dict[str, Null]], list[dict[str, np.ndarray]]]:
    """Draw until every p-value is settled, or the limit is reached.

    Parameters
    ----------
    n_representations : int
    draw : callable
        Takes the number of a representation and a range of draws. Returns their readings, (m,) or
        (m, ...), by key.
    judge : callable
        Takes the number of a representation and the readings of all draws so far. Returns the
        observed value and the null of each statistic that counts, by key.
    limit : int
        Largest number of draws.
    bar : Thresholds

    Returns
    -------
    nulls : list of dict of str to Null
        Nulls of each representation, with adjusted p-values.
    values : list of dict of str to ndarray
        Readings of all draws, for each representation.
    """
    values: list[dict[str, np.ndarray]] = [{} for _ in range(n_representations)]
    nulls: list[dict[str, Null]] = []
    start = 0
    for stop in looks(limit, bar):
        for i, read in enumerate(values):
            for key, more in draw(i, range(start, stop)).items():
                read[key] = np.concatenate([read[key], more]) if key in read else more
        nulls, settled = adjusted([judge(i, read) for i, read in enumerate(values)], bar.alpha)
        if settled:
            break
        start = stop
    return nulls, values


def adjusted(
    judged: Sequence[Mapping[str, tuple[float, Null]]], alpha: float
) -> tuple[list[dict[str, Null]], bool]:
    """Return nulls with p-values adjusted over all keys of all representations.

    The second value is whether each of these p-values is clearly above or below α.
    """
    places = [(i, key) for i, nulls in enumerate(judged) for key in nulls]
    pairs = [judged[i][key] for i, key in places]
    adjusted_nulls: list[dict[str, Null]] = [{} for _ in judged]
    if not places:
        return adjusted_nulls, True
    together_ = together([null for _, null in pairs], [value for value, _ in pairs])
    for (i, key), null in zip(places, together_, strict=True):
        adjusted_nulls[i][key] = null
    settled = all(
        null.is_settled(value, alpha) for null, (value, _) in zip(together_, pairs, strict=True)
    )
    return adjusted_nulls, settled
