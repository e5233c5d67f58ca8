"""What do studies say of corpora in which there is nothing to find? Twenty models of each.

- *authors*: characters without a common author. The author share should be 0, and erasing the
  author's posterior should do no more than random maps do.
- *opposites*: the placebo cell, without definitions and tropes. The opposite should be as near as
  an unrelated trait, by the difference and by the null of random pairings.
- *contexts*: values of different domains are independent (rho = 0). A value that is shown in one
  domain should not change what is expected in another, and a probe should read chance there.

Models are trained as in a quick run. Each row has the mean and the largest absolute value over
models, and how often a 95 % interval of five models excludes what is expected, or a p-value within
a model is at most .05. Trained models are cached.

    python benchmarks/null_corpora.py                  # 20 models of each
    python benchmarks/null_corpora.py --models 5
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from record import record
from scipy.stats import t as student

from nullprobe.corpora.authors import authors as corpus_of_authors
from nullprobe.studies import Budget
from nullprobe.studies.authors import TEXTS, erasing, training
from nullprobe.studies.contexts import contexts
from nullprobe.studies.definition import Cell
from nullprobe.studies.opposites import opposites
from nullprobe.studies.opposites_rules import PLACEBO
from nullprobe.studies.standing import Standing, unsigned

ALPHA, MODELS, GROUP = 0.05, 20, 5
FIRST = 1000  # seed: none of a full run
BUDGET = Budget(quick=True)
EXPECTED = {
    "authors": {"author share": 0.0, "untrained: author share": 0.0, "p of erasing": None},
    "opposites": {
        "held-out axes": 0.0,
        "untrained: held-out axes": 0.0,
        "log steps of tuning, held-out axes": 0.0,
        "held-out axes, p of the pairing": None,
    },
    "contexts": {"model": 0.0, "twin": 0.0, "probe, other domains (AUC)": 0.5},
}


def authors(seed: int) -> dict[str, float]:
    """Train on characters without a common author; place the model, and erase the posterior."""
    world = corpus_of_authors()
    texts = Standing(world, unsigned(world, BUDGET.rows(TEXTS), [seed, 5]))
    made = training(corpus_of_authors(linked=False), seed).made(BUDGET)
    values, draws = erasing(made, world, texts, seed, BUDGET)
    larger = sum(draw >= values["lost by erasing authors"] for draw in draws)
    return {
        "author share": texts.of(made.log_p(texts.ids))["author share"],
        "untrained: author share": texts.of(made.log_p(texts.ids, made.twin))["author share"],
        "p of erasing": (larger + 1) / (len(draws) + 1),
    }


def of_cell(study, levels) -> Callable[[int], dict[str, float]]:
    """Return what a study measures in one of its cells, as a function of the seed."""

    def measured(seed: int) -> dict[str, float]:
        found = study.measure(Cell(dict(levels)), seed, BUDGET)
        return dict(getattr(found, "values", found))

    return measured


NULLS = {
    "authors": authors,
    "opposites": of_cell(opposites, PLACEBO.levels),
    "contexts": of_cell(contexts, {"rho": 0.0}),
}


def row(study: str, name: str, expected: float | None, values: np.ndarray) -> dict[str, object]:
    """Return one line of the result: a measurement, or a p-value, over all models."""
    what: dict[str, object] = {"study": study, "measured": name, "models": len(values)}
    if expected is None:
        rejected = int((values <= ALPHA).sum())
        return what | {"rejected": rejected, "of": len(values), "mean": float(values.mean())}
    groups = values[: len(values) // GROUP * GROUP].reshape(-1, GROUP)
    reach = student.ppf(1 - ALPHA / 2, GROUP - 1) * groups.std(axis=1, ddof=1) / np.sqrt(GROUP)
    return what | {
        "rejected": int((np.abs(groups.mean(axis=1) - expected) > reach).sum()),
        "of": len(groups),
        "expected": expected,
        "mean": float(values.mean()),
        "standard error": float(values.std(ddof=1) / np.sqrt(len(values))),
        "largest departure": float(np.abs(values - expected).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS)
    models = parser.parse_args().models
    torch.set_num_threads(1)
    start = time.perf_counter()
    found: dict[str, list[dict[str, float]]] = {study: [] for study in NULLS}
    for seed in range(FIRST, FIRST + models):
        for study, measured in NULLS.items():
            found[study].append(measured(seed))
            print(study, seed, round(time.perf_counter() - start), "s", flush=True)
    rows = [
        row(study, name, value, np.array([one[name] for one in found[study]]))
        for study, expected in EXPECTED.items()
        for name, value in expected.items()
    ]
    print(*rows, sep="\n")
    record("null_corpora", {"models": models, "quick": True}, rows, torch=torch.__version__)


if __name__ == "__main__":
    main()
