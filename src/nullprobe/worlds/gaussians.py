"""Gaussian worlds: everything in them is a fact about means and covariances, or about chance."""

from __future__ import annotations

import math

import numpy as np

from nullprobe._check import complain, real_number, whole_number
from nullprobe._seeds import generator
from nullprobe.worlds.world import World, labels, normal_cdf, squared_correlation, unit_vector


def gaussian(
    *,
    n: int = 1000,
    d: int = 768,
    gap: float = 2.0,
    random_state: int | np.random.Generator = 0,
) -> World:
    """Draw two balanced classes of identity covariance, their means ``gap`` apart.

    Parameters
    ----------
    n : int
        Rows; n // 2 are negatives.
    d : int
        Columns.
    gap : float
        Distance D of the class means, here also the Mahalanobis distance.
    random_state : int or Generator
        Seed.

    Returns
    -------
    World

    Notes
    -----
    Bayes AUC Φ(D / √2), Bayes accuracy Φ(D / 2). Once the *true* means are equal nothing is
    left to any probe, linear or not; with estimated means some is (theory, section 6).

    Examples
    --------
    >>> world = gaussian(n=100, d=8, gap=2.0)
    >>> world.X.shape, round(world.truth["bayes_auc"], 3)
    ((100, 8), 0.921)
    """
    n = whole_number("n", n, least=2)
    d = whole_number("d", d, least=1)
    gap = real_number("gap", gap, least=0.0)
    rng = generator(random_state)
    return World(
        "gaussian",
        *_two_classes(rng, n // 2, n - n // 2, d, gap),
        groups=None,
        truth=_truth((n - n // 2) / n, gap) | {"bayes_accuracy": normal_cdf(gap / 2)},
        description=f"Two balanced Gaussian classes of identity covariance; {n=}, {d=}, {gap=}.",
    )


def null(*, n: int = 600, d: int = 50, random_state: int | np.random.Generator = 0) -> World:
    """Draw balanced labels that have nothing to do with the standard normal representation.

    Parameters
    ----------
    n : int
        Rows; n // 2 are negatives.
    d : int
        Columns.
    random_state : int or Generator
        Seed.

    Returns
    -------
    World

    Examples
    --------
    >>> null(n=10, d=2).truth["readable"]
    'no'
    """
    n = whole_number("n", n, least=2)
    d = whole_number("d", d, least=1)
    rng = generator(random_state)
    return World(
        "null",
        *_two_classes(rng, n // 2, n - n // 2, d, 0.0),
        groups=None,
        truth=_truth((n - n // 2) / n, 0.0) | {"bayes_accuracy": 0.5},
        description=f"Labels independent of standard normal columns; {n=}, {d=}.",
    )


def rare(
    *,
    n: int = 20_000,
    d: int = 16,
    share: float = 0.001,
    gap: float = 4.0,
    random_state: int | np.random.Generator = 0,
) -> World:
    """Draw a concept that few rows have, and that is plain to see in those.

    Parameters
    ----------
    n : int
        Rows.
    d : int
        Columns.
    share : float
        Share of positives; exactly round(n · share) rows, but at least 2, are positive.
    gap : float
        Distance of the class means, in standard deviations.
    random_state : int or Generator
        Seed.

    Returns
    -------
    World

    Notes
    -----
    A rare concept has a small covariance with the representation, whatever the gap: a cut
    with units takes it for zero and removes nothing (theory, section 3).

    Examples
    --------
    >>> rare(n=2000, d=4, share=0.002).y.sum()
    np.int64(4)
    """
    n = whole_number("n", n, least=3)
    d = whole_number("d", d, least=1)
    share = real_number("share", share, least=0.0, most=1.0)
    gap = real_number("gap", gap, least=0.0)
    positives = max(2, round(n * share))
    if positives >= n:
        complain(
            f"share must leave negatives among {n} rows",
            f"share={share} makes {positives} rows positive",
            "pass a smaller share or more rows",
        )
    rng = generator(random_state)
    return World(
        "rare",
        *_two_classes(rng, n - positives, positives, d, gap),
        groups=None,
        truth=_truth(positives / n, gap),
        description=f"{positives} positives among {n} Gaussian rows; {d=}, {share=}, {gap=}.",
    )


def _two_classes(
    rng: np.random.Generator, negatives: int, positives: int, d: int, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    y = labels(rng, negatives, positives)
    X = rng.standard_normal((len(y), d))
    X += np.outer((y - 0.5) * gap, unit_vector(rng, d))
    return X, y


def _truth(share: float, gap: float) -> dict[str, str | float]:
    return {
        "readable": "yes" if gap > 0 else "no",
        "one_direction": "yes",
        "no_halfspace": "yes",
        "gone": "yes",
        "bayes_auc": normal_cdf(gap / math.sqrt(2)),
        "squared_canonical_correlation": squared_correlation(share, gap),
    }
