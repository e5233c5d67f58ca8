"""Guardedness: the largest canonical correlation between X and Z.

If it is zero, no affine predictor of Z beats the best constant on this sample, under any convex
loss (Belrose et al. 2023, arXiv 2306.03819, Theorem 3.1). Canonical correlations have no units, so
a rescaling of X or Z does not change them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core.arrays import Array
from nullprobe.moments import Moments


def canonical_correlations(moments: Moments) -> np.ndarray:
    """Return the canonical correlations (r,) between X and Z, largest first; r is the rank of C.

    Correlations that are no larger than rounding errors are left out.

    Notes
    -----
    Their squares are the eigenvalues of Σzz⁺ Cᵀ Σ⁺ C. For two classes with share p and Mahalanobis
    gap D, ρ² = p(1−p)D² / (1 + p(1−p)D²).

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> canonical_correlations(Moments.of(X, y)).round(3).tolist()
    [0.905]
    """
    B = moments.concept_basis().correlation
    if not B.shape[1]:
        return np.zeros(0)
    squares = np.linalg.eigvalsh(B.T @ moments.factor().solve(B))[::-1]
    return np.sqrt(np.clip(squares, 0.0, 1.0))


def largest_correlation(X: Array, y: Any, *, sample_weight: Any = None) -> float:
    """Return the largest canonical correlation between X (n, d) and the concept y.

    It is 0 if no correlation is larger than rounding errors.

    Examples
    --------
    >>> import numpy as np
    >>> round(largest_correlation(np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 0, 1, 1]), 12)
    1.0
    """
    return largest_of(Moments.of(X, y, sample_weight=sample_weight))


def largest_of(moments: Moments) -> float:
    """Return the largest canonical correlation of these moments; 0 if there are no correlations."""
    return float(canonical_correlations(moments).max(initial=0.0))
