r"""Mess3: a hidden Markov model of three states whose beliefs form a fractal.

The belief of an ideal observer, P(state | words), is a point of a triangle. Transformers that are
trained on the words hold an affine image of it in their residual stream (Shai et al. 2024,
arXiv:2405.15943).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import real_number, whole_number
from nullprobe.corpora.chain_filter import at, log_of
from nullprobe.corpora.corpus import FULL, Drawn, Predictive, checked_texts, refuse_impossible
from nullprobe.corpora.drawing import drawn

WORDS = ("<bos>", "a", "b", "c")


@dataclass(frozen=True)
class Mess3:
    """Texts ``<bos> WORD × (length − 1)`` of three words from three states.

    Parameters
    ----------
    x : float
        Probability of a move to each of the other two states; at most ½.
    a : float
        Probability of the word of the state that is reached; the other two share the rest.
    length : int
        Words of a text; the first is "<bos>".

    Notes
    -----
    Latent variable: "state" (n, T), after the word at each position. Observers: "full", and
    "frequencies", which knows how often words occur and nothing else: each has probability ⅓.

    Examples
    --------
    >>> corpus = Mess3(length=4)
    >>> full = corpus.observers(np.array([[0, 1, 1, 1]]))["full"]
    >>> full.posterior["state"][0].round(3)
    array([[0.333, 0.333, 0.333],
           [0.85 , 0.075, 0.075],
           [0.975, 0.013, 0.013],
           [0.988, 0.006, 0.006]])
    """

    x: float = 0.05
    a: float = 0.85
    length: int = 11

    def __post_init__(self) -> None:
        """Complain of parameters that are no probabilities."""
        real_number("x", self.x, least=0.0, most=0.5)
        real_number("a", self.a, least=0.0, most=1.0)
        whole_number("length", self.length, least=2)

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return WORDS

    @property
    def moves(self) -> np.ndarray:
        """P(next state | state), of shape (3, 3)."""
        return np.full((3, 3), self.x) + (1 - 3 * self.x) * np.eye(3)

    @property
    def emissions(self) -> np.ndarray:
        """P(word | state that is reached), of shape (3, 4)."""
        other = (1 - self.a) / 2
        return np.hstack([np.zeros((3, 1)), np.full((3, 3), other) + (self.a - other) * np.eye(3)])

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Draw ``n`` texts, with their states."""
        n = whole_number("n", n, least=1)
        ids, states = np.zeros((2, n, self.length), dtype=np.int64)
        states[:, 0] = rng.integers(3, size=n)
        for t in range(1, self.length):
            states[:, t] = drawn(self.moves[states[:, t - 1]], rng)
            ids[:, t] = drawn(self.emissions[states[:, t]], rng)
        return Drawn(ids, {"state": states})

    def observers(self, ids: np.ndarray) -> dict[str, Predictive]:
        """Return what "full" and "frequencies" expect of texts."""
        texts = checked_texts(ids, WORDS, self.length)
        n, length = texts.shape
        p = np.empty((n, length, 4))
        beliefs = np.empty((n, length, 3))
        belief = np.full((n, 3), 1 / 3)
        for t in range(length):
            p[:, t] = [1, 0, 0, 0]
            if t:
                reached = belief @ self.moves
                p[:, t] = reached @ self.emissions
                joint = reached * self.emissions[:, texts[:, t]].T
                with np.errstate(invalid="ignore"):  # an impossible word is refused below
                    belief = joint / joint.sum(axis=1, keepdims=True)
            beliefs[:, t] = belief
        full = Predictive(log_of(p), {"state": beliefs})
        refuse_impossible(at(full.log_p, texts), texts, WORDS, FULL)
        third = np.broadcast_to(np.array([0.0, 1 / 3, 1 / 3, 1 / 3]), p.shape).copy()
        third[:, 0] = [1, 0, 0, 0]
        return {
            FULL: full,
            "frequencies": Predictive(log_of(third), {"state": np.full_like(beliefs, 1 / 3)}),
        }
