"""Actions, worlds that they act on, and whether p-values are uniform."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, kstest

from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.moments import Moments
from nullprobe.nulls import CommonShape, Permutations, Rotations, SignFlips
from nullprobe.nulls.residuals import Residuals

ON_ROWS = {"rotations": Rotations, "flips": SignFlips, "shape": CommonShape}
ACTIONS = ("permutations", *ON_ROWS)


def residuals(X, y, groups=None):
    """Return the residuals of rows, and their moments."""
    z = concept(y)
    moments = Moments.summed(X, z)
    return Residuals.of(X, z, moments, groups), moments


def made(name, X, y, groups=None, seed=(7,), n_splits=4):
    """Return an action of this name on a world, or why there is none."""
    if name == "permutations":
        z = concept(y)
        rng = np.random.default_rng([*seed, 1])
        return Permutations.of(z, partitions(z, groups=groups, n_splits=n_splits, rng=rng)[0], seed)
    rest, moments = residuals(X, y, groups)
    if name == "rotations":
        return Rotations.of(rest, seed)
    return ON_ROWS[name].of(rest, moments, seed)


def noise(rng, n, d, tails="gaussian"):
    """Return correlated noise (n, d) of some kind of tails."""
    E = rng.normal(size=(n, d))
    if tails == "t3":
        E /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    elif tails == "log-normal":
        E = np.exp(E)
    return E @ (np.eye(d) + 0.5 * rng.normal(size=(d, d)) / np.sqrt(d))


def classes(rng, n=60, d=4, k=2, tails="gaussian"):
    """Classes with means of their own."""
    y = rng.permutation(np.arange(n) % k)
    return noise(rng, n, d, tails) + 2.0 * rng.normal(size=(k, d))[y] + 5.0, y, None


def numbers(rng, n=60, d=4, k=1, tails="gaussian"):
    """A linear regression on k numbers."""
    y = rng.normal(size=(n, k))
    return (
        noise(rng, n, d, tails) + y @ rng.normal(size=(k, d)) + 5.0,
        y[:, 0] if k == 1 else y,
        None,
    )


def grouped(rng, n_groups=30, size=4, d=4, label="constant"):
    """Groups of one size that have a place of their own: one label, or one pattern of labels."""
    groups = rng.permutation(np.repeat(np.arange(n_groups), size))
    X = noise(rng, len(groups), d) + 2.0 * rng.normal(size=(n_groups, d))[groups]
    y = (groups % 2).copy()
    if label == "mixed":
        for g in range(n_groups):
            y[groups == g] = rng.permutation(np.arange(size) % 2)
    elif label == "number":
        return X, rng.normal(size=len(groups)), groups
    return X + y[:, None], y, groups


def uneven(rng, n_groups=45, d=4):
    """Groups of one to six rows, some of one label and some of several."""
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 7, n_groups))
    X = noise(rng, len(groups), d) + 2.0 * rng.normal(size=(n_groups, d))[groups]
    y = rng.permutation(np.arange(n_groups) % 2)[groups]
    mixed = np.isin(groups, np.arange(0, n_groups, 3))
    y[mixed] = rng.integers(0, 2, mixed.sum())
    return X, y, groups


WORLDS = {
    "two classes": classes,
    "three classes": lambda rng: classes(rng, k=3),
    "fewer rows than features": lambda rng: classes(rng, n=60, d=150),
    "a number": numbers,
    "two numbers": lambda rng: numbers(rng, k=2),
    "groups of one label": grouped,
    "groups of one pattern": lambda rng: grouped(rng, label="mixed"),
    "groups of numbers": lambda rng: grouped(rng, label="number"),
    "uneven groups": uneven,
}
# What a world leaves no action of a kind for.
WITHOUT = {
    ("rotations", "groups of numbers"),
    ("rotations", "uneven groups"),
    ("shape", "fewer rows than features"),
}


def world(name, seed=0):
    return WORLDS[name](np.random.default_rng([31, seed]))


def assert_uniform(p):
    """Hold counts of small p to 99.9 % binomial limits, and the whole to Kolmogorov-Smirnov.

    p is a multiple of 1 / (draws + 1), so that the share below each of these levels is exact.
    """
    for level in (0.1, 0.2, 0.5):
        low, high = binom.interval(0.999, len(p), level)
        assert low <= np.count_nonzero(p <= level + 1e-9) <= high
    # Spread over its steps p is continuous; by a fixed seed, the same each time.
    step = np.random.default_rng(0).random(len(p)) * p[p > 0].min()
    assert kstest(np.clip(p - step, 0, 1), "uniform").pvalue > 0.001
