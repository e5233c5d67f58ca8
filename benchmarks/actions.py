"""Which action on the residuals judges "noise" and "moments"? Level and power of each, by claim.

Truth in the worlds of level: the two classes differ in their means alone, so a claim should be
credited above the rung in .05 of seeds. A variant is a noise (how residuals are drawn), whether
that noise is centred in each class again, and a gap (kept; matched in the mean over pilots; or
matched in each draw, by bisection, so that its raw held-out AUC is that of the data). See
docs/decisions/004-which-action-judges.md.

    python benchmarks/actions.py [--seeds 40] [--only WORD ...]

resumes from results/actions.json, seed by seed.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from action_noises import DRAWS, VARIANTS, draws
from action_readings import Reading, class_means, halfspace, radial, removals, roles
from record import RESULTS, record

from nullprobe import worlds

ALPHA = 0.05


def judged(observed, drawn):
    """Return the two-sided p and the z of a number, or of the largest departure of a curve."""
    drawn = np.asarray(drawn)
    z = (observed - drawn.mean(0)) / drawn.std(0, ddof=1)
    if drawn.ndim == 2:
        every = np.vstack([observed, drawn])
        far = np.abs((every - every.mean(0)) / every.std(0)).max(1)
        return float(1 + (far[1:] >= far[0]).sum()) / (DRAWS + 1), float(z[np.abs(z).argmax()])
    p = 2 * (1 + min((drawn >= observed).sum(), (drawn <= observed).sum())) / (len(drawn) + 1)
    return min(1.0, float(p)), float(z)


# Worlds


def world(name, seed):
    """Return X, y, groups of tail-NxD[-decay], groups-..., or a world of power."""
    kind, *rest = name.split("-")
    n, d = (int(v) for v in rest[0].split("x"))
    rng = np.random.default_rng([seed, n, d])
    y, groups = np.arange(n) % 2, None
    if kind == "founding":
        w = worlds.two_features(n_per_class=n // 2, d=d, random_state=seed)
        return w.X, w.y, None
    if kind in ("xor", "heteroscedastic"):
        w = getattr(worlds, kind)(n=n, d=d, random_state=seed)
        return w.X, w.y, None
    E = rng.normal(size=(n, d))
    if kind in ("lognormal", "mirrored"):
        E = (np.exp(E) - np.exp(0.5)) / 2.16
    if kind == "mirrored":
        E *= np.where(y, -1, 1)[:, None]
    if kind == "t3":
        E /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    if kind == "laplace":
        E *= np.sqrt(rng.exponential(size=(n, 1)))
    if kind in ("constant", "mixed"):  # groups of 20
        groups = np.repeat(np.arange(n // 20), 20)
        y = groups % 2 if kind == "constant" else y
        between = rng.normal(size=(n // 20, d))
        if rest[1:] == ["t3"]:
            between /= np.sqrt(rng.chisquare(3, size=(n // 20, 1)) / 3)
        E += between[groups]
    if kind == "wide":  # t3, and one class varies more in half of the features: moments and tails
        E /= np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
        E[y == 1, : d // 2] *= 2
    D = 2.2 if kind in ("t3", "constant") else 1.5
    if rest[1:] == ["decay"]:
        E *= np.arange(1, d + 1) ** -0.5
        v = rng.normal(size=d)
        return E + np.outer(y, D * v / np.linalg.norm(v) * np.arange(1, d + 1) ** -0.5), y, None
    E[:, 0] += D * y
    return E, y, groups


STATISTICS = {"no_halfspace": halfspace, "gone": radial, "one_feature": removals}
TAILS = ("gaussian", "t3", "laplace", "lognormal")
LINEAR = ["plug-in", "rotations", "A", "E", "M", "M2", "L", "R", "RE", "S", "S2", "S2E"]
# Ten seeds suffice for these.
CLEAR, CLEAR_SEEDS = ("plug-in", "rotations", "E", "L", "R", "RE", "S", "SF", "S2E"), 10
SLOW = ["M2", "S", "S2"]
FAMILY = ["rotations", "M2", "R", "S", "S2", "SF", "SU"]
WORLDS = {
    "erasure_holds": (
        *(f"{tail}-{size}" for size in ("600x180", "300x600", "600x12") for tail in TAILS),
        *(f"{w}-600x20{tail}" for w in ("constant", "mixed") for tail in ("", "-t3")),
        *(f"{t}-{n}-decay" for n in ("600x180", "300x600") for t in ("gaussian", "t3")),
        *(f"mirrored-{size}" for size in ("600x12", "600x180", "300x600")),
    ),
    "gone": (
        *(f"{w}-300x8" for w in ("gaussian", "t3", "lognormal", "xor", "heteroscedastic", "wide")),
        *(f"{w}-300x60" for w in ("gaussian", "t3", "lognormal")),
    ),
    "no_halfspace": (
        "founding-1000x3",
        "mirrored-600x12",
        *(f"{tail}-600x20" for tail in ("t3", "lognormal", "gaussian")),
    ),
    "one_feature": [f"{w}-600x20" for w in ("gaussian", "t3", "lognormal", "mirrored")],
}
TRIED = {"erasure_holds": LINEAR, "gone": FAMILY, "no_halfspace": SLOW, "one_feature": SLOW}


def run(claim, name, variants, seed):
    """Return {variant: (p, z)} of one seed."""
    X, y, groups = world(name, seed)
    unit = np.arange(len(y)) if groups is None else groups
    parts = roles(y, groups, np.random.default_rng([seed, 7]))
    M = class_means(X, y)
    gap = M[1] - M[0]
    data = Reading(X - M[y], gap, y, parts)
    raw, statistic = data.raw(1.0), STATISTICS.get(claim)
    observed = data.erased(1.0) if statistic is None else statistic(X, y, parts)
    drawn = {}
    for noise, centred in dict.fromkeys(VARIANTS[v][:2] for v in variants):
        names = {VARIANTS[v][2]: v for v in variants if VARIANTS[v][:2] == (noise, centred)}
        source = draws(X, y, unit, parts, raw, noise, centred, tuple(names))
        for E, scales, reading in source:
            for how, s in scales.items():
                value = (
                    reading.erased(s)
                    if statistic is None
                    else statistic(E + np.outer(y, s * gap), y, parts)
                )
                drawn.setdefault(names[how], []).append(value)
    return {v: judged(observed, values) for v, values in drawn.items()}


def left(done, claim, name, seed):
    """Return the variants that lack this seed."""
    tried = [v for v in TRIED[claim] if len(done.get((claim, name, v), [[]])[0]) <= seed]
    return [v for v in tried if seed < CLEAR_SEEDS or v not in CLEAR]


def write(done):
    rows = []
    for (claim, name, variant), (p, z) in done.items():
        row = {"claim": claim, "world": name, "variant": variant, "seeds": len(p)}
        row |= {"above": sum(value <= ALPHA for value in p)}
        row |= {"mean z": float(np.mean(z)), "sd z": float(np.std(z)), "p": p, "z": z}
        rows.append(row)
    record("actions", {"draws": DRAWS, "alpha": ALPHA}, rows)


def main() -> None:
    """Run what is missing, world by world, and record it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=[""], help="words that 'claim world' contains")
    parser.add_argument("--variants", nargs="*", help="these alone")
    parser.add_argument("--table", action="store_true", help="print Markdown tables at the end")
    a = parser.parse_args()
    path, done = RESULTS / "actions.json", {}
    if path.exists():
        for row in json.loads(path.read_text())["rows"]:
            done[row["claim"], row["world"], row["variant"]] = (row["p"], row["z"])
    cells = [(claim, name) for claim, names in WORLDS.items() for name in names]
    for claim, name in cells:
        if not any(word in f"{claim} {name}" for word in a.only):
            continue
        for seed in range(a.seeds):
            variants = left(done, claim, name, seed)
            variants = [v for v in variants if v in (a.variants or variants)]
            for variant, (p, z) in run(claim, name, variants, seed).items() if variants else ():
                ps, zs = done.setdefault((claim, name, variant), ([], []))
                ps.append(p)
                zs.append(z)
            if variants and (seed % 10 == 9 or seed == a.seeds - 1):
                write(done)
        print(f"{claim} {name} {cells_of(done, claim, name)}", flush=True)
    for claim in WORLDS if a.table else ():
        print(f"\n| {claim} | {' | '.join(TRIED[claim])} |\n|---{'|---' * len(TRIED[claim])}|")
        for name in WORLDS[claim]:
            print(f"| {name} | {' | '.join(cells_of(done, claim, name).values())} |")


def cells_of(done, claim, name):
    """Return {variant: "above/seeds (mean z)"}."""
    cells = {}
    for variant in TRIED[claim]:
        p, z = done.get((claim, name, variant), ((), ()))
        above = sum(value <= ALPHA for value in p)
        cells[variant] = f"{above}/{len(p)} ({np.mean(z):.1f})" if len(p) else "-"
    return cells


if __name__ == "__main__":
    main()
