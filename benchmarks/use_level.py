"""How often do erasing, interchange and adding say "used"? On a small language model.

Labels that mean nothing: 400 labellings at random of statements about a small world; α = .05. A
concept that the model reads and does not use: how the statement ends. A concept that it uses:
truth. The last two layers take turns, since there the answer depends on the states most. See
docs/methods/used.md. Delete results/use_level.json when `audit_use` changes.

    python benchmarks/use_level.py --jobs 2       go on after the cases that are recorded
    python benchmarks/use_level.py --table        write the table of docs/methods/used.md
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import torch
from record import RESULTS, record
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from nullprobe import audit_use, worlds

N, DRAWS, ALPHA = 80, 39, 0.05
EVERY = 20  # cases between two records
METHODS = ("erasing", "interchange", "adding", "combined")
PERMUTED, UNUSED, TRUTH = "permuted labels", "read, not used: the ending", "used: truth"
CASES, LAYERS = (PERMUTED, UNUSED, TRUTH), (2, 3)

PAGE = Path(__file__).parent.parent / "docs" / "methods" / "used.md"
START, END = "<!-- use_level -->\n", "<!-- /use_level -->"

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
    return {
        "case": case, "method": method, "n": n, "yes": yes, "no": said.count("no"),
        "unclear": said.count("unclear"), "share": yes / n, "low": float(ends.low),
        "high": float(ends.high),
        "p_above_alpha": float(binomtest(yes, n, ALPHA, "greater").pvalue),
    }  # fmt: skip


def page(rows: list[dict]) -> str:
    """Return the page of the docs with the table of these rows."""
    lines = [
        "| truth | method | yes | no | unclear | share of yes, 95 % interval |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['case']} | {r['method']} | {r['yes']} of {r['n']} | {r['no']} | {r['unclear']} "
        f"| {r['share']:.3f} ({r['low']:.3f} to {r['high']:.3f}) |"
        for r in rows
    ]
    before, rest = PAGE.read_text().split(START)
    return before + START + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1]


def recorded() -> list[tuple[str, dict[str, str]]]:
    """Return the verdicts of an earlier run, in some order: only how many there are is kept."""
    path = RESULTS / "use_level.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    said = {
        (one["case"], one["method"]): [
            word for word in ("yes", "no", "unclear") for _ in range(one[word])
        ]
        for one in rows
    }
    return [
        (case, {method: said[case, method][i] for method in METHODS})
        for case in CASES
        for i in range(len(said.get((case, METHODS[0]), [])))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labellings", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="write the table of the docs alone")
    a = parser.parse_args()
    if a.table:
        PAGE.write_text(page(json.loads((RESULTS / "use_level.json").read_text())["rows"]))
        return
    tasks = [(case, i) for i in range(a.seeds) for case in (UNUSED, TRUTH)]
    tasks += [(PERMUTED, i) for i in range(a.labellings)]
    each = recorded()
    done = Counter(case for case, _ in each)
    tasks = [(case, i) for case, i in tasks if i >= done[case]]
    tasks.sort(key=lambda task: task[1])  # so that a run that is stopped has some of each
    torch.set_num_threads(1)
    language()  # loaded once, before processes are forked
    pool = ProcessPoolExecutor(a.jobs, mp_context=multiprocessing.get_context("fork"))
    start, total = time.perf_counter(), len(each) + len(tasks)
    with pool if a.jobs > 1 else nullcontext():
        for found in (pool.map if a.jobs > 1 else map)(verdicts, tasks):
            each.append(found)
            if len(each) % EVERY == 0 or len(each) == total:
                rows = [
                    row(case, method, [one[method] for name, one in each if name == case])
                    for case in CASES
                    for method in METHODS
                    if case in dict(each)
                ]
                settings = {"texts": N, "draws": DRAWS, "alpha": ALPHA, "layers": list(LAYERS)}
                settings["seconds"] = round(time.perf_counter() - start)
                record("use_level", settings, rows, torch=torch.__version__)
                print(f"{len(each)} of {total}", flush=True)


if __name__ == "__main__":
    main()
