"""Draws from rows of probabilities."""

from __future__ import annotations

import numpy as np


def drawn(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one index from each row of probabilities (..., k); the result has shape (...).

    Examples
    --------
    >>> drawn(np.array([[0.0, 1.0], [1.0, 0.0]]), np.random.default_rng(0))
    array([1, 0])
    """
    edges = p.cumsum(axis=-1)
    edges /= edges[..., -1:]  # exactly 1, so that no number below 1 reaches an impossible word
    return (rng.random(p.shape[:-1])[..., None] >= edges).sum(axis=-1)
