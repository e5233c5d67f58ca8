"""Sign flips: the shape of the noise up to its sign, on class means that read as the data do.

A residual and its opposite are equally likely where noise is symmetric. Flipped, a row or a group
of rows keeps all that is unusual about it (heavy tails, a radius, an outlier, a rare feature, how
rows of a group depend on each other); what is broken is odd structure, such as skewness, and
whatever of the shape goes with the class by its sign.

Reference. Residual randomisation: D. Freedman, D. Lane, "A nonstochastic interpretation of
reported significance levels", 1983; A. Winkler et al., "Permutation inference for the general
linear model", 2014; sign flips of scores: J. Hemerik, J. Goeman, L. Finos, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.nulls.matching import MatchedAction


@dataclass(frozen=True, eq=False)
class SignFlips(MatchedAction):
    """A random sign for the residual of each row, or of all rows of a group.

    Kept are class means (matched), covariances and the size of every residual; broken is odd
    structure. Asymptotic: residuals and their opposites equally likely, class sizes well above 1.
    """

    @property
    def description(self) -> str:
        """What is done, in words."""
        return "signs of residuals flipped, on matched class means; everything rerun"

    def acted(self, rng: np.random.Generator) -> np.ndarray:
        """Return the residuals (n, d) with random signs."""
        unit = self.residuals.unit
        signs = rng.choice(np.array([-1.0, 1.0], dtype=self.rest.dtype), size=unit.max() + 1)
        return self.rest * signs[unit][:, None]
