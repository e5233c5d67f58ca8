"""INLP against the loop of its paper, in one run: time, and what a fresh probe reads afterwards.

Theirs, written from the steps of the paper (Ravfogel et al. 2020, algorithm 1, and the
intersection of nullspaces of its appendix): each of a fixed number of rounds (35, as for the
published GloVe projection) fits scikit-learn's LinearSVC to the projected rows, adds the
projection onto the row space of its weights to a sum, takes an orthonormal basis of that sum by
a (d, d) singular value decomposition, and projects all rows onto what is orthogonal to it.

Ours as it comes; with the same LinearSVC; and, with alpha = 1, until as many directions are gone as
theirs removes. Judged on rows that no eraser saw: a fresh logistic probe is fitted to half of
them and scored on the rest.

    python benchmarks/inlp.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from record import record
from scipy.linalg import orth
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from nullprobe import INLP, LEACE, LogisticProbe

CLASSES = (2, 5)


def data(n: int, d: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (n, d) with neighbouring features correlated, classes apart in every one."""
    means = 0.07 * np.random.default_rng(0).standard_normal((n_classes, d))
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X[:, 1:] += 0.5 * X[:, :-1]
    y = rng.integers(0, n_classes, n)
    return X + means[y], y


def svc() -> LinearSVC:
    return LinearSVC(C=0.1, dual=False)


def theirs(X: np.ndarray, y: np.ndarray, n_rounds: int) -> np.ndarray:
    """Return the projection P (d, d) of the paper's loop."""
    d = X.shape[1]
    P, rowspaces, left = np.eye(d), np.zeros((d, d)), X
    for _ in range(n_rounds):
        basis = orth(svc().fit(left, y).coef_.T)
        rowspaces += basis @ basis.T
        gone = orth(rowspaces)
        P = np.eye(d) - gone @ gone.T
        left = X @ P
    return P


def timed(work):
    """Return what ``work`` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def fresh(X: np.ndarray, y: np.ndarray) -> float:
    """Return the mean AUC of a logistic probe fitted to half of the rows, on the rest."""
    half = len(X) // 2
    scores = LogisticProbe(C=1.0).fit(X[:half], y[:half]).decision_function(X[half:])
    if scores.ndim == 1:
        return float(roc_auc_score(y[half:], scores))
    each = [roc_auc_score(y[half:] == k, scores[:, k]) for k in range(scores.shape[1])]
    return float(np.mean(each))


def compare(n: int, d: int, n_classes: int, n_rounds: int, seed: int) -> dict[str, float]:
    """Return times, ranks and fresh readings of one run."""
    X, y = data(n, d, n_classes, 2 * seed + 1)
    X_new, y_new = data(2 * n, d, n_classes, 2 * seed + 2)
    P, seconds = timed(lambda: theirs(X, y, n_rounds))
    rank = round(d - float(np.trace(P)))
    run = {"raw reading": fresh(X_new, y_new)}
    run |= {"theirs time": seconds, "theirs rank": rank, "theirs reading": fresh(X_new @ P, y_new)}
    erasers = {
        "ours": INLP(),
        "ours, their rank": INLP(alpha=1.0, max_rank=rank),
        "ours, their probe": INLP(svc()),
        "LEACE": LEACE(),
    }
    for name, eraser in erasers.items():
        _, run[f"{name} time"] = timed(lambda eraser=eraser: eraser.fit(X, y))
        run[f"{name} rank"] = eraser.eraser_.rank
        run[f"{name} reading"] = fresh(eraser.transform(X_new), y_new)
    return run


def rows(n_classes: int, m: dict[str, float]) -> list[dict]:
    """Return the rows of the table for one number of classes, from medians."""
    found = []
    for name in ("ours", "ours, their rank", "ours, their probe"):
        what = f"INLP, {n_classes} classes, {name}"
        found.append(
            {
                "what": f"{what}: times as fast",
                "ratio": m["theirs time"] / m[f"{name} time"],
                "target": "-" if name == "ours, their probe" else "≥ 10",
            }
        )
        found.append(
            {
                "what": f"{what}: fresh AUC above ½, over theirs",
                "ratio": (m[f"{name} reading"] - 0.5) / (m["theirs reading"] - 0.5),
                "target": "≤ 1" if name == "ours, their rank" else "-",
            }
        )
        found.append(
            {
                "what": f"{what}: directions removed, over theirs",
                "ratio": m[f"{name} rank"] / m["theirs rank"],
                "target": "-",
            }
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=35)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--try", dest="dry", action="store_true", help="write no result")
    a = parser.parse_args()
    table, medians = [], {}
    for n_classes in CLASSES:
        runs = []
        for seed in range(a.repeats):
            runs.append(compare(a.n, a.d, n_classes, a.rounds, seed))
            print({k: round(v, 4) for k, v in runs[-1].items()}, flush=True)
        m = {k: float(np.median([run[k] for run in runs])) for k in runs[0]}
        medians[f"{n_classes} classes"] = m
        table += rows(n_classes, m)
    for row in table:
        print(row)
    if not a.dry:
        settings = {"n": a.n, "d": a.d, "rounds": a.rounds, "repeats": a.repeats}
        record("inlp", settings | {"medians": medians}, table)


if __name__ == "__main__":
    main()
