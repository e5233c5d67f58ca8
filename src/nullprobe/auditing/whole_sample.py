"""The whole sample: its moments and their eraser, each formed once and shared."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.erasers.leace import leace
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.measures.guardedness import largest_of
from nullprobe.moments import Moments


class Whole:
    """All rows of a representation, with their concept.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    """

    def __init__(self, X: np.ndarray, z: Concept) -> None:
        self.X, self.z = X, z

    @cached_property
    def moments(self) -> Moments:
        """Moments of all rows."""
        return Moments.summed(self.X, self.z)

    @cached_property
    def eraser(self) -> AffineEraser:
        """LEACE fitted to all rows."""
        return leace(self.moments)

    def left(self) -> float:
        """Return the largest canonical correlation with the concept after erasure, in sample."""
        return largest_of(Moments.summed(self.eraser.apply(self.X), self.z))
