"""Choice: the few layers that costly claims are judged at, on texts that are not used again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nullprobe._core.random_state import integer_seed
from nullprobe.auditing.entry import audit
from nullprobe.auditing.layers import Layers
from nullprobe.data.concept import Concept
from nullprobe.data.splits import split

PARTS = 5  # one of them chooses
DISTANCE = 6  # chosen layers are at least this part of all layers apart, if the model has so many
STREAM = 31


def texts_that_choose(z: Concept, groups: np.ndarray | None, seed: int) -> np.ndarray:
    """Return which rows (n,) choose: a fifth of the groups, or of the rows."""
    rng = np.random.default_rng([seed, STREAM])
    parts = split(z, groups=groups, n_parts=PARTS, rng=rng)
    return np.isin(np.arange(len(z)), parts.rows(0))


def layers_read_best(
    states: Mapping[str, np.ndarray], z: Concept, groups: np.ndarray | None, count: int, seed: int
) -> dict[str, float]:
    """Return the layers that a probe reads best in these rows, in their order, with the readings.

    Parameters
    ----------
    states : mapping of str to ndarray of shape (m, d)
        The rows that choose.
    z : Concept
    groups : ndarray of shape (m,) or None
    count : int
    seed : int

    Raises
    ------
    InputError
        If the rows are too few to be split.
    """
    result = audit(
        states,
        z,
        groups=groups,
        claims=["readable"],
        depth="quick",
        draws=39,
        independent=True,
        random_state=integer_seed(seed),
    )
    assert isinstance(result, Layers), "a mapping was audited"
    read = {site: result[site]["readable"].observed for site in states}
    sites, distance = list(states), max(1, len(states) // DISTANCE)
    chosen: list[int] = []
    for i in sorted(range(len(sites)), key=lambda i: -read[sites[i]]):
        if len(chosen) < count and all(abs(i - j) >= distance for j in chosen):
            chosen.append(i)
    return {sites[i]: read[sites[i]] for i in sorted(chosen)}
