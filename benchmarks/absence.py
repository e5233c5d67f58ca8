"""How often an absence is wrong where it is nearly true, and how often intervals hold the truth.

    python benchmarks/absence.py --seeds 400          # resumes nothing; a few minutes a world

An audit that says "no linear probe trained on up to N rows is likely to read more than .55 of new
rows" is wrong where such probes read more of new rows on average. The gap of the class means is set
so that they read .55, the worst case. The interval of a reading is given its fitted probes: it is
held against what these very probes read of 20,000 new rows.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable

os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")

import numpy as np
import record
from joblib import Parallel, delayed
from scipy.stats import beta, binomtest

from nullprobe import audit
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.heldout.factored_rows import Part
from nullprobe.stats import metrics

NEW = 20_000
Rows = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def gaussian(rng: np.random.Generator, n: int, d: int, gap: float) -> Rows:
    """Return balanced Gaussian classes whose means differ along one feature."""
    y = np.arange(n) % 2
    X = rng.standard_normal((n, d))
    X[:, 0] += gap * y
    return X, y, None


def t3(rng: np.random.Generator, n: int, d: int, gap: float) -> Rows:
    """Return the same with noise of Student's t, three degrees of freedom."""
    y = np.arange(n) % 2
    X = rng.standard_t(3, (n, d)) / np.sqrt(3)
    X[:, 0] += gap * y
    return X, y, None


def grouped(rng: np.random.Generator, n: int, d: int, gap: float) -> Rows:
    """Return groups of four rows of one class, with half of the variance between groups."""
    g = np.arange(n) // 4
    y = g % 2
    X = np.sqrt(0.5) * (rng.standard_normal((n, d)) + rng.standard_normal((n // 4, d))[g])
    X[:, 0] += gap * y
    return X, y, g


WORLDS: dict[str, tuple[Callable[..., Rows], int, int]] = {
    "gaussian, n 240, d 64": (gaussian, 240, 64),
    "gaussian, n 900, d 100": (gaussian, 900, 100),
    "t3, n 900, d 100": (t3, 900, 100),
    "groups of 4, n 900, d 30": (grouped, 900, 30),
}


def probes(X: np.ndarray, y: np.ndarray, groups: np.ndarray | None, seed: int) -> np.ndarray:
    """Return the weights (d, m) that an audit of this seed fits in all parts of its partitions."""
    z = concept(y)
    found = []
    for parts in partitions(z, groups=groups, n_splits=4, rng=np.random.default_rng([seed, 0])):
        for j in range(parts.n_parts):
            part = Part.of(X, z, parts.rows(j))
            found.append(part.solve(part.cross(z.matrix[:, 1:]))[:, 0])
    return np.array(found).T


def read(W: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
    """Return the mean AUC of probes on new rows."""
    return float(metrics.auc((X @ W).T, (y == 1)[None]).mean())


def gap_of(draw: Callable[..., Rows], n: int, d: int) -> float:
    """Return the gap at which probes of a third of n rows read .55 of new rows on average."""
    low, high = 0.0, 1.5
    for _ in range(12):
        gap = (low + high) / 2
        each = []
        for seed in range(24):
            rng = np.random.default_rng([seed, 99])
            W = probes(*draw(rng, n, d, gap), seed)
            fresh = draw(rng, 4_000, d, gap)
            each.append(read(W, fresh[0], fresh[1]))
        low, high = (gap, high) if np.mean(each) < 0.55 else (low, gap)
    return (low + high) / 2


def one(draw: Callable[..., Rows], n: int, d: int, gap: float, seed: int) -> tuple[bool, bool]:
    """Return whether the audit says no, and whether its interval holds what its probes read."""
    rng = np.random.default_rng([seed, 1])
    X, y, groups = draw(rng, n, d, gap)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = {"groups": groups} if groups is not None else {"independent": True}
        found = audit(X, y, claims=["readable"], depth="quick", draws=99, random_state=seed, **how)[
            "readable"
        ]
    fresh = draw(rng, NEW, d, gap)
    truth = read(probes(X, y, groups, seed), fresh[0], fresh[1])
    low, high = found.interval
    return str(found.holds) == "no", low <= truth <= high


def main() -> None:
    """Read the command line, run all worlds and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    rows = []
    for name, (draw, n, d) in WORLDS.items():
        if args.only not in name:
            continue
        gap = gap_of(draw, n, d)
        each = Parallel(n_jobs=args.jobs)(
            delayed(one)(draw, n, d, gap, seed) for seed in range(args.seeds)
        )
        wrong, held = np.sum(each, axis=0)
        row = {
            "world": name,
            "gap": gap,
            "seeds": args.seeds,
            "says no": int(wrong),
            "p of at most .025": float(binomtest(int(wrong), args.seeds, 0.025, "greater").pvalue),
            "upper 95 %": float(beta.ppf(0.95, wrong + 1, args.seeds - wrong)),
            "interval holds": int(held),
            "p of at least .95": float(binomtest(int(held), args.seeds, 0.95, "less").pvalue),
        }
        print(row, flush=True)
        rows.append(row)
    if not args.only:
        record.record("absence", {"seeds": args.seeds}, rows)


if __name__ == "__main__":
    main()
