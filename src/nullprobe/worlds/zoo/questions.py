"""Questions about trained networks: is a variable used? And the pairs of texts that ask them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.worlds.zoo.programs import Program

TRIES = 300  # changed texts that are tried for each text
MOST_CHANGES = 3  # words


@dataclass(frozen=True)
class Question:
    """Whether the answer of a network depends on a variable at the site, and the truth.

    Attributes
    ----------
    name : str
    network : str
        Name of its program.
    concept : str or None
        The variable; None for a coin that no text shows.
    used : bool
    changed : tuple of str
        Variables that differ between the texts of a pair. All others are the same.
    truth : str
        In words.
    """

    name: str
    network: str
    concept: str | None
    used: bool
    changed: tuple[str, ...]
    truth: str


def _circuit(network: str, used: tuple[str, ...], consumed: str) -> list[Question]:
    of_used = [
        Question(f"{network}: {name}", network, name, True, (name,), "The answer needs it.")
        for name in used
    ]
    return [
        *of_used,
        Question(
            f"{network}: {consumed}", network, consumed, False, (consumed,),
            "The answer does not need it at the site.",
        ),
        Question(
            f"{network}: {consumed}, accompanied", network, consumed, False, (consumed, used[0]),
            "The same; in every pair a variable that decides the answer differs, too.",
        ),
    ]  # fmt: skip


QUESTIONS = {
    question.name: question
    for question in (
        Question("learned: linear", "learned use", "concept", True, ("concept",),
                 "The answer is the concept; other words report the task."),
        Question("learned: two copies", "learned copies", "concept", True, ("concept",),
                 "Half of the answer is the concept at the site, half a later path adds."),
        Question("learned: unused", "learned disuse", "concept", False, ("concept",),
                 "The answer is the task; other words report the concept."),
        Question("learned: accompanied", "learned disuse", "concept", False, ("concept", "task"),
                 "As unused; in every pair the task differs, too."),
        Question("learned: absent", "learned disuse", None, False, ("task",),
                 "The label is a coin; in every pair the task differs."),
        *_circuit("duplicate", ("repeated",), "early"),
        *_circuit("parity", ("parity", "third"), "first"),
        *_circuit("brackets", ("closed", "never below"), "second opens"),
        *_circuit("sorted", ("rises", "rises again"), "large"),
        *_circuit("fraction", ("most",), "first is x"),
    )
}  # fmt: skip


def pairs_of_texts(
    program: Program, changed: tuple[str, ...], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw n pairs of texts (n, 2, T) that differ in some variables and in no other.

    Of the changed texts that are tried, each text gets the one with the fewest changed words. If
    the answer needs a changed variable, then the answers of each pair differ.
    """
    decides = any(name in program.variables for name in changed)
    pairs: list[np.ndarray] = []
    while len(pairs) < n:
        for text in program.balanced(n, rng):
            tried = _changed_texts(program, text, rng)
            before, after = program.read(text[None]), program.read(tried)
            right = program.legal(tried)
            for name, value in after.items():
                right &= (value != before[name]) == (name in changed)
            if decides:
                right &= program.answer(after) != program.answer(before)
            if right.any():
                distance = np.where(right, (tried != text).sum(axis=1), np.inf)
                pairs.append(np.stack([text, tried[distance.argmin()]]))
    return np.array(pairs[:n])


def _changed_texts(program: Program, text: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return copies of a text (tries, T) with a few words from the same places of other texts."""
    tried, others = np.tile(text, (TRIES, 1)), program.draw(TRIES, rng)
    places = rng.permuted(np.tile(np.arange(len(text)), (TRIES, 1)), axis=1)
    n_changes = rng.integers(1, MOST_CHANGES + 1, size=TRIES)
    for k in range(MOST_CHANGES):
        rows = np.flatnonzero(n_changes > k)
        at = places[rows, k]
        # Every copy of the word changes in half of the tries, so that repetitions can be kept.
        everywhere = (tried[rows] == tried[rows, at][:, None]) & (rng.random(len(rows)) < 0.5)[
            :, None
        ]
        everywhere[np.arange(len(rows)), at] = True
        tried[rows] = np.where(everywhere, others[rows, at][:, None], tried[rows])
    return tried
