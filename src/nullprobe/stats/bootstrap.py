"""Bootstrap weights: replicates draw whole groups, or rows within each class."""

from __future__ import annotations

import numpy as np

LEAST, MOST = 100, 1000  # replicates


def replicates(rows: int, *, drawn: float = 2e7) -> int:
    """Return the number of replicates: at most ``drawn`` weights in all, but at least 100."""
    return int(np.clip(drawn / rows, LEAST, MOST))


def resampled_weights(
    strata: np.ndarray | None,
    groups: np.ndarray | None,
    n: int,
    n_resamples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw bootstrap weights (n_resamples, n).

    Parameters
    ----------
    strata : ndarray of shape (n,) or None
        Class of each row. Rows are drawn within classes; with None, among all rows.
    groups : ndarray of shape (n,) or None
        Group of each row. With groups, whole groups are drawn and ``strata`` is not used.
    n, n_resamples : int
        Number of rows, and of replicates.
    rng : Generator
    """
    if groups is not None:
        names, member = np.unique(groups, return_inverse=True)
        counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n_resamples)
        return counts[:, member].astype(np.float64)
    each = (
        [np.arange(n)]
        if strata is None
        else [np.flatnonzero(strata == v) for v in np.unique(strata)]
    )
    weights = np.empty((n_resamples, n))
    for rows in each:
        weights[:, rows] = rng.multinomial(
            len(rows), np.full(len(rows), 1 / len(rows)), size=n_resamples
        )
    return weights
