"""Calibration: how often an audit names a rung above the true one, and how often it finds one.

For each claim and rung, worlds are drawn in which that rung is the truth: whatever names a higher
one is wrong, and may be so in a share α of the seeds. Shares come with exact (Clopper-Pearson)
binomial intervals. Power curves say how often what is there is found, by rows, features and size
of the effect.

    python benchmarks/calibration/calibration.py                        # all of it
    python benchmarks/calibration/calibration.py --only "null world"    # one block alone

Blocks are written as they end, to benchmarks/calibration/calibration.json, so that an
interrupted run loses one at most; docs/calibration.md is made of that file.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from calibration_page import page
from joblib import Parallel, delayed
from scipy.stats import beta
from threadpoolctl import threadpool_limits

import nullprobe
from nullprobe import ContrastPairs, __version__, audit, worlds

RESULTS = Path(__file__).with_name("calibration.json")
PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"
SETTLED = ("linear_algebra", "chance")  # rungs below that of the surrogates
RUNGS = ("linear_algebra", "chance", "moments", "inputs", "representation")
ALPHA, SLACK, POWER_SEEDS = 0.05, 0.02, 40
# Of 58 draws p ≤ .05 takes an observation further out than all of them, or all but one on the one
# side that counts: in either case an exact test is wrong in a share 2/59 = .034.
DRAWS = {"n_permutations": 58, "n_surrogates": 58}


def as_drawn(world: Any, **more: Any) -> dict[str, Any]:
    """Return a world as the arguments of an audit."""
    return {"X": world.X, "y": world.y, "groups": world.groups, **more}


def drawn(world: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return what draws a world, as the arguments of an audit."""
    return lambda **settings: as_drawn(world(**settings))


def with_inputs(seed: int) -> dict[str, Any]:
    """Return a representation that holds a rotated copy of its inputs, and noise."""
    world = worlds.gaussian(n=240, d=8, gap=1.5, random_state=seed)
    rng = np.random.default_rng([seed, 1])
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    X = world.X @ turn + 0.5 * rng.standard_normal(world.X.shape)
    return {"X": X, "y": world.y, "baselines": {"inputs": world.X}}


class Truth(NamedTuple):
    """Data of which the rung of each judged claim is known."""

    draw: Callable[[int], dict[str, Any]]  # of a seed: the arguments of an audit
    rungs: dict[str, str]
    seeds: int  # 400 show that a rate of .034 is below .07 in four cases out of five


def pairs(n: int, d: int, **more: Any) -> Callable[[int], dict[str, Any]]:
    """Return what draws contrast pairs of a world, as the arguments of an audit."""

    def draw(seed: int) -> dict[str, Any]:
        world = worlds.contrast(n=n, d=d, random_state=seed, **more)
        return {"X": ContrastPairs(world.negative, world.positive, world.y)}

    return draw


def gaussian(seed: int) -> dict[str, Any]:
    """Return data of which means and covariances are all there is."""
    return as_drawn(worlds.gaussian(n=240, d=8, gap=1.5, random_state=seed))


def null(seed: int) -> dict[str, Any]:
    """Return data that know nothing of the labels."""
    return as_drawn(worlds.null(n=240, d=8, random_state=seed))


@functools.cache
def organism() -> Any:
    """Return the small GPT that knows which statements are true; it is trained once."""
    return worlds.language()


def asked(n: int, random_state: int, layer: int = 3, *, at_random: bool = False) -> dict[str, Any]:
    """Return statements, whether they are true or labels at random, and the model, to audit use."""
    grown, rng = organism(), np.random.default_rng([random_state, 2])
    said = grown.statements(n, random_state)
    return {
        "model": grown.model,
        "tokenizer": grown.tokenizer,
        "texts": said.texts,
        "y": rng.permutation(np.arange(n) % 2) if at_random else said.truth,
        "sites": f"layers.{layer}.output",
        "answers": said.right,
        "batch_size": n,
    }


TRUTHS = {
    "null world": Truth(null, dict.fromkeys(("readable", "erasure_holds"), "chance"), 2000),
    "null world, searches": Truth(null, dict.fromkeys(("no_halfspace", "gone"), "chance"), 1000),
    "Gaussian world": Truth(
        gaussian, {"one_direction": "linear_algebra", "erasure_holds": "moments"}, 600
    ),
    "Gaussian world, searches": Truth(
        gaussian, dict.fromkeys(("no_halfspace", "gone"), "moments"), 400
    ),
    "Gaussian world, removals": Truth(gaussian, {"one_feature": "moments"}, 400),
    "heteroscedastic world": Truth(
        lambda seed: as_drawn(worlds.heteroscedastic(n=240, random_state=seed)),
        dict.fromkeys(("erasure_holds", "gone"), "moments"),
        400,
    ),
    "copy of the inputs": Truth(with_inputs, {"readable": "inputs"}, 400),
    "groups, nothing to read": Truth(
        lambda seed: as_drawn(worlds.shared(n=240, d=8, n_groups=3, gap=0.0, random_state=seed)),
        {"transfers": "chance"},
        400,
    ),
    "pairs, nothing to read": Truth(pairs(120, 6, signal=0.0), {"consistent": "chance"}, 400),
    "pairs, truth varies most": Truth(pairs(150, 30), {"consistent": "moments"}, 400),
    "language model, labels at random": Truth(
        lambda seed: asked(200, seed, at_random=True), {"used": "chance"}, 400
    ),
}


def grouped(world: Callable[..., Any]) -> list[tuple[dict[str, float], Callable[..., Any]]]:
    """Return the points of a curve of three groups."""
    return [
        ({"n": n, "d": 8, "n_groups": 3, "gap": gap}, drawn(world))
        for n in (240, 960)
        for gap in (1.0, 2.0)
    ]


