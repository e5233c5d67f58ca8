"""LEACE against concept-erasure: fit from moments, and moments + fit + apply, in one run.

Binary concept, float32, d = 4096, n = 20,000. Moments are compared with a bare ``X.T @ X``, apply
with ``np.copy``: the least that either could cost. Peak memory is that of a process of its own.

    pip install concept-erasure && python benchmarks/leace.py
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
from record import record, timed


def data(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated float32 rows (n, d) whose classes differ in mean, and labels (n,)."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d), dtype=np.float32)
    X[:, 1:] += 0.5 * X[:, :-1]
    y = rng.integers(0, 2, n)
    X += (0.1 * y[:, None]).astype(np.float32)
    return X, y


def residual(X: np.ndarray, y: np.ndarray) -> float:
    """Return the largest difference of the class means, in standard deviations; float64."""
    worst = 0.0
    for start in range(0, X.shape[1], 256):
        part = X[:, start : start + 256].astype(np.float64)
        gap = part[y == 1].mean(axis=0) - part[y == 0].mean(axis=0)
        worst = max(worst, float(np.abs(gap / part.std(axis=0)).max()))
    return worst


def ours(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    from nullprobe import Moments, leace

    moments, t_moments = timed(lambda: Moments.of(X, y))
    eraser, t_fit = timed(lambda: leace(moments))
    erased, t_apply = timed(lambda: eraser.apply(X))
    return {"moments": t_moments, "fit": t_fit, "apply": t_apply, "residual": residual(erased, y)}


def theirs(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    import torch
    from concept_erasure import LeaceFitter

    X_, y_ = torch.from_numpy(X), torch.from_numpy(y)
    fitter, t_moments = timed(lambda: LeaceFitter.fit(X_, y_[:, None].float()))
    eraser, t_fit = timed(lambda: fitter.eraser)
    erased, t_apply = timed(lambda: eraser(X_))
    found = residual(erased.numpy(), y)
    return {"moments": t_moments, "fit": t_fit, "apply": t_apply, "residual": found}


def memory(n: int, d: int) -> float:
    """Return the peak memory of moments + fit + apply above the imports, in bytes."""
    X, y = data(8, 4)
    ours(X, y)  # imports, and threads with their buffers
    before = _peak()
    X = np.empty((n, d), dtype=np.float32)
    rng = np.random.default_rng(0)
    for row in X:
        rng.standard_normal(d, dtype=np.float32, out=row)
    y = rng.integers(0, 2, n)
    from nullprobe import Moments, leace

    leace(Moments.of(X, y)).apply(X)
    return _peak() - before


def _peak() -> float:
    """Return this process's peak memory in bytes (Linux: getrusage counts the parent's, too)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--d", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="print the peak memory and stop")
    a = parser.parse_args()
    if a.memory:
        print(memory(a.n, a.d))
        return
    X, y = data(a.n, a.d)
    runs = []
    for _ in range(a.repeats):
        run = {f"ours {k}": v for k, v in ours(X, y).items()}
        run |= {f"theirs {k}": v for k, v in theirs(X, y).items()}
        run["X.T @ X"] = timed(lambda: X.T @ X)[1]
        run["np.copy"] = timed(lambda: np.copy(X))[1]
        print({k: round(v, 9) for k, v in run.items()}, flush=True)
        runs.append(run)
    m = {k: float(np.median([run[k] for run in runs])) for k in runs[0]}
    whole = [
        sum(m[f"{who} {step}"] for step in ("moments", "fit", "apply"))
        for who in ("ours", "theirs")
    ]
    command = [sys.executable, __file__, "--memory", "--n", str(a.n), "--d", str(a.d)]
    peak = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    allowed = 2.0 * X.nbytes + 3.0 * 8.0 * a.d**2
    rows = [
        {
            "what": "fit from moments, times as fast",
            "ratio": m["theirs fit"] / m["ours fit"],
            "target": "≥ 15",
        },
        {
            "what": "moments + fit + apply, times as fast",
            "ratio": whole[1] / whole[0],
            "target": "≥ 4",
        },
        {
            "what": "class-mean residual, ours over theirs",
            "ratio": m["ours residual"] / m["theirs residual"],
            "target": "< 1",
        },
        {
            "what": "moments: share of the rate of X.T @ X",
            "ratio": m["X.T @ X"] / m["ours moments"],
            "target": "≥ 0.70",
        },
        {
            "what": "apply: times np.copy",
            "ratio": m["ours apply"] / m["np.copy"],
            "target": "≤ 2.5",
        },
        {
            "what": "peak memory over input + output + 3 d² float64",
            "ratio": peak / allowed,
            "target": "≤ 1",
        },
    ]
    for row in rows:
        print(row)
    settings = {
        "n": a.n,
        "d": a.d,
        "dtype": "float32",
        "classes": 2,
        "repeats": a.repeats,
        "medians": m,
    }
    version = importlib.metadata.version("concept-erasure")
    record(
        "leace",
        settings,
        rows,
        **{"concept-erasure": version, "torch": importlib.metadata.version("torch")},
    )


if __name__ == "__main__":
    main()
