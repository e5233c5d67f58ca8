"""The tables of a mixture of hidden Markov models: what sampler and observers both read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import known, real_number, share
from nullprobe._core.validation import complain

START, UNSIGNED = "<bos>", "anon"
Emissions = Mapping[str, Mapping[str | tuple[str, ...], float]]
Author = Mapping[str, object]


@dataclass(frozen=True, eq=False)
class ChainTables:
    """Probabilities of A authors, C characters and S states, over V words.

    Attributes
    ----------
    words : tuple of V str
    prior : ndarray of shape (A,)
    byline, adverb : ndarrays of shape (A, V)
        P(word | author); ``adverb`` is zero everywhere if there are no adverbs.
    name : ndarray of shape (V,)
        P(word) of the name of the character who acts.
    start : ndarray of shape (A, C, S)
        P(state at a character's first act | author).
    moves : ndarray of shape (A, C, S, S)
        P(state at the next act | state at this act, author).
    acts : ndarray of shape (C, S, V)
        P(word | character, state).
    """

    words: tuple[str, ...]
    prior: np.ndarray
    byline: np.ndarray
    adverb: np.ndarray
    name: np.ndarray
    start: np.ndarray
    moves: np.ndarray
    acts: np.ndarray

    @property
    def has_adverbs(self) -> bool:
        """Whether each line begins with an adverb."""
        return bool(self.adverb.any())


def verbs_of(emits: Emissions, states: Sequence[str]) -> dict[str, np.ndarray]:
    """Return for each verb its probability in each state, of shape (S,), or complain.

    Examples
    --------
    >>> verbs_of({"good": {("helps", "heals"): 1.0}, "bad": {"robs": 1}}, ("good", "bad"))["heals"]
    array([0.5, 0. ])
    """
    for state in emits:
        known("state", state, states)
    table: dict[str, np.ndarray] = {}
    for j, state in enumerate(states):
        for verbs, probability in emits.get(state, {}).items():
            group = (verbs,) if isinstance(verbs, str) else tuple(verbs)
            each = share(f"the probability of {group} in {state!r}", probability) / len(group)
            for verb in group:
                table.setdefault(verb, np.zeros(len(states)))[j] += each
    totals = np.sum(list(table.values()), axis=0) if table else np.zeros(len(states))
    for state, total in zip(states, totals, strict=True):
        _sums_to_one(f"emits[{state!r}]", float(total))
    return table


def chain_of(author: Author, name: str, states: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the start (S,) and the moves (S, S) of an author's characters, or complain."""
    for key in author:
        known("part of an author", str(key), ("start", "flips"))
    start = np.asarray(author.get("start"), dtype=np.float64)
    if start.shape != (len(states),) or not (start >= 0).all():
        complain(
            f"authors[{name!r}]['start'] must be {len(states)} probabilities, one for each state",
            f"{author.get('start')!r} arrived",
        )
    _sums_to_one(f"authors[{name!r}]['start']", float(start.sum()))
    moves = np.zeros((len(states), len(states)))
    flips = author.get("flips", {})
    if not isinstance(flips, Mapping):
        complain(f"authors[{name!r}]['flips'] must be a mapping", f"{flips!r} arrived")
    for (source, target), probability in flips.items():
        known("state", source, states)
        known("state", target, states)
        move = states.index(source), states.index(target)
        moves[move] = share(f"the probability of {source} → {target}", probability)
    np.fill_diagonal(moves, 0.0)
    if (moves.sum(axis=1) > 1 + 1e-12).any():
        complain(f"the flips of {name!r} out of a state must sum to at most 1", "they sum to more")
    np.fill_diagonal(moves, np.maximum(0.0, 1 - moves.sum(axis=1)))
    return start, moves


def adverb_table(
    style: Mapping[str, str], authors: Sequence[str], strength: float, linked: bool
) -> np.ndarray:
    """Return P(adverb | author) of shape (authors, adverbs); all alike if not linked.

    An author's own adverbs share ``strength``; all others share the rest.
    """
    for adverb, author in style.items():
        known("author", author, authors)
        if adverb in authors:
            complain("adverbs and authors need different names", f"{adverb!r} is both")
    strength = share("style_strength", strength)
    owners = np.array([authors.index(author) for author in style.values()], dtype=int)
    preferred = owners == np.arange(len(authors))[:, None]
    table = np.full(preferred.shape, 1 / max(1, len(style)))
    if linked:
        for row, mine in zip(table, preferred, strict=True):
            if mine.any() and not mine.all():
                row[mine], row[~mine] = strength / mine.sum(), (1 - strength) / (~mine).sum()
    return table


def prior_of(prior: Mapping[str, float] | None, authors: Sequence[str]) -> np.ndarray:
    """Return P(author), of shape (A,); even if no prior is given."""
    if prior is None:
        return np.full(len(authors), 1 / len(authors))
    for name in prior:
        known("author", name, authors)
    values = [real_number(f"prior[{name!r}]", prior.get(name, 0.0), least=0) for name in authors]
    _sums_to_one("prior", sum(values))
    return np.array(values)


def vocabulary(*kinds: Sequence[str]) -> tuple[str, ...]:
    """Return all words once, in order, or complain of a word that is of two kinds."""
    words = [word for kind in kinds for word in kind]
    for word in words:
        if not word or len(word.split()) != 1:
            complain("a word must be letters without spaces", f"{word!r} arrived")
        if words.count(word) > 1:
            complain("every word must be of one kind alone", f"{word!r} occurs twice")
    return tuple(words)


def _sums_to_one(name: str, total: float) -> None:
    if abs(total - 1) > 1e-9:
        complain(f"the probabilities of {name} must sum to 1", f"they sum to {total:.6g}")
