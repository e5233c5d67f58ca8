"""Whole audits against their budgets: every claim of one representation, at the defaults.

The time depends on how far p is from α: drawing stops once all p-values are clear of it. An audit
is "near" if an explanation took more than 109 draws. Memory is the sum of the peaks of all
processes, shared pages counted in each. Beside them, of n = 2,000 and d = 768, the curve of
removals, which is read of the data and of each draw, against the same loop over scikit-learn's
logistic regression on one core: as it comes, which stops before a direction is found, and to a
tolerance by which scores agree. This is for 256 features; with more, the audit removes directions
of a discriminant.

    python benchmarks/audit.py
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from record import record, timed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from nullprobe import Audit, audit, worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.removal_curve import MOST_FEATURES, ROUNDS, curve

FAR = 109  # draws after which p is clear of α at the latest, unless it is near α
# n, d, dtype, and the budget in seconds where p is far from α and near it, and in GiB
BUDGETS = {
    (2000, 768): (np.float32, 60.0, None, 4.0),
    (2000, 64): (np.float64, 37.0, 90.0, None),
    (32_000, 64): (np.float64, 120.0, None, 2.0),
}
THEIRS = {"as it comes": (1e-4, np.float32), "to the same scores": (1e-8, np.float64)}


def peak() -> float:
    """Return the GiB that this process and its children have held at most, each at its own time."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    total = 0.0
    for pid in (os.getpid(), *children):
        status = Path(f"/proc/{pid}/status").read_text()
        kib = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        total += int(kib[0]) / 2**20 if kib else 0.0
    return total


def their_curve(X, y, parts, tol) -> np.ndarray:
    """Return what the loop reads: standardise, fit, take the direction out of the rows, again."""
    scores = np.zeros((ROUNDS, len(y)))
    for j in range(parts.n_parts):
        train, held = parts.part != j, parts.rows(j)
        mean, sd = X[train].mean(axis=0), X[train].std(axis=0)
        rows, there = (X[train] - mean) / sd, (X[held] - mean) / sd
        for step in range(ROUNDS):
            w = LogisticRegression(C=1.0, max_iter=5000, tol=tol).fit(rows, y[train]).coef_[0]
            scores[step, held] = there @ w
            w = (w / np.linalg.norm(w)).astype(X.dtype)
            rows -= np.outer(rows @ w, w)
            there -= np.outer(there @ w, w)
    return scores


def audits(n: int, d: int, seeds: int) -> list[dict[str, object]]:
    """Return how long audits of shuffled Gaussian rows take, near α and far from it, and GiB."""
    dtype, far, near, gib = BUDGETS[n, d]
    seconds: dict[str, list[float]] = {"far from": [], "near": []}
    held: list[float] = []

    def watch(stage: str, done: int, of: int) -> None:
        held.append(peak())

    for seed in range(seeds):
        w = worlds.gaussian(n=n, d=d, gap=2.0, random_state=seed)
        order = np.random.default_rng(seed).permutation(n)
        X, y = w.X[order].astype(dtype), w.y[order]
        found, spent = timed(lambda X=X, y=y: audit(X, y, n_jobs=2, progress=watch))
        assert isinstance(found, Audit)
        most = max(len(null.values) for claim in found.claims for null in claim.nulls)
        seconds["far from" if most <= FAR else "near"].append(spent)
        print(
            f"{n} x {d}, seed {seed}: {spent:.1f} s, {most} draws, {max(held):.2f} GiB", flush=True
        )
    size = f"audit, n = {n:,}, d = {d}, all claims"
    rows = [
        {
            "what": f"{size}, p {where} α, {len(each)} of {seeds} seeds: most seconds",
            "ratio": max(each),
            "target": f"≤ {budget:.0f}" if budget else "—",
        }
        for (where, each), budget in zip(seconds.items(), (far, near), strict=True)
        if each
    ]
    target = f"≤ {gib:.0f}" if gib else "—"
    return [*rows, {"what": f"{size}: GiB of all processes", "ratio": max(held), "target": target}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    a = parser.parse_args()
    # Each size in a process of its own: the peak of a process never falls.
    context = multiprocessing.get_context("spawn")
    rows: list[dict[str, object]] = []
    for n, d in BUDGETS:
        with ProcessPoolExecutor(1, mp_context=context) as alone:
            rows += alone.submit(audits, n, d, a.repeats).result()
    w = worlds.gaussian(n=2000, d=768, gap=2.0, random_state=0)
    X = w.X.astype(np.float32)
    z, X = concept(w.y), X[:, :MOST_FEATURES]
    parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(0))
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in THEIRS}
    apart: dict[str, float] = {}
    with threadpool_limits(1):
        for _ in range(a.repeats):
            found, spent = timed(lambda: curve(X, z, parts)[:, :, 0])
            ours.append(spent)
            for name, (tol, dtype) in THEIRS.items():
                cast = X.astype(dtype)
                expected, spent = timed(
                    lambda cast=cast, tol=tol: their_curve(cast, w.y, parts, tol)
                )
                theirs[name].append(spent)
                both = zip(found, expected, strict=True)
                apart[name] = max(
                    abs(roc_auc_score(w.y, one) - roc_auc_score(w.y, other)) for one, other in both
                )
    for name in THEIRS:
        what = f"curve of removals, n = 2,000, d = {MOST_FEATURES}, scikit-learn's loop {name}"
        ratio = float(np.median(theirs[name]) / np.median(ours))
        rows.append({"what": f"{what}: times as fast", "ratio": ratio, "target": "—"})
        rows.append({"what": f"{what}: AUC apart", "ratio": apart[name], "target": "—"})
    print(*rows, sep="\n")
    settings = {
        "seeds": a.repeats,
        "n_jobs": 2,
        "seconds, curve, ours": ours,
        "seconds, curve, theirs": theirs,
    }
    record("audit", settings, rows)


if __name__ == "__main__":
    main()
