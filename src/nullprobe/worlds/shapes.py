"""Worlds with equal class means, in which the concept is nevertheless predictable."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import chdtr, fdtr

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain
from nullprobe.worlds.world import World, frame, labels, normal_cdf, size


def skewed(*, n: int = 1000, d: int = 2, random_state: RandomState = 0) -> World:
    """Draw two classes with equal means that one threshold distinguishes with accuracy .9.

    Parameters
    ----------
    n : int
        Number of rows; n // 2 are negatives.
    d : int
        Number of columns; all but the first are standard normal noise.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World

    Notes
    -----
    Column 0 of the positives is −1 with probability .9 and +9 with probability .1. Column 0 of the
    negatives is its mirror image (theory, section 1). Both means are 0, so a convex loss cannot
    improve on a constant. But the threshold 0 has accuracy .9, and −column 0 has AUC .81.
    ``truth`` does not say whether the concept is readable: the direction of a convex probe is
    random, and its AUC is either far above .5 or far below.

    Examples
    --------
    >>> world = skewed(n=10)
    >>> sorted(set(abs(world.X[:, 0]).tolist())) in ([1.0], [1.0, 9.0])
    True
    """
    n, d = size(n, d, least=(2, 1))
    rng = generator(random_state)
    y = labels(rng, n // 2, n - n // 2)
    X = rng.standard_normal((n, d))
    X[:, 0] = np.where(rng.random(n) < 0.9, -1.0, 9.0) * np.where(y == 1, 1.0, -1.0)
    return World(
        name="skewed",
        X=X,
        y=y,
        groups=None,
        truth={
            "one_direction": "yes",
            "no_halfspace": "no",
            "gone": "no",
            "halfspace_accuracy": 0.9,
            "threshold_auc": 0.81,
            "squared_canonical_correlation": 0.0,
        },
        description=f"Equal means, opposite skew in column 0; {n=}, {d=}.",
    )


def xor(
    *,
    n: int = 1000,
    d: int = 2,
    noise: float = 0.3,
    random_state: RandomState = 0,
) -> World:
    """Draw a concept that is the exclusive or of two signs, which only nonlinear probes predict.

    Parameters
    ----------
    n : int
        Number of rows.
    d : int
        Number of columns, at least 2; all but the first two are standard normal noise.
    noise : float
        Standard deviation of the noise on the two signs, which are ±1.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World

    Notes
    -----
    Means are equal, but a halfspace that cuts off one of the four corners has an accuracy of up to
    .75. The Bayes rule multiplies the signs of the two columns.

    Examples
    --------
    >>> world = xor(n=200, noise=0.0)
    >>> bool(((world.X[:, 0] * world.X[:, 1] < 0) == world.y).all())
    True
    """
    n, d = size(n, d, least=(1, 2))
    noise = real_number("noise", noise, least=0.0)
    rng = generator(random_state)
    signs = rng.choice([-1.0, 1.0], size=(n, 2))
    X = rng.standard_normal((n, d))
    X[:, :2] = signs + noise * X[:, :2]
    flip = normal_cdf(-1 / noise) if noise > 0 else 0.0
    return World(
        name="xor",
        X=X,
        y=(signs[:, 0] != signs[:, 1]).astype(int),
        groups=None,
        truth={
            "readable": "no",
            "one_direction": "yes",
            "no_halfspace": "no",
            "gone": "no",
            "bayes_accuracy": (1 - flip) ** 2 + flip**2,
            "halfspace_accuracy": _best_corner(noise),
            "squared_canonical_correlation": 0.0,
        },
        description=f"Exclusive or of two noisy signs; {n=}, {d=}, {noise=}.",
    )


def heteroscedastic(
    *,
    n: int = 1000,
    d: int = 8,
    wide: int = 4,
    ratio: float = 4.0,
    random_state: RandomState = 0,
) -> World:
    """Draw two classes with equal means and different variances.

    Parameters
    ----------
    n : int
        Number of rows; n // 2 are negatives.
    d : int
        Number of columns.
    wide : int
        Number m of directions in which positives have a larger variance, from 1 to ``d``.
    ratio : float
        This variance r, at least 1; all other variances are 1.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With m ``directions``.

    Notes
    -----
    Any linear score is distributed symmetrically about 0 in both classes, so its AUC is .5. Let q
    be the squared length of the projection on the m directions. It is χ² with m degrees of freedom
    for negatives, and r times a χ² variable for positives. Its AUC is P(F ≥ 1/r) with F(m, m), and
    the best threshold is where the densities cross, q = m log r / (1 − 1/r). A halfspace that cuts
    off a tail is better than chance.

    Examples
    --------
    >>> world = heteroscedastic(n=100, wide=2, ratio=3.0)
    >>> world.truth["linear_auc"], round(world.truth["quadratic_auc"], 6)  # r / (1 + r) if m = 2
    (0.5, 0.75)
    """
    n, d = size(n, d, least=(2, 1))
    wide = whole_number("wide", wide, least=1)
    ratio = real_number("ratio", ratio, least=1.0)
    if wide > d:
        complain(f"wide must be at most d={d}", f"wide={wide} arrived")
    rng = generator(random_state)
    y = labels(rng, n // 2, n - n // 2)
    directions = frame(rng, wide, d)
    X = rng.standard_normal((n, d))
    X[y == 1] += (math.sqrt(ratio) - 1.0) * (X[y == 1] @ directions.T) @ directions
    return World(
        name="heteroscedastic",
        X=X,
        y=y,
        groups=None,
        truth={
            "readable": "no",
            "one_direction": "yes",
            "no_halfspace": "no" if ratio > 1 else "yes",
            "gone": "no" if ratio > 1 else "yes",
            "linear_auc": 0.5,
            "squared_canonical_correlation": 0.0,
        }
        | _spread_accuracies(wide, ratio),
        description=f"Equal means, unequal covariances; {n=}, {d=}, {wide=}, {ratio=}.",
        directions=directions,
    )


def _spread_accuracies(m: int, r: float) -> dict[str, float]:
    """Return the AUC and accuracies for variances 1 and r in m directions."""
    if r == 1:
        return dict.fromkeys(("quadratic_auc", "bayes_accuracy", "halfspace_accuracy"), 0.5)
    crossing = math.log(r) / (1 - 1 / r)  # per direction; also the square of the best cut
    cut = math.sqrt(crossing)
    return {
        "quadratic_auc": float(1 - fdtr(m, m, 1 / r)),
        "bayes_accuracy": float(0.5 + (chdtr(m, m * crossing) - chdtr(m, m * crossing / r)) / 2),
        "halfspace_accuracy": 0.5 + (normal_cdf(cut) - normal_cdf(cut / math.sqrt(r))) / 2,
    }


def _best_corner(noise: float) -> float:
    # Along the diagonal the four corners are at −2, 0, 0 and 2; the corners at ±2 have y = 0.
    if noise == 0:
        return 0.75
    sd = noise * math.sqrt(2)

    def accuracy(t: float) -> float:
        far, middle, near = (normal_cdf((m - t) / sd) for m in (-2.0, 0.0, 2.0))
        return (far + near) / 4 + (1 - middle) / 2

    return max(accuracy(t) for t in np.linspace(0.0, 2.0 + 2 * noise**2, 2001).tolist())
