"""Rows: X, its concept and its weights, validated together in `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import arrays, sparse_rows, validation
from nullprobe.data.concept import Concept, concept, single


def weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Return sample weights (n,) as float64, or None if there are no weights."""
    if sample_weight is None:
        return None
    sample_weight = validation.unmasked(arrays.stacked(sample_weight), "sample_weight")
    try:
        w = arrays.host(sample_weight)
    except (TypeError, ValueError) as error:
        validation.complain("sample weights must be numbers", f"they are not ({error})")
    if w.ndim == 0:
        w = np.full(n, float(w))
    if w.shape != (n,):
        validation.complain(
            f"sample_weight must have shape ({n},)",
            f"it has shape {w.shape}",
            "pass one weight for each row of X",
        )
    if not np.isfinite(w).all() or (w < 0).any():
        validation.complain(
            "sample weights must be finite and not negative",
            f"the smallest is {w.min():g}, and "
            f"{validation.counted(int((~np.isfinite(w)).sum()), 'is', 'are')} not finite",
            "to leave out a row, set its weight to 0",
        )
    if not w.any():
        validation.complain(
            "at least one sample weight must be above zero",
            "all are zero (sum of weights is zero)",
        )
    return w


def rows(  # noqa: PLR0913  what `fit` takes, and how
    X: Any,
    y: Any,
    sample_weight: Any,
    *,
    one: bool = False,
    kind: str | None = None,
    like: Any = None,
    sparse: bool = False,
) -> tuple[Any, Concept, np.ndarray | None]:
    """Return X, the concept and the weights.

    ``one`` allows only one column of labels, and ``sparse`` allows sparse X, which becomes CSR.
    """
    matrix = (sparse_rows if sparse else validation).representation(X)
    n = matrix.shape[0]
    z = (single if one else concept)(y, n=n, kind=kind, like=like)
    return matrix, z, weights(sample_weight, n)
