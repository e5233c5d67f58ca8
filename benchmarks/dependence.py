"""How often are dependence, copies and outlying rows found where they are, and where not?

False alarms and power over seeds, on null worlds of independent rows, of rows that depend on each
other (in the order of the file, and shuffled), and of discrete rows; seconds for large arrays;
and what real data hold as they come.

    python benchmarks/dependence.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from record import record, timed
from sklearn import datasets
from threadpoolctl import threadpool_limits

from nullprobe.data.concept import concept
from nullprobe.stats.copies import copies
from nullprobe.stats.neighbours import resemblance
from nullprobe.stats.outlying import outlying_rows
from nullprobe.stats.rare_features import aside_features

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.dependent_rows import (
    DEPENDENT,
    DISCRETE,
    INDEPENDENT,
    MIXED,
    dependent,
    discrete,
    independent,
    mixed,
)

LEVEL = 0.01


def worlds():
    """Yield the name, the kind and the maker of each world: seed to rows and labels."""
    for name in INDEPENDENT:
        yield name, "independent", lambda seed, name=name: independent(name, seed)
    for name in DISCRETE:
        yield name, "discrete", lambda seed, name=name: _with_labels(discrete(name, seed), seed)
    for name in MIXED:
        yield name, "mixed", lambda seed, name=name: _with_labels(mixed(name, seed), seed)
    for name in DEPENDENT:
        yield name, "dependent", lambda seed, name=name: dependent(name, seed)
        yield f"{name}, shuffled", "shuffled", lambda seed, name=name: _shuffled(name, seed)
    for name, make in WILD.items():
        yield name, "wild", lambda seed, make=make: _with_labels(make(seed), seed)


def _with_labels(X, seed):
    return X, np.random.default_rng([seed, 2]).permutation(np.arange(len(X)) % 2)


def _shuffled(name, seed):
    X, y = dependent(name, seed)
    order = np.random.default_rng([seed, 1]).permutation(len(y))
    return X[order], y[order]


def _wild(seed, rows, times, tails):
    X, _ = independent(tails, seed)
    X[:rows] *= times
    return X


WILD = {
    "one row × 10,000": lambda s: _wild(s, 1, 1e4, "gaussian"),
    "1 % of rows × 10": lambda s: _wild(s, 6, 10, "gaussian"),
    "2 % of rows × 5": lambda s: _wild(s, 12, 5, "gaussian"),
    "t3, one row × 10,000": lambda s: _wild(s, 1, 1e4, "t3"),
    "t3 iid, 2,000 × 40": lambda s: independent("t3 iid", s, 2000, 40)[0],
    "t3, 2,000 × 40": lambda s: independent("t3", s, 2000, 40)[0],
}


def rates(name, kind, make, seeds):
    """Return the share of seeds in which each rule speaks, and by how much."""
    alarms, lengths, joined, out = [], [], [], []
    for seed in range(seeds):
        X, y = make(seed)
        near = resemblance(X, concept(y), seed)
        found = copies(X, seed)
        alarms.append(near.p_value <= LEVEL)
        lengths.append(near.length)
        joined.append((found.n_exact + found.n_near) / len(X))
        out.append(len(outlying_rows(X)))
    return {
        "world": name,
        "kind": kind,
        "neighbours": float(np.mean(alarms)),
        "length, median": float(np.median(lengths)),
        "length, .1": float(np.quantile(lengths, 0.1)),
        "length, .9": float(np.quantile(lengths, 0.9)),
        "any copy": float(np.mean(np.array(joined) > 0)),
        "rows that are copies": float(np.mean(joined)),
        "any row out": float(np.mean(np.array(out) > 0)),
        "rows out, mean": float(np.mean(out)),
        "rows out, most": int(max(out)),
    }


def real(name, X, y, kind=None):
    """Return what one real data set holds, as it comes and shuffled."""
    z = concept(y, kind=kind)
    order = np.random.default_rng(0).permutation(len(X))
    near, found, aside = resemblance(X, z, 0), copies(X, 0), aside_features(X)
    return {
        "data": name,
        "n": len(X),
        "d": X.shape[1],
        "neighbours: p": near.p_value,
        "correlation": near.correlation,
        "length": near.length,
        "shuffled: p": resemblance(X[order], z.take(order), 0).p_value,
        "exact copies": found.n_exact,
        "near copies": found.n_near,
        "equal rows": found.n_equal,
        "rows out": len(outlying_rows(X)),
        "constant": len(aside.constant),
        "rare": len(aside.rare),
        "copied features": len(aside.copy),
        "given features": len(aside.given),
    }


def seconds(n, d):
    """Return how long each rule takes for n rows, independent and in pairs."""
    X = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    z = concept(np.arange(n) % 2)
    row = {"n": n, "d": d}
    for name, work in (
        ("neighbours", lambda: resemblance(X, z, 0)),
        ("copies", lambda: copies(X, 0)),
        ("outlying rows", lambda: outlying_rows(X)),
        ("features", lambda: aside_features(X)),
    ):
        row[f"{name}, s"] = timed(work)[1]
    X[1::2] = X[::2] + np.float32(0.1) * X[1::2]
    row["neighbours, pairs, s"] = timed(lambda: resemblance(X, z, 0))[1]
    found, row["copies, pairs, s"] = timed(lambda: copies(X, 0))
    row["pairs joined"] = found.n_near / n
    return row


def main() -> None:
    """Run all and record it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    arguments = parser.parse_args()
    rows = []

    def add(row):
        rows.append(row)
        print(row, flush=True)

    with threadpool_limits(1, "blas"):
        digits, cancer = datasets.load_digits(), datasets.load_breast_cancer()
        wine, diabetes = datasets.load_wine(), datasets.load_diabetes()
        add(real("digits, at least 5", digits.data, digits.target >= 5))
        add(real("digits, odd", digits.data, digits.target % 2))
        add(real("digits, ten classes", digits.data, digits.target))
        add(real("breast cancer", cancer.data, cancer.target))
        add(real("wine", wine.data, wine.target))
        add(real("diabetes", diabetes.data, diabetes.target, "numeric"))
        for n, d in ((600, 768), (10_000, 768), (100_000, 100), (100_000, 768), (2_000, 5_000)):
            add(seconds(n, d))
        for name, kind, make in worlds():
            add(rates(name, kind, make, arguments.seeds))
    record("dependence", {"seeds": arguments.seeds, "level": LEVEL, "blas threads": 1}, rows)


if __name__ == "__main__":
    main()
