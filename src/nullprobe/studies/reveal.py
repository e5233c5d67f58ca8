"""Reveals: does a model re-read the past once a character is unmasked.

Some characters act well under cover. A later word tells whether a character was unmasked or turned,
if one knows its house, which only its earlier acts show. The filter states what was believed of an
act when it was read, and the smoother what is believed of it now. Both are exact. They are read
from the states of a model at the reveal, next to the untrained twin, the words, and a reader that
has the old belief and the word of the reveal side by side, not put together.
"""

from __future__ import annotations

from collections.abc import Sequence
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

STEPS, TEXTS, DRAWS = 3000, 8000, 99
SNAPSHOTS = (500, 1000, 2000, STEPS)
WEIGHT = 0.3  # in the loss, of words that are no verbs
NOW, THEN = "R² of the belief now", "R² of the belief then"
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
    X = {
        "": states(made, texts),
        "words: ": texts.words(len(corpus.words)),
        "untrained: ": states(made, texts, made.twin),
        "old belief and word: ": texts.side_by_side(corpus),
        "exact beliefs: ": texts.current,
    }

    def read(target: np.ndarray, name: str) -> dict[str, float]:
        return {who + name: explained(rows, target[:, None], half) for who, rows in X.items()}

    now, then = read(texts.now, NOW), read(texts.then, THEN)
    del then[f"old belief and word: {THEN}"]  # it has this belief
    values = {
        "re-read": now[NOW] - max(now[f"{who}: {NOW}"] for who in READERS),
        **now,
        **then,
        "kept": then[THEN] - max(then[f"{who}: {THEN}"] for who in READERS[:2]),
        **read(texts.value, "R² of the author's value"),
        **gap(corpus, made, texts),
    }
    rng = np.random.default_rng([seed, 4])
    permuted = np.column_stack([rng.permutation(texts.now) for _ in range(DRAWS)])
    draws = explained_each(X[""], permuted, half).tolist()
    return Measured(values, {NOW: draws}, curve(made, texts, half))


def states(made: Any, texts: Reveals, model: Any = None) -> np.ndarray:
    """Return the states after both blocks at the reveals, (n, 2 d)."""
    layers = (1, -1)
    return np.hstack([texts.at(made.states(texts.ids, layer, model)) for layer in layers])


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
    """Return how well both beliefs are read at each step that was kept."""
    both = np.column_stack([texts.now, texts.then])
    lines: dict[str, list[float]] = {"step": [], NOW: [], THEN: []}
    for step in sorted(made.snapshots):
        now, then = explained_each(states(made, texts, made.snapshots[step]), both, half)
        for name, value in zip(lines, (float(step), float(now), float(then)), strict=True):
            lines[name].append(value)
    return lines


MATTERS = {"lasting": True}
RULES = (
    Rule(
        "reads_the_past",
        "Where what a character was matters after its reveal, states at the reveal hold what is "
        "believed of its earlier act now.",
        {
            "yes": "At a reveal, a linear probe reads what is believed now of the earlier act, "
            "where it matters for what comes",
            "no": "At a reveal, a linear probe does not read what is believed now of the earlier "
            "act, even where it matters for what comes",
            "unclear": "Whether what is believed now of the earlier act is read at a reveal is "
            "unclear",
        },
        of=NOW,
        levels=MATTERS,
        direction="more",
        sources={"inputs": f"words: {NOW}", "architecture": f"untrained: {NOW}"},
    ),
    Rule(
        "re_reads",
        "They hold more of it than the words, an untrained network, and the old belief next to "
        "the word of the reveal give.",
        {
            "yes": "The past is re-read: states have more of it than the words, an untrained "
            "network, or the old belief with the word of the reveal next to it",
            "no": "The past is not re-read: states have no more of it than the words, an untrained "
            "network, or the old belief with the word of the reveal next to it",
            "unclear": "Whether the past is re-read, or only remembered as it was read, is unclear",
        },
        of="re-read",
        levels=MATTERS,
        direction="more",
    ),
    Rule(
        "only_if_it_matters",
        "The past is re-read more where it matters for what comes.",
        {
            "yes": "They do so where the past matters for what comes, and less where it does not, "
            "as the exact beliefs about the present do",
            "no": "They do so no more where the past matters for what comes than where it does not",
            "unclear": "Whether they do so more where the past matters for what comes is unclear",
        },
        of=NOW,
        effect=("lasting",),
        direction="more",
        sources={
            "inputs": f"words: {NOW}",
            "architecture": f"untrained: {NOW}",
            "corpus": f"exact beliefs: {NOW}",
        },
    ),
    Rule(
        "keeps_the_old_belief",
        "States at the reveal hold what was believed of the act then, beyond the words.",
        {
            "yes": "What was believed at the time is still there as well, beyond what the words "
            "give",
            "no": "What was believed at the time is not there beyond what the words give",
            "unclear": "Whether what was believed at the time is still there is unclear",
        },
        of="kept",
        direction="more",
    ),
)


def pictures(result: StudyResult) -> list[dict[str, Any]]:
    """Return what is read of the past by each reader, and how that is learned."""
    cells = {"the past matters": True, "it does not": False}
    readers = {
        "trained": "", "old belief and word": "old belief and word: ", "words": "words: ",
        "untrained": "untrained: ", "exact beliefs about the present": "exact beliefs: ",
    }  # fmt: skip

    def bars(name: str, shown: Sequence[str]) -> list[Any]:
        return [
            series(label, list(shown), [
                result.mean(readers[who] + name, _cell(result, level)) for who in shown
            ])
            for label, level in cells.items()
        ]  # fmt: skip

    made = [
        figure(
            "now", "bars", "Who knows at a reveal what the character was?",
            "R² of what is believed now of the earlier act: was the character under cover? From "
            "states of the model, and from four readers that are no model. The last one knows all "
            "that helps to predict what comes.",
            bars(NOW, list(readers)), y_label="held-out R²",
        ),
        figure(
            "then", "bars", "Who still has the belief from before the reveal?",
            "R² of what was believed of the same act when it was read.",
            bars(THEN, [who for who in readers if who != "old belief and word"]),
            y_label="held-out R²",
        ),
    ]  # fmt: skip
    steps = [int(step) for step in result.records[0].series["step"]]
    lines = []
    for label, level in cells.items():
        rows = [one.series for one in result.records if one.cell.lasting == level]
        lines += [
            series(f"{belief}, {label}", steps, [
                Estimate(tuple(row[name][k] for row in rows)) for k in range(len(steps))
            ])
            for belief, name in (("now", NOW), ("then", THEN))
        ]  # fmt: skip
    made.append(
        figure(
            "learning", "lines", "When in training does the past begin to be re-read?",
            "R² of both beliefs from the states at the reveal, by training step.",
            lines, x_label="step", y_label="held-out R²",
        )
    )  # fmt: skip
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
