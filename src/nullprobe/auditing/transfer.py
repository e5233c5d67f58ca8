"""Transfer: readings within and across groups, with their intervals and nulls.

`heldout.transfer` reads, `nulls.subspace` draws, and the claim `transfers` judges the result.
Labels are permuted within each part of each group. Random subspaces are matched to what an eraser
removes from the part that it is fitted to: as many directions, and as much variance of the
standardised features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nullprobe.claims.observation import Carried, Observation
from nullprobe.heldout.transfer import Carry, diagonal, in_units, off_diagonal
from nullprobe.nulls.subspace import random_subspaces
from nullprobe.stats.jackknife import N_BLOCKS, added_by_fits, dealt_blocks, widened
from nullprobe.stats.null_distribution import Null

PERMUTED = "labels permuted within each part of each group; everything rerun"
DRAWN = "random subspaces that remove as much variance in as many directions; probes fitted afresh"
DRAWS = 99


def chance(read: np.ndarray) -> dict[str, Null]:
    """Return the nulls of the claim `transfers`, from readings (m, G, G) of permuted labels.

    Returns
    -------
    mapping of str to Null
        "within", "across" and "gap": the reading within groups minus the reading across them.
    """
    within, across = diagonal(read), off_diagonal(read)
    draws = {"within": within, "across": across, "gap": within - across}
    return {name: Null("chance", PERMUTED, values) for name, values in draws.items()}


def carried(
    X: np.ndarray,
    carry: Carry,
    names: Sequence[str],
    *,
    n_resamples: int,
    rng: np.random.Generator,
    n_draws: int = DRAWS,
) -> Carried:
    """Return the readings within and across groups, with intervals and random subspaces.

    Intervals include the variation of the fits: a loss is judged, not these probes (`jackknife`).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    carry : Carry
        Of the same rows.
    names : sequence of str
        Names of the groups, by code.
    n_resamples : int
        Bootstrap replicates.
    rng : Generator
    n_draws : int
        Number of random subspaces, at least 39: with fewer, a two-sided p-value cannot reach .05.
    """
    read, erased = (m[0] for m in carry.read(np.arange(len(carry.z))[:, None]))
    blocks = dealt_blocks(_strata(carry), N_BLOCKS, rng)
    replicates = zip(carry.resampled(n_resamples, rng), carry.without(X, blocks), strict=True)
    each = [
        widened(_means(resampled), added_by_fits(_means(without)), N_BLOCKS - 1, rng)
        for resampled, without in replicates
    ]
    values = np.concatenate([_means(read), _means(erased)])
    metric = carry.z.metric
    within, across, left_within, left_across = (
        # No statistic here exceeds 1.
        Observation.of(value, metric, np.minimum(resampled, 1.0))
        for value, resampled in zip(values, np.hstack(each).T, strict=True)
    )
    random = Null("random_subspaces", DRAWN, off_diagonal(_at_random(carry, n_draws, rng)))
    return Carried(tuple(names), read, erased, within, across, left_within, left_across, random)


def _means(matrices: np.ndarray) -> np.ndarray:
    """Return the means (..., 2) on the diagonal and off it, of matrices (..., G, G)."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    means = np.stack([diagonal(flat), off_diagonal(flat)], axis=-1)
    return means.reshape(*matrices.shape[:-2], 2)


def _strata(carry: Carry) -> np.ndarray:
    """Return the class, part and group of each row as one code (n,)."""
    strata, codes = carry.strata.part, carry.z.codes
    return strata if codes is None else strata * carry.z.n_columns + codes


def _at_random(carry: Carry, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return readings (m, G, G) after random subspaces in place of the erasers' subspaces."""
    drawn = {}
    for g in range(carry.n_groups):
        for j in range(carry.partition.n_parts):
            part, basis = carry.removed(g, j)
            X = part.X * part.inverse.astype(part.X.dtype)
            drawn[g, j] = in_units(
                part,
                random_subspaces(
                    X,
                    rank=basis.shape[1],
                    removed=float(np.square(X @ basis).sum() / len(X)),
                    n_draws=n_draws,
                    rng=rng,
                ),
            )
    return carry.left(lambda g, j: drawn[g, j], n_draws)
