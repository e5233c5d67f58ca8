"""How often the intervals of `transfers` hold what probes read on average over data sets.

    python benchmarks/transfer_intervals.py --seeds 100     # a minute a world
    python benchmarks/transfer_intervals.py --only t3       # this world; keeps the other results

Groups have directions at an angle. The truth is the mean reading of all data sets: rows are held
out, so it has no bias. Intervals that are given the fits are compared with those that include them.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import record

from nullprobe.auditing.transfer import carried
from nullprobe.claims.observation import Observation
from nullprobe.data.concept import Concept, concept
from nullprobe.data.splits import split_within
from nullprobe.heldout.transfer import Carry, diagonal, off_diagonal

B = 400  # replicates
NAMES = ("within", "across", "loss", "left within", "left across")
# n, d, groups, angle in degrees, concept, noise
WORLDS = {
    "two classes, n 1200, d 8": (1200, 8, 2, 35.2, "two", "normal"),
    "two classes, one direction, n 400, d 8": (400, 8, 2, 0.0, "two", "normal"),
    "two classes, t3, n 240, d 72": (240, 72, 2, 35.2, "two", "t3"),
    "five classes, n 600, d 12": (600, 12, 2, 35.2, "five", "normal"),
    "a class of .05, n 600, d 12": (600, 12, 2, 35.2, "rare", "normal"),
    "numbers, n 400, d 8": (400, 8, 2, 35.2, "numbers", "normal"),
    "two classes, n 240, d 480": (240, 480, 2, 35.2, "two", "normal"),
    "two classes, four groups, n 480, d 10": (480, 10, 4, 20.0, "two", "normal"),
}


def draw(world: str, rng: np.random.Generator) -> tuple[np.ndarray, Concept, np.ndarray]:
    """Return rows, concept and groups."""
    n, d, n_groups, angle, kind, noise = WORLDS[world]
    g, k = np.arange(n) % n_groups, np.arange(n) // n_groups
    X = rng.standard_normal((n, d))
    if noise == "t3":
        X /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    X += rng.standard_normal((n_groups, d))[g]
    turn = np.deg2rad(angle) * (g - (n_groups - 1) / 2)
    y = {"two": k % 2, "rare": k % 20 == 0, "five": k % 5, "numbers": rng.standard_normal(n)}[kind]
    along = 2.0 * np.cos(0.4 * np.pi * y) if kind == "five" else (2.0 - (kind == "numbers")) * y
    X[:, 0] += along * np.cos(turn)
    X[:, 1] += along * np.sin(turn)
    if kind == "five":
        X[:, 2] += 2.0 * np.sin(0.4 * np.pi * y)
    return X, concept(y, kind="numeric" if kind == "numbers" else "labels"), g


def readings(
    world: str, seed: int, *, only_values: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return readings (5,), and replicates (5, B) given the fits and with their variation."""
    rng = np.random.default_rng([seed, 7])
    X, z, groups = draw(world, rng)
    names = [str(g) for g in np.unique(groups)]
    carry = Carry(X, z, split_within(z, groups=groups, names=names, n_parts=3, rng=rng))
    values = _five(*carry.read(np.arange(len(z))[:, None]))[:, 0]
    if only_values:
        return values, np.empty(0), np.empty(0)
    given = _five(*carry.resampled(B, np.random.default_rng([seed, 8])))
    found = carried(X, carry, names, n_resamples=B, rng=rng, n_draws=1)
    loss = found.within.over(found.across)
    each: tuple[Observation, ...] = (found.within, found.across, loss)
    each += (found.left_within, found.left_across)
    return values, given, np.array([one.resampled for one in each])


def _five(read: np.ndarray, erased: np.ndarray) -> np.ndarray:
    within, across = diagonal(read), off_diagonal(read)
    return np.array([within, across, within - across, diagonal(erased), off_diagonal(erased)])


def measured(world: str, seeds: int) -> dict[str, object]:
    """Return coverage of 95 % intervals, and their spread by that of readings, of each reading."""
    each = [readings(world, seed) for seed in range(seeds)]
    more = [readings(world, seed, only_values=True)[0] for seed in range(seeds, 3 * seeds)]
    values = np.array([one[0] for one in each])
    every = np.vstack([values, more])
    truth, sd = every.mean(axis=0), every.std(axis=0, ddof=1)
    row: dict[str, object] = {"world": world, "seeds": seeds}
    for k, name in enumerate(NAMES):
        row |= {name: truth[k], f"{name}, sd": sd[k]}
        for which, kind in ((1, "given fits"), (2, "with fits")):
            drawn = np.array([one[which][k] for one in each])
            low, high = np.quantile(drawn, [0.025, 0.975], axis=1)
            row[f"{name}, {kind}, held"] = float(np.mean((low <= truth[k]) & (truth[k] <= high)))
            row[f"{name}, {kind}, width"] = float((high - low).mean() / (3.92 * sd[k]))
    return row


def main() -> None:
    """Read the command line, run the worlds and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    path = record.RESULTS / "transfer_intervals.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    found = {row["world"]: row for row in rows}
    for world in WORLDS:
        if args.only in world:
            found[world] = measured(world, args.seeds)
            print(found[world], flush=True)
            record.record("transfer_intervals", {"replicates": B}, [*found.values()])


if __name__ == "__main__":
    main()
