"""Held-out scores without an eraser: a probe on P, and scores on S.

Erasing would make sparse rows dense, and of baselines only the readings before erasure are needed.
The parts are those of `three_way`, so that scores before erasure are the same. Readings after
erasure repeat those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.three_way import ThreeWay

# Values of a matrix that is small either way (8 MB): its rows are read as dense ones. Many sparse
# rows are equal, and the rounding of a dense product decides such ties of scores.
SMALL = 1 << 20


class Unerased(ThreeWay):
    """Rows in parts, factored, to score any labelling; nothing is erased."""

    def __init__(self, X: Any, z: Concept, parts: Parts) -> None:
        super().__init__(X, z, parts, erases=False)

    def _averaged(
        self, order: np.ndarray, statistic: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        every = []
        for Z in self.batches(order):
            values = [
                statistic(raw, Z[S.rows].transpose(1, 2, 0)) for (raw, _), S in self._scored(Z)
            ]
            every.append(np.mean(values, axis=0))
        joined = np.concatenate(every, axis=-1)
        return joined, joined

    def _scored(self, Z: np.ndarray) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], Part]]:
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        for _, p, s in self.partition.roles():
            P, S = self.parts[p], self.parts[s]
            W = P.solve(P.cross(flat))
            level = flat[P.rows].mean(axis=0) if self.z.codes is None else 0.0
            raw = (P.scores(S, W) + level).T.reshape(m, k, len(S.rows))
            yield (raw, raw), S


def three_way(
    X: Any, z: Concept, parts: Parts, erases: bool = True, *, raw_only: bool = False
) -> ThreeWay:
    """Return a dense or sparse representation (n, d) in parts, factored.

    ``raw_only`` saves the readings after erasure where nobody needs them.
    """
    if validation.is_sparse(X):
        if X.shape[0] * X.shape[1] > SMALL:
            return Unerased(X, z, parts)
        X, erases = X.toarray(), False
    return Unerased(X, z, parts) if raw_only else ThreeWay(X, z, parts, erases)
