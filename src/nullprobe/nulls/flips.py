"""Sign flips: residuals with random signs, on class means that are as readable as the data.

If noise is symmetric, a residual and its opposite are equally likely. A flip keeps heavy tails, the
radius of a row, outliers, rare features and the dependence within a group. It breaks odd structure,
such as skewness, and any relation of the class to the sign of a residual.

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

    It keeps class means (matched), covariances and the size of every residual. It breaks odd
    structure. It is valid asymptotically if residuals and their opposites are equally likely and
    classes have many rows.

    Examples
    --------
    The draws keep the size of every residual:

    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.moments import Moments
    >>> from nullprobe.nulls.residuals import Residuals
    >>> y = np.arange(60) % 2
    >>> X = np.random.default_rng(0).normal(size=(60, 3)) + y[:, None]
    >>> z = concept(y)
    >>> moments = Moments.of(X, z)
    >>> flips = SignFlips.of(Residuals.of(X, z, moments, None), moments, seed=(0,))
    >>> np.allclose(np.abs(flips.acted(flips.rng(0))), np.abs(flips.rest))
    True
    """

    @property
    def description(self) -> str:
        """What the action does, in words."""
        return "signs of residuals flipped, on matched class means; everything rerun"

    def acted(self, rng: np.random.Generator) -> np.ndarray:
        """Return the residuals (n, d) with random signs."""
        unit = self.residuals.unit
        signs = rng.choice(np.array([-1.0, 1.0], dtype=self.rest.dtype), size=unit.max() + 1)
        return self.rest * signs[unit][:, None]
