"""Worlds of the calibration study: noise, dependence and concept, each drawn apart.

Every row is a Gaussian latent row, made dependent on others (`latent`), given the shape of a noise
of unit variance and shifted by its concept (`shaped`).

- gaussian: the latent row. t3, laplace: elliptical, a radius a row. lognormal: each coordinate.
- onehot: positions of six symbols each, the symbol with the largest latent score.
- relu: max(0, latent + shift − 1/2). int8: latent row on a grid of 1/4, shifted by whole steps.
- wild: Gaussian, one row multiplied by 10,000.

The shift is added to the noise where classes then differ in their means alone (`LOCATION`), and
to the latent row where that is what such data are like (onehot, relu).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Arguments = dict[str, Any]  # of an audit: X, y, and groups or order where they are named
SYMBOLS, STEP, WILD, AR = 6, 0.25, 1e4, 0.9
IN_BLOCKS = 4  # groups or series that every class must be in, so that no part lacks it
LOCATION = ("gaussian", "t3", "laplace", "lognormal", "int8", "wild")
NOISES = (*LOCATION, "onehot", "relu")
DEPENDENCES = ("independent", "constant", "mixed", "series", "copies", "unnamed")
HALF = np.array([0.5, 0.5])


class Blocks(NamedTuple):
    """Latent rows, and which of them depend on each other."""

    latent: np.ndarray  # (n, d), standard normal coordinates
    block: np.ndarray  # (n,), group, series or original of each row
    time: np.ndarray | None  # (n,), place in its series


def sizes(n: int, typical: int, rng: np.random.Generator) -> np.ndarray:
    """Return the group of each row; groups have half to one and a half times as many rows."""
    counts: list[int] = []
    while sum(counts) < n:
        counts.append(int(rng.integers(typical - typical // 2, typical + typical // 2 + 1)))
    return np.repeat(np.arange(len(counts)), counts)[:n]


def series(Z: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return an autoregression of innovations Z (n, ...) that starts afresh where time is 0."""
    Z = Z.copy()
    for i in np.flatnonzero(time > 0):
        Z[i] = AR * Z[i - 1] + np.sqrt(1 - AR**2) * Z[i]
    return Z


