"""Worlds with groups, in which the concept has one direction, or a different one in each group.

Group means differ by more than class means, as with languages or topics: a nuisance that is
unrelated to the concept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain
from nullprobe.worlds.world import World, frame, labels, normal_cdf, size


def shared(
    *,
    n: int = 2000,
    d: int = 32,
    n_groups: int = 4,
    gap: float = 2.0,
    group_distance: float = 3.0,
    random_state: RandomState = 0,
) -> World:
    """Draw groups in which the same direction distinguishes two classes.

    Parameters
    ----------
    n : int
        Number of rows; sizes of groups, and of the classes of a group, differ by at most one.
    d : int
        Number of columns.
    n_groups : int
        Number G of groups, at least 2.
    gap : float
        Distance D of the class means in every group, which is also the Mahalanobis distance.
    group_distance : float
        Root mean square distance of two group means.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With ``groups`` (n,), codes from 0, and one direction.

    Notes
    -----
    Within each group, the AUC along the true direction is Φ(D / √2). Projecting out the true
    direction, from whichever group it was estimated, removes the concept in all groups.

    Examples
    --------
    >>> world = shared(n=100, d=8)
    >>> np.bincount(world.groups).tolist(), world.truth["transfers"]
    ([25, 25, 25, 25], 'yes')
    """
    return _grouped(
        "shared", n, d, n_groups, {"gap": gap, "group_distance": group_distance}, random_state
    )


def rotating(
    *,
    n: int = 2000,
    d: int = 32,
    n_groups: int = 4,
    gap: float = 2.0,
    group_distance: float = 3.0,
    random_state: RandomState = 0,
) -> World:
    """Draw groups whose classes differ along orthogonal directions, one direction per group.

    Parameters
    ----------
    n, n_groups, gap, group_distance, random_state
        As for :func:`shared`.
    d : int
        Number of columns, at least ``n_groups``.

    Returns
    -------
    World
        With ``groups`` (n,), codes from 0, and G orthonormal ``directions``, one per group.

    Notes
    -----
    Along the direction of a group, the AUC is Φ(D / √2) in this group and ½ in all others. An
    eraser of this direction removes the concept in this group and nothing in the others.

    Over all groups, class means differ by D/G along each of the G directions. A single probe for
    all groups is therefore weak, and a single eraser removes little.

    Examples
    --------
    >>> world = rotating(n=100, d=8)
    >>> world.directions.shape, world.truth["transfers"]
    ((4, 8), 'no')
    """
    return _grouped(
        "rotating", n, d, n_groups, {"gap": gap, "group_distance": group_distance}, random_state
    )


def _grouped(
    name: str,
    n: int,
    d: int,
    n_groups: int,
    distances: Mapping[str, float],
    random_state: RandomState,
) -> World:
    n_groups = whole_number("n_groups", n_groups, least=2)
    n, d = size(n, d, least=(2 * n_groups, 1))
    gap, group_distance = (
        real_number(k, distances[k], least=0.0) for k in ("gap", "group_distance")
    )
    one = name == "shared"
    r = 1 if one else n_groups
    if r > d:
        complain(
            f"each of the {n_groups} groups needs a different direction",
            f"there are only d={d} columns",
            "pass more columns or fewer groups",
        )
    rng = generator(random_state)
    groups = rng.permutation(np.arange(n) % n_groups)
    y = np.empty(n, dtype=int)
    for g in range(n_groups):
        rows = np.flatnonzero(groups == g)
        y[rows] = labels(rng, len(rows) // 2, len(rows) - len(rows) // 2)
    directions = frame(rng, r, d)
    X = rng.standard_normal((n, d))
    X += (group_distance / math.sqrt(2 * d) * rng.standard_normal((n_groups, d)))[groups]
    X += gap * (y - 0.5)[:, None] * directions[groups % r]
    auc = normal_cdf(gap / math.sqrt(2))
    carries = gap > 0 and one
    where = "one direction in all groups" if one else "another direction in each group"
    return World(
        name,
        X,
        y,
        groups,
        truth={
            "readable": "yes" if gap > 0 else "no",
            "one_direction": "yes",
            "transfers": "yes" if carries else "no",
            "auc_within": auc,
            "auc_across": auc if carries else 0.5,
        },
        description=f"Gaussian groups, classes differ along {where}; "
        f"{n=}, {d=}, {n_groups=}, {gap=}, {group_distance=}.",
        directions=directions,
    )
