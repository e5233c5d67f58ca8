"""A world in which what tells the concept is there many times over.

Many features that each read the concept suggest many directions to erase. There is one: what
counts is in how many directions the class means differ, not how many features they differ in.
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
    """Draw one latent number that the concept depends on, and noisy copies of it.

    Parameters
    ----------
    n : int
        Rows; n // 2 are negatives.
    d : int
        Columns.
    n_copies : int
        Number m of directions that each hold a copy, from 1 to ``d``; standard normal noise in
        all that are orthogonal to them.
    gap : float
        D: the latent is t = D (y − ½) + e with standard normal e, so that the odds of y = 1
        given t are exp(D t).
    noise : float
        Standard deviation σ of the noise of each copy, t + σ ε.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With the m ``directions``, one a copy.

    Notes
    -----
    A single copy tells y with accuracy Φ(D₁ / 2), D₁ = D / √(1 + σ²); m of them together, by
    their mean, with Φ(D_m / 2), D_m = D / √(1 + σ²/m), which no number of copies brings above
    that of the latent, Φ(D / 2).

    Projecting out one copy leaves the others: accuracy Φ(D_{m−1} / 2). But the class means
    differ by D (1, …, 1) along the copies, which is *one* direction: projecting that out equalises
    all m at once, and since covariances are equal nothing is left to any reader. The number of
    directions to erase is the rank of the class means, whatever the number of copies. (With an
    estimated mean difference some is left, as in every Gaussian world.)

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
    """Return the Mahalanobis distance of the classes, as so many copies show it; 0 for none."""
    return gap / math.sqrt(1 + noise**2 / n_copies) if n_copies else 0.0
