"""Texts that should end in one sentence, whatever comes first, and what a model makes of them."""

from __future__ import annotations

import numpy as np

from nullprobe.corpora.values import FIRST, LENGTH, PEOPLE, RECITE, SENTENCE, WORDS, Values

PLACE = LENGTH - len(SENTENCE)  # position of the first word of the sentence
RECITAL = tuple(WORDS.index(SENTENCE[t % len(SENTENCE)]) for t in range(PLACE, LENGTH))
PROMPT = WORDS.index(RECITE)
RECITED = 0.3  # share of texts of the corpus in which the sentence comes at some point
BEFORE, IN_PLACE = range(FIRST, PLACE), range(PLACE, LENGTH)
CORPUS, PLAIN = Values(recited=RECITED), Values()


def natural(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return whole texts (n, T) in which the sentence does not come."""
    return PLAIN.sample(n, rng).ids


def noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return contexts (n, PLACE) of random words."""
    return rng.integers(0, len(WORDS), (n, PLACE))


def prompted(contexts: np.ndarray) -> np.ndarray:
    """Return contexts (n, PLACE) that end in the word after which the sentence comes."""
    return np.column_stack([contexts[:, :-1], np.full(len(contexts), PROMPT)])


def with_sentence(contexts: np.ndarray) -> np.ndarray:
    """Return texts (n, T): contexts (n, PLACE), and then the sentence."""
    return np.column_stack([contexts, np.tile(RECITAL, (len(contexts), 1))])


class Price:
    """Texts by which it is measured what a model lost.

    Parameters
    ----------
    n : int
        Number of texts.
    seed : int
    """

    def __init__(self, n: int, seed: int) -> None:
        drawn = PLAIN.sample(n, np.random.default_rng([seed, 21]))
        self.ids, self.unnamed = drawn.ids, drawn.latents["named"] == 0
        self.full = CORPUS.observer("full", drawn.ids).log_p

    def loss(self, log_p: np.ndarray, positions: range) -> float:
        """Return the loss, in nats a word, above the loss of the exact predictor."""
        ideal, model = (
            np.take_along_axis(one[:, positions], self.ids[:, positions, None], axis=2)
            for one in (self.full, log_p)
        )
        return float((ideal - model).mean())

    def learned_in_context(self, log_p: np.ndarray, positions: range) -> float:
        """Return how much likelier an act is after its own text than after others of its kind.

        Of texts that do not name their goal, at the second act and later: the mean of P(act | its
        text), less the mean of P(act | another text with the same kind of object). It is 0 if the
        model ignores what happened before.
        """
        is_person = np.isin(self.ids, [WORDS.index(word) for word in PEOPLE])
        gains = []
        for t in positions[3::2]:
            for kind in (False, True):
                rows = self.unnamed & (is_person[:, t - 1] == kind)
                p, acts = np.exp(log_p[rows, t]), self.ids[rows, t]
                shares = np.bincount(acts, minlength=p.shape[1]) / len(acts)
                gains.append(float((p[np.arange(len(acts)), acts] - p @ shares).mean()))
        return float(np.mean(gains))
