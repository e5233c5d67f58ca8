"""Contrasts of goals that mean nothing: the null of steering away from a goal.

The pipeline runs again on texts whose goals are unrelated to acts. Two things are exchanged at
random:

- *Labels.* The words that name a goal move from text to text, with the label; acts stay. So no act
  depends on a label.
- *Words.* What a model has learned of a goal may be in the vectors of the words that name it. The
  vectors of signs, of stems and of moral words are turned about their mean, each kind by a random
  rotation of the space: new words, as far from each other as the old ones.

In a corpus in which no act depends on the goal, labels are exchangeable between texts. The vectors
of the words differ there as they did before training, by independent Gaussian noise, whose
distribution no rotation changes. So the contrast that is tested is one more draw, as far as
training moved these vectors apart in no direction more than in others. This is a rotation test
(Langsrud, Statistics and Computing 15, 2005).

Permuted labels alone would not do. Their contrast is what chance leaves in class means, mostly the
object that is read, while the real contrast has the words that name the goals.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from nullprobe.corpora.values import FIRST, GOALS, SIGNS, STEMS, VERDICTS, Values
from nullprobe.studies.goal_readings import REFERENCE, contrasts, named_texts

if TYPE_CHECKING:
    from nullprobe.studies.many_shifts import Cut
    from nullprobe.worlds.language_models.corpus_model import CorpusModel

KINDS = (SIGNS, STEMS, VERDICTS)  # of words that name a goal
NAMING = slice(3, FIRST)  # their positions


def cut(made: CorpusModel) -> Cut:
    """Return a model that is cut at the steered stream; torch is imported now."""
    return import_module("nullprobe.studies.many_shifts").Cut(made)


def unrelated_contrasts(
    parts: Cut, n: int, draws: int, rng: np.random.Generator, *, norm: float
) -> np.ndarray:
    """Return contrasts (draws, d) of max and the mean of all goals, of goals that mean nothing.

    Parameters
    ----------
    parts : Cut
    n : int
        Number of texts.
    draws : int
    rng : Generator
    norm : float
        Length of each contrast: the length of the real one.
    """
    corpus: Values = parts.made.corpus  # type: ignore[assignment]  of goals
    ids, goals = named_texts(corpus, n, rng)
    vectors = []
    for _ in range(draws):
        texts, labels = exchanged(ids, goals, rng)
        states = parts.states(texts[:, :-1], turned(parts.words, corpus, rng))[:, FIRST::2]
        each = states.mean(axis=1, dtype=np.float64)
        means = np.array([each[labels == k].mean(axis=0) for k in range(len(GOALS))])
        v = contrasts(means)[REFERENCE]
        vectors.append(v * norm / np.linalg.norm(v))
    return np.array(vectors)


def exchanged(
    ids: np.ndarray, goals: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return texts (n, t) with the naming words of other texts, and the goals (n,) of these."""
    order = rng.permutation(len(ids))
    texts = ids.copy()
    texts[:, NAMING] = ids[order, NAMING]
    return texts, goals[order]


def turned(words: np.ndarray, corpus: Values, rng: np.random.Generator) -> np.ndarray:
    """Return vectors of words (V, d); those that name goals are turned about the mean of a kind."""
    turned_words = np.array(words, dtype=np.float64)
    for kind in KINDS:
        rows = [corpus.number(word) for word in kind]
        mean = turned_words[rows].mean(axis=0)
        turned_words[rows] = mean + (turned_words[rows] - mean) @ rotation(
            turned_words.shape[1], rng
        )
    return turned_words


def rotation(d: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random orthogonal matrix (d, d), uniform by Haar's measure.

    Examples
    --------
    >>> Q = rotation(3, np.random.default_rng(0))
    >>> bool(np.allclose(Q @ Q.T, np.eye(3)))
    True
    """
    Q, R = np.linalg.qr(rng.standard_normal((d, d)))
    return Q * np.sign(np.diag(R))
