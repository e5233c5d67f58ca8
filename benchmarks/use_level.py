"""How often do erasing, interchange and adding say "used"? On a small language model.

Labels that mean nothing: 400 labellings at random of statements about a small world; α = .05. A
concept that the model reads and does not use: how the statement ends. A concept that it uses:
truth. The last two layers take turns, since there the answer depends on the states most. See
docs/methods/used.md.

    python benchmarks/use_level.py --jobs 2
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import torch
from record import record, timed
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from nullprobe import audit_use, worlds

N, DRAWS, ALPHA = 80, 39, 0.05
METHODS = ("erasing", "interchange", "adding", "combined")
PERMUTED, UNUSED, TRUTH = "permuted labels", "read, not used: the ending", "used: truth"
CASES, LAYERS = (PERMUTED, UNUSED, TRUTH), (2, 3)

language = cache(worlds.language)


def verdicts(task: tuple[str, int]) -> tuple[str, dict[str, str]]:
    """Return the case, and the verdict of each method and the combined one."""
    case, seed = task
    torch.set_num_threads(1)
    organism = language()
    drawn = organism.statements(N, seed if case == PERMUTED else 1000 + seed)
    y = {
        PERMUTED: np.random.default_rng([seed, 1]).permutation(drawn.truth),
        UNUSED: drawn.unrelated["exclaimed"],
        TRUTH: drawn.truth,
    }[case]
    site = f"layers.{LAYERS[seed % len(LAYERS)]}.output"
    with threadpool_limits(1):
        claim = audit_use(
            organism.model,
            organism.tokenizer,
            drawn.texts,
            y,
            site,
            answers=drawn.right,
            pairs="match",
            n_draws=DRAWS,
            alpha=ALPHA,
            batch_size=256,
            random_state=seed,
        )[site]["used"]
    each = {one["name"]: one["holds"] for one in claim.shown["use"]["methods"]}
    return case, {**each, "combined": claim.holds.value}


def row(case: str, method: str, said: list[str]) -> dict[str, object]:
    """Return how often a method said what in a case."""
    yes, n = said.count("yes"), len(said)
    ends = binomtest(yes, n).proportion_ci(0.95, method="exact")
    print(f"{case}, {method}: yes {yes} of {n}", flush=True)
    return {
        "case": case, "method": method, "n": n, "yes": yes, "no": said.count("no"),
        "unclear": said.count("unclear"), "share": yes / n, "low": float(ends.low),
        "high": float(ends.high),
        "p_above_alpha": float(binomtest(yes, n, ALPHA, "greater").pvalue),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labellings", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    tasks = [(case, i) for case in (UNUSED, TRUTH) for i in range(a.seeds)]
    tasks += [(PERMUTED, i) for i in range(a.labellings)]
    torch.set_num_threads(1)
    verdicts(tasks[0])

    def run() -> list[tuple[str, dict[str, str]]]:
        each = []
        context = multiprocessing.get_context("fork")  # the model is loaded once
        with ProcessPoolExecutor(a.jobs, mp_context=context) as pool:
            for i, found in enumerate(pool.map(verdicts, tasks)):
                each.append(found)
                if i % 20 == 19:
                    yes = sum(v["combined"] == "yes" for c, v in each if c == PERMUTED)
                    print(f"{i + 1} of {len(tasks)}; permuted and used: {yes}", flush=True)
        return each

    each, seconds = timed(run)
    rows = []
    for case in CASES:
        of_case = [found for name, found in each if name == case]
        rows += [row(case, m, [found[m] for found in of_case]) for m in METHODS if of_case]
    settings = {"texts": N, "draws": DRAWS, "alpha": ALPHA, "seconds": round(seconds)}
    record("use_level", settings, rows, torch=torch.__version__)


if __name__ == "__main__":
    main()
