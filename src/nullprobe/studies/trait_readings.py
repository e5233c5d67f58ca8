"""What a model of the texts of `Opposites` expects of traits: the opposite against the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nullprobe._core.validation import complain
from nullprobe.corpora.opposites import NAMES, NO_TRAIT, START, TURN, VERBS, Opposites

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.corpus_model import CorpusModel


def stories(
    corpus: Opposites,
    trait: int,
    n: int,
    rng: np.random.Generator,
    *,
    named: bool = True,
    connective: str = TURN,
) -> np.ndarray:
    """Return the starts (n, 8) of texts about a trait, up to the connective and without noise."""
    texts = np.empty((n, 8), dtype=np.int64)
    texts[:, 0] = corpus.number(START)
    texts[:, 1] = rng.choice([corpus.number(name) for name in NAMES], size=n)
    silent = (corpus.number(NO_TRAIT),) * 2
    texts[:, 2:4] = [corpus.label(trait, rng) if named else silent for _ in range(n)]
    texts[:, 4:7] = rng.choice(corpus.verbs(trait), size=(n, VERBS))
    texts[:, 7] = corpus.number(connective)
    return texts


def of_traits(log_p: np.ndarray, corpus: Opposites, traits: np.ndarray) -> np.ndarray:
    """Return log P (n, k) that the next act is of each of k traits, from log P (n, V) of words."""
    verbs = np.array([corpus.verbs(t) for t in traits])
    return np.logaddexp.reduce(log_p[:, verbs], axis=-1)


def expectations(
    made: CorpusModel,
    traits: np.ndarray,
    rng: np.random.Generator,
    *,
    n: int,
    named: bool = True,
    connective: str = TURN,
) -> np.ndarray:
    """Return E (k, k): log P(next act is of trait j | a text about trait i, then "but").

    Parameters
    ----------
    made : CorpusModel
        Of a corpus `Opposites`.
    traits : ndarray of shape (k,)
    rng : Generator
    n : int
        Number of texts per trait, over which log P is averaged.
    named : bool
        Whether the texts open with the name of the trait.
    connective : str
        "but" or "and".
    """
    corpus = corpus_of(made)
    texts = [stories(corpus, t, n, rng, named=named, connective=connective) for t in traits]
    log_p = made.continuing()(np.concatenate(texts))
    return of_traits(log_p, corpus, traits).reshape(len(traits), n, len(traits)).mean(axis=1)


def expected_by(
    corpus: Opposites, observer: str, traits: np.ndarray, rng: np.random.Generator, *, n: int = 4
) -> np.ndarray:
    """Return E (k, k) as `expectations` does, of an observer instead of a model."""
    k, rows = len(traits), []
    for trait in traits:
        texts = stories(corpus, int(trait), n, rng)
        # Any act may come next; what the observer expected of it does not depend on it.
        whole = np.column_stack([texts, texts[:, 4]])
        log_p = corpus.observer(observer, whole).log_p[:, -1]
        rows.append(of_traits(log_p, corpus, traits).mean(axis=0))
    return np.reshape(rows, (k, k))


def after_one_act(
    made: CorpusModel, traits: np.ndarray, rng: np.random.Generator, *, n: int
) -> np.ndarray:
    """Return E (k, k) as `expectations` does, but after "but" and one act of trait j."""
    corpus = corpus_of(made)
    k, rows = len(traits), []
    for i in range(k):
        start = np.tile(stories(corpus, int(traits[i]), n, rng), (k, 1))
        act = np.concatenate([rng.choice(corpus.verbs(int(t)), size=n) for t in traits])
        log_p = of_traits(made.continuing()(np.column_stack([start, act])), corpus, traits)
        rows.append(log_p.reshape(k, n, k)[np.arange(k), :, np.arange(k)].mean(axis=1))
    return np.array(rows)


def partners(k: int) -> np.ndarray:
    """Return the index of the opposite of each of k traits: the other one of its axis."""
    return np.arange(k) ^ 1


def advantage(E: np.ndarray, partner: np.ndarray | None = None) -> np.ndarray:
    """Return by how much the opposite is ahead of unrelated traits: one number per pairing.

    Parameters
    ----------
    E : ndarray of shape (k, k)
        As from `expectations`.
    partner : ndarray of shape (..., k)
        Pairings; by default the true one.

    Returns
    -------
    ndarray of shape (...)
        Mean over i of E[i, partner] minus the mean of E[i, j] over all j but i and the partner.

    Notes
    -----
    The mean of the logarithms, not the logarithm of the mean: by Jensen's inequality, the latter
    would be biased where all traits are equal up to noise.

    Examples
    --------
    >>> E = np.array([[0, 3, 1, 1], [3, 0, 1, 1], [1, 1, 0, 3], [1, 1, 3, 0]])
    >>> float(advantage(E))
    2.0
    """
    k = len(E)
    partner = partners(k) if partner is None else partner
    opposite = E[np.arange(k), partner]
    others = (E.sum(axis=1) - np.diagonal(E) - opposite) / (k - 2)
    return (opposite - others).mean(axis=-1)


def random_pairings(k: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n pairings (n, k) of k traits; the partner of the partner of i is i."""
    order = rng.permuted(np.tile(np.arange(k), (n, 1)), axis=1)
    pairings = np.empty_like(order)
    rows = np.arange(n)[:, None]
    pairings[rows, order] = order[:, np.arange(k) ^ 1]
    return pairings


@dataclass(frozen=True)
class Repairing:
    """The advantage of the true pairing among random ones.

    Attributes
    ----------
    observed : float
    draws : ndarray of shape (n,)
        Advantages of random pairings.
    p : float
        Share of pairings, the true one among them, that are at least as far ahead.
    """

    observed: float
    draws: np.ndarray
    p: float


def repaired(E: np.ndarray, rng: np.random.Generator, *, n: int = 1999) -> Repairing:
    """Compare the advantage of the true pairing with random pairings."""
    observed = float(advantage(E))
    draws = advantage(E, random_pairings(len(E), n, rng))
    # Draws may repeat the true pairing; rounding must not turn that into a smaller value.
    return Repairing(observed, draws, float((1 + (draws >= observed - 1e-12).sum()) / (1 + n)))


def neighbourhood(
    made: CorpusModel, traits: np.ndarray, rng: np.random.Generator, *, n: int
) -> float:
    """Return cos(v_X, v_opposite) minus the mean cosine of unrelated traits, after layer 1.

    v_X is the mean state at the stem that names X, minus the mean over all traits.
    """
    corpus = corpus_of(made)
    texts = np.concatenate([stories(corpus, int(t), n, rng)[:, :4] for t in traits])
    states = made.states(texts, layer=1)[:, 3].reshape(len(traits), n, -1).mean(axis=1)
    v = states - states.mean(axis=0)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return float(advantage(v @ v.T))


def corpus_of(made: CorpusModel) -> Opposites:
    """Return the corpus of a model, which must be one of opposites."""
    if not isinstance(made.corpus, Opposites):
        complain("the model must have learned texts of opposites", f"{made.corpus!r} arrived")
    return made.corpus
