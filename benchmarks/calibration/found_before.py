"""Worlds of the first attack on verdicts: those in which it found an effect, or a fault.

Equal means of unequal shape, massive directions, odd rows in groups, heavy numbers: each function
takes a generator and returns the arguments of an audit.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from worlds import HALF, Arguments, dealt, sizes


def plain(rng: np.random.Generator, *, n: int, d: int, gap: float, share: float = 0.5) -> Arguments:
    """Return Gaussian rows whose classes lie ``gap`` apart."""
    y = dealt(np.array([1 - share, share]), n, rng)
    X = rng.standard_normal((n, d))
    X[:, 0] += gap * y
    return {"X": X, "y": y}


def mirrored(rng: np.random.Generator, *, n: int, d: int, features: int) -> Arguments:
    """Return equal means; the log-normal noise of some features is mirrored in one class."""
    y = dealt(HALF, n, rng)
    X = rng.standard_normal((n, d))
    skewed = np.exp(X[:, :features]) - np.exp(0.5)
    X[:, :features] = np.where(y[:, None] == 1, -skewed, skewed)
    return {"X": X, "y": y}


def two_sigmas(rng: np.random.Generator, *, n: int, d: int) -> Arguments:
    """Return equal means of log-normal noise of σ = 1 and 1/2."""
    y = dealt(HALF, n, rng)
    X = rng.standard_normal((n, d))
    sigma = np.where(y == 1, 1.0, 0.5)
    X[:, 0] = np.exp(sigma * X[:, 0]) - np.exp(sigma**2 / 2)
    return {"X": X, "y": y}


def unequal(rng: np.random.Generator, *, n: int, d: int) -> Arguments:
    """Return classes that differ in a mean, and in the correlation of two features."""
    y = dealt(HALF, n, rng)
    X = rng.standard_normal((n, d))
    r = np.where(y == 1, 0.9, -0.9)
    X[:, 1] = r * X[:, 0] + np.sqrt(1 - r**2) * X[:, 1]
    X[:, 2] += 1.5 * y
    return {"X": X, "y": y}


def xor(rng: np.random.Generator, *, n: int, d: int, noise: float) -> Arguments:
    """Return the exclusive or of the signs of two features."""
    signs = rng.choice([-1.0, 1.0], size=(n, 2))
    X = rng.standard_normal((n, d))
    X[:, :2] = signs + noise * X[:, :2]
    return {"X": X, "y": (signs[:, 0] != signs[:, 1]).astype(int)}


def scaled(rng: np.random.Generator, *, n: int, d: int, how: str, by: float) -> Arguments:
    """Return a concept 3 apart, and far larger axes, rotated directions, offsets or rows."""
    found = plain(rng, n=n, d=d, gap=3.0)
    X = found["X"][:, ::-1].copy()  # the concept is in the last column
    if how == "rows":
        X[rng.choice(n, size=n // 50, replace=False)] *= by
    elif how == "offset":
        X += by
    else:
        X[:, :3] *= by
        if how == "rotated":
            X = X @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    return {"X": X, "y": found["y"]}


def odd_rows(rng: np.random.Generator, *, odd: int, equal: bool = True) -> Arguments:
    """Return 40 groups of one class each, but for one row in some of the first groups."""
    group = np.arange(600) // 15 if equal else sizes(600, 15, rng)
    y = group % 2
    y[np.unique(group, return_index=True)[1][:odd]] ^= 1
    X = rng.standard_normal((600, 8))
    X[:, 0] += 2 * (group % 2)
    return {"X": X, "y": y, "groups": group}


def directions(
    rng: np.random.Generator, *, n: int, d: int, n_groups: int, gap: float, angle: float
) -> Arguments:
    """Return groups whose directions lie at an angle, in degrees, about a common middle."""
    group = np.arange(n) % n_groups
    y = (np.arange(n) // n_groups) % 2
    turn = np.deg2rad(angle) * (group - (n_groups - 1) / 2)
    X = rng.standard_normal((n, d)) + rng.standard_normal((n_groups, d))[group]
    X[:, 0] += gap * y * np.cos(turn)
    X[:, 1] += gap * y * np.sin(turn)
    return {"X": X, "y": y, "groups": group}


def heavy_numbers(rng: np.random.Generator, *, n: int, d: int, y: str) -> Arguments:
    """Return a numeric concept of heavy tails, which one feature follows with slope .7."""
    draw = {
        "gaussian": rng.standard_normal,
        "t2": lambda n: rng.standard_t(2, n),
        "cauchy": rng.standard_cauchy,
        "lognormal": lambda n: np.exp(rng.standard_normal(n)),
    }
    z = draw[y](n)
    X = rng.standard_normal((n, d))
    X[:, 0] += 0.7 * z
    return {"X": X, "y": z}


def wider(rng: np.random.Generator, *, n: int, d: int, slope: float = 0.0) -> Arguments:
    """Return noise that grows with the absolute value of a numeric concept."""
    y = rng.standard_normal(n)
    X = rng.standard_normal((n, d)) * (0.5 + abs(y))[:, None]
    X[:, 0] += slope * y
    return {"X": X, "y": y}


def rare_wide(rng: np.random.Generator, *, n: int, d: int, share: float, scale: float) -> Arguments:
    """Return equal means; the rare class is wider."""
    y = dealt(np.array([1 - share, share]), n, rng)
    return {"X": rng.standard_normal((n, d)) * np.where(y == 1, scale, 1.0)[:, None], "y": y}


def twin_columns(rng: np.random.Generator, *, n: int, d: int) -> Arguments:
    """Return a feature that is there twice."""
    found = plain(rng, n=n, d=d, gap=1.5)
    found["X"][:, 1] = found["X"][:, 0]
    return found


def symbols(rng: np.random.Generator, *, n: int, d: int) -> Arguments:
    """Return one of d symbols a row; one class prefers half of them, three to one."""
    y = dealt(HALF, n, rng)
    odds = np.ones((2, d))
    odds[1, : d // 2] = 3.0
    odds /= odds.sum(axis=1, keepdims=True)
    which = np.array([rng.choice(d, p=odds[c]) for c in y])
    return {"X": np.eye(d)[which], "y": y}


def heavy_tails(rng: np.random.Generator, *, n: int, d: int, gap: float) -> Arguments:
    """Return a mean shift in elliptical noise of three degrees of freedom."""
    found = plain(rng, n=n, d=d, gap=0.0)
    found["X"] /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    found["X"][:, 0] += gap * found["y"]
    return found


def in_series(rng: np.random.Generator, *, gap: float, rho: float, n_series: int) -> Arguments:
    """Return series of 40 steps; labels run as the noise does (F9)."""
    n = 40 * n_series
    time, group = np.arange(n) % 40, np.arange(n) // 40
    X, score = rng.standard_normal((n, 8)), rng.standard_normal(n)
    for i in np.flatnonzero(time > 0):
        X[i] = rho * X[i - 1] + np.sqrt(1 - rho**2) * X[i]
        score[i] = rho * score[i - 1] + np.sqrt(1 - rho**2) * score[i]
    y = (score > np.median(score)).astype(int)
    X[:, 0] += gap * y
    return {"X": X, "y": y, "groups": group, "order": time}


def beside_noise(rng: np.random.Generator, *, n: int, d: int, gap: float) -> Arguments:
    """Return a readable concept, and pure noise as what may account for it (F12)."""
    found = plain(rng, n=n, d=d, gap=gap)
    return {**found, "baselines": {"inputs": rng.standard_normal((n, d))}}


def copy_of_inputs(rng: np.random.Generator, *, n: int, d: int, gap: float) -> Arguments:
    """Return a representation that holds a rotated copy of its inputs, and noise."""
    inputs = plain(rng, n=n, d=d, gap=gap)
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = inputs["X"] @ turn + 0.5 * rng.standard_normal((n, d))
    return {"X": X, "y": inputs["y"], "baselines": {"inputs": inputs["X"]}}


def founding(rng: np.random.Generator, *, n_per_class: int, d: int = 3) -> Arguments:
    """Return the founding experiment: two discrete features tell two classes apart."""
    from nullprobe import worlds

    world = worlds.two_features(n_per_class=n_per_class, d=d, random_state=int(rng.integers(2**31)))
    return {"X": world.X, "y": world.y}


def pairs(rng: np.random.Generator, *, n: int, d: int, signal: float) -> Arguments:
    """Return contrast pairs; with signal 0 nothing tells their sides apart."""
    from nullprobe import ContrastPairs, worlds

    world = worlds.contrast(n=n, d=d, signal=signal, random_state=int(rng.integers(2**31)))
    return {"X": ContrastPairs(world.negative, world.positive, world.y)}


@functools.cache
def organism() -> Any:
    """Return the small GPT that knows which statements are true; it is trained once."""
    from nullprobe import worlds

    return worlds.language()


def asked(
    rng: np.random.Generator, *, n: int, layer: int, at_random: bool = False
) -> dict[str, Any]:
    """Return statements, whether they are true or labels at random, and the model."""
    grown = organism()
    statements = grown.statements(n, int(rng.integers(2**31)))
    return {
        "model": grown.model,
        "tokenizer": grown.tokenizer,
        "texts": statements.texts,
        "y": dealt(HALF, n, rng) if at_random else statements.truth,
        "sites": f"layers.{layer}.output",
        "answers": statements.right,
        "batch_size": n,
    }
