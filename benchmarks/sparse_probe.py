"""Probes and audits of sparse rows: time and memory, against scikit-learn; p-values without signal.

A CSR matrix of 20,000 × 65,536 with .1 % of its values stored is read by logistic regression of
standardised features. scikit-learn fits the same loss with the same penalty; of several tolerances
the first counts with which it comes as close to the optimum. Peak memory is of a process that only
makes the matrix and fits the probe. The null data sets have labels without any relation to the
rows: at level .05, about 5 % of the p-values should be that small.

    python benchmarks/sparse_probe.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from record import record, timed
from scipy import sparse
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nullprobe import LDAProbe, LogisticProbe, audit

N, D, STORED = 20_000, 65_536, 0.001
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
CLOSE = 1e-6  # of the penalised loss, relative to the least
WIDE = (2_000, 16_384, 0.005)
NULL = (150, 8_000, 0.004)  # more than 2^20 values, so that no row is made dense
CLAIMS = ["readable", "few_features"]


def rows(n, d, stored, seed=0):
    """Return activations like those of a sparse autoencoder (n, d), and labels that 200 carry."""
    rng = np.random.default_rng(seed)
    X = sparse.random_array(
        (n, d), density=stored, format="csr", rng=rng,
        data_sampler=lambda size: rng.exponential(size=size),
    )  # fmt: skip
    w = np.zeros(d)
    w[rng.choice(d, 200, replace=False)] = 10.0
    signal = X @ w
    return X, (signal - np.median(signal) + rng.logistic(size=n) > 0).astype(int)


def loss(X, y, scale, weights, bias):
    """Return the penalised loss of weights for the rows as they are."""
    score = X @ weights + bias
    return float(
        np.logaddexp(0.0, np.where(y == 1, -score, score)).sum()
        + 0.5 * ((weights * scale) ** 2).sum()
    )


def peak() -> float:
    """Return the most memory that this process has held, in GiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def memory(which: str) -> float:
    """Return the peak memory, in GiB, of a process that fits a probe."""
    run = [sys.executable, __file__, "--one", which]
    return float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def against_theirs(repeats: int) -> tuple[dict, dict]:
    X, y = rows(N, D, STORED)
    scale = np.sqrt(np.asarray(X.multiply(X).mean(axis=0)) - np.asarray(X.mean(axis=0)) ** 2)
    ours, theirs, losses = [], [], {}
    for _ in range(repeats):
        probe, seconds = timed(lambda: LogisticProbe(C=1.0).fit(X, y))
        ours.append(seconds)
    losses["ours"] = loss(X, y, scale, probe.probe_.weights[:, 0], probe.probe_.bias[0])
    chosen = None
    for tol in TOLERANCES:
        model = make_pipeline(
            StandardScaler(with_mean=False), LogisticRegression(C=1.0, tol=tol, max_iter=10_000)
        )
        fitted, seconds = timed(lambda model=model: model.fit(X, y))
        weights = fitted[-1].coef_[0] / fitted[0].scale_
        losses[f"theirs, tol {tol:g}"] = one = loss(X, y, scale, weights, fitted[-1].intercept_[0])
        print(f"scikit-learn, tol {tol:g}: {seconds:.2f} s, loss {one:.6f}", flush=True)
        if one <= losses["ours"] * (1 + CLOSE):
            chosen, theirs = tol, [seconds]
            break
    for _ in range(repeats - 1):
        theirs.append(timed(lambda: model.fit(X, y))[1])
    print(f"ours {np.median(ours):.2f} s, loss {losses['ours']:.6f}", flush=True)
    row = {
        "what": f"logistic probe of {N:,} × {D:,} sparse values: times the time of scikit-learn",
        "ratio": float(np.median(ours) / np.median(theirs)),
        "target": "≤ 2",
    }
    return row, {"losses": losses, "tol": chosen, "seconds": {"ours": ours, "theirs": theirs}}


def without_signal(count: int) -> list[dict]:
    """Return the share of null data sets whose p-value is at most .05, by claim."""
    small = dict.fromkeys(CLAIMS, 0)
    rng = np.random.default_rng(1)
    for k in range(count):
        X, _ = rows(*NULL, seed=k)
        y = rng.permutation(np.arange(NULL[0]) % 2)
        result = audit(X, y, claims=CLAIMS, draws=99, depth="quick", random_state=k)
        for claim in result:
            small[claim.name] += claim.p_value <= 0.05
    low, high = binom.ppf([0.005, 0.995], count, 0.05) / count
    return [
        {
            "what": f"`{name}` of sparse rows without signal: share of p ≤ .05 of {count}",
            "ratio": number / count,
            "target": f"{low:g} to {high:g}",
        }
        for name, number in small.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--null", type=int, default=200, help="data sets without signal")
    parser.add_argument("--one", choices=("logistic", "lda"), help="print the peak memory, stop")
    a = parser.parse_args()
    if a.one:
        X, y = rows(N, D, STORED)
        (LogisticProbe(C=1.0) if a.one == "logistic" else LDAProbe()).fit(X, y)
        print(peak())
        return
    found, settings = against_theirs(a.repeats)
    table = [found]
    for which, words in (("logistic", "logistic probe"), ("lda", "LDA probe")):
        what = f"{words} of {N:,} × {D:,} sparse values: peak memory (GiB)"
        table.append({"what": what, "ratio": memory(which), "target": "≤ 1"})
        print(table[-1], flush=True)
    n, d, stored = WIDE
    X, y = rows(n, d, stored)
    for claims in (CLAIMS[:1], CLAIMS):
        _, seconds = timed(lambda claims=claims: audit(X, y, claims=claims))
        what = f"audit of {n:,} × {d:,} sparse rows, {' and '.join(claims)}: seconds"
        table.append({"what": what, "ratio": seconds, "target": "≤ 60"})
        print(table[-1], flush=True)
    table += without_signal(a.null)
    print(table[-2:])
    shapes = {"probe": [N, D, STORED], "audit": list(WIDE), "without signal": list(NULL)}
    record("sparse_probe", {"n, d, share stored": shapes, **settings}, table)


if __name__ == "__main__":
    main()
