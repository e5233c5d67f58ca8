"""What erasing changes at a site: its observation and intervals, next to random subspaces."""

from __future__ import annotations

import numpy as np

from nullprobe._core.caller_warnings import warn
from nullprobe.claims import Observation, Use
from nullprobe.claims.observation import Neutral
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.stats.null_distribution import Null

N_RESAMPLES, LEAST_TEXTS, LEAST_GROUPS = 1000, 10, 5
DRAWN = "random subspaces of the same rank that remove as much variance at this site"


def resampling_weights(
    z: Concept, halves: Parts, scored: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Return bootstrap weights (B, m) of the scored texts; None if there are too few."""
    rows = halves.rows(scored)
    codes = z.take(rows).codes
    groups = None if halves.groups is None else halves.groups[rows]
    count, least, what = len(rows), LEAST_TEXTS, "texts"
    if groups is not None:
        count, least, what = len(np.unique(groups)), LEAST_GROUPS, "groups of texts"
    few = count < least
    if few:
        warn(
            f"the half that is scored has {count} {what}, and an interval needs {least}: the "
            "verdict will be unclear"
        )
    return None if few else resampled_weights(codes, groups, len(rows), N_RESAMPLES, rng)


def use_of(
    before: np.ndarray,
    changes: np.ndarray,
    unit: str,
    weights: np.ndarray | None,
    divergence: Neutral | None,
) -> Use:
    """Return the use of a site from changes (1 + m, n), the eraser's changes first."""
    erased, random = changes[0], changes[1:]

    def observed(values: np.ndarray) -> Observation:
        if weights is None:
            return Observation(float(values.mean()), unit, 0.0, np.full(N_RESAMPLES, np.nan))
        means = weights @ values / weights.sum(axis=1)
        return Observation(float(values.mean()), unit, 0.0, means)

    return Use(
        float(before.mean()),
        observed(erased),
        Null("random_subspaces", DRAWN, random.mean(axis=1)),
        observed(erased - random.mean(axis=0)),
        divergence,
    )
