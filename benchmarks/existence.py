"""How often is a gap of the class means found, beside Hotelling's T² with its own F distribution?

Two Gaussian classes, n = 240, a gap along one feature; share of seeds with p ≤ .05. The level, too,
also under heavy tails, with more features than rows, and where one class is rare and wide: there
labels and rows do depend on each other, though the means are equal. See docs/methods/existence.md.

    python benchmarks/existence.py
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from record import record
from scipy.stats import f as f_distribution
from threadpoolctl import threadpool_limits

from nullprobe.data.concept import concept
from nullprobe.measures.association import REFERENCE, Association
from nullprobe.moments import Moments

N, DRAWS, ALPHA = 240, 199, 0.05
GAPS = (0.0, 0.25, 0.5, 0.75, 1.0)


def p_of_association(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """Return the p-value by permuted labels."""
    z, n = concept(y), len(y)
    drawn = np.stack([rng.permutation(n) for _ in range(REFERENCE + DRAWS)], axis=1)
    found = Association(X, z, Moments.summed(X, z), drawn[:, :REFERENCE])
    observed = found.read(np.arange(n)[:, None])
    return (int((found.read(drawn[:, REFERENCE:]) >= observed).sum()) + 1) / (DRAWS + 1)


def p_of_hotelling(X: np.ndarray, y: np.ndarray) -> float:
    """Return the p-value of Hotelling's T² by the F distribution."""
    a, b = X[y == 1], X[y == 0]
    (n, d), gap = X.shape, a.mean(0) - b.mean(0)
    pooled = ((len(a) - 1) * np.cov(a.T) + (len(b) - 1) * np.cov(b.T)) / (n - 2)
    t2 = len(a) * len(b) / n * gap @ np.linalg.solve(pooled, gap)
    return float(f_distribution.sf((n - d - 1) / (d * (n - 2)) * t2, d, n - d - 1))


def gaussian(rng: np.random.Generator, d: int, gap: float) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(N) % 2
    X = rng.normal(size=(N, d))
    X[:, 0] += gap * y
    return X, y


def heavy(rng: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.standard_t(2, size=(60, d)), np.arange(60) % 2


def rare_and_wide(rng: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    y = (np.arange(300) < 30).astype(int)
    return rng.normal(size=(300, d)) * np.where(y, 4, 1)[:, None], y


def share(draw: Callable[..., tuple[np.ndarray, np.ndarray]], seeds: int, d: int, **more: float):
    """Return the shares of seeds in which each test finds something; Hotelling's where it can."""
    ours = theirs = 0
    for seed in range(seeds):
        rng = np.random.default_rng([seed, d, *(int(100 * v) for v in more.values())])
        X, y = draw(rng, d, **more)
        ours += p_of_association(X, y, rng) <= ALPHA
        theirs += len(X) > d + 2 and p_of_hotelling(X, y) <= ALPHA
    return ours / seeds, theirs / seeds if len(X) > d + 2 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    a = parser.parse_args()
    rows = []
    worlds = [(f"Gaussian, gap {gap}", gaussian, d, {"gap": gap}) for d in (8, 64) for gap in GAPS]
    worlds += [("nothing, t2", heavy, d, {}) for d in (8, 100)]
    worlds += [("equal means, one class rare and wide", rare_and_wide, 2, {})]
    with threadpool_limits(1):
        for name, draw, d, more in worlds:
            ours, theirs = share(draw, a.seeds, d, **more)
            rows.append({"world": name, "d": d, "association": ours, "hotelling": theirs})
            print(f"{name:38} d {d:4} association {ours:.3f} Hotelling {theirs}", flush=True)
    record("existence", {"seeds": a.seeds, "draws": DRAWS, "alpha": ALPHA}, rows)


if __name__ == "__main__":
    main()
