"""Sign flips: the shape of the noise up to its sign, on class means that read as the data do.

A residual and its opposite are equally likely where noise is symmetric. Flipped, a row or a group
of rows keeps all that is unusual about it (heavy tails, a radius, an outlier, a rare feature, how
rows of a group depend on each other); what is broken is odd structure, such as skewness, and
whatever of the shape goes with the class by its sign.

Class means are estimated, so that residuals are too short by √(1 − h), h the share of the mean that
a unit makes up: they are brought to full size and not centred again, on means that are matched
(`matching`).

Reference. Residual randomisation: D. Freedman, D. Lane, "A nonstochastic interpretation of
reported significance levels", 1983; A. Winkler et al., "Permutation inference for the general
linear model", 2014; sign flips of scores: J. Hemerik, J. Goeman, L. Finos, 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nullprobe.moments import Moments
from nullprobe.nulls.action import Action
from nullprobe.nulls.matching import PILOTS, matched_scale, unbiased_slopes
from nullprobe.nulls.residuals import Residuals

LEAST_UNITS = 10  # of a class: fewer leave too few signs, and their mean holds much of each


@dataclass(frozen=True, eq=False)
class SignFlips(Action):
    """A random sign for the residual of each row, or of all rows of a group.

    Kept are class means (matched), covariances and the size of every residual; broken is odd
    structure. Asymptotic: residuals and their opposites equally likely, class sizes well above 1.
    """

    residuals: Residuals
    rest: np.ndarray  # (n, d), at full size
    slopes: np.ndarray  # (q, d), of the matched means
    scale: float = 1.0

    description = "signs of residuals flipped, on matched class means; everything rerun"

    @classmethod
    def of(cls, residuals: Residuals, moments: Moments, seed: tuple[int, ...]) -> SignFlips | str:
        """Return flips of residuals on means of unbiased size, or why there are none."""
        units = residuals.units_in_class()
        if units < LEAST_UNITS:
            what = "groups" if residuals.is_grouped else "rows"
            return f"a class has {units} {what}, and {LEAST_UNITS} are needed"
        full = residuals.rest / np.sqrt(1.0 - residuals.share)[:, None]
        slopes = unbiased_slopes(residuals, moments)
        scale, slopes = (0.0, residuals.slopes) if slopes is None else (1.0, slopes)
        return cls(seed, residuals, full.astype(residuals.dtype, copy=False), slopes, scale)

    def matched(
        self,
        read: Callable[[list[np.ndarray]], np.ndarray],
        observed: float,
        chance: float,
        noise: float,
    ) -> SignFlips:
        """Return these flips, on means with which they read as the data do.

        Parameters
        ----------
        read : callable
            Takes several representations (n, d), and returns the raw reading of each.
        observed, chance, noise : float
            Raw reading of the data, and mean and standard deviation of that of permuted labels.
        """
        pilots = [self._flipped(np.random.default_rng([*self.seed, 1, i])) for i in range(PILOTS)]

        def reading(scale: float) -> np.ndarray:
            fitted = self.residuals.fitted(scale, self.slopes)
            return read([(fitted + rest).astype(rest.dtype, copy=False) for rest in pilots])

        return replace(self, scale=matched_scale(reading, observed, chance, noise))

    def draw(self, k: int) -> np.ndarray:
        """Return draw k of the rows, (n, d)."""
        rest = self._flipped(self.rng(k))
        rest += self.residuals.fitted(self.scale, self.slopes)
        return rest

    def rng(self, k: int) -> np.random.Generator:
        """Return the generator of draw k, another than those of the pilots."""
        return np.random.default_rng([*self.seed, 0, k])

    def _flipped(self, rng: np.random.Generator) -> np.ndarray:
        unit = self.residuals.unit
        signs = rng.choice(np.array([-1.0, 1.0], dtype=self.rest.dtype), size=unit.max() + 1)
        return self.rest * signs[unit][:, None]
