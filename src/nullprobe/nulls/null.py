"""What every null procedure ends in: the values it drew, and where an observation falls."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

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

    Examples
    --------
    >>> import numpy as np
    >>> Null("chance", "labels permuted", np.linspace(0, 1, 99)).p_value(2.0)
    0.02
    """

    rung: str
    description: str
    values: np.ndarray = field(repr=False)

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

        Values that differ by rounding alone are ties, and count in both tails.
        """
        slack = ROUNDING * max(1.0, abs(observed))
        above = int(np.count_nonzero(self.values >= observed - slack))
        below = int(np.count_nonzero(self.values <= observed + slack))
        return min(1.0, 2.0 * (min(above, below) + 1) / (len(self.values) + 1))

    def z(self, observed: float) -> float | None:
        """Return how many standard deviations the observation lies above the mean."""
        return (observed - self.mean) / self.sd if self.sd > 0 else None