def latent(dependence: str, n: int, d: int, size: int, rng: np.random.Generator) -> Blocks:
    """Return latent rows: groups share half of their variance, series are autoregressions."""
    G = rng.standard_normal((n, d))
    block, time = np.arange(n), None
    if dependence in ("constant", "mixed"):
        block = sizes(n, size, rng)
    elif dependence == "unnamed":
        block = np.arange(n) // size
    elif dependence == "series":
        length = n // 12
        block, time = np.arange(n) // length, np.arange(n) % length
        G = series(G, time)
    elif dependence == "copies":
        block = np.arange(n) % (n // 2)
        G = G[block]
    if dependence in ("constant", "mixed", "unnamed"):
        G = np.sqrt(0.5) * (G + rng.standard_normal((n, d))[block])
    return Blocks(G, block, time)


def shares(concept: str, balance: str) -> np.ndarray:
    """Return the share of each class; the last one is rare."""
    k = {"two": 2, "five": 5}[concept]
    rare = {"balanced": 1 / k, "5%": 0.05, "1%": 0.01}[balance]
    return np.array([(1 - rare) / (k - 1)] * (k - 1) + [rare])


def dealt(share: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n classes of the given shares, as exactly as n allows, in random order."""
    counts = np.floor(share * n + 0.5).astype(int)
    counts[0] += n - counts.sum()
    return rng.permutation(np.repeat(np.arange(len(share)), counts))


def numbers(dependence: str, rows: Blocks, rng: np.random.Generator) -> np.ndarray:
    """Return a numeric concept that runs in blocks as labels do."""
    y = rng.standard_normal(len(rows.block))
    if rows.time is not None:
        return series(y, rows.time)
    if dependence in ("constant", "unnamed", "copies"):
        return y[rows.block]
    if dependence == "mixed":
        of_group = rng.standard_normal(len(y))[rows.block]
        return np.where(rows.block % 2 == 0, of_group, np.sqrt(0.5) * (of_group + y))
    return y


def labels(
    dependence: str, share: np.ndarray, rows: Blocks, rng: np.random.Generator
) -> np.ndarray:
    """Return classes: a group, a run or a row at a time.

    constant, unnamed, copies: one class a group. mixed: half of the groups are of one class, in
    the others rows are dealt. series: runs, of 8 steps on average, of 4 where a class is rare or
    series are short.
    """
    n, rare = len(rows.block), share[-1] <= 0.05
    if rows.time is not None:
        y = rng.choice(len(share), size=n, p=share)
        run = 4 if rare or n < 200 else 8
        goes_on = (rows.time > 0) & (rng.random(n) > 1 / run)
        for i in np.flatnonzero(goes_on):
            y[i] = y[i - 1]
        return y
    if dependence == "independent" or (dependence == "mixed" and rare):
        return dealt(share, n, rng)
    of_group = dealt(share, int(rows.block.max()) + 1, rng)[rows.block]
    if dependence == "mixed":
        return np.where(rows.block % 2 == 0, of_group, dealt(share, n, rng))
    return of_group


def means(y: np.ndarray, k: int | None, gap: float, d: int) -> np.ndarray:
    """Return the shift of each row: classes ``gap`` apart, or a slope, along the first columns."""
    shift = np.zeros((len(y), d))
    if k is None or k == 2:
        shift[:, 0] = gap * y
    else:  # corners of a simplex
        shift[np.arange(len(y)), y] = gap / np.sqrt(2)
    return shift


def shaped(noise: str, G: np.ndarray, shift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows: latent ones in the shape of a noise, shifted."""
    n, d = G.shape
    if noise == "onehot":
        scores = (G + shift)[:, : d - d % SYMBOLS].reshape(n, -1, SYMBOLS)
        return (scores == scores.max(axis=2, keepdims=True)).astype(float).reshape(n, -1)
    if noise == "relu":
        return np.maximum(G + shift - 0.5, 0.0)
    if noise == "int8":
        return np.clip(np.round(G / STEP) + np.round(shift / STEP), -128, 127)
    X = G.copy()
    if noise == "t3":
        X /= np.sqrt(rng.chisquare(3, size=(n, 1)))
    elif noise == "laplace":
        X *= np.sqrt(rng.exponential(size=(n, 1)))
    elif noise == "lognormal":
        X = (np.exp(G) - np.exp(0.5)) / np.sqrt(np.exp(2) - np.exp(1))
    elif noise == "wild":
        X[rng.integers(n)] *= WILD
    return X + shift


def drawn(
    rng: np.random.Generator,
    *,
    noise: str,
    dependence: str,
    concept: str,
    balance: str,
    n: int,
    d: int,
    gap: float,
    size: int,
) -> Arguments:
    """Return a world of the design; classes that are in too few blocks are drawn again.

    Exchanges of whole groups, and shifts within series, keep in how many blocks a class is.
    """
    rows = latent(dependence, n, d, size, rng)
    k = None
    if concept == "numeric":
        y = numbers(dependence, rows, rng)
    else:
        share, y = shares(concept, balance), np.zeros(n, int)
        k = len(share)
        while any(len(np.unique(rows.block[y == c])) < IN_BLOCKS for c in range(k)):
            y = labels(dependence, share, rows, rng)
    X = shaped(noise, rows.latent, means(y, k, gap, d), rng)
    if dependence == "copies":
        X, y = copied(X, y, noise, rng)
    found: Arguments = {"X": X, "y": y}
    if dependence in ("constant", "mixed", "series"):
        found["groups"] = rows.block
    if rows.time is not None:
        found["order"] = rows.time
    return found


def copied(
    X: np.ndarray, y: np.ndarray, noise: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows whose second half repeats the first: every other row exactly, the rest nearly."""
    half, X = len(X) // 2, X.copy()
    X[half:] = X[:half]
    if noise in ("gaussian", "t3", "laplace", "lognormal", "wild"):
        X[half + 1 :: 2] += 1e-3 * rng.standard_normal(X[half + 1 :: 2].shape)
    order = rng.permutation(len(X))
    return X[order], y[order]
