"""Sparse run: measurements of sparse rows that do not make them dense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.auditing.measurement import Run
from nullprobe.data.concept import Concept
from nullprobe.moments.sparse_moments import sparse_moments
from nullprobe.nulls.action import Action
from nullprobe.stats.null_distribution import Null

CLAIMS = ("readable", "few_features")  # that need no eraser and no dense draws
DENSE_DRAWS = "the rows are sparse, and draws of them would be dense"
NEEDS_DENSE = "the rows are sparse, and this claim needs an eraser or draws, which are dense"


class SparseRun(Run):
    """One sparse representation and concept; nothing is erased, and no rows are drawn."""

    def action(self, explanation: str, key: str) -> Action | str:
        """Return why no rows are drawn."""
        return DENSE_DRAWS

    def algebra(self) -> tuple[float, Null]:
        """Return nothing: no eraser is fitted to the whole sample."""
        return float("nan"), Null("linear_algebra", DENSE_DRAWS, np.zeros(0))

    @property
    def how(self) -> dict[str, str]:
        """The probe in words; nothing is erased."""
        return super().how | {"eraser": "none, since the rows are sparse"}

    def _shrinkage(self, each: Sequence[np.ndarray]) -> list[float]:
        sparse: Any = self.X
        parts = (sparse_moments(sparse[rows], [self.z.take(rows)])[0] for rows in each)
        return [one.oracle_shrinkage() for one in parts]


def left_out(z: Concept, *, grouped: bool) -> dict[str, str]:
    """Return the claims that dense rows could be judged on, with the reason."""
    names = ["dependent", "one_direction", "erasure_holds", "one_feature", "gone"]
    names += ["no_halfspace"] * z.is_classes + ["transfers"] * grouped
    return dict.fromkeys(names, NEEDS_DENSE)


def check_sparse(claims: Sequence[str] | None, *, eraser: object = None) -> None:
    """Complain about claims that sparse rows cannot be judged on, and about an eraser."""
    other = next((name for name in claims or () if name not in CLAIMS), None)
    if other is None and eraser is None:
        return
    what = "eraser=" if other is None else f"the claim {other!r}"
    validation.complain(
        f"{what} needs dense rows: subtracting a mean or projecting makes every zero non-zero",
        "a sparse X arrived",
        f"sparse rows can be judged on {' and '.join(map(repr, CLAIMS))}; or pass X.toarray() if "
        "it fits the memory",
    )
