"""Programs that networks of the zoo learn: which texts there are, and what the answer is.

A program reads variables of ±1 from a text and computes its answer from some of them. The network
that learns it answers "yes" or "no" after the last word, ``ASK``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nullprobe.worlds.zoo.weights import ANSWERS, ASK

SPOKEN = ("red", "blue")  # words that report a second variable
HEAD = (*ANSWERS, ASK, *SPOKEN)  # first words of every vocabulary
ASK_ID, FIRST = HEAD.index(ASK), len(HEAD)
SURPLUS = 12  # texts drawn for each one that is kept, where cells of variables are balanced
Values = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Program:
    """A task whose answer is computed from variables of the text.

    Attributes
    ----------
    name : str
    words : tuple of V str
        The vocabulary: ``HEAD``, then the words of texts.
    variables : tuple of str
        What the answer is computed from.
    draw : callable
        (n, Generator) → ids (n, T) of texts without ``ASK``.
    read : callable
        Ids (n, T) → the value of each variable, ±1, (n,). It has more than ``variables``.
    answer : callable
        Values of ``variables`` → 1 for yes, −1 for no; (n,).
    legal : callable
        Ids (n, T) → whether each could have been drawn (n,).
    interchange : {"none", "state", "blocks"}
        What training demands of states that are interchanged (``learning.py``).
    spoken : str or None
        A variable that half of the texts report by a word of ``SPOKEN``, instead of the answer.
    steps : int
        Of training.
    """

    name: str
    words: tuple[str, ...]
    variables: tuple[str, ...]
    draw: Callable[[int, np.random.Generator], np.ndarray]
    read: Callable[[np.ndarray], Values]
    answer: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    legal: Callable[[np.ndarray], np.ndarray]
    interchange: str = "none"
    spoken: str | None = None
    steps: int = 400

    def balanced(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n texts (n, T) in which each combination of the variables is as frequent."""
        ids = self.draw(SURPLUS * n, rng)
        values = self.read(ids)
        cell = np.sum([(values[v] > 0) * 2**k for k, v in enumerate(self.variables)], axis=0)
        cells = np.unique(cell)
        share = -(-n // len(cells))
        rows = np.concatenate([np.flatnonzero(cell == one)[:share] for one in cells])
        return ids[rng.permutation(rows)[:n]]

    def text(self, ids: np.ndarray) -> str:
        """Return a text as a string."""
        return " ".join([*(self.words[k] for k in ids), ASK])


def with_ask(ids: np.ndarray) -> np.ndarray:
    """Append ``ASK`` to texts (n, T)."""
    return np.concatenate([ids, np.full((len(ids), 1), ASK_ID)], axis=1)


def sign(true: np.ndarray) -> np.ndarray:
    """Return 1 where true, and −1 elsewhere."""
    return np.where(true, 1.0, -1.0)


def both(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return 1 where both values are 1, and −1 elsewhere."""
    return sign((one > 0) & (two > 0))


@dataclass(frozen=True)
class BitWords:
    """Texts in any order, with one word for each bit and some words without a meaning.

    Attributes
    ----------
    bits : tuple of str
    forms : int
        Words for each value of a bit.
    fillers, others : int
        Number of words without a meaning in the vocabulary, and in a text.
    """

    bits: tuple[str, ...]
    forms: int = 4
    fillers: int = 8
    others: int = 2

    @property
    def words(self) -> tuple[str, ...]:
        """Return the vocabulary."""
        words = [f"{bit}{s}{k}" for bit in self.bits for s in "-+" for k in range(self.forms)]
        return (*HEAD, *words, *(f"other{k}" for k in range(self.fillers)))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw texts."""
        per_bit = 2 * self.forms
        words = rng.integers(per_bit, size=(n, len(self.bits))) + self._starts()
        first = FIRST + per_bit * len(self.bits)
        fillers = rng.integers(self.fillers, size=(n, self.others)) + first
        return rng.permuted(np.concatenate([words, fillers], axis=1), axis=1)

    def read(self, ids: np.ndarray) -> Values:
        """Return the bits of texts."""
        values = {}
        for bit, start in zip(self.bits, self._starts(), strict=True):
            word = np.where(self._carries(ids, start), ids - start, 0).sum(axis=1)
            values[bit] = sign(word >= self.forms)
        return values

    def legal(self, ids: np.ndarray) -> np.ndarray:
        """Return whether each bit has one word."""
        counts = [self._carries(ids, start).sum(axis=1) for start in self._starts()]
        return (np.array(counts) == 1).all(axis=0)

    def _starts(self) -> np.ndarray:
        return FIRST + 2 * self.forms * np.arange(len(self.bits))

    def _carries(self, ids: np.ndarray, start: int) -> np.ndarray:
        return (ids >= start) & (ids < start + 2 * self.forms)


BITS = BitWords(("concept", "task"))


def _of_bits(name: str, variable: str, spoken: str | None, interchange: str = "none") -> Program:
    return Program(
        name, BITS.words, (variable,), BITS.draw, BITS.read, lambda values: values[variable],
        BITS.legal, interchange, spoken,
    )  # fmt: skip


LEARNED = {
    program.name: program
    for program in (
        _of_bits("learned use", "concept", "task"),
        _of_bits("learned disuse", "task", "concept"),
        _of_bits("learned copies", "concept", None, "state"),
    )
}
