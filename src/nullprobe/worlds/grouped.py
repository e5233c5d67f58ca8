"""Worlds of several groups, in which the concept lies along one direction, or along one a group.

Group means differ by more than classes do, as those of languages or topics would: a nuisance
that has nothing to do with the concept.
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
    apart: float = 3.0,
    random_state: RandomState = 0,
) -> World:
    """Draw groups in all of which the same direction tells two classes apart.

    Parameters
    ----------
    n : int
        Rows; groups differ by one row at most, and so do the classes of a group.
    d : int
        Columns.
    n_groups : int
        G, at least 2.
    gap : float
        Distance D of the class means in every group, here also the Mahalanobis distance.
    apart : float
        Root mean square distance of two group means.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With its ``groups`` (n,), codes from 0, and one direction.

    Notes
    -----
    A probe that knows the direction reads with AUC Φ(D / √2) within any group; projecting the
    true direction out, wherever it was learnt, leaves nothing in any of them.

    Examples
    --------
    >>> world = shared(n=100, d=8)
    >>> np.bincount(world.groups).tolist(), world.truth["transfers"]
    ([25, 25, 25, 25], 'yes')
    """
    return _grouped("shared", n, d, n_groups, {"gap": gap, "apart": apart}, random_state)


def rotating(
    *,
    n: int = 2000,
    d: int = 32,
    n_groups: int = 4,
    gap: float = 2.0,
    apart: float = 3.0,
    random_state: RandomState = 0,
) -> World:
    """Draw groups in each of which another direction, orthogonal to the rest, tells two classes.

    Parameters
    ----------
    n, n_groups, gap, apart, random_state
        As for :func:`shared`.
    d : int
        Columns, at least ``n_groups``: fewer are refused.

    Returns
    -------
    World
        With its ``groups`` (n,), codes from 0, and G orthonormal ``directions``, one a group.

    Notes
    -----
    A probe that knows the direction of a group reads with AUC Φ(D / √2) there and ½ in all
    others; an eraser that knows it leaves nothing there and everything elsewhere.

    Over all groups class means differ by D/G in each of the G directions, so that one probe for
    all reads little, and one eraser for all leaves almost everything.

    Examples
    --------
    >>> world = rotating(n=100, d=8)
    >>> world.directions.shape, world.truth["transfers"]
    ((4, 8), 'no')
    """
    return _grouped("rotating", n, d, n_groups, {"gap": gap, "apart": apart}, random_state)


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
    gap, apart = (real_number(k, distances[k], least=0.0) for k in ("gap", "apart"))
    one = name == "shared"
    r = 1 if one else n_groups
    if r > d:
        complain(
            f"each of the {n_groups} groups needs a direction of its own",
            f"there are d={d} columns",
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
    X += (apart / math.sqrt(2 * d) * rng.standard_normal((n_groups, d)))[groups]
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
        description=f"Gaussian groups, classes apart along {where}; "
        f"{n=}, {d=}, {n_groups=}, {gap=}, {apart=}.",
        directions=directions,
    )
