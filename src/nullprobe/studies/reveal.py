"""Reveals: does a model re-read the past once a character is unmasked.

Some characters act well under cover. A later word tells whether a character was unmasked or turned,
if one knows its house, which only its earlier acts show. The filter states what was believed of an
act when it was read, and the smoother what is believed of it now. Both are exact. They are read
from the states of a model at the reveal, next to the untrained twin, the words, and a reader that
has the old belief and the word of the reveal side by side, not put together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.reveal import reveal as corpus_of
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.observing import divergence, explained, explained_each
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.reveal_texts import Reveals, reveals
from nullprobe.studies.rules import Rule
from nullprobe.studies.standing import unsigned
from nullprobe.studies.training import Training

STEPS, TEXTS, DRAWS = 3000, 4000, 99
SNAPSHOTS = (500, 1000, 2000, STEPS)
WEIGHT = 0.3  # in the loss, of words that are no verbs
NOW, THEN = "R² of the belief now", "R² of the belief then"
REVEAL, NAMED = "", "when named next: "  # places at which states are read
READERS = ("words", "untrained", "old belief and word")


def trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the training of a cell's model; verbs weigh more than other words."""
    corpus = corpus_of(lasting=cell.lasting)
    weights = tuple(1.0 if "." in word else WEIGHT for word in corpus.words)
    return [Training(corpus, seed, STEPS, weights, SNAPSHOTS)]


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Train on texts in which the past matters after a reveal, or not; read beliefs of it."""
    (training,) = trainings(cell, seed, budget)
    corpus, made = corpus_of(lasting=cell.lasting), training.made(budget)
    texts = reveals(corpus, unsigned(corpus, budget.rows(TEXTS), [seed, 5]))
    half = np.arange(len(texts)) % 2 == 0
    side, twin = texts.side_by_side(corpus), states(made, texts, made.twin)
    values: dict[str, float] = {}
    of_model, permuted = states(made, texts), dict[str, list[float]]()
    rng = np.random.default_rng([seed, 4])
    for place, X in of_model.items():
        at, now, current = belief_at(texts, place)
        readers = {
            "": X,
            "words: ": texts.words(at, len(corpus.words)),
            "untrained: ": twin[place],
            "old belief and word: ": side,
            "exact beliefs: ": current,
        }
        read = {who: explained(rows, now[:, None], half) for who, rows in readers.items()}
        beyond = read[""] - max(read[f"{who}: "] for who in READERS)
        values[f"{place}re-read"] = beyond
        values |= {f"{place}{who}{NOW}": value for who, value in read.items()}
        if place == REVEAL:
            del readers["old belief and word: "]  # it has this belief
            then = {who: explained(one, texts.then[:, None], half) for who, one in readers.items()}
            values |= {f"{who}{THEN}": value for who, value in then.items()}
            values["kept"] = then[""] - max(then[f"{who}: "] for who in READERS[:2])
        shuffled = np.column_stack([rng.permutation(now) for _ in range(DRAWS)])
        permuted[place + NOW] = explained_each(X, shuffled, half).tolist()
    values |= gap(corpus, made, texts)
    return Measured(values, permuted, curve(made, texts, half))


def belief_at(texts: Reveals, place: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions of a place, the belief of the past there, and beliefs about the present."""
    if place == REVEAL:
        return texts.reveal, texts.now, texts.current
    return texts.named, texts.later, texts.current_later


def states(made: Any, texts: Reveals, model: Any = None) -> dict[str, np.ndarray]:
    """Return the states after both blocks at each place, (n, 2 d)."""
    rows = np.arange(len(texts))
    layers = [made.states(texts.ids, layer, model) for layer in (1, -1)]
    return {
        place: np.hstack([one[rows, belief_at(texts, place)[0]] for one in layers])
        for place in (REVEAL, NAMED)
    }


