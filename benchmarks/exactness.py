"""Are p-values uniform where theory says so, and how far off are they elsewhere?

The reading after erasure, by the actions of the audit. Permutations are exact if rows are
exchangeable, and rotations if the noise is Gaussian: 400 seeds each, with fewer rows than features
among them. For flips and common shape the rate of p ≤ .05 is mapped over features a row and tails.
See docs/methods/nulls.md.

    python benchmarks/exactness.py
"""

from __future__ import annotations

import argparse

import numpy as np
from joblib import Parallel, delayed
from record import record
from scipy.stats import kstest
from threadpoolctl import threadpool_limits

from nullprobe.auditing.readings import Readings
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.moments import Moments
from nullprobe.nulls.flips import SignFlips
from nullprobe.nulls.permutation import Permutations
from nullprobe.nulls.residuals import Residuals
from nullprobe.nulls.rotation import Rotations
from nullprobe.nulls.shape import CommonShape
from nullprobe.stats.null_distribution import Null

DRAWS, GAP = 39, 1.5
SIZES = ((240, 5), (240, 72), (60, 120))  # d/n of .02, .3 and 2
TAILS = ("Gaussian", "t3", "log-normal")


def rows(tail: str, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise of variance about one."""
    X = rng.normal(size=(n, d))
    if tail == "t3":
        return X / np.sqrt(rng.chisquare(3, size=(n, 1)))
    return (np.exp(X) - np.exp(0.5)) / 2.16 if tail == "log-normal" else X


def p_value(action: str, tail: str, n: int, d: int, seed: int) -> float | None:
    """Return the p-value where the null is true; None where the action cannot be drawn."""
    rng = np.random.default_rng([seed, n, d])
    y = np.arange(n) % 2
    X = rows(tail, n, d, rng)
    if action != "permutations":
        X[:, 0] += GAP * y * X[:, 0].std()
    z = concept(y)
    parts = partitions(z, groups=None, n_splits=1, rng=rng)
    how = Readings(z, parts, seed)
    observed = float(how.of(X).read(how.asis, ["erased"])["erased"][0])
    moments = Moments.summed(X, z)
    residuals = Residuals.of(X, z, moments, None)
    permuted = Permutations.of(z, parts[0], (seed, 1))
    chance = how.of(X).read(permuted.orders(range(DRAWS)), ["raw", "erased"])
    if action == "permutations":
        return Null("chance", "", chance["erased"]).p_value(observed)
    made = {
        "rotations": lambda: Rotations.of(residuals, (seed, 2)),
        "flips": lambda: SignFlips.of(residuals, moments, (seed, 3)),
        "common shape": lambda: CommonShape.of(residuals, moments, (seed, 4)),
    }[action]()
    if isinstance(made, str):
        return None
    if action != "rotations":
        made = made.matched(
            lambda several: np.array([how.raw(one) for one in several]),
            how.raw(X),
            float(chance["raw"].mean()),
            float(chance["raw"].std(ddof=1)),
        )
    values = np.array([how.draw(made, ["erased"], k)["erased"] for k in range(DRAWS)])
    return Null(action, "", values).p_value(observed)


def _quiet(*asked: object) -> float | None:
    with threadpool_limits(1):
        return p_value(*asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--mapped", type=int, default=100, help="seeds of a cell of the map")
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    asked = [("permutations", "t3", n, d, a.seeds) for n, d in SIZES]
    asked += [("rotations", "Gaussian", n, d, a.seeds) for n, d in SIZES]
    asked += [
        (action, tail, n, d, a.mapped)
        for action in ("rotations", "flips", "common shape")
        for tail in TAILS
        for n, d in SIZES
        if (action, tail) != ("rotations", "Gaussian")
    ]
    found = []
    for action, tail, n, d, seeds in asked:
        each = Parallel(a.jobs)(delayed(_quiet)(action, tail, n, d, s) for s in range(seeds))
        p = np.array([one for one in each if one is not None])
        row = {"action": action, "noise": tail, "n": n, "d": d, "seeds": len(p)}
        if len(p):
            jittered = p - np.random.default_rng(0).random(len(p)) / (DRAWS + 1)
            row |= {
                "rate": float((p <= 0.05).mean()),
                "uniform_p": float(kstest(jittered, "uniform").pvalue),
            }
        found.append(row)
        print(row, flush=True)
    record("exactness", {"draws": DRAWS, "gap": GAP}, found)


if __name__ == "__main__":
    main()
