"""QuadraticLEACE against concept-erasure's quadratic eraser: fit and apply, in one run.

Classes of unequal size, mean and covariance; 2 of them (both packages have a closed form) and 5
(both iterate). concept-erasure runs without its shrinkage, which would leave the covariances
unequal. Guardedness is the largest difference of class covariances and of class means, in
standard deviations.

    pip install concept-erasure && python benchmarks/quadratic.py
"""

from __future__ import annotations

import argparse
import importlib.metadata
import time

import numpy as np
from record import record


def data(n: int, d: int, n_classes: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (n, d) whose classes differ in mean and covariance, and labels (n,)."""
    rng = np.random.default_rng(n_classes)
    y = rng.choice(
        n_classes, size=n, p=np.arange(2, 2 + n_classes) / np.arange(2, 2 + n_classes).sum()
    )
    X = rng.standard_normal((n, d))
    for c in range(n_classes):
        turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
        X[y == c] = X[y == c] * np.geomspace(3.0, 1.0, d) @ turn + 0.1 * rng.standard_normal(d)
    return X.astype(dtype), y


def timed(work):
    """Return what ``work`` returned, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def left(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the largest differences of class means and covariances, in standard deviations.

    Covariances are divided by the rows or by one less, whichever the eraser has made equal.
    """
    X = X.astype(np.float64)
    parts = [X[y == c] for c in np.unique(y)]
    means = np.array([part.mean(axis=0) for part in parts])
    counts = np.array([len(part) for part in parts])
    differences = []
    for missing in (0, 1):
        covariances = np.array([np.cov(part.T, ddof=missing) for part in parts])
        within = np.einsum("c,cij->ij", counts / len(X), covariances)
        sd = np.sqrt(within.diagonal())
        differences.append(np.ptp(covariances / np.outer(sd, sd), axis=0).max())
    return {"means": float(np.ptp(means / sd, axis=0).max()), "covariances": min(differences)}


def ours(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    from nullprobe import ClassMoments, quadratic_leace

    moments, t_moments = timed(lambda: ClassMoments.of(X, y))
    eraser, t_fit = timed(lambda: quadratic_leace(moments))
    erased, t_apply = timed(lambda: eraser.apply(X, y))
    return {"moments": t_moments, "fit": t_fit, "apply": t_apply, **left(erased, y)}


def theirs(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    import torch
    from concept_erasure.quadratic import QuadraticFitter

    X_, y_ = torch.from_numpy(X), torch.from_numpy(y)
    fitter, t_moments = timed(lambda: QuadraticFitter.fit(X_, y_, shrinkage=False))
    eraser, t_fit = timed(lambda: fitter.eraser)
    erased, t_apply = timed(lambda: eraser(X_, y_))
    return {"moments": t_moments, "fit": t_fit, "apply": t_apply, **left(erased.numpy(), y)}


def compare(n: int, d: int, n_classes: int, dtype: str, repeats: int) -> tuple[list, dict]:
    """Return the rows of the table, and the medians behind them."""
    X, y = data(n, d, n_classes, dtype)
    ours(X[: 4 * d], y[: 4 * d]), theirs(X[: 4 * d], y[: 4 * d])  # imports, threads
    runs = []
    for _ in range(repeats):
        run = {f"ours {k}": v for k, v in ours(X, y).items()}
        run |= {f"theirs {k}": v for k, v in theirs(X, y).items()}
        runs.append(run)
    m = {k: float(np.median([run[k] for run in runs])) for k in runs[0]}
    print(n_classes, dtype, {k: float(f"{v:.3g}") for k, v in m.items()}, flush=True)
    steps = ("moments", "fit", "apply")
    ratio = sum(m[f"theirs {s}"] for s in steps) / sum(m[f"ours {s}"] for s in steps)
    name = f"QuadraticLEACE, {n_classes} classes, {dtype}"
    rows = [
        {"what": f"{name}: moments + fit + apply, times as fast", "ratio": ratio, "target": "≥ 2"}
    ]
    for what in ("covariances", "means"):
        rows.append(
            {
                "what": f"{name}: difference of class {what}, ours over theirs",
                "ratio": m[f"ours {what}"] / m[f"theirs {what}"],
                "target": "≤ 1",
            }
        )
    return rows, m


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--d", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    a = parser.parse_args()
    rows, medians = [], {}
    for n_classes in (2, 5):
        for dtype in ("float64", "float32"):
            found, m = compare(a.n, a.d, n_classes, dtype, a.repeats)
            rows += found
            medians[f"QuadraticLEACE, {n_classes} classes, {dtype}"] = m
    for row in rows:
        print(row)
    settings = {"n": a.n, "d": a.d, "repeats": a.repeats, "medians": medians}
    version = importlib.metadata.version("concept-erasure")
    torch_version = importlib.metadata.version("torch")
    record("quadratic", settings, rows, **{"concept-erasure": version, "torch": torch_version})


if __name__ == "__main__":
    main()
