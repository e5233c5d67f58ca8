"""How much does a reading depend on how the rows are split, and what do more partitions cost?

The standard deviation of a reading over seeds of the partitions, and its processor time, by the
number of partitions that it is averaged over. See docs/decisions/005-verdicts-of-two-axes.md.

    python benchmarks/partitions.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
from record import record
from sklearn.datasets import load_breast_cancer
from threadpoolctl import threadpool_limits

from nullprobe import worlds
from nullprobe.auditing import readings
from nullprobe.data.concept import concept
from nullprobe.data.partitions import MOST_SPLITS, partitions

COUNTS = (1, 4, 13)
KEYS = {"erased": "linear", "halfspace": "halfspace", "family": "nonlinear"}


def samples() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield named representations and concepts."""
    w = worlds.two_features(n_per_class=100, d=3, random_state=0)
    yield "founding experiment, 100 a class", w.X, w.y
    X, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer", (X - X.mean(axis=0)) / X.std(axis=0), y


def spread(X: np.ndarray, y: np.ndarray, key: str, count: int, seeds: int) -> tuple[float, float]:
    """Return the standard deviation of what is read after erasure, and seconds a reading."""
    z, found, spent = concept(y), [], 0.0
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 0])
        parts = partitions(z, groups=None, n_splits=count, rng=rng)
        start = time.process_time()
        how = readings.Readings(z, parts, seed)
        found.append(how.of(X).read(how.asis, [key])[key][0])
        spent += time.process_time() - start
    return float(np.std(found, ddof=1)), spent / seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    a = parser.parse_args()
    readings.SPLITS.update(dict.fromkeys(readings.SPLITS, MOST_SPLITS))
    rows = []
    with threadpool_limits(1):
        for name, X, y in samples():
            for key, reader in KEYS.items():
                for count in COUNTS:
                    sd, seconds = spread(X, y, key, count, a.seeds)
                    rows.append(
                        {
                            "what": f"{name}: {reader} reading after erasure, partitions: {count}",
                            "sd": round(sd, 4),
                            "seconds": round(seconds, 4),
                        }
                    )
                    print(rows[-1], flush=True)
    record("partitions", {"seeds": a.seeds}, rows)


if __name__ == "__main__":
    main()
