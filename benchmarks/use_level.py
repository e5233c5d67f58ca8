"""How often do erasing, interchange and adding say "used"? On a small language model.

Labels that mean nothing: 400 labellings at random of statements about a small world, in each of
four layers in turn; α = .05. A concept that the model reads and does not use: how the statement
ends. A concept that it uses in its last two layers: truth. See docs/methods/used.md.

    python benchmarks/use_level.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from record import record, timed
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from nullprobe import audit_use, worlds

N, DRAWS, ALPHA = 80, 39, 0.05
LAYERS, USED = (0, 1, 2, 3), (2, 3)
METHODS = ("erasing", "interchange", "adding", "combined")
PERMUTED, UNUSED, TRUTH = "permuted labels", "read, not used: the ending", "used: truth"


def verdicts(organism: Any, drawn: Any, y: np.ndarray, layer: int, seed: int) -> dict[str, str]:
    """Return the verdict of each method and the combined one at a layer."""
    site = f"layers.{layer}.output"
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
    return {**each, "combined": claim.holds.value}


def cases(organism: Any, labellings: int, seeds: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the verdicts of each labelling."""
    for i in range(labellings):
        drawn, rng = organism.statements(N, i), np.random.default_rng([i, 1])
        y = rng.permutation(drawn.truth)
        yield PERMUTED, verdicts(organism, drawn, y, LAYERS[i % len(LAYERS)], i)
    for i in range(seeds):
        drawn = organism.statements(N, 1000 + i)
        ending, layer = drawn.unrelated["exclaimed"], LAYERS[i % len(LAYERS)]
        yield UNUSED, verdicts(organism, drawn, ending, layer, i)
        yield TRUTH, verdicts(organism, drawn, drawn.truth, USED[i % len(USED)], i)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labellings", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=20)
    a = parser.parse_args()
    torch.set_num_threads(1)
    organism, rows = worlds.language(), []
    with threadpool_limits(1):
        each, seconds = timed(lambda: list(cases(organism, a.labellings, a.seeds)))
    for case in (PERMUTED, UNUSED, TRUTH):
        of_case = [found for name, found in each if name == case]
        for method in METHODS if of_case else ():
            said = [found[method] for found in of_case]
            yes, n = said.count("yes"), len(said)
            ends = binomtest(yes, n).proportion_ci(0.95, method="exact")
            rows.append(
                {
                    "case": case, "method": method, "n": n, "yes": yes, "no": said.count("no"),
                    "unclear": said.count("unclear"), "share": yes / n,
                    "low": float(ends.low), "high": float(ends.high),
                    "p_above_alpha": float(binomtest(yes, n, ALPHA, "greater").pvalue),
                }
            )  # fmt: skip
            print(case, method, f"yes {yes} of {n}", flush=True)
    settings = {"texts": N, "draws": DRAWS, "alpha": ALPHA, "seconds": round(seconds)}
    record("use_level", settings, rows, torch=torch.__version__)


if __name__ == "__main__":
    main()
