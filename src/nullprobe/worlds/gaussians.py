"""Gaussian worlds: means and covariances, or chance, explain all results on them."""

from __future__ import annotations

import math

import numpy as np

from nullprobe._core.parameters import real_number, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain
from nullprobe.worlds.world import (
    World,
    frame,
    labels,
    normal_cdf,
    size,
    squared_correlation,
    unit_vector,
)

NODES = 128  # nodes of Gauss-Hermite quadrature, which gives ten exact digits


def gaussian(
    *,
    n: int = 1000,
    d: int = 768,
    gap: float = 2.0,
    random_state: RandomState = 0,
) -> World:
    """Draw two balanced Gaussian classes with identity covariance and distance ``gap``.

    Parameters
    ----------
    n : int
        Number of rows; n // 2 are negatives.
    d : int
        Number of columns.
    gap : float
        Distance D of the class means, which is also the Mahalanobis distance.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World

    Notes
    -----
    The Bayes AUC is Φ(D / √2), the Bayes accuracy Φ(D / 2). If the *true* means are made equal,
    every probe is at chance, linear or not. With estimated means, information remains (theory,
    section 6).

    Examples
    --------
    >>> world = gaussian(n=100, d=8, gap=2.0)
    >>> world.X.shape, round(world.truth["bayes_auc"], 3)
    ((100, 8), 0.921)
    """
    n, d = size(n, d, least=(2, 1))
    gap = real_number("gap", gap, least=0.0)
    rng = generator(random_state)
    return World(
        "gaussian",
        *_two_classes(rng, n // 2, n - n // 2, d, gap),
        groups=None,
        truth=_truth((n - n // 2) / n, gap) | {"bayes_accuracy": normal_cdf(gap / 2)},
        description=f"Two balanced Gaussian classes of identity covariance; {n=}, {d=}, {gap=}.",
    )


def null(*, n: int = 600, d: int = 50, random_state: RandomState = 0) -> World:
    """Draw a standard normal representation and balanced labels that are independent of it.

    Parameters
    ----------
    n : int
        Number of rows; n // 2 are negatives.
    d : int
        Number of columns.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World

    Examples
    --------
    >>> null(n=10, d=2).truth["readable"]
    'no'
    """
    n, d = size(n, d, least=(2, 1))
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
    positive_fraction: float = 0.001,
    gap: float = 4.0,
    random_state: RandomState = 0,
) -> World:
    """Draw a concept with few positives, which are easy to recognise.

    Parameters
    ----------
    n : int
        Number of rows.
    d : int
        Number of columns.
    positive_fraction : float
        Share of positives; exactly round(n · share) rows are positive, but at least 2.
    gap : float
        Distance of the class means, in standard deviations.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World

    Notes
    -----
    A rare concept has a small covariance with the representation, for any gap. A threshold with
    units would treat it as zero and remove nothing (theory, section 3).

    Examples
    --------
    >>> rare(n=2000, d=4, positive_fraction=0.002).y.sum()
    np.int64(4)
    """
    n, d = size(n, d, least=(3, 1))
    share = real_number("positive_fraction", positive_fraction, least=0.0, most=1.0)
    gap = real_number("gap", gap, least=0.0)
    positives = max(2, round(n * share))
    if positives >= n:
        complain(
            f"positive_fraction must leave negatives among {n} rows",
            f"positive_fraction={positive_fraction} makes {positives} rows positive",
            "pass a smaller positive_fraction, or more rows",
        )
    rng = generator(random_state)
    return World(
        "rare",
        *_two_classes(rng, n - positives, positives, d, gap),
        groups=None,
        truth=_truth(positives / n, gap),
        description=f"{positives} positives among {n} Gaussian rows; {d=}, {positive_fraction=}, "
        f"{gap=}.",
    )


def multiclass(
    *,
    n: int = 1000,
    d: int = 64,
    n_classes: int = 4,
    gap: float = 2.0,
    random_state: RandomState = 0,
) -> World:
    """Draw K Gaussian classes with identity covariance and pairwise distance ``gap``.

    Parameters
    ----------
    n : int
        Number of rows; class sizes differ by at most one.
    d : int
        Number of columns, at least ``n_classes``.
    n_classes : int
        Number K of classes, at least 2.
    gap : float
        Distance D of any two class means, which is also the Mahalanobis distance.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    World
        With K ``directions``. Along the c-th of them, the mean of class c is D / √2 larger than the
        means of the others.

    Notes
    -----
    The Bayes rule selects the class with the largest coordinate along its direction. With equal
    class sizes its accuracy is ∫ φ(t − D/√2) Φ(t)^(K−1) dt. The AUC of two classes is Φ(D / √2),
    and their accuracy Φ(D / 2). The K − 1 canonical correlations are equal,
    ρ² = D² / (2K + D²), so erasure needs K − 1 directions.

    Examples
    --------
    >>> world = multiclass(n=100, d=8, n_classes=5)
    >>> world.X.shape, np.bincount(world.y).tolist(), round(world.truth["bayes_accuracy"], 3)
    ((100, 8), [20, 20, 20, 20, 20], 0.627)
    """
    n_classes = whole_number("n_classes", n_classes, least=2)
    n, d = size(n, d, least=(n_classes, n_classes))
    gap = real_number("gap", gap, least=0.0)
    rng = generator(random_state)
    y = rng.permutation(np.arange(n) % n_classes)
    directions = frame(rng, n_classes, d)
    means = gap / math.sqrt(2) * (directions - directions.mean(axis=0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    lower = [normal_cdf(t + gap / math.sqrt(2)) ** (n_classes - 1) for t in nodes.tolist()]
    between = gap**2 / (2 * n_classes)
    return World(
        "multiclass",
        rng.standard_normal((n, d)) + means[y],
        y,
        groups=None,
        truth={
            "readable": "yes" if gap > 0 else "no",
            "one_direction": "yes",  # K − 1 of them
            "no_halfspace": "yes",
            "gone": "yes",
            "bayes_accuracy": float(weights @ lower / weights.sum()),
            "pairwise_auc": normal_cdf(gap / math.sqrt(2)),
            "pairwise_accuracy": normal_cdf(gap / 2),
            "squared_canonical_correlation": between / (1 + between),
        },
        description=f"Gaussian classes of identity covariance; {n=}, {d=}, {n_classes=}, {gap=}.",
        directions=directions,
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
