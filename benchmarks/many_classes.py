"""LEACE of many more classes than features against concept-erasure: labels to eraser, in one run.

Float32, n = 20,000, d = 64. Concept-erasure is given the indicator columns that it needs, and the
time to make them counts, as ours does to read the labels.

    pip install concept-erasure && python benchmarks/many_classes.py
"""

from __future__ import annotations

import argparse
import importlib.metadata

import numpy as np
import torch
from concept_erasure import LeaceFitter
from record import record, timed

from nullprobe import LEACE, largest_correlation
from nullprobe.data.concept import concept


def data(n: int, d: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 rows (n, d) whose class means differ, and labels (n,)."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    X = rng.standard_normal((n, d)) + 0.3 * rng.standard_normal((n_classes, d))[y]
    return X.astype(np.float32), y


def theirs(X: np.ndarray, y: np.ndarray, n_classes: int) -> object:
    """Return the eraser of concept-erasure."""
    Z = torch.nn.functional.one_hot(torch.from_numpy(y), n_classes).float()
    return LeaceFitter.fit(torch.from_numpy(X), Z).eraser


def compare(n: int, d: int, n_classes: int, repeats: int) -> list[dict]:
    """Return times as fast, and what is left after ours, for a number of classes."""
    X, y = data(n, d, n_classes)
    seconds = []
    for _ in range(repeats):
        fitted, t_ours = timed(lambda: LEACE(kind="labels").fit(X, y))
        seconds.append((t_ours, timed(lambda: theirs(X, y, n_classes))[1]))
    ours, other = np.median(seconds, axis=0).tolist()
    print(n_classes, f"ours {ours:.4f} s, theirs {other:.4f} s", flush=True)
    left = largest_correlation(fitted.transform(X), concept(y, kind="labels"))
    what = f"LEACE, {n_classes:,} classes"
    return [
        {
            "what": f"{what}: labels to eraser, times as fast",
            "ratio": other / ours,
            "target": "≥ 2" if n_classes == 4000 else "-",
            "ours seconds": ours,
            "theirs seconds": other,
        },
        {"what": f"{what}: largest canonical correlation left", "ratio": left, "target": "≤ 1e-4"},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 100, 1000, 4000])
    parser.add_argument("--repeats", type=int, default=5)
    a = parser.parse_args()
    compare(50, 4, 3, 1)  # imports, threads
    rows = [row for K in a.classes for row in compare(a.n, a.d, K, a.repeats)]
    settings = {"n": a.n, "d": a.d, "dtype": "float32", "repeats": a.repeats}
    settings["threads"] = torch.get_num_threads()
    versions = {name: importlib.metadata.version(name) for name in ("concept-erasure", "torch")}
    record("many_classes", settings, rows, **versions)


if __name__ == "__main__":
    main()
