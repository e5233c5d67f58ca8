"""Applying an affine eraser against np.copy: float32, d = 4096, into a new array and in place.

A copy reads X and writes as much: no map of X costs less. Ranks 1, 9 and 63 are those of 2, 10
and 64 classes; at some rank the matrix products, 4 n d r operations, must outweigh the copy.

    python benchmarks/apply.py
"""

from __future__ import annotations

import argparse

import numpy as np
from record import record, timed

from nullprobe import AffineEraser

RANKS = (1, 9, 63)


def eraser(d: int, rank: int) -> AffineEraser:
    """Return an eraser of this rank; what it was fitted on makes no difference to the time."""
    rng = np.random.default_rng(rank)
    writing = np.linalg.qr(rng.standard_normal((d, rank)))[0].T
    reading = writing.T + 0.01 * rng.standard_normal((d, rank))
    return AffineEraser(rng.standard_normal(d), reading, writing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--d", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=5)
    a = parser.parse_args()
    X = np.random.default_rng(0).standard_normal((a.n, a.d), dtype=np.float32)
    there = np.empty_like(X)
    rows, medians = [], {}
    for rank in RANKS:
        e = eraser(a.d, rank)
        runs = []
        for _ in range(a.repeats):
            run = {"np.copy": timed(lambda: np.copy(X))[1]}
            run["np.copyto"] = timed(lambda: np.copyto(there, X))[1]
            run["new array"] = timed(lambda e=e: e.apply(X))[1]
            run["in place"] = timed(lambda e=e: e.apply(there, out=there))[1]
            runs.append(run)
        m = {k: float(np.median([run[k] for run in runs])) for k in runs[0]}
        medians[f"rank {rank}"] = m
        for how in ("new array", "in place"):
            what = f"apply, rank {rank}, {how}: times np.copy"
            rows.append({"what": what, "ratio": m[how] / m["np.copy"], "target": "≤ 2"})
            print(rows[-1], m, flush=True)
    settings = {"n": a.n, "d": a.d, "dtype": "float32", "repeats": a.repeats, "medians": medians}
    record("apply", settings, rows)


if __name__ == "__main__":
    main()
