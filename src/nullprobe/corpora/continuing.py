"""Beginnings of texts, and how a predictor goes on to the end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nullprobe._core.parameters import known, real_number, whole_number
from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import Corpus
from nullprobe.corpora.drawing import drawn

Next = Callable[[np.ndarray], np.ndarray]  # texts (n, t) → log P of the next word (n, V)


class Acting(Corpus, Protocol):
    """A corpus whose texts are lines of characters who act."""

    @property
    def lines(self) -> int: ...  # noqa: D102
    @property
    def states(self) -> tuple[str, ...]: ...  # noqa: D102
    def position(self, line: int, part: str) -> int: ...  # noqa: D102
    def class_of(self, word: int) -> str: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Prefix:
    """Beginnings of texts about a character.

    Attributes
    ----------
    corpus : Acting
    ids : ndarray of shape (n, t)
    character : str
    """

    corpus: Acting
    ids: np.ndarray
    character: str

    def __len__(self) -> int:
        """Return the number n of beginnings."""
        return len(self.ids)


def positions_of_names(corpus: Acting) -> frozenset[int]:
    """Return where the texts of a corpus name who acts."""
    return frozenset(corpus.position(line, "name") for line in range(1, corpus.lines + 1))


@dataclass(frozen=True, eq=False)
class Rollout:
    """Texts that a predictor has continued.

    Attributes
    ----------
    corpus : Acting
    ids : ndarray of shape (n, T)
    prefix : Prefix
    """

    corpus: Acting
    ids: np.ndarray
    prefix: Prefix

    def acts(self, *, last: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Return the words (m,) that the character does in the last lines, and their texts (m,).

        Of the lines of a model, those count in which it names the character and writes a verb.
        """
        corpus = self.corpus
        last = whole_number("last", last, least=1)
        lines = range(max(1, corpus.lines - last + 1), corpus.lines + 1)
        verbs = [corpus.position(line, "verb") for line in lines]
        name = corpus.words.index(self.prefix.character)
        words = self.ids[:, verbs]
        is_verb = np.array([bool(corpus.class_of(w)) for w in range(len(corpus.words))])
        mine = (self.ids[:, [v - 1 for v in verbs]] == name) & is_verb[words]
        return words[mine], np.nonzero(mine)[0]

    def share(self, state: str, *, last: int = 1) -> float:
        """Return the share of the character's acts in the last lines that are those of a state.

        Parameters
        ----------
        state : str
        last : int
            Number of lines at the end of the text that count.
        """
        known("state", state, self.corpus.states)
        acts, _ = self.acts(last=last)
        if not len(acts):
            complain(
                "a share needs acts of the character in the last lines",
                "there are none",
                "take more beginnings, or more lines",
            )
        return float(np.mean([self.corpus.class_of(int(word)) == state for word in acts]))


def sampled(
    following: Next,
    ids: np.ndarray,
    length: int,
    *,
    temperature: float,
    rng: np.random.Generator,
    names: Collection[int] = (),
) -> np.ndarray:
    """Return texts continued word by word to a length.

    Parameters
    ----------
    following : callable
        Texts (n, t) → log P of the next word (n, V).
    ids : ndarray of shape (n, t)
    length : int
        Words of a whole text.
    temperature : float
        0 takes the most probable word, the first of several.
    rng : Generator
    names : collection of int
        Positions at which words are drawn at temperature 1, whatever the temperature is. Who acts
        in a line can hardly be predicted, so the most probable name may be the same in all texts.
    """
    temperature = real_number("temperature", temperature, least=0.0)
    texts = np.asarray(ids, dtype=np.int64)
    while texts.shape[1] < length:
        log_p = following(texts)
        heat = 1.0 if texts.shape[1] in names else temperature
        if heat == 0:
            word = log_p.argmax(axis=1)
        else:
            scaled = log_p / heat
            p = np.exp(scaled - scaled.max(axis=1, keepdims=True))
            word = drawn(p, rng)
        texts = np.concatenate([texts, word[:, None]], axis=1)
    return texts
