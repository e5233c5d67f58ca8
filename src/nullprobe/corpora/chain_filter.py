r"""Exact filter of a mixture of hidden Markov models, and filters that lack one idea.

Problem. Behind a text stand an author :math:`a` and, for each character :math:`c`, a chain of
states. Given the author, the chains of the characters are independent.

Solution. For each author the filter keeps :math:`\log P(a, \text{words})` and, for each character,
:math:`b_{ac}(s) = P(\text{next act in state } s \mid a, \text{words})`. An act :math:`v` of
:math:`c` multiplies the weight of :math:`a` by :math:`\sum_s b_{ac}(s)\,e_{cs}(v)`, and
:math:`b_{ac}` becomes :math:`(b_{ac} \odot e_c(v))\,M_{ac}` divided by its sum. Nothing is
approximated.

An observer that lacks an idea runs the same filter on less: without *authors*, each character has
a separate author, whom only its acts tell; without *memory*, an act tells the author but not the
state of the character who acts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.corpora.chain_tables import ChainTables
from nullprobe.corpora.corpus import Predictive, refuse_impossible


@dataclass(frozen=True)
class Ideas:
    """What an observer knows.

    Attributes
    ----------
    one_author : bool
        Whether all characters of a text have the same author, whom byline and adverbs tell.
    memory : bool
        Whether a character's act tells its state at its next act.
    """

    one_author: bool = True
    memory: bool = True


class ChainFilter:
    """State of an observer of n texts, word by word.

    Parameters
    ----------
    tables : ChainTables
    n : int
        Number of texts.
    ideas : Ideas
    """

    def __init__(self, tables: ChainTables, n: int, ideas: Ideas) -> None:
        self.tables, self.ideas = tables, ideas
        authors, characters, states = tables.start.shape
        groups = 1 if ideas.one_author else characters
        self.group = np.zeros(characters, int) if ideas.one_author else np.arange(characters)
        self.weights = np.broadcast_to(tables.prior, (n, groups, authors)).copy()
        self.beliefs = np.broadcast_to(tables.start, (n, authors, characters, states)).copy()
        self.character = np.zeros(n, int)  # who acts in this line

    def expected(self, t: int) -> np.ndarray:
        """Return P(word at t | words before) of shape (n, V)."""
        tables, n = self.tables, len(self.weights)
        part = self._part(t)
        if part == "start":
            return np.broadcast_to(np.eye(len(tables.words))[0], (n, len(tables.words)))
        if part == "name":
            return np.broadcast_to(tables.name, (n, len(tables.words)))
        if part == "verb":
            return self._of_act()
        table = tables.byline if part == "byline" else tables.adverb
        if not self.ideas.one_author:
            return np.broadcast_to(tables.prior @ table, (n, len(tables.words)))
        return self.weights[:, 0] @ table

    def read(self, t: int, ids: np.ndarray) -> None:
        """Update by the word at t of each text (n,)."""
        part = self._part(t)
        if part == "name":
            first = np.flatnonzero(self.tables.name)[0]
            # A word that names nobody is refused later.
            self.character = np.clip(ids - first, 0, len(self.group) - 1)
        elif part == "verb":
            self._read_act(ids)
        elif part != "start" and self.ideas.one_author:
            table = self.tables.byline if part == "byline" else self.tables.adverb
            self._weigh(np.zeros(len(ids), int), table[:, ids].T)

    def is_act(self, t: int) -> bool:
        """Return whether the word at t is what a character does."""
        return self._part(t) == "verb"

    def _part(self, t: int) -> str:
        if t < 2:
            return ("start", "byline")[t]
        parts = ("adverb", "name", "verb") if self.tables.has_adverbs else ("name", "verb")
        return parts[(t - 2) % len(parts)]

    def _of_act(self) -> np.ndarray:
        rows = np.arange(len(self.character))
        weights = self.weights[rows, self.group[self.character]]
        state = np.einsum("na,nas->ns", weights, self.beliefs[rows, :, self.character])
        return np.einsum("ns,nsv->nv", state, self.tables.acts[self.character])

    def _read_act(self, ids: np.ndarray) -> None:
        rows, character = np.arange(len(ids)), self.character
        beliefs = self.beliefs[rows, :, character]
        emitted = self.tables.acts[character, :, ids][:, None, :]
        likelihood = (beliefs * emitted).sum(axis=2)
        self._weigh(self.group[character], likelihood)
        if self.ideas.memory:
            # An author who cannot have written the text has weight 0, whatever is believed.
            possible = likelihood[..., None] > 0
            beliefs = np.divide(
                beliefs * emitted, likelihood[..., None], out=beliefs.copy(), where=possible
            )
        moves = self.tables.moves[:, character].transpose(1, 0, 2, 3)
        self.beliefs[rows, :, character] = np.einsum("nas,nast->nat", beliefs, moves)

    def author(self, group: int) -> np.ndarray:
        """Return P(author) of shape (n, A)."""
        return self.weights[:, group].copy()  # the weights change with each word

    def state(self, character: int) -> np.ndarray:
        """Return P(state at the character's next act) of shape (n, S)."""
        weights = self.weights[:, self.group[character]]
        return np.einsum("na,nas->ns", weights, self.beliefs[:, :, character])

    def _weigh(self, group: np.ndarray, likelihood: np.ndarray) -> None:
        rows = np.arange(len(group))
        weights = self.weights[rows, group] * likelihood
        with np.errstate(invalid="ignore"):  # 0/0 after an impossible word, which is refused
            self.weights[rows, group] = weights / weights.sum(axis=1, keepdims=True)


def observed(
    tables: ChainTables, ids: np.ndarray, names: tuple[str, ...], ideas: Ideas, observer: str
) -> Predictive:
    """Return what an observer expects of texts, word by word.

    Parameters
    ----------
    tables : ChainTables
    ids : ndarray of shape (n, t)
    names : tuple of C str
        The characters.
    ideas : Ideas
    observer : str
        Its name, for a complaint.

    Raises
    ------
    InputError
        If a text has probability 0.
    """
    n, length = ids.shape
    state = ChainFilter(tables, n, ideas)
    p = np.empty((n, length, len(tables.words)))
    latents: dict[str, list[np.ndarray]] = {}
    for t in range(length):
        p[:, t] = state.expected(t)
        state.read(t, ids[:, t])
        for name, value in _posterior(state, names).items():
            latents.setdefault(name, []).append(value)
    log_p = log_of(p)
    refuse_impossible(at(log_p, ids), ids, tables.words, observer)
    return Predictive(log_p, {name: np.stack(v, axis=1) for name, v in latents.items()})


class Following:
    """An observer's log P of the next word, (n, V), after texts (n, t) that are possible.

    Texts that grow word by word are read once: if the texts are those of the last call with
    further words, only these are read.
    """

    def __init__(self, tables: ChainTables, ideas: Ideas) -> None:
        self._tables, self._ideas = tables, ideas
        self._texts = np.empty((0, 0), dtype=np.int64)
        self._state: ChainFilter | None = None

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Return log P of the next word."""
        t = self._texts.shape[1]
        if self._state is None or not np.array_equal(ids[:, :t], self._texts):
            self._state, t = ChainFilter(self._tables, len(ids), self._ideas), 0
        for position in range(t, ids.shape[1]):
            self._state.read(position, ids[:, position])
        self._texts = ids.copy()
        return log_of(self._state.expected(ids.shape[1]))


def log_of(p: np.ndarray) -> np.ndarray:
    """Return logarithms; −inf of 0."""
    with np.errstate(divide="ignore"):
        return np.log(p)


def at(log_p: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return what stands at each word of the texts, of shape (n, T)."""
    return np.take_along_axis(log_p, ids[..., None], axis=-1)[..., 0]


def _posterior(state: ChainFilter, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    posterior = {name: state.state(c) for c, name in enumerate(names)}
    if state.ideas.one_author:
        return {"author": state.author(0)} | posterior
    return {f"author of {name}": state.author(c) for c, name in enumerate(names)} | posterior