def gap(corpus: Chains, made: Any, texts: Reveals) -> dict[str, float]:
    """Return how far the model and its twin are from the full observer, in nats a verb."""
    verbs = [corpus.position(line, "verb") for line in range(1, corpus.lines + 1)]
    ids = texts.ids[: max(1, len(texts) // 5)]  # as many as are needed
    full = corpus.observer("full", ids).log_p[:, verbs]
    return {
        name: float(divergence(full, made.log_p(ids, model)[:, verbs]).mean())
        for name, model in (("KL from full", None), ("untrained: KL from full", made.twin))
    }


def curve(made: Any, texts: Reveals, half: np.ndarray) -> dict[str, list[float]]:
    """Return how well the past is read at each step that was kept."""
    lines: dict[str, list[float]] = {"step": [], NOW: [], NAMED + NOW: []}
    for step in sorted(made.snapshots):
        lines["step"].append(float(step))
        for place, X in states(made, texts, made.snapshots[step]).items():
            now = belief_at(texts, place)[1][:, None]
            lines[place + NOW].append(explained(X, now, half))
    return lines


MATTERS = {"lasting": True}
RULES = (
    Rule(
        "re_reads_at_once",
        "Where what a character was matters later, states at its reveal hold more of what is "
        "believed now of its earlier act than the words, an untrained network, and the old belief "
        "next to the word of the reveal.",
        {
            "yes": "The past is re-read at the reveal: states there have more of it than the "
            "words, an untrained network, or the old belief with the word of the reveal next to it",
            "no": "The past is not re-read at the reveal: states there have no more of it than the "
            "words, an untrained network, or the old belief with the word of the reveal next to it",
            "unclear": "Whether the past is re-read at the reveal is unclear",
        },
        of="re-read",
        levels=MATTERS,
        direction="more",
    ),
    Rule(
        "re_reads_when_named",
        "The same of states where the character is named next.",
        {
            "yes": "It is re-read where the character is named next: states there have more of "
            "it than the same three give",
            "no": "It is not re-read where the character is named next: states there have no more "
            "of it than the same three give",
            "unclear": "Whether it is re-read where the character is named next is unclear",
        },
        of=f"{NAMED}re-read",
        levels=MATTERS,
        direction="more",
    ),
    Rule(
        "only_if_it_matters",
        "Where the character is named next, more of the past is read if it matters for what comes.",
        {
            "yes": "More of it is there if the past matters for what comes, as exact beliefs about "
            "the present have more of it then",
            "no": "No more of it is there if the past matters for what comes than if it does not",
            "unclear": "Whether more of it is there if the past matters for what comes is unclear",
        },
        of=NAMED + NOW,
        effect=("lasting",),
        direction="more",
        sources={
            "inputs": f"{NAMED}words: {NOW}",
            "architecture": f"{NAMED}untrained: {NOW}",
            "corpus": f"{NAMED}exact beliefs: {NOW}",
        },
    ),
    Rule(
        "keeps_the_old_belief",
        "States at the reveal hold what was believed of the act then, beyond the words.",
        {
            "yes": "What was believed at the time is still there at the reveal, beyond what the "
            "words give",
            "no": "What was believed at the time is not there at the reveal beyond what the words "
            "give",
            "unclear": "Whether what was believed at the time is still there is unclear",
        },
        of="kept",
        direction="more",
    ),
)


def pictures(result: StudyResult) -> list[dict[str, Any]]:
    """Return what is read of the past by each reader, at both places, and how it is learned."""
    cells = {"the past matters": True, "it does not": False}
    readers = {
        "trained": "", "old belief and word": "old belief and word: ", "words": "words: ",
        "untrained": "untrained: ", "exact beliefs about the present": "exact beliefs: ",
    }  # fmt: skip
    titles = {
        REVEAL: ("reveal", "Who knows at the reveal what the character was?"),
        NAMED: ("named", "Who knows it where the character is named next?"),
    }
    made: list[dict[str, Any]] = []
    for place, (key, title) in titles.items():
        bars = [
            series(label, list(readers), [
                result.mean(f"{place}{who}{NOW}", _cell(result, level)) for who in readers.values()
            ])
            for label, level in cells.items()
        ]  # fmt: skip
        made.append(figure(
            key, "bars", title,
            "R² of what is believed now of the earlier act: was the character under cover? From "
            "states of the model, and from four readers that are no model. The last one knows all "
            "that helps to predict what comes.",
            bars, y_label="held-out R²",
        ))  # fmt: skip
    steps = [int(step) for step in result.records[0].series["step"]]
    lines = []
    for label, level in cells.items():
        rows = [one.series for one in result.records if one.cell.lasting == level]
        lines += [
            series(f"{place}, {label}", steps, [
                Estimate(tuple(row[name][k] for row in rows)) for k in range(len(steps))
            ])
            for place, name in (("reveal", NOW), ("next name", NAMED + NOW))
        ]  # fmt: skip
    made.append(figure(
        "learning", "lines", "When in training does the past begin to be re-read?",
        "R² of what is believed now of the earlier act, from the states of the model.",
        lines, x_label="step", y_label="held-out R²",
    ))  # fmt: skip
    return made


def _cell(result: StudyResult, lasting: bool) -> Cell:
    return next(cell for cell in result.cells if cell.lasting == lasting)


reveal = Study(
    "authors_reveal",
    measure,
    question="Does a model re-read the past once a character is unmasked?",
    unit="R²",
    factors={"lasting": (False, True)},
    rules=RULES,
    pictures=pictures,
    doubts=(
        "Words with more of the past, such as pairs of them, that give as much of the belief now: "
        "then a reader of the words would need no re-reading.",
        "A model that re-reads the past as well where it does not matter for what comes.",
    ),
    trainings=trainings,
)
