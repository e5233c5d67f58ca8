"""Worlds of null data: rows that are independent, and rows that depend on each other."""

from __future__ import annotations

import numpy as np

INDEPENDENT = ("gaussian", "t3", "t3 iid", "lognormal", "sorted", "wide", "unequal sorted")
DEPENDENT = ("exact pairs", "paraphrase pairs", "5 paraphrases", "tokens", "series")
DISCRETE = ("one-hot", "binary", "rare binary", "int8 coarse", "one integer", "relu", "symbols")

MIXED = (  # a few numbers, and features that most rows share a value of
    "bits of 2 %",
    "integers and bits of 1 %",
    "bits of 5 %",
    "bits of 15 %",
    "rare bits of many rows",
    "20 levels, one-hot",
    "50 levels, one-hot",
    "counts",
    "zero-inflated",
)


def independent(name: str, seed: int, n: int = 600, d: int = 20):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, d))
    if name == "t3":
        X /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    elif name == "t3 iid":
        X = rng.standard_t(3, size=(n, d))
    elif name == "lognormal":
        X = np.exp(X)
    elif name == "wide":
        X = rng.normal(size=(120, 400))
        y = y[:120]
    elif name == "sorted":
        X = X + 2 * y[:, None] * (np.arange(d) == 0)
        order = y.argsort(kind="stable")
        X, y = X[order], y[order]
    elif name == "unequal sorted":
        y = np.sort(y)
        X = np.exp(X) * np.where(y[:, None] > 0, 1, -3)
    return X, y


def dependent(name: str, seed: int):
    """The five worlds in the order of the file; labels belong to the text, not to the row."""
    rng = np.random.default_rng(seed)
    if name == "series":
        n, d = 600, 20
        X = np.empty((n, d))
        X[0] = rng.normal(size=d)
        for t in range(1, n):
            X[t] = 0.9 * X[t - 1] + np.sqrt(1 - 0.81) * rng.normal(size=d)
        return X, np.repeat(rng.permutation(np.arange(20) % 2), 30)
    texts, each, d, noise = {
        "exact pairs": (150, 2, 20, 0.0),
        "paraphrase pairs": (150, 2, 100, 0.3),
        "5 paraphrases": (120, 5, 20, 0.5),
        "tokens": (40, 15, 20, 1.0),
    }[name]
    X = np.repeat(rng.normal(size=(texts, d)), each, 0)
    X += noise * rng.normal(size=X.shape)
    return X, np.repeat(rng.permutation(np.arange(texts) % 2), each)


def discrete(name: str, seed: int, n: int = 600):
    rng = np.random.default_rng(seed)
    if name == "one-hot":
        return np.eye(40)[rng.integers(0, 40, n)]
    if name == "binary":
        return rng.integers(0, 2, (n, 8)).astype(float)
    if name == "rare binary":
        return (rng.random((n, 30)) < 0.03).astype(float)
    if name == "int8 coarse":
        return np.clip(np.round(rng.normal(size=(n, 4))), -3, 3)
    if name == "one integer":
        return rng.poisson(4, (n, 1)).astype(float)
    if name == "relu":
        return np.maximum(rng.normal(size=(n, 40)) - 2.33, 0)
    if name == "symbols":  # three variables of eight levels, one-hot, one level common
        levels = [rng.choice(8, n, p=[0.65, *[0.05] * 7]) for _ in range(3)]
        return np.hstack([np.eye(8)[v] for v in levels])
    raise KeyError(name)


def mixed(name: str, seed: int):
    """Independent rows of five numbers and rarely lit features."""
    rng = np.random.default_rng(seed)
    n = 3000 if name == "rare bits of many rows" else 300
    numbers = rng.normal(size=(n, 5))
    if name == "counts":
        return np.hstack([numbers, rng.poisson(0.1, (n, 20))])
    if name == "zero-inflated":
        return np.hstack([numbers, np.exp(rng.normal(size=(n, 20))) * (rng.random((n, 20)) < 0.02)])
    if name.endswith("one-hot"):
        levels = int(name[:2])
        return np.hstack([numbers, np.eye(levels)[rng.integers(0, levels, n)]])
    if name == "integers and bits of 1 %":
        return np.hstack([np.round(20 * numbers), rng.random((n, 40)) < 0.01])
    share, bits = {
        "bits of 2 %": (0.02, 20),
        "bits of 5 %": (0.05, 20),
        "bits of 15 %": (0.15, 20),
        "rare bits of many rows": (0.002, 40),
    }[name]
    return np.hstack([numbers, rng.random((n, bits)) < share])
