"""Quarters: numbers divided into four classes of about equal size."""

from __future__ import annotations

import numpy as np

from nullprobe.data.concept import Concept


def quarters(values: np.ndarray) -> np.ndarray:
    """Return the quarter of each number, 0 to 3, (n,); equal numbers are in the same quarter.

    Examples
    --------
    >>> quarters(np.array([5.0, 1.0, 9.0, 7.0, 3.0, 3.0, 8.0, 2.0])).tolist()
    [2, 0, 3, 2, 1, 1, 3, 0]
    """
    return np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values)


def quarters_of(z: Concept) -> np.ndarray:
    """Return the quarter of each row (n,) along the direction in which numbers vary most."""
    centred = z.data - z.data.mean(axis=0)
    spread = centred.std(axis=0)
    centred *= np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    along = np.linalg.svd(centred, full_matrices=False)[2][0]
    return np.unique(quarters(centred @ along), return_inverse=True)[1]
