"""What do studies say of corpora in which there is nothing to find? Twenty models of each.

- *authors*: characters without a common author. The author share should be 0, and erasing the
  author's posterior should do no more than random maps do.
- *opposites*: the placebo cell, without definitions and tropes. The opposite should be as near as
  an unrelated trait, by the difference and by the null of random pairings.
- *contexts*: values of different domains are independent (rho = 0). A value that is shown in one
  domain should not change what is expected in another, and a probe should read chance there.
- *pretence*: the first texts change the names of agents at random, so that nobody is bad in person.
  Nothing should be left of agents who "were bad", and no verdict should be yes.
- *direction*: acts do not depend on the goal that a text names. Steering should not lead to the
  good agent. It should make "nobody" no more often, and leave the goal at no other strength, than
  contrasts of goals that are named by other words.

Models are trained as in a quick run. Each row has the mean and the largest absolute value over
models, and how often a 95 % interval of five models excludes what is expected, or a p-value within
a model is at most .05, or a verdict of five models is yes. Trained models are cached.

For the AUC of probes in other domains there is an exact test. Exchanging good and bad in a domain
gives a model that is as likely, with one minus the AUC. So what was read is compared with what it
is under all such exchanges, whose mean is .5.

    python benchmarks/null_corpora.py                  # 20 models of each
    python benchmarks/null_corpora.py --models 5 --study pretence
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from record import RESULTS, record
from scipy.stats import t as student

from nullprobe.corpora.authors import authors as corpus_of_authors
from nullprobe.corpora.contexts import DOMAINS, Contexts
from nullprobe.corpora.corpus import Drawn
from nullprobe.corpora.grammar import Grammar
from nullprobe.corpora.values import Values
from nullprobe.studies import Budget, train
from nullprobe.studies import contexts as room
from nullprobe.studies.authors import TEXTS, erasing, training
from nullprobe.studies.contexts import contexts
from nullprobe.studies.definition import Cell, Measured, Study
from nullprobe.studies.direction import direction, steered_away
from nullprobe.studies.direction_rules import BEYOND, LANDS
from nullprobe.studies.judging import judged
from nullprobe.studies.opposites import opposites
from nullprobe.studies.opposites_rules import PLACEBO
from nullprobe.studies.pretence import AGENTS, Agents, left_of, pretence
from nullprobe.studies.standing import Standing, unsigned

ALPHA, MODELS, GROUP = 0.05, 20, 5
FIRST = 1000  # seed: none of a full run
BUDGET = Budget(quick=True)
DRAWS = 20_000  # of exchanges in all models at once
PROBE = "probe, other domains (AUC)"
# Study, cell, measurement → what is expected; None for a p-value within a model.
EXPECTED = {
    "authors": {"author share": 0.0, "untrained: author share": 0.0, "p of erasing": None},
    "opposites": {
        "held-out axes": 0.0,
        "untrained: held-out axes": 0.0,
        "log steps of tuning, held-out axes": 0.0,
        "held-out axes, p of the pairing": None,
    },
    "contexts": {"model": 0.0, "twin": 0.0, PROBE: 0.5},
    "pretence": {
        "left in behaviour": 0.0,
        "probe of who was bad (AUC)": 0.5,
        "returned": 0.0,
        "relapse": 0.0,
    },
    "direction": {
        "nobody, added": 0.0,
        BEYOND: 0.0,
        f"p of {BEYOND}": None,
        f"p of {LANDS}": None,
    },
}
Cells = dict[str, Measured]


class Renamed:
    """Texts of a corpus, in which named agents get a random name: nobody is bad in person.

    Parameters
    ----------
    corpus : Contexts
    """

    def __init__(self, corpus: Contexts) -> None:
        self.corpus, self.words, self.length = corpus, corpus.words, corpus.length
        self.names = np.array([corpus.number(f"agent{k}") for k in range(AGENTS)])

    def __repr__(self) -> str:
        return f"Renamed({self.corpus!r})"

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Draw n texts, and names for those who are not strangers."""
        drawn = self.corpus.sample(n, rng)
        named = np.isin(drawn.ids[:, 1], self.names)
        drawn.ids[named, 1] = rng.choice(self.names, size=int(named.sum()))
        return drawn

    def observers(self, ids: np.ndarray) -> dict:
        """Return nothing: no observer is asked."""
        return {}


class Unrelated(Values):
    """Texts that name a goal on which no act depends."""

    def _grammar(self, know_goals: bool) -> Grammar:
        return super()._grammar(know_goals=False)


