"""A world with many noisy copies of one variable that predicts the concept.

Many predictive features suggest that many directions must be erased. But there is only one: the
number of directions along which the class means differ counts, not the number of features.
"""

from __future__ import annotations

import math

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain
from nullprobe.worlds.world import World, frame, labels, normal_cdf, size, squared_correlation


def copies(
    *,
    n: int = 1000,
    d: int = 16,
    n_copies: int = 10,
    gap: float = 2.0,
    noise: float = 1.0,
    random_state: RandomState = 0,
) -> World:
    """Draw one latent variable that predicts the concept, and noisy copies of it.

    Parameters
    ----------
    n : int
        Number of rows; n // 2 are negatives.
    d : int
        Number of columns.
    n_copies : int
        Number m of directions that each hold a copy, from 1 to ``d``. All orthogonal directions
        hold standard normal noise.
    gap : float
        D: the latent variable is t = D (y − ½) + e with standard normal e, so the odds of y = 1
        given t are exp(D t).
    noise : float
        Standard deviation σ of the noise of each copy, t + σ ε.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With m ``directions``, one per copy.

    Notes
    -----
    A single copy predicts y with accuracy Φ(D₁ / 2), where D₁ = D / √(1 + σ²). The mean of m copies
    has accuracy Φ(D_m / 2), where D_m = D / √(1 + σ²/m). This is never above the accuracy Φ(D / 2)
    of the latent variable.

    Projecting out one copy leaves the others, with accuracy Φ(D_{m−1} / 2). But the class means
    differ by D (1, …, 1) along the copies, which is *one* direction. Projecting out this direction
    equalises the means of all m copies, and every probe is at chance, because covariances are
    equal. The number of directions to erase is the rank of the class means, for any number of
    copies. (With an estimated mean difference, information remains, as in every Gaussian world.)

    Examples
    --------
    >>> truth = copies(n=100, n_copies=10).truth
    >>> names = ("single_copy", "all_copies", "latent", "without_one_copy")
    >>> [round(truth[f"{name}_accuracy"], 3) for name in names]
    [0.76, 0.83, 0.841, 0.829]
    """
    n, d = size(n, d, least=(2, 1))
    n_copies = whole_number("n_copies", n_copies, least=1)
    gap = real_number("gap", gap, least=0.0)
    noise = real_number("noise", noise, least=0.0)
    if n_copies > d:
        complain(
            f"n_copies must be at most d={d}",
            f"n_copies={n_copies} arrived",
            "pass more columns or fewer copies",
        )
    rng = generator(random_state)
    y = labels(rng, n // 2, n - n // 2)
    directions = frame(rng, n_copies, d)
    latent = gap * (y - 0.5) + rng.standard_normal(n)
    X = rng.standard_normal((n, d))
    X += (latent[:, None] + (noise - 1.0) * (X @ directions.T)) @ directions
    every = _distance(gap, noise, n_copies)
    return World(
        name="copies",
        X=X,
        y=y,
        groups=None,
        truth={
            "readable": "yes" if gap > 0 else "no",
            "one_direction": "yes",
            "no_halfspace": "yes",
            "gone": "yes",
            "bayes_auc": normal_cdf(every / math.sqrt(2)),
            "latent_accuracy": normal_cdf(gap / 2),
            "single_copy_accuracy": normal_cdf(_distance(gap, noise, 1) / 2),
            "all_copies_accuracy": normal_cdf(every / 2),
            "without_one_copy_accuracy": normal_cdf(_distance(gap, noise, n_copies - 1) / 2),
            "squared_canonical_correlation": squared_correlation((n - n // 2) / n, every),
        },
        description=f"Noisy copies of one latent; {n=}, {d=}, {n_copies=}, {gap=}, {noise=}.",
        directions=directions,
    )


def _distance(gap: float, noise: float, n_copies: int) -> float:
    """Return the Mahalanobis distance of the classes in ``n_copies`` copies; 0 without copies."""
    return gap / math.sqrt(1 + noise**2 / n_copies) if n_copies else 0.0
