"""What `transfers` says of groups with one direction, with directions of their own, and in part.

    python benchmarks/transfers.py --seeds 100

Four groups; n is the number of all rows, so a part of a group has n/12. "In part": half of the
distance of class means is along a direction of each group, and half along one that all share.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable

import numpy as np
import record

from nullprobe import audit, worlds

DRAWS = 199


def in_part(*, n: int, d: int, gap: float, random_state: int) -> worlds.World:
    """Return rotating groups, with another direction of the same strength that all share."""
    w = worlds.rotating(n=n, d=d, gap=gap, random_state=random_state)
    left = np.linalg.svd(w.directions, full_matrices=True)[2][-1]
    w.X[w.y == w.y.max()] += gap * left
    return w


DRAWN: dict[str, Callable[..., worlds.World]] = {
    "no concept": worlds.shared,
    "shared": worlds.shared,
    "rotating": worlds.rotating,
    "in part": in_part,
}
GAPS = {"no concept": (0.0,), "shared": (2.0, 0.8), "rotating": (2.0, 0.8), "in part": (1.0,)}
SIZES = ((240, 8), (720, 48))


def verdicts(name: str, n: int, d: int, gap: float, seeds: int) -> dict[str, object]:
    """Return how often each verdict was given."""
    found: Counter[str] = Counter()
    for seed in range(seeds):
        w = DRAWN[name](n=n, d=d, gap=gap, random_state=seed)
        claim = audit(
            w.X, w.y, groups=w.groups, claims=["transfers"], draws=DRAWS, random_state=seed,
            independent=True,
        )["transfers"]  # fmt: skip
        found[f"{claim.holds}, {claim.takes}"] += 1
    return {"world": name, "n": n, "d": d, "gap": gap, "seeds": seeds, "verdicts": dict(found)}


def main() -> None:
    """Read the command line, run the worlds and write the results after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    path = record.RESULTS / "transfers.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    done = {(r["world"], r["n"], r["gap"]): r for r in rows if r["seeds"] == seeds}
    for name, gaps in GAPS.items():
        for n, d in SIZES:
            for gap in gaps:
                if (name, n, gap) not in done:
                    done[name, n, gap] = verdicts(name, n, d, gap, seeds)
                    print(done[name, n, gap], flush=True)
                    record.record("transfers", {"draws": DRAWS}, [*done.values()])


if __name__ == "__main__":
    main()