# Block: claim, what counts as found, and the data of each point of the curve.
POWER: dict[str, tuple[str, str, list[tuple[dict[str, float], Callable[..., Any]]]]] = {
    "readable, Gaussian world": (
        "readable",
        "yes",
        [
            ({"n": n, "d": d, "gap": gap}, drawn(worlds.gaussian))
            for n, d in ((120, 8), (240, 8), (480, 8), (240, 64))
            for gap in (0.25, 0.5, 1.0)
        ],
    ),
    "transfers, one direction for all groups": ("transfers", "yes", grouped(worlds.shared)),
    "transfers, another direction in each group": ("transfers", "no", grouped(worlds.rotating)),
    "gone, corners of a square": (
        "gone",
        "no",
        [
            ({"n": n, "d": 3, "noise": noise}, drawn(worlds.xor))
            for n in (120, 240)
            for noise in (0.5, 1.0)
        ],
    ),
    "used, language model that knows the truth": (
        "used",
        "yes",
        [({"n": n, "layer": layer}, asked) for n in (50, 100, 200) for layer in (1, 3)],
    ),
}


def interval(wrong: int, n: int, level: float = 0.98) -> tuple[float, float]:
    """Return the exact binomial interval of a share: of .98, its ends are 99 % bounds."""
    tail = (1.0 - level) / 2.0
    low = 0.0 if wrong == 0 else float(beta.ppf(tail, wrong, n - wrong + 1))
    high = 1.0 if wrong == n else float(beta.ppf(1.0 - tail, wrong + 1, n - wrong))
    return low, high


def verdicts(
    data: dict[str, Any], names: list[str], seed: int, *, quick: bool = False
) -> dict[str, tuple[str, str]]:
    """Return what each claim ends in; seeds share the cores, so an audit has one.

    A claim that is about chance is so whatever surrogates show, and they cost most: where chance
    is expected they are drawn only if some claim is not about it.
    """
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"
    with threadpool_limits(1):
        if names == ["used"]:
            n_draws = DRAWS["n_permutations"]
            found = nullprobe.audit_use(**data, n_draws=n_draws, random_state=seed)
            ((claim,),) = (one.claims for one in found.audits.values())
            return {"used": (str(claim.holds), str(claim.fact_about))}
        if quick:
            found = audit(**data, claims=names, random_state=seed, **{**DRAWS, "n_surrogates": 0})
        if not quick or any(c.fact_about not in SETTLED for c in found.claims):
            found = audit(**data, claims=names, random_state=seed, **DRAWS)
    return {claim.name: (str(claim.holds), str(claim.fact_about)) for claim in found.claims}


def truths(block: str, seeds: int | None, jobs: int) -> list[dict[str, Any]]:
    """Judge one block: how often each claim names too high a rung."""
    draw, truth, own = TRUTHS[block]
    seeds = seeds or own
    run, quick = Parallel(n_jobs=jobs), all(rung in SETTLED for rung in truth.values())
    found: Any = run(
        delayed(verdicts)(draw(seed), list(truth), seed, quick=quick)
        for seed in range(1000, 1000 + seeds)
    )
    rows = []
    for claim, rung in truth.items():
        each = [one[claim] for one in found]
        wrong = sum(RUNGS.index(about) > RUNGS.index(rung) for _, about in each)
        low, high = interval(wrong, seeds)
        counts = {f"{h}, {a}": each.count((h, a)) for h, a in sorted(set(each))}
        rows.append(
            {
                "claim": claim,
                "truth": rung,
                "seeds": seeds,
                "too high": wrong,
                "interval": [low, high],
                "verdicts": counts,
            }
        )
    return rows


def power(block: str, seeds: int | None, jobs: int) -> list[dict[str, Any]]:
    """Judge one power curve: how often what is there is found."""
    seeds = seeds or POWER_SEEDS
    claim, found_if, points = POWER[block]
    rows = []
    for setting, draw in points:
        run = Parallel(n_jobs=jobs)
        found: Any = run(
            delayed(verdicts)(draw(**setting, random_state=seed), [claim], seed)
            for seed in range(5000, 5000 + seeds)
        )
        each = [one[claim] for one in found]
        share = sum(holds == found_if for holds, _ in each)
        low, high = interval(share, seeds, 0.95)
        counts = {f"{h}, {a}": each.count((h, a)) for h, a in sorted(set(each))}
        rows.append(
            {
                "claim": claim,
                "setting": setting,
                "found if": found_if,
                "seeds": seeds,
                "found": share,
                "interval": [low, high],
                "verdicts": counts,
            }
        )
    return rows


def as_page(results: dict[str, Any]) -> str:
    """Return the page of the results."""
    bar = {"alpha": ALPHA, "most": ALPHA + SLACK, **DRAWS}
    return page(results, {"truths": [*TRUTHS], "power": [*POWER]}, bar)


def main() -> None:
    """Run the blocks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", action="append", help="a block; repeatable")
    parser.add_argument("--seeds", type=int, help="instead of as many as a block has")
    parser.add_argument("--jobs", type=int, default=-1)
    a = parser.parse_args()
    results = {"truths": {}, "power": {}}
    if RESULTS.exists():
        results = json.loads(RESULTS.read_text("utf-8"))
    for kind, blocks, judge in (("truths", TRUTHS, truths), ("power", POWER, power)):
        for block in blocks:
            if a.only and block not in a.only:
                continue
            start = time.perf_counter()
            rows = judge(block, a.seeds, a.jobs)
            print(f"{block}: {time.perf_counter() - start:.0f} s", flush=True)
            results[kind][block] = {"version": __version__, **DRAWS, "rows": rows}
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
            PAGE.write_text(as_page(results), "utf-8")


if __name__ == "__main__":
    main()
