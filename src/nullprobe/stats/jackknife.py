"""Delete-block jackknife: how much the fits add to the variance of a held-out reading.

Problem. A bootstrap of scored rows keeps the fitted probes. Another sample would give other probes,
and other readings of the same rows.

Solution. The rows of each stratum are dealt into J blocks. Reading M_jk is by probes fitted
without block j, and scored on rows without block k. With a_j and b_k the deviations of its rows and
columns from their mean, and c_jk what remains of it, fits add

    (J − 1)/J Σ_j (a_j a_jᵀ + a_j b_jᵀ + b_j a_jᵀ) − ((J − 1)/J)² Σ_jk c_jk c_jkᵀ

to the covariance of the bootstrap. a_j b_jᵀ is there because each row is fitted and scored in turn.
The last term is the variance that fits and scored rows have together: the bootstrap contains it
once, and a_j a_jᵀ would add it again.

Reference. B. Efron and C. Stein, "The jackknife estimate of variance", 1981: a jackknife counts
what two observations have together twice.
"""

from __future__ import annotations

import numpy as np

N_BLOCKS = 20


def dealt_blocks(strata: np.ndarray, n_blocks: int, rng: np.random.Generator) -> np.ndarray:
    """Return the block (n,) of each row; blocks share the rows of each stratum evenly.

    Rows of a stratum of at most ``n_blocks`` rows are in separate blocks.
    """
    blocks = np.empty(len(strata), dtype=int)
    for stratum in np.unique(strata):
        rows = rng.permutation(np.flatnonzero(strata == stratum))
        blocks[rows] = rng.permutation(n_blocks)[np.arange(len(rows)) % n_blocks]
    return blocks


def added_by_fits(readings: np.ndarray) -> np.ndarray:
    """Return the covariance (q, q) that fits add to q readings; no eigenvalue is below 0.

    Parameters
    ----------
    readings : ndarray of shape (J, J, q)
        Entry (j, k): fitted without block j, scored without block k.
    """
    J = len(readings)
    share = (J - 1) / J
    centred: np.ndarray = readings - readings.mean(axis=(0, 1))
    fits, scored = centred.mean(axis=1), centred.mean(axis=0)
    both = (centred - fits[:, None] - scored).reshape(J * J, -1)
    cross = fits.T @ scored
    added: np.ndarray = share * (fits.T @ fits + cross + cross.T) - share**2 * (both.T @ both)
    if not np.isfinite(added).all():
        return np.full((both.shape[1], both.shape[1]), np.nan)
    values, axes = np.linalg.eigh(added)
    positive: np.ndarray = (axes * np.maximum(values, 0.0)) @ axes.T
    return positive


def widened(
    replicates: np.ndarray, added: np.ndarray, freedom: int, rng: np.random.Generator
) -> np.ndarray:
    """Return replicates (B, q) plus draws from Student's t with the covariance (q, q) added.

    NaN if the covariance is not known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drawn = widened(rng.normal(size=(1000, 1)), np.array([[3.0]]), 19, rng)
    >>> bool(1.8 < drawn.std() < 2.3)
    True
    """
    if not np.isfinite(added).all():
        return np.full(replicates.shape, np.nan)
    values, axes = np.linalg.eigh(added)
    root = axes * np.sqrt(np.maximum(values, 0.0))
    scale = np.sqrt(freedom / rng.chisquare(freedom, size=(len(replicates), 1)))
    return replicates + scale * rng.standard_normal(replicates.shape) @ root.T
