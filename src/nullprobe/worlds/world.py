"""A data set with known answers, because it is drawn from a known distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import whole_number


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """A data set with a known answer.

    Attributes
    ----------
    name : str
        Name of the function that drew it.
    X : ndarray of shape (n, d)
        Representation, float64, rows in random order.
    y : ndarray of shape (n,)
        Concept: class labels 0 and 1, or 0 to K − 1.
    groups : ndarray of shape (n,), or None
        Group of each row.
    truth : mapping of str to str or float
        Facts about the population. Under the name of a claim: whether it holds ("yes" or "no").
        Under other names: theoretical values.
    description : str
        One sentence on how the data were drawn, with the arguments.
    directions : ndarray of shape (r, d), or None
        Orthonormal directions of the concept, if the world has them.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> world = worlds.gaussian(n=200, d=8, gap=2.0)
    >>> world, world.truth["readable"]
    (World('gaussian', n=200, d=8), 'yes')
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None
    truth: Mapping[str, str | float]
    description: str
    directions: np.ndarray | None = None

    def __repr__(self) -> str:
        """Return the name and the numbers of rows and features."""
        return f"World({self.name!r}, n={len(self.X)}, d={self.X.shape[1]})"


def size(n: int, d: int, *, least: tuple[int, int]) -> tuple[int, int]:
    """Return the numbers of rows and columns, or complain if they are below ``least``."""
    return whole_number("n", n, least=least[0]), whole_number("d", d, least=least[1])


def normal_cdf(x: float) -> float:
    """Return Φ(x), the share of a standard normal below ``x``.

    Examples
    --------
    >>> normal_cdf(0.0)
    0.5
    """
    return 0.5 * math.erfc(-x / math.sqrt(2))


def labels(rng: np.random.Generator, negatives: int, positives: int) -> np.ndarray:
    """Return class labels (negatives + positives,), 0 and 1, in random order."""
    return rng.permutation(np.repeat([0, 1], [negatives, positives]))


def unit_vector(rng: np.random.Generator, d: int) -> np.ndarray:
    """Return a direction (d,) drawn uniformly from the sphere."""
    v = rng.standard_normal(d)
    return v / np.linalg.norm(v)


def frame(rng: np.random.Generator, r: int, d: int) -> np.ndarray:
    """Return r ≤ d orthonormal directions (r, d), drawn uniformly."""
    Q, R = np.linalg.qr(rng.standard_normal((d, r)))
    return (Q * np.where(R.diagonal() < 0, -1.0, 1.0)).T


def squared_correlation(share: float, gap: float) -> float:
    """Return the squared canonical correlation ρ² of two classes (theory, section 3).

    Parameters
    ----------
    share : float
        Share p of the positive class.
    gap : float
        Mahalanobis distance D of the class means.

    Notes
    -----
    ρ² = p(1 − p)D² / (1 + p(1 − p)D²).

    Examples
    --------
    >>> squared_correlation(0.5, 2.0)
    0.5
    """
    between = share * (1 - share) * gap**2
    return between / (1 + between)