def authors(seed: int) -> Cells:
    """Train on characters without a common author; place the model, and erase the posterior."""
    world = corpus_of_authors()
    texts = Standing(world, unsigned(world, BUDGET.rows(TEXTS), [seed, 5]))
    made = training(corpus_of_authors(linked=False), seed).made(BUDGET)
    values, draws = erasing(made, world, texts, seed, BUDGET)
    shares = {
        "author share": texts.of(made.log_p(texts.ids))["author share"],
        "untrained: author share": texts.of(made.log_p(texts.ids, made.twin))["author share"],
        "p of erasing": p_value(values["lost by erasing authors"], draws),
    }
    return {"all": Measured(shares)}


def opposites_(seed: int) -> Cells:
    """Measure the placebo cell."""
    cell = Cell(dict(PLACEBO.levels))
    return {str(cell): opposites.measure(cell, seed, BUDGET)}


def contexts_(seed: int) -> Cells:
    """Measure unrelated domains, and read probes after every exchange of good and bad."""
    cell = Cell({"rho": 0.0})
    found = contexts.measure(cell, seed, BUDGET)
    corpus = room.corpus_of(0.0, seed)
    made = train(corpus, seed=seed, budget=BUDGET, steps=room.STEPS)
    texts = room.Strangers(corpus, BUDGET.rows(room.TEXTS), seed)
    X = room.states(made, texts)
    return {str(cell): Measured(found.values, {PROBE: exchanged(texts.aucs(X, texts.probes(X)))})}


def exchanged(aucs: np.ndarray) -> list[float]:
    """Return the mean AUC in other domains, (8,), for each exchange of good and bad; first: none.

    Examples
    --------
    >>> round(float(np.mean(exchanged(np.full((4, 4), 0.7)))), 12)
    0.5
    """
    others = ~np.eye(len(DOMAINS), dtype=bool)
    signs = [np.array((1, *rest)) for rest in product((1, -1), repeat=len(DOMAINS) - 1)]
    return [0.5 + float(((aucs - 0.5) * np.outer(s, s))[others].mean()) for s in signs]


def pretence_(seed: int) -> Cells:
    """Make a model good, and tune one to be good in whose texts nobody was bad in person."""
    agents = Agents(seed)
    both = zip(pretence.cells, (agents.good, Renamed(agents.first)), strict=True)
    return {str(cell): left_of(agents, texts, seed, BUDGET) for cell, texts in both}


def direction_(seed: int) -> Cells:
    """Steer a model of texts in which no act depends on the goal that is named."""
    found = steered_away(Unrelated(), seed, BUDGET)
    p = {f"p of {name}": p_value(found.values[name], found.nulls[name]) for name in (BEYOND, LANDS)}
    return {"all": Measured({**found.values, **p}, found.nulls)}


# One corpus: no rule about moral words is judged.
UNRELATED = replace(direction, factors={}, rules=[r for r in direction.rules if not r.effect])
NULLS: dict[str, Callable[[int], Cells]] = {
    "authors": authors,
    "opposites": opposites_,
    "contexts": contexts_,
    "pretence": pretence_,
    "direction": direction_,
}
JUDGED: dict[str, Study] = {"pretence": pretence, "direction": UNRELATED}


def p_value(observed: float, draws: Sequence[float]) -> float:
    """Return the share of draws that are as large, with the observed one among them."""
    return (sum(draw >= observed for draw in draws) + 1) / (len(draws) + 1)


def rows_of(study: str, found: list[Cells]) -> Iterator[dict[str, object]]:
    """Yield the lines of a study: each measurement in each cell, and its verdicts."""
    for cell in found[0]:
        for name, expected in EXPECTED[study].items():
            values = np.array([one[cell].values[name] for one in found])
            what = {"study": study, "cell": cell, "measured": name, "models": len(found)}
            if expected is None:
                rejected = int((values <= ALPHA).sum())
                yield what | {"rejected": rejected, "of": len(values), "mean": float(values.mean())}
            elif name == PROBE:
                each = np.array([one[cell].nulls[name] for one in found])
                yield what | departures(values, expected) | by_exchanges(each)
            else:
                yield what | departures(values, expected)
    if study in JUDGED:
        yield from verdicts(study, found)


