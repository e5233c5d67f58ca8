"""Contained: whether a representation is a linear function of another one of the same rows.

What X says of a concept is then no news to whoever has the other one, however well or badly a probe
of few rows reads either.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg

ALL = 1.0 - 1e-6  # of the variance of X: what is left is rounding
WIDER = 2  # times the features of X: principal axes of the other one that X may lie in


def is_contained(X: np.ndarray, B: np.ndarray) -> bool:
    """Return whether rows of B (n, d') determine those of X (n, d) linearly, but for rounding.

    The function is fitted to half of the rows and asked about the others. Where rows are too few
    for that, X counts as contained if its features are features of B, or its principal components.
    """
    X, own, B = _standardised(X), B - B.mean(axis=0, dtype=np.float64), _standardised(B)
    n, d = X.shape
    if not d or not B.shape[1]:
        return False
    half = n // 2
    if half > 2 * B.shape[1]:
        function = np.linalg.lstsq(B[::2], X[::2], rcond=None)[0]
        left, there = X[1::2] - B[1::2] @ function, X[1::2]
        return bool((left**2).sum() <= (1.0 - ALL) * (there**2).sum())
    if (np.abs(X.T @ B).max(axis=1) / n >= ALL).all():
        return True
    if 2 * WIDER * d > n:
        return False  # as many axes as that hold anything
    # Components in the units of the features, or of features of variance 1.
    each = (np.linalg.svd(one, full_matrices=False)[0][:, : WIDER * d] for one in (own, B))
    return any(((axes.T @ X) ** 2).sum() >= ALL * (X**2).sum() for axes in each)


def _standardised(X: np.ndarray) -> np.ndarray:
    """Return the features that vary, centred and of variance 1."""
    X = X - X.mean(axis=0, dtype=np.float64)
    scale = X.std(axis=0)
    return (X * linalg.reciprocal(scale))[:, scale > 0]
