"""The study of opposites.

Does defining X make not-X easy to elicit, beyond what stories do?

The corpus is `corpora.Opposites`. Two factors cross. *definable*: language has one stem for both
traits of an axis, and a sign. *tropes*: stories that turn lead to the opposite. Measured is the
*advantage* of the opposite, log P(opposite) less the mean of log P over unrelated traits, after a
text about X and "but". On held-out axes no story ever turns, so an advantage there is carried
over.

Null within a model: the traits of the held-out axes are paired at random. Placebo: without
definitions and tropes, nothing marks which trait is the opposite; an advantage there voids the run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe.corpora.opposites import ON, Opposites
from nullprobe.studies import training
from nullprobe.studies.definition import Budget, Cell, Measured, study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.elicit import fewest_words
from nullprobe.studies.opposites_rules import DOSE_RULES, LENGTH_RULES, PLACEBO, RULES
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.trait_readings import (
    advantage,
    after_one_act,
    expectations,
    expected_by,
    neighbourhood,
    repaired,
    stories,
)

STEPS, BATCH = 1000, 64
PAIRINGS = 1999
TUNED = 12  # traits of each kind that are fine-tuned, and texts of each
TUNING_TEXTS = 16
DOUBTS = (
    "A corpus in which names of opposites are two words of any length, not one stem with a sign: "
    "if the interaction vanished, it would be a fact about one token.",
    "More or fewer axes: with 12 axes less carries over, so the size of the interaction is a fact "
    "about 24 axes, 18 of them with turning stories.",
    "A model that is larger, or trained longer, whose advantage on held-out axes reaches the one "
    "on the others.",
)
UNIT = "nats by which the opposite is ahead of unrelated traits"


def trainings(cell: Cell, seed: int, budget: Budget) -> list[training.Training]:
    """Return the training of a cell; a quick run takes all steps, too, since this takes seconds."""
    corpus = Opposites(definable=bool(cell.definable), tropes=float(cell.tropes))
    return [training.Training(corpus, seed, STEPS, batch=BATCH, in_full=True)]


def learned(cell: Cell, seed: int, budget: Budget) -> Any:
    """Return the model of a cell."""
    return trainings(cell, seed, budget)[0].made(budget)


def _advantages(made: Any, rng: np.random.Generator, n: int) -> tuple[dict[str, float], np.ndarray]:
    """Return advantages by way of eliciting, and the draws of random pairings."""
    corpus = made.corpus
    E = expectations(made, corpus.steady, rng, n=n)
    null = repaired(E, rng, n=PAIRINGS)
    twin = replace(made, model=made.twin)
    values = {
        "held-out axes": null.observed,
        "held-out axes, p of the pairing": null.p,
        "untrained: held-out axes": advantage(expectations(twin, corpus.steady, rng, n=n)),
        "held-out axes, unnamed": advantage(
            expectations(made, corpus.steady, rng, n=n, named=False)
        ),
        "held-out axes, one act": advantage(after_one_act(made, corpus.steady, rng, n=n)),
        "taught axes": advantage(expectations(made, corpus.turning, rng, n=n)),
        "exact predictor: taught axes": advantage(expected_by(corpus, "full", corpus.turning, rng)),
    }
    return {name: float(value) for name, value in values.items()}, null.draws


def _tuning(made: Any, traits: np.ndarray, rng: np.random.Generator) -> float:
    """Return the mean of log steps to the opposite less log steps to an unrelated trait.

    The texts go on with "and", after which no corpus makes the opposite likely: every model starts
    far from the ceiling.
    """
    steps_until, gaps = training.module("tuning").steps_until, []
    for i in range(TUNED):
        trait = int(traits[i])
        texts = stories(made.corpus, trait, TUNING_TEXTS, rng, connective=ON)
        unrelated = int(rng.choice(np.delete(traits, [i, i ^ 1])))
        steps = [
            steps_until(made.model, texts, made.corpus.verbs(t)) for t in (trait ^ 1, unrelated)
        ]
        # A model that expects a target before tuning is at the ceiling: the trait is left out.
        gaps += [np.log(steps[0] / steps[1])] if min(steps) > 0 else []
    return float(np.mean(gaps)) if gaps else 0.0


@study(
    name="dose",
    question="How many stories must turn to the opposite before it is near?",
    unit=UNIT,
    factors={"definable": (0, 1), "tropes": (0.05, 0.2, 0.5)},
    rules=DOSE_RULES,
    min_effect=0.1,
    trainings=trainings,
)
def dose(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Measure advantages where only a share of the turns leads to the opposite by rule."""
    made = learned(cell, seed, budget)
    values, draws = _advantages(made, np.random.default_rng([seed, 3]), budget.rows(40))
    return Measured(values, {"held-out axes": _short(draws)})


