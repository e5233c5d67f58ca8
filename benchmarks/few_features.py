"""How often is `few_features` wrong, where it is known how much a few features read?

The claim compares probes of as many rows as the audit has. So the truth of a world is the loss that
such probes have on average: the mean over all its data sets. "yes" is wrong where that loss is at
least the smallest effect of interest, and "no" is wrong where it is not above 0.

    python benchmarks/few_features.py            # 100 data sets of each world; resumes
    python benchmarks/few_features.py --seeds 20
"""

from __future__ import annotations

import argparse
import json
import warnings

import numpy as np
from record import RESULTS, record
from scipy.stats import binomtest

from nullprobe import audit

N, D, FEATURES, MIN_EFFECT = 300, 120, 4, 0.05
# Features that carry the concept, and the distance of the class means in each, in units of its
# standard deviation.
WORLDS = {
    "one feature carries it": (1, 1.5),
    "four features carry it": (4, 0.8),
    "fourteen features carry it": (14, 0.5),
    "eighteen features carry it": (18, 0.5),
    "sixty features carry it": (60, 0.3),
}


def rows(world: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (n, d) that are active in a third of the features, and labels (n,)."""
    carrying, distance = WORLDS[world]
    rng = np.random.default_rng([seed, list(WORLDS).index(world)])
    y = rng.permutation(np.arange(N) % 2)
    X = rng.exponential(size=(N, D)) * (rng.random((N, D)) < 1 / 3)
    X[:, :carrying] += distance * X.std() * y[:, None]
    return X, y


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    path = RESULTS / "few_features.json"
    known = json.loads(path.read_text())["settings"]["verdicts"] if path.exists() else {}
    verdicts: dict[str, list[list]] = {world: known.get(world, []) for world in WORLDS}
    for world, seen in verdicts.items():
        for seed in range(len(seen), seeds):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                claim = audit(
                    *rows(world, seed), claims=["few_features"], n_features=FEATURES, draws=99,
                    depth="quick", min_effect=MIN_EFFECT, random_state=seed,
                )["few_features"]  # fmt: skip
            seen.append([str(claim.holds), round(float(claim.details["loss"]), 4)])
        print(world, summary(seen), flush=True)
    table = []
    for world, seen in verdicts.items():
        loss, wrong, said = summary(seen)
        high = binomtest(wrong, len(seen)).proportion_ci(0.95).high
        table.append({
            "what": f"`few_features`, {world}: mean loss {loss:.3f}, {said}; wrong",
            "ratio": wrong / len(seen),
            "target": f"≤ .05 (95 % limit {high:.3f})",
        })  # fmt: skip
    shape = {"rows": N, "features": D, "chosen": FEATURES, "smallest effect": MIN_EFFECT}
    record("few_features", {**shape, "verdicts": verdicts}, table)


def summary(seen: list[list]) -> tuple[float, int, str]:
    """Return the mean loss, the number of wrong verdicts, and how often each verdict came."""
    loss = float(np.mean([one for _, one in seen]))
    said = [verdict for verdict, _ in seen]
    wrong = said.count("yes") * (loss >= MIN_EFFECT) + said.count("no") * (loss <= 0)
    return loss, int(wrong), ", ".join(f"{v} {said.count(v)}" for v in ("yes", "no", "unclear"))


if __name__ == "__main__":
    main()