def departures(values: np.ndarray, expected: float) -> dict[str, object]:
    """Return how far models are from what is expected, and how many groups of five differ."""
    groups = values[: len(values) // GROUP * GROUP].reshape(-1, GROUP)
    reach = student.ppf(1 - ALPHA / 2, GROUP - 1) * groups.std(axis=1, ddof=1) / np.sqrt(GROUP)
    return {
        "rejected": int((np.abs(groups.mean(axis=1) - expected) > reach).sum()),
        "of": len(groups),
        "expected": expected,
        "mean": float(values.mean()),
        "standard error": float(values.std(ddof=1) / np.sqrt(len(values))),
        "largest departure": float(np.abs(values - expected).max()),
    }


def by_exchanges(each: np.ndarray) -> dict[str, object]:
    """Return the exact test of AUCs (models, 8), of which the first are observed.

    "rejected by t" is the number of groups of five whose 95 % t-interval excludes .5, and "t
    rejects" how often that happens under random exchanges of the same AUCs.
    """
    rng = np.random.default_rng(0)
    groups = each[: len(each) // GROUP * GROUP].reshape(-1, GROUP, each.shape[1])
    chosen = rng.integers(0, len(each), (DRAWS, GROUP)), rng.integers(0, 8, (DRAWS, GROUP))
    drawn = each[chosen] - 0.5
    reach = student.ppf(1 - ALPHA / 2, GROUP - 1) * drawn.std(axis=1, ddof=1) / np.sqrt(GROUP)
    return {
        "rejected": sum(_exact(group, rng) <= ALPHA for group in groups),
        "rejected by t": departures(each[:, 0], 0.5)["rejected"],
        "p of all models": _exact(each, rng),
        "t rejects": float((np.abs(drawn.mean(axis=1)) > reach).mean()),
    }


def _exact(each: np.ndarray, rng: np.random.Generator) -> float:
    """Return the two-sided p-value of the mean of the first AUCs, under random exchanges."""
    chosen = rng.integers(0, each.shape[1], (DRAWS, len(each)))
    drawn = each[np.arange(len(each)), chosen].mean(axis=1) - 0.5
    return p_value(abs(float(each[:, 0].mean()) - 0.5) - 1e-12, np.abs(drawn).tolist())


def verdicts(study: str, found: list[Cells]) -> Iterator[dict[str, object]]:
    """Yield how often each verdict of five models is yes, no and unclear."""
    groups = [found[k : k + GROUP] for k in range(0, len(found) - GROUP + 1, GROUP)]
    claims = []
    for group in groups:
        each = {(cell, k): one for k, cells in enumerate(group) for cell, one in cells.items()}
        table, nulls = (
            {key: getattr(one, of) for key, one in each.items()} for of in ("values", "nulls")
        )
        claims.append(judged(JUDGED[study], table, nulls))
    for same in zip(*claims, strict=True):
        counts = Counter(str(claim.holds) for claim in same)
        yield {
            "study": study,
            "verdict": same[0].name,
            "of": len(groups),
            **{holds: counts[holds] for holds in ("yes", "no", "unclear")},
        }


def measured(study: str, seed: int, kept: Path | None) -> Cells:
    """Measure a null corpus, or read what was measured before."""
    path = None if kept is None else kept / f"{study}-{seed}.json"
    if path is not None and path.exists():
        return {cell: Measured(**one) for cell, one in json.loads(path.read_text()).items()}
    found = NULLS[study](seed)
    if path is not None:
        plain = {
            cell: {"values": dict(one.values), "nulls": {k: list(v) for k, v in one.nulls.items()}}
            for cell, one in found.items()
        }
        path.write_text(json.dumps(plain))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--study", choices=NULLS, help="this one; the rows of others stay")
    parser.add_argument("--keep", type=Path, help="folder in which each model's numbers are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start, rows = time.perf_counter(), []
    chosen = list(NULLS) if options.study is None else [options.study]
    if options.study is not None:
        before = json.loads((RESULTS / "null_corpora.json").read_text("utf-8"))
        rows = [row for row in before["rows"] if row["study"] not in chosen]
    for study in chosen:
        found = []
        for seed in range(FIRST, FIRST + options.models):
            found.append(measured(study, seed, options.keep))
            print(study, seed, round(time.perf_counter() - start), "s", flush=True)
        rows += list(rows_of(study, found))
    rows.sort(key=lambda row: list(NULLS).index(row["study"]))
    print(*rows, sep="\n")
    record("null_corpora", {"quick": True}, rows, torch=torch.__version__)


if __name__ == "__main__":
    main()
