"""Does a fresh probe read on new data what the planner says?

Whitened Gaussian classes on a grid of d features, gap D, n rows and share of the second class.
LEACE is fitted to n rows, and what it leaves of the true gap is computed exactly, without
sampling: so is the population AUC of the best probe, and of discriminants fitted to n more rows,
whose covariance is shrunk (here it is then all but known) or is not (and √(1 − d/n) of the
argument of Φ is lost). Then rows are planned for a target, and the AUC is simulated with them;
what an eraser removes depends on the class means alone, so that these are drawn.

    python benchmarks/planner.py
"""

from __future__ import annotations

import argparse
import math
import time
from itertools import product

import numpy as np
from joblib import Parallel, delayed
from record import record
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from nullprobe import Moments, leace, plan
from nullprobe.probes.linear.lda import lda

FEATURES, GAPS, ROWS, SHARES = (16, 64, 256, 768), (0.5, 1.0, 2.0), (500, 2000, 8000), (0.5, 0.1)
TARGETS = (0.52, 0.55, 0.6)
SEEDS = {16: 100, 64: 50, 256: 16, 768: 6}
READINGS = ("gap left", "endless probe", "fresh probe", "fresh probe of unknown covariance")


def draw(n: int, delta: np.ndarray, share: float, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return whitened rows of two classes whose means differ by delta, and their labels."""
    y = (np.arange(n) < round(share * n)).astype(int)
    return rng.standard_normal((n, len(delta))) + np.outer(y, delta), y


def auc_of(weights: np.ndarray, delta: np.ndarray) -> float:
    """Return the population AUC of a linear function of rows of unit covariance."""
    return float(norm.cdf(weights @ delta / np.linalg.norm(weights) / math.sqrt(2.0)))


def across(direction: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Return what is left of the gap once a direction is removed."""
    q = direction / np.linalg.norm(direction)
    return delta - q * (q @ delta)


def one_fit(d: int, gap: float, n: int, share: float, rng) -> list[float]:
    """Return the readings of one eraser, fitted to n rows."""
    delta = np.full(d, gap / math.sqrt(d))  # along no axis, for shrinkage favours these
    eraser = leace(Moments.of(*draw(n, delta, share, rng)))
    left = across(eraser.writing[0], delta)
    X, y = draw(n, delta, share, rng)
    fresh = Moments.of(eraser.apply(X, out=X), y)
    found = [float(left @ left), auc_of(left, delta)]
    for shrinkage in ("oas", 0.0):
        if shrinkage == 0.0 and n < d + 10:
            return [*found, math.nan]
        weights = lda(fresh, shrinkage=shrinkage).weights[:, 0]
        weights = weights - eraser.reading @ (eraser.writing @ weights)  # as read from raw rows
        found.append(auc_of(weights, delta))
    return found


def cell(d: int, gap: float, n: int, share: float) -> dict:
    """Return formula, simulation and standard error of each reading."""
    rng = np.random.default_rng([d, int(100 * gap), n, int(100 * share)])
    with threadpool_limits(1, "blas"):
        found = np.array([one_fit(d, gap, n, share, rng) for _ in range(SEEDS[d])])
    endless, fresh = (
        plan(d, gap, n=n, positive_fraction=share),
        plan(d, gap, n=n, n_probe=n, positive_fraction=share),
    )
    argument = float(norm.ppf(fresh.auc)) * math.sqrt(max(0.0, 1.0 - d / n))
    formula = (endless.gap_left, endless.auc, fresh.auc, float(norm.cdf(argument)))
    readings = {
        name: {
            "formula": round(formula[j], 5),
            "simulated": round(float(found[:, j].mean()), 5),
            "se": round(float(found[:, j].std(ddof=1)) / math.sqrt(len(found)), 5),
        }
        for j, name in enumerate(READINGS)
        if np.isfinite(found[:, j]).all()
    }
    return {"d": d, "gap": gap, "n": n, "share": share, "seeds": len(found), **readings}


def planned(d: int, gap: float, share: float, auc: float, fits: int) -> dict | None:
    """Return the mean AUC with the planned rows; None where no eraser is needed."""
    made = plan(d, gap, auc, positive_fraction=share)
    if made.raw_auc <= auc:
        return None
    rng = np.random.default_rng([d, int(100 * gap), int(100 * share), int(100 * auc)])
    delta = np.full(d, gap / math.sqrt(d))
    spread = math.sqrt(1.0 / (share * made.n) + 1.0 / ((1.0 - share) * made.n))
    means = delta + spread * rng.standard_normal((fits, d))
    square = np.einsum("ij,ij->i", means, means)
    left = gap**2 - (means @ delta) ** 2 / square
    read = norm.cdf(np.sqrt(np.clip(left, 0.0, None) / 2.0))
    mean, se = float(read.mean()), float(read.std(ddof=1)) / math.sqrt(fits)
    setting = {"d": d, "gap": gap, "share": share, "target": auc, "n": made.n}
    return {**setting, "simulated": round(mean, 5), "se": round(se, 6)}


def largest(cells: list[dict], name: str) -> dict[str, float]:
    """Return the largest differences of formula and simulation, plain and in standard errors."""
    some = [c[name] for c in cells if name in c]
    off = [abs(c["simulated"] - c["formula"]) for c in some]
    return {
        "plain": max(off),
        "in se": max(o / c["se"] for o, c in zip(off, some, strict=True)),
        "cells": len(some),
    }


def as_csv(found: list[dict]) -> list[str]:
    """Return nested results as lines of a table, so that a file of them can be looked through."""
    flat = [
        {
            f"{name}: {part}" if part else name: number
            for name, value in one.items()
            for part, number in (value.items() if isinstance(value, dict) else [("", value)])
        }
        for one in found
    ]
    columns = max(flat, key=len)  # where rows are few, one reading is missing: an empty field
    return [
        ",".join(columns),
        *(",".join(str(one.get(name, "")) for name in columns) for one in flat),
    ]


def main() -> None:
    """Run the grid and record it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=4000, help="simulated erasers a plan")
    arguments = parser.parse_args()
    start = time.perf_counter()
    # The longest first, so that the cores end together.
    grid = sorted(product(FEATURES, GAPS, ROWS, SHARES), key=lambda c: -c[0] * c[2])
    cells = list(Parallel(n_jobs=-1)(delayed(cell)(*c) for c in grid))
    plans = [
        found
        for setting in product(FEATURES, GAPS, SHARES, TARGETS)
        if (found := planned(*setting, arguments.fits))
    ]
    below = [p["simulated"] <= p["target"] + 2.0 * p["se"] for p in plans]
    rows = [
        {
            "what": f"planner, {name}: largest difference of AUC, formula and simulation "
            f"({largest(cells, name)['cells']} cells)",
            "ratio": largest(cells, name)["plain"],
            "target": "≤ 0.01",
        }
        for name in READINGS[1:]
    ]
    rows += [
        {
            "what": f"planned rows: share of {len(plans)} plans whose AUC keeps to the target, "
            "within 2 standard errors",
            "ratio": float(np.mean(below)),
            "target": "≥ 0.95",
        },
        {
            "what": "planned rows: largest excess of the mean AUC over the target",
            "ratio": max(p["simulated"] - p["target"] for p in plans),
            "target": "≤ 0.001",
        },
    ]
    for row in rows:
        print(row)
    for name in READINGS:
        print(name, largest(cells, name))
    print(f"{time.perf_counter() - start:.0f} s")
    settings = {"fits a plan": arguments.fits, "grid": as_csv(cells), "plans": as_csv(plans)}
    record("planner", settings, rows)


if __name__ == "__main__":
    main()
