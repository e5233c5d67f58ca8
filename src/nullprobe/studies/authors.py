"""The study of authors: do models follow the author of a text, or only its characters.

A text has an author who decides how its characters change; nothing else links two characters. An
observer that knows this learns about one character from the acts of another. An observer of
characters alone ("simulacra") does not, and an observer of authors alone forgets what a character
did. All are exact, so a trained model can be placed between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.authors import UNEVEN
from nullprobe.corpora.authors import authors as corpus_of
from nullprobe.studies.author_odds import odds
from nullprobe.studies.authors_rules import CAST_RULES, RULES
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.observing import explained, words_before
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.reveal import reveal
from nullprobe.studies.rollouts import rollout
from nullprobe.studies.standing import Standing, classes_of, unsigned
from nullprobe.studies.training import Training

STEPS, TEXTS, MAPS, BEGINNINGS = 3000, 600, 99, 500
SNAPSHOTS = (100, 200, 400, 600, 800, 1000, 1500, 2000, STEPS)
WEIGHT = 0.3  # in the loss, of words that are no verbs: most of them cannot be predicted
SITE = "layers.1.output"  # after the last block, before the norm
TEMPERATURES = (1.0, 0.5, 0.0)
BEGUN, LAST = 5, 3  # lines of a beginning; last lines that are counted
CASTS: dict[str, dict[str, Any]] = {
    "two characters": {},
    "three characters": {"characters": ("knight", "wizard", "thief")},
    "uneven authors": {"prior": UNEVEN},
}


def training(corpus: Chains, seed: int, snapshots: Sequence[int] = ()) -> Training:
    """Return the training of a model of authors; verbs weigh more than other words."""
    weights = np.where(classes_of(corpus.words).any(axis=1), 1.0, WEIGHT)
    return Training(corpus, seed, STEPS, tuple(weights.tolist()), tuple(snapshots))


def trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return what is trained: a model of authors, and one of unlinked characters."""
    return [training(corpus_of(), seed, SNAPSHOTS), training(corpus_of(linked=False), seed)]


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Train on texts of authors and on texts of unlinked characters; place both models."""
    world = corpus_of()
    n = budget.rows(TEXTS)
    texts = Standing(world, unsigned(world, n, [seed, 5]))
    made, null = (one.made(budget) for one in trainings(cell, seed, budget))
    stand = texts.of(made.log_p(texts.ids))
    values = {"author share": stand["author share"]}
    values["untrained: author share"] = texts.of(made.log_p(texts.ids, made.twin))["author share"]
    unlinked = texts.of(null.log_p(texts.ids))
    values["unlinked corpus: author share"] = unlinked["author share"]
    values |= {name: value for name, value in stand.items() if name != "author share"}
    values |= reading(made, texts)
    erased, draws = erasing(made, world, texts, seed, budget)
    values |= erased
    values |= attraction(made, world, seed, budget)
    return Measured(values, {"lost by erasing authors": draws}, curve(made, texts))


def curve(made: Any, texts: Standing) -> dict[str, list[float]]:
    """Return where the model stood at each step that was kept."""
    steps = sorted(made.snapshots)
    each = [texts.of(made.log_p(texts.ids, made.snapshots[step])) for step in steps]
    return {"step": [float(step) for step in steps]} | {
        name: [one[name] for one in each] for name in each[0]
    }


def reading(made: Any, texts: Standing) -> dict[str, float]:
    """Return how much of the author's posterior is read at names: states, twin, the words."""
    posterior = texts.observers["full"].posterior["author"][:, texts.names]
    target = posterior.reshape(-1, posterior.shape[-1])
    train_rows = np.repeat(np.arange(len(texts.ids)) % 2 == 0, len(texts.names))

    def read(X: np.ndarray) -> float:
        return explained(X.reshape(len(target), -1), target, train_rows)

    bag = words_before(texts.ids, texts.names, len(made.corpus.words))
    return {
        "R² of the author": read(made.states(texts.ids)[:, texts.names]),
        "untrained: R² of the author": read(
            made.states(texts.ids, model=made.twin)[:, texts.names]
        ),
        "words: R² of the author": read(bag),
    }


def erasing(
    made: Any, world: Chains, texts: Standing, seed: int, budget: Budget
) -> tuple[dict[str, float], list[float]]:
    """Return what erasing the author's posterior does, and the loss by random maps of its size."""
    room = import_module("nullprobe.studies.erasing")  # it needs torch
    fitting = Standing(world, unsigned(world, len(texts.ids), [seed, 6]))
    posterior = fitting.observers["full"].posterior["author"][:, fitting.names]
    X = room.states_at(made, fitting.ids, fitting.names, SITE)
    edits = room.edits(X, posterior, SITE, n_maps=MAPS, seed=seed)
    before = texts.of(made.log_p(texts.ids))["author share"]
    after: list[dict[str, float]] = []
    for one in room.under(made, edits, lambda: texts.of(made.log_p(texts.ids))):
        after.append(one)
        budget.report("erasing", len(after), len(edits))
    lost = [before - one["author share"] for one in after]
    values = {
        "lost by erasing authors": lost[0],
        "erased: author share": after[0]["author share"],
        "erased: character share": after[0]["character share"],
        "random maps: author share": float(np.mean([one["author share"] for one in after[1:]])),
    }
    return values, lost[1:]


