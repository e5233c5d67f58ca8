"""Contained: whether a representation X is a linear function of a baseline B of the same rows.

If so, X adds nothing to B about any concept. A comparison of two probes with few rows cannot show
this.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg

ALL = 1.0 - 1e-6  # share of the variance of X; the rest is rounding
WIDER = 2  # X may lie in this many principal axes of B per feature of X


def is_contained(X: np.ndarray, B: np.ndarray) -> bool:
    """Return whether rows of B (n, d') determine rows of X (n, d) linearly, up to rounding.

    The function is fitted to half of the rows and scored on the other half. If there are too few
    rows, X counts as contained if its features are features or principal components of B.
    """
    X, centred, B = _standardised(X), B - B.mean(axis=0, dtype=np.float64), _standardised(B)
    n, d = X.shape
    if not d or not B.shape[1]:
        return False
    half = n // 2
    if half > 2 * B.shape[1]:
        function = np.linalg.lstsq(B[::2], X[::2], rcond=None)[0]
        left, whole = X[1::2] - B[1::2] @ function, X[1::2]
        return bool((left**2).sum() <= (1.0 - ALL) * (whole**2).sum())
    if (np.abs(X.T @ B).max(axis=1) / n >= ALL).all():
        return True
    if 2 * WIDER * d > n:
        return False  # so many axes contain any X
    # Principal axes of the features in their units, and of standardised features.
    bases = (np.linalg.svd(A, full_matrices=False)[0][:, : WIDER * d] for A in (centred, B))
    return any(((axes.T @ X) ** 2).sum() >= ALL * (X**2).sum() for axes in bases)


def _standardised(X: np.ndarray) -> np.ndarray:
    """Return the features that vary, with mean 0 and variance 1."""
    X = X - X.mean(axis=0, dtype=np.float64)
    scale = X.std(axis=0)
    return (X * linalg.reciprocal(scale))[:, scale > 0]
