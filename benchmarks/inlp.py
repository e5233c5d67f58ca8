"""INLP against the loop of its paper, as nullspace_projection runs it, in one run.

Theirs, written from the steps of the paper (Ravfogel et al. 2020, algorithm 1 and the intersection
of nullspaces of its appendix): each of a fixed number of rounds (35, as for the released GloVe
projection) fits scikit-learn's LinearSVC to the projected rows, adds the projection onto the
row space of its weights to a sum, takes an orthonormal basis of that sum by a (d, d) singular
value decomposition for the projection onto the intersection of all nullspaces, and projects all
rows by it. Ours runs as it comes, and once more at their rank, with alpha = 1 and as many rounds as
that takes.

Judged on rows that neither saw: a fresh logistic probe, fitted to half of them, scored on the rest.

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


def data(n: int, d: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (n, d) with neighbouring features correlated, classes apart in every one."""
    means = 0.07 * np.random.default_rng(0).standard_normal((n_classes, d))
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X[:, 1:] += 0.5 * X[:, :-1]
    y = rng.integers(0, n_classes, n)
    return X + means[y], y


def theirs(X: np.ndarray, y: np.ndarray, n_rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the projection P (d, d) of the paper's loop, and how much of it each round took."""
    d = X.shape[1]
    P, rowspaces, left = np.eye(d), np.zeros((d, d)), X
    for _ in range(n_rounds):
        weights = LinearSVC(C=0.1, dual=False).fit(left, y).coef_
        basis = orth(weights.T)
        rowspaces += basis @ basis.T
        all_ = orth(rowspaces)
        P = np.eye(d) - all_ @ all_.T
        left = X @ P
    return P


def timed(work):
    """Return what ``work`` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def fresh(P, X: np.ndarray, y: np.ndarray) -> float:
    """Return the AUC of a fresh logistic probe after projection: fitted to half of the rows."""
    X = X @ P if isinstance(P, np.ndarray) else P.transform(X)
    half = len(X) // 2
    scores = LogisticProbe().fit(X[:half], y[:half]).decision_function(X[half:])
    if scores.ndim == 1:
        return float(roc_auc_score(y[half:], scores))
    Z = y[half:, None] == np.arange(scores.shape[1])
    return float(np.mean([roc_auc_score(Z[:, k], scores[:, k]) for k in range(len(Z.T))]))


def compare(n: int, d: int, n_classes: int, n_rounds: int, seed: int) -> dict[str, float]:
    """Return times, ranks and fresh readings of one run."""
    (X, y), (X_new, y_new) = (data(m, d, n_classes, 2 * seed + i) for i, m in ((0, n), (1, 2 * n)))
    P, t_theirs = timed(lambda: theirs(X, y, n_rounds))
    ours, t_ours = timed(lambda: INLP().fit(X, y))
    rank = round(d - np.trace(P))
    same, t_same = timed(lambda: INLP(alpha=1.0, max_rank=rank).fit(X, y))
    svc, t_svc = timed(lambda: INLP(LinearSVC(C=0.1, dual=False)).fit(X, y))
    leace, t_leace = timed(lambda: LEACE().fit(X, y))
    run = {"raw fresh": fresh(np.eye(d), X_new, y_new)}
    run |= {"theirs time": t_theirs, "theirs rank": rank, "theirs fresh": fresh(P, X_new, y_new)}
    for name, eraser, t in (
        ("ours", ours, t_ours),
        ("ours at their rank", same, t_same),
        ("ours with LinearSVC", svc, t_svc),
        ("LEACE", leace, t_leace),
    ):
        run |= {f"{name} time": t, f"{name} rank": eraser.eraser_.rank}
        run[f"{name} fresh"] = fresh(eraser, X_new, y_new)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=35)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="write no result")
    a = parser.parse_args()
    rows, medians = [], {}
    for n_classes in (2, 5):
        runs = [compare(a.n, a.d, n_classes, a.rounds, seed) for seed in range(a.repeats)]
        for run in runs:
            print({k: round(v, 4) for k, v in run.items()}, flush=True)
        m = {k: float(np.median([run[k] for run in runs])) for k in runs[0]}
        medians[f"{n_classes} classes"] = m
        print(m)
    if a.dry:
        return


if __name__ == "__main__":
    main()
