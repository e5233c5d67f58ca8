"""1,000 permutations of a five-fold LDA AUC, against scikit-learn's permutation_test_score.

n = 2,000, d = 384, two classes, no signal. scikit-learn's linear discriminant (lsqr, shrinkage
"auto") is run for a few permutations and scaled; the two null means are compared.

    python benchmarks/permutations.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from record import record
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, permutation_test_score

from nullprobe import permutation_null


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--theirs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    a = parser.parse_args()
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 384)), np.arange(2000) % 2
    ours, theirs, draws = [], [], []
    for repeat in range(a.repeats):
        start = time.perf_counter()
        _, null = permutation_null(X, y, n_permutations=a.permutations)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        _, found, _ = permutation_test_score(
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
            X,
            y,
            scoring="roc_auc",
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
            n_permutations=a.theirs,
            random_state=repeat,
        )
        draws.extend(found)
        # one more fit than permutations: the labels as they are
        theirs.append((time.perf_counter() - start) * (a.permutations + 1) / (a.theirs + 1))
        print(f"ours {ours[-1]:.2f} s, theirs {theirs[-1]:.0f} s scaled", flush=True)
    row = {
        "what": f"{a.permutations} permutations of a five-fold LDA AUC, times as fast",
        "ratio": float(np.median(theirs) / np.median(ours)),
        "target": "≥ 300",
    }
    gap = null.mean - float(np.mean(draws))
    means = {
        "what": "difference of the null means, in standard errors",
        "ratio": gap / (null.sd * np.sqrt(1 / len(draws) + 1 / a.permutations)),
        "target": "within ± 2.6",
    }
    print(row, means)
    settings = {
        "n": 2000,
        "d": 384,
        "folds": 5,
        "permutations": a.permutations,
        "theirs, run": a.theirs,
        "seconds, ours": ours,
        "seconds, theirs, scaled": theirs,
        "null mean, ours": null.mean,
        "null mean, theirs": float(np.mean(draws)),
    }
    record("permutations", settings, [row, means])


if __name__ == "__main__":
    main()
