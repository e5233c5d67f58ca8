"""Eliciting: what it takes until a model does something, in words of context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.corpus_model import CorpusModel

BEAM = 6
MOST_WORDS = 4


def fewest_words(
    made: CorpusModel,
    ids: np.ndarray,
    wanted: np.ndarray,
    *,
    level: float = 0.5,
    beam: int = BEAM,
    most: int = MOST_WORDS,
) -> tuple[float, float]:
    """Search for the shortest context after which the next word is one of some words.

    The same words follow each of the starts. The search is a beam: of all words of the vocabulary
    after each of the best contexts, the best are kept.

    Parameters
    ----------
    made : CorpusModel
    ids : ndarray of shape (n, t)
        Starts of texts.
    wanted : ndarray of shape (k,)
        Numbers of the wanted words.
    level : float
        Mean P(wanted words) over the starts that must be reached.
    beam, most : int
        Contexts that are kept, and the most words of one.

    Returns
    -------
    length : float
        Words of the shortest context, interpolated in log P between the last two lengths; ``most``
        if no context reaches the level.
    one_word : float
        log P after the best single word.
    """
    n, t = ids.shape
    contexts = np.empty((1, 0), dtype=np.int64)
    first = np.logaddexp.reduce(made.continuing()(ids)[:, wanted], axis=1)
    before, one_word = float(np.logaddexp.reduce(first) - np.log(n)), float("nan")
    if before >= np.log(level):
        return 0.0, before
    for length in range(1, min(most, made.corpus.length - t) + 1):
        m, words = len(contexts), np.arange(len(made.corpus.words))
        tried = np.column_stack([np.repeat(contexts, len(words), axis=0), np.tile(words, m)])
        texts = np.column_stack([np.tile(ids, (m, 1)), np.repeat(contexts, n, axis=0)])
        log_p = np.logaddexp.reduce(made.after_each_word(texts)[..., wanted], axis=-1)
        # (contexts, starts, words): the mean over starts.
        share = np.logaddexp.reduce(log_p.reshape(m, n, -1), axis=1).ravel() - np.log(n)
        order = np.argsort(-share, kind="stable")[:beam]
        contexts, best = tried[order], float(share[order[0]])
        one_word = best if length == 1 else one_word
        if best >= np.log(level):
            return length - (best - np.log(level)) / (best - before), one_word
        before = best
    return float(most), one_word
