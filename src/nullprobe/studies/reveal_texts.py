"""Reveals in texts: what was believed of a character before, and what is believed of it then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.reveal import COVERS, SIGNS, STARTS, VALUES
from nullprobe.studies.observing import words_before


@dataclass(frozen=True, eq=False)
class Reveals:
    """The first reveal of each text that has one.

    A reveal is about an act: the last one of the same character before it. The question is whether
    the character was under cover in that act.

    Attributes
    ----------
    ids : ndarray of shape (n, T)
    reveal, act : ndarrays of shape (n,)
        Positions of the word that reveals, and of the earlier act.
    character : ndarray of shape (n,)
        Number of the character.
    then, now : ndarrays of shape (n,)
        P(under cover in the earlier act), given the words up to that act (the filter), and those
        up to the reveal (the smoother).
    current : ndarray of shape (n, k)
        What the full observer believes at the reveal about author and present states.
    value : ndarray of shape (n,)
        P(the author is bad | words up to the reveal).
    """

    ids: np.ndarray
    reveal: np.ndarray
    act: np.ndarray
    character: np.ndarray
    then: np.ndarray
    now: np.ndarray
    current: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        """Return the number n of reveals."""
        return len(self.ids)

    def at(self, states: np.ndarray) -> np.ndarray:
        """Return states (n, T, d) at the reveals, of shape (n, d)."""
        return states[np.arange(len(self)), self.reveal]

    def words(self, n_words: int) -> np.ndarray:
        """Return what the words up to a reveal show without a model: counts, and the last three."""
        parts = np.empty((len(self), 4 * n_words))
        for t in np.unique(self.reveal):
            rows = self.reveal == t
            parts[rows] = words_before(self.ids[rows], np.array([t]), n_words)[:, 0]
        return parts

    def side_by_side(self, corpus: Chains) -> np.ndarray:
        """Return the old belief and the word of the reveal, (n, 2): not yet put together."""
        first = [corpus.word(c, SIGNS[0]) for c in corpus.characters]
        numbers = [corpus.words.index(word) for word in first]
        word = self.ids[np.arange(len(self)), self.reveal]
        return np.column_stack([self.then, np.isin(word, numbers)]).astype(np.float64)


def reveals(corpus: Chains, ids: np.ndarray) -> Reveals:
    """Return the first reveals of texts (n, T), with exact beliefs."""
    ids, reveal, act, character = _first(corpus, ids)
    n = len(ids)
    then, now, value = np.empty(n), np.empty(n), np.empty(n)
    bad = [name not in VALUES for name in STARTS]
    current: list[np.ndarray] = [np.empty(0)] * n
    for t in np.unique(np.concatenate([act, reveal])):
        rows = np.flatnonzero((act == t) | (reveal == t))
        past = corpus.smoothed(ids[rows, : t + 1])
        # Before an act, the state is the one in which the character acts next.
        under = np.stack([past[c][:, :, COVERS].sum(axis=-1) for c in corpus.characters])
        belief = under[character[rows], np.arange(len(rows)), act[rows] - 1]
        earlier = act[rows] == t
        then[rows[earlier]] = belief[earlier]
        now[rows[~earlier]] = belief[~earlier]
        value[rows[~earlier]] = past["author"][~earlier, -1][:, bad].sum(axis=-1)
        # At the end, smoother and filter are the same. The character of the reveal comes first.
        ends = np.stack([past[c][:, -1] for c in corpus.characters], axis=1)
        for row, k in zip(rows[~earlier], np.flatnonzero(~earlier), strict=True):
            mine = ends[k, character[row]]
            others = np.delete(ends[k], character[row], axis=0).ravel()
            current[row] = np.concatenate([past["author"][k, -1], mine, others])
    return Reveals(ids, reveal, act, character, then, now, np.array(current), value)


def _first(
    corpus: Chains, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return texts with a reveal, the positions of reveal and act before, and the character."""
    verbs = np.array([corpus.position(line, "verb") for line in range(1, corpus.lines + 1)])
    signs = [corpus.word(c, sign) for c in corpus.characters for sign in SIGNS]
    is_sign = np.isin(ids[:, verbs], [corpus.words.index(word) for word in signs])
    has = is_sign.any(axis=1)
    ids, line = ids[has], is_sign[has].argmax(axis=1)
    rows = np.arange(len(ids))
    acting = ids[:, verbs - 1] - corpus.words.index(corpus.characters[0])
    character = acting[rows, line]
    # No character begins with a reveal, so it has acted before.
    before = (acting == character[:, None]) & (np.arange(corpus.lines) < line[:, None])
    last = corpus.lines - 1 - before[:, ::-1].argmax(axis=1)
    return ids, verbs[line], verbs[last], character