def attraction(made: Any, world: Chains, seed: int, budget: Budget) -> dict[str, float]:
    """Return shares of bad acts in the last lines, after a character acted well or badly."""
    values: dict[str, float] = {}
    n = budget.rows(BEGINNINGS)
    for state in ("bad", "good"):
        prefix = world.beginnings("knight", state, lines=BEGUN, n=n, seed=seed)
        for temperature in TEMPERATURES:
            how: dict[str, Any] = {"temperature": temperature, "seed": seed}
            name = f"after {state}, T = {temperature:g}"
            for who, texts in (
                ("model", rollout(made, prefix, **how)),
                ("corpus", world.rollout(prefix, **how)),
            ):
                values[f"{who}: bad {name}"] = texts.share("bad", last=LAST)
    pull = values["model: bad after bad, T = 1"] - values["corpus: bad after bad, T = 1"]
    return {"bad beyond the corpus": pull, **values}


def cast_trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the training of a cast."""
    return [training(corpus_of(**CASTS[cell.cast]), seed)]


def measure_cast(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Place a model between the observers of its corpus, which has another cast."""
    (one,) = cast_trainings(cell, seed, budget)
    world, made = corpus_of(**CASTS[cell.cast]), one.made(budget)
    texts = Standing(world, unsigned(world, budget.rows(TEXTS), [seed, 5]))
    stand, twin = (texts.of(made.log_p(texts.ids, model)) for model in (None, made.twin))
    first = "author share"
    return Measured({first: stand[first], f"untrained: {first}": twin[first], **stand})


def pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return the learning curve, what erasing does, and how beginnings go on."""
    steps = [int(step) for step in result.records[0].series["step"]]

    def over(name: str) -> list[Estimate]:
        rows = [one.series[name] for one in result.records]
        return [Estimate(tuple(row[k] for row in rows)) for k in range(len(steps))]

    learning = figure(
        "learning", "lines", "Whom does the model follow while it learns?",
        "Divergence of the model from three exact observers, by training step: the lowest line "
        "is the observer that the model is nearest to.",
        [
            series(label, steps, over(f"KL from {name}"))
            for name, label in (
                ("full", "authors and characters"),
                ("simulacra", "characters only"),
                ("author", "authors only"),
            )
        ],
        x_label="step", y_label="nats a verb",
    )  # fmt: skip
    shown = {
        "as trained": "author share",
        "author erased": "erased: author share",
        "random maps": "random maps: author share",
        "unlinked corpus": "unlinked corpus: author share",
        "untrained": "untrained: author share",
    }
    erased = figure(
        "erased", "bars", "What is left once the author is erased?",
        "Author share: 0 predicts as the observer of characters does, 1 as the full observer does.",
        [series("author share", list(shown), [result.mean(name) for name in shown.values()])],
        y_label="author share", rules={"Bayes": 1.0, "characters only": 0.0},
    )  # fmt: skip
    places = [f"after {state}, T = {t:g}" for state in ("bad", "good") for t in TEMPERATURES]
    begun = figure(
        "beginnings", "bars", "Does a bad beginning pull the model?",
        "Share of bad acts in the last lines, after lines in which the character acted badly, or "
        "well, at three temperatures: the model, and the exact predictor of the texts.",
        [
            series(who, places, [result.mean(f"{who}: bad {place}") for place in places])
            for who in ("model", "corpus")
        ],
        y_label="share of bad acts",
    )  # fmt: skip
    return [learning, erased, begun]


authors = Study(
    "authors",
    measure,
    question="Do models of texts follow the author of a text, or only its characters?",
    unit="share",
    rules=RULES,
    pictures=pictures,
    doubts=(
        "An author share that is low after more training: a low share may be too little training, "
        "so it speaks of models at this budget.",
        "An author share well above 0 in models of the unlinked corpus.",
        "Random maps that lower the author share as much as erasing the author does.",
    ),
    parts={
        "reveal": reveal,
        "odds": odds,
        "cast": Study(
            "authors_cast",
            measure_cast,
            question="Do models follow authors of three characters, and authors that are rare?",
            unit="share",
            factors={"cast": tuple(CASTS)},
            rules=CAST_RULES,
            doubts=("A share that falls with every further character.",),
            trainings=cast_trainings,
        ),
    },
    trainings=trainings,
)
