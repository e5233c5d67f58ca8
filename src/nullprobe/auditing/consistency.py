"""Consistency: which label CCS follows on held-out contrast pairs, against simpler directions."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np

from nullprobe.claims import Followed, Observation
from nullprobe.heldout.pair_agreement import PERMUTED, HeldOut
from nullprobe.probes.pairs.ccs import CCS
from nullprobe.probes.pairs.crc import CRC
from nullprobe.stats.bootstrap import replicates, resampled_weights
from nullprobe.stats.null_distribution import Null

UNIT, CHANCE = "share of held-out pairs", 0.5
DRAWN = "directions drawn at random in units of the standard deviations, signs chosen anew"


def followed(
    held_out: HeldOut,
    y: np.ndarray,
    others: Mapping[str, np.ndarray],
    *,
    n_permutations: int,
    n_random: int,
) -> tuple[Followed, Null]:
    """Fit CCS to pairs without labels, and measure which label it agrees with.

    Parameters
    ----------
    held_out : HeldOut
        n pairs.
    y : ndarray of shape (n,)
        1 where the positive side is the true one.
    others : mapping of str to ndarray of shape (n,)
        Other labels of the pairs, 0 or 1.
    n_permutations, n_random : int
        Permutations of each label, and random directions.

    Returns
    -------
    found : Followed
    chance : Null
        Agreement of CCS with permuted labels.
    """
    n, seed = len(y), held_out.seed
    rng = np.random.default_rng([seed, 11])
    weights = resampled_weights(None, None, n, replicates(n), rng) / n
    signs = 2.0 * y - 1.0

    def observed(right: np.ndarray) -> Observation:
        return Observation(float(right.mean()), UNIT, CHANCE, weights @ right, n)

    def null(read: list[np.ndarray], signs: np.ndarray, n_draws: int) -> Null:
        return Null("chance", PERMUTED, held_out.permuted(read, signs, n_draws), upper=True)

    def agreement(read: list[np.ndarray], signs: np.ndarray) -> Observation:
        return observed(held_out.right(read, signs[:, None])[:, 0])

    read = held_out.read(CCS(random_state=seed))
    (random,) = held_out.at_random([signs], n_random)
    turned = {name: 2.0 * z - 1.0 for name, z in others.items()}
    # Each other label is judged at α divided by their number; p-values must be able to reach that.
    n_each = max(n_permutations, ceil(len(others) * (n_permutations + 1) / 2) - 1)
    result = Followed(
        agreement(read, signs),
        Null("random_directions", DRAWN, random, upper=True),
        agreement(held_out.read(CRC()), signs),
        {name: (agreement(read, s), null(read, s, n_each)) for name, s in turned.items()},
        observed(held_out.supervised(y)),
    )
    return result, null(read, signs, n_permutations)
