"""A whole audit against its budget: n = 2,000, d = 768, float32, every claim of one representation.

At the defaults, of data whose p-values are far from α; and the memory of all processes together,
shared pages counted in each. Beside it the curve of removals, which is read of the data and of
each draw, against the same loop over scikit-learn's logistic regression on one core: as it
comes, which stops before a direction is found, and to a tolerance by which scores agree. This is
for 256 features; with more, the audit removes directions of a discriminant.

    python benchmarks/audit.py
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from record import record, timed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from nullprobe import audit, worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.removal_curve import MOST_FEATURES, ROUNDS, curve

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    a = parser.parse_args()
    w = worlds.gaussian(n=2000, d=768, gap=2.0, random_state=0)
    X, seconds, held = w.X.astype(np.float32), [], []

    def watch(stage: str, done: int, of: int) -> None:
        held.append(peak())

    for _ in range(a.repeats):
        _, spent = timed(lambda: audit(X, w.y, n_jobs=-1, progress=watch))
        seconds.append(spent)
        print(f"audit {seconds[-1]:.1f} s, {max(held):.2f} GiB", flush=True)
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
                rows = X.astype(dtype)
                expected, spent = timed(
                    lambda rows=rows, tol=tol: their_curve(rows, w.y, parts, tol)
                )
                theirs[name].append(spent)
                both = zip(found, expected, strict=True)
                apart[name] = max(
                    abs(roc_auc_score(w.y, one) - roc_auc_score(w.y, other)) for one, other in both
                )
    size = "audit, n = 2,000, d = 768, all claims, p far from α"
    rows = [
        {"what": f"{size}: seconds", "ratio": float(np.median(seconds)), "target": "≤ 60"},
        {"what": f"{size}: GiB of all processes", "ratio": max(held), "target": "≤ 4"},
    ]
    for name in THEIRS:
        what = f"curve of removals, n = 2,000, d = {MOST_FEATURES}, scikit-learn's loop {name}"
        ratio = float(np.median(theirs[name]) / np.median(ours))
        rows.append({"what": f"{what}: times as fast", "ratio": ratio, "target": "—"})
        rows.append({"what": f"{what}: AUC apart", "ratio": apart[name], "target": "—"})
    print(*rows, sep="\n")
    settings = {
        "n": 2000,
        "d": 768,
        "dtype": "float32",
        "seconds, audit": seconds,
        "seconds, curve, ours": ours,
        "seconds, curve, theirs": theirs,
    }
    record("audit", settings, rows)


if __name__ == "__main__":
    main()
