"""Reveals in texts: what was believed of a character before, and what is believed of it then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.reveal import COVERS, SIGNS
from nullprobe.studies.observing import words_before


@dataclass(frozen=True, eq=False)
class Reveals:
    """The first reveal of each text that has one and goes on to name the character again.

    A reveal is about an act: the last one of the same character before it. The question is whether
    the character was under cover in that act.

    Attributes
    ----------
    ids : ndarray of shape (n, T)
    reveal, act, named : ndarrays of shape (n,)
        Positions of the word that reveals, of the earlier act, and of the character's next name.
    character : ndarray of shape (n,)
        Number of the character.
    then, now, later : ndarrays of shape (n,)
        P(under cover in the earlier act), given the words up to that act (the filter), those up to
        the reveal, and those up to the next name (the smoother).
    current, current_later : ndarrays of shape (n, k)
        What the full observer believes at the reveal, and at the next name, about the author and
        about present states.
    """

    ids: np.ndarray
    reveal: np.ndarray
    act: np.ndarray
    named: np.ndarray
    character: np.ndarray
    then: np.ndarray
    now: np.ndarray
    later: np.ndarray
    current: np.ndarray
    current_later: np.ndarray

    def __len__(self) -> int:
        """Return the number n of reveals."""
        return len(self.ids)

    def words(self, positions: np.ndarray, n_words: int) -> np.ndarray:
        """Return what the words up to positions (n,) show without a model: counts, the last three.

        Parameters
        ----------
        positions : ndarray of shape (n,)
        n_words : int
            Size V of the vocabulary.
        """
        parts = np.empty((len(self), 4 * n_words))
        for t in np.unique(positions):
            rows = positions == t
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
    ids, reveal, act, named, character = _first(corpus, ids)
    places = {"then": act, "now": reveal, "later": named}
    beliefs = {name: np.empty(len(ids)) for name in places}
    current: dict[str, dict[int, np.ndarray]] = {"now": {}, "later": {}}
    for t in np.unique(np.concatenate(list(places.values()))):
        rows = np.flatnonzero(np.any([at == t for at in places.values()], axis=0))
        past = corpus.smoothed(ids[rows, : t + 1])
        # Before an act, the state is the one in which the character acts next.
        under = np.stack([past[c][:, :, COVERS].sum(axis=-1) for c in corpus.characters])
        belief = under[character[rows], np.arange(len(rows)), act[rows] - 1]
        for name, at in places.items():
            mine = np.flatnonzero(at[rows] == t)
            beliefs[name][rows[mine]] = belief[mine]
            if name in current:
                for k in mine:
                    current[name][rows[k]] = _present(corpus, past, int(k), int(character[rows[k]]))
    stacked = {name: np.array([of[i] for i in range(len(ids))]) for name, of in current.items()}
    return Reveals(
        ids, reveal, act, named, character, **beliefs,
        current=stacked["now"], current_later=stacked["later"],
    )  # fmt: skip


def _present(corpus: Chains, past: dict[str, np.ndarray], k: int, character: int) -> np.ndarray:
    """Return what is believed at the end of text k: author, states of the character, of others."""
    # At the end, smoother and filter are the same.
    ends = [past[name][k, -1] for name in corpus.characters]
    return np.concatenate([past["author"][k, -1], ends.pop(character), *ends])


def _first(corpus: Chains, ids: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return texts, positions of reveal, of the act before and of the next name; character."""
    verbs = np.array([corpus.position(line, "verb") for line in range(1, corpus.lines + 1)])
    signs = [corpus.word(c, sign) for c in corpus.characters for sign in SIGNS]
    is_sign = np.isin(ids[:, verbs], [corpus.words.index(word) for word in signs])
    ids, is_sign = (rows[is_sign.any(axis=1)] for rows in (ids, is_sign))
    line, lines = is_sign.argmax(axis=1), np.arange(corpus.lines)
    acting = ids[:, verbs - 1] - corpus.words.index(corpus.characters[0])
    character = acting[np.arange(len(ids)), line]
    same = acting == character[:, None]
    # No character begins with a reveal, so it has acted before.
    last = corpus.lines - 1 - (same & (lines < line[:, None]))[:, ::-1].argmax(axis=1)
    after = same & (lines > line[:, None])
    again = after.any(axis=1)
    positions = (verbs[line], verbs[last], verbs[after.argmax(axis=1)] - 1)
    return ids[again], *(one[again] for one in positions), character[again]