@study(
    name="length",
    question="How many words of context does it take to elicit the opposite?",
    unit="words that the opposite takes less than an unrelated trait",
    factors={"definable": (0, 1), "tropes": (0, 1)},
    rules=LENGTH_RULES,
    min_effect=0.1,
    trainings=trainings,
)
def length(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Measure the shortest contexts after which a trait of a held-out axis is likely."""
    made = learned(cell, seed, budget)
    corpus, rng = made.corpus, np.random.default_rng([seed, 4])
    traits = corpus.steady[:: 1 if not budget.quick else 4]
    needed, one_word = [], []
    for trait in map(int, traits):
        starts = stories(corpus, trait, 3, rng)[:, :7]
        unrelated = int(rng.choice([t for t in corpus.steady if t // 2 != trait // 2]))
        both = [fewest_words(made, starts, corpus.verbs(t)) for t in (trait ^ 1, unrelated)]
        needed.append([words for words, _ in both])
        one_word.append([log_p for _, log_p in both])
    opposite, other = np.mean(needed, axis=0)
    best_opposite, best_other = np.mean(one_word, axis=0)
    return Measured(
        {
            "words saved": float(other - opposite),
            "words to the opposite": float(opposite),
            "words to an unrelated trait": float(other),
            "best single word (nats)": float(best_opposite - best_other),
        }
    )


def _pictures(result: Any) -> list[dict[str, Any]]:
    cells = {(int(c.definable), int(c.tropes)): c for c in result.cells}
    names = {0: "not definable", 1: "definable"}
    lines = [
        series(
            f"{names[d]}, {kind}",
            ["no tropes", "tropes"],
            [result.mean(kind, cells[d, t]) for t in (0, 1)],
        )
        for kind in ("held-out axes", "taught axes")
        for d in (0, 1)
    ]
    ways = ("taught axes", "held-out axes", "held-out axes, unnamed", "held-out axes, one act")
    by_way = [
        series(
            f"{names[d]}, {'tropes' if t else 'no tropes'}",
            list(ways),
            [result.mean(way, cell) for way in ways],
        )
        for (d, t), cell in cells.items()
    ]
    random = {
        str(cell): Estimate(
            tuple(
                float(np.quantile(one.nulls["held-out axes"], 0.95))
                for one in result.records
                if str(one.cell) == str(cell)
            )
        )
        for cell in cells.values()
    }
    places = [f"{names[d]}, {'tropes' if t else 'no tropes'}" for d, t in cells]
    repairing = [
        series("true pairs", places, [result.mean("held-out axes", c) for c in cells.values()]),
        series("random pairs (95 % are below)", places, [random[str(c)] for c in cells.values()]),
    ]
    return [
        figure(
            "interaction",
            "lines",
            "Is the opposite near where no story ever turned?",
            "Advantage of the opposite with and without tropes, for definable and other traits, on "
            "held-out axes and on the others. The placebo is the first point of the lines of "
            "traits that are not definable.",
            lines,
            x_label="stories",
            y_label="advantage (nats)",
            rules={"no advantage": 0.0},
        ),
        figure(
            "ways",
            "bars",
            "How can the opposite be elicited?",
            "Advantage of the opposite in each corpus: on the axes with turning stories, on "
            "held-out axes, there without naming the trait, and there after one act of it.",
            by_way,
            y_label="advantage (nats)",
        ),
        figure(
            "pairings",
            "bars",
            "Is the true pairing of traits ahead of random pairings?",
            "Advantage on held-out axes for the true pairs, and its 95 % quantile under random "
            "pairings within each model.",
            repairing,
            y_label="advantage (nats)",
        ),
    ]


@study(
    name="opposites",
    question="Does defining X make not-X easy to elicit, beyond what stories do?",
    unit=UNIT,
    factors={"definable": (0, 1), "tropes": (0, 1)},
    rules=RULES,
    min_effect=0.1,
    trainings=trainings,
    placebo=PLACEBO,
    pictures=_pictures,
    doubts=DOUBTS,
    parts={"dose": dose, "length": length},
)
def opposites(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Measure advantages, the cost of tuning, and how near the opposite is in the states."""
    made = learned(cell, seed, budget)
    corpus, rng = made.corpus, np.random.default_rng([seed, 3])
    n = budget.rows(40)
    values, draws = _advantages(made, rng, n)
    values |= {
        "log steps of tuning, held-out axes": _tuning(made, corpus.steady, rng),
        "log steps of tuning, taught axes": _tuning(made, corpus.turning, rng),
        "cosine, held-out axes": neighbourhood(made, corpus.steady, rng, n=n),
        "observer without exceptions: held-out axes": float(
            advantage(expected_by(corpus, "no_exceptions", corpus.steady, rng))
        ),
    }
    return Measured(values, {"held-out axes": _short(draws)})


def _short(draws: np.ndarray) -> list[float]:
    """Return draws with four decimals, which keeps files small."""
    return [round(float(draw), 4) for draw in draws]
