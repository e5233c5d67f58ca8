"""Rereading: what is read of the data, read of surrogates in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parallel import one_blas_thread
from nullprobe.auditing.removals import Removals
from nullprobe.heldout.nonlinear_family import Family
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls.surrogate import Surrogate


@dataclass(frozen=True, eq=False)
class Rereading:
    """Reads any representation of the same rows as the data were read; it can be sent to others.

    Attributes
    ----------
    removals : Removals
        Concept, partitions and the statistic, besides the curve.
    names : sequence of str
        Claims that are asked for.
    seed, number : int
        Of the searches, and of the representation among several.
    """

    removals: Removals
    names: Sequence[str]
    seed: int
    number: int

    @property
    def asis(self) -> np.ndarray:
        """The one labelling that is not permuted, (n, 1)."""
        return np.arange(len(self.removals.data.z))[:, None]

    def three(self, X: np.ndarray) -> ThreeWay:
        """Split and factor a representation (n, d)."""
        return ThreeWay(X, self.removals.data.z, self.removals.data.partition)

    def shifted(self, source: Surrogate, noise: np.ndarray) -> np.ndarray:
        """Return what is read, before erasure, of noise that has the means of a source, (1,)."""
        return self.three(source.shifted(noise)).read(self.asis)[0]

    def surrogate(self, source: Surrogate, i: int) -> dict[str, np.ndarray]:
        """Draw surrogate i, and return all that is read of it, by name."""
        with one_blas_thread:
            X = source.draw(np.random.default_rng([self.seed, 4, i, self.number]))
            data = self.three(X)
            raw, erased = data.read(self.asis)
            found = {"raw": raw[0], "erased": erased[0]}
            if "no_halfspace" in self.names:
                found["halfspace"] = data.halfspace(self.asis, self.seed)[0]
            if "gone" in self.names:
                found["family"] = Family(data, self.seed).read(self.asis)[0]
            if "one_feature" in self.names:
                found["curve"] = self.removals.readings(X)
        return found
