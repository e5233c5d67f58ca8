"""Grammars with few latent settings: exact predictors by enumeration.

Problem. The ideal predictor of a corpus needs the posterior of everything that is behind a text.

Solution. If everything behind a text is one of at most a few thousand *settings*, the posterior is
enumerated: a weight for each setting, multiplied by the probability of each word in turn, in log
space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core.parameters import known, whole_number
from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import FULL, Drawn, Predictive, checked_texts, refuse_impossible
from nullprobe.corpora.drawing import drawn
from nullprobe.corpora.grammar import Grammar, Slot

BLOCK = 2**20  # most weights (texts × settings) in memory at once


def draw(grammar: Grammar, n: int, rng: np.random.Generator) -> Drawn:
    """Draw ``n`` texts, with the latent variables of each."""
    n = whole_number("n", n, least=1)
    steps = np.cumsum(grammar.prior)
    setting = np.searchsorted(steps / steps[-1], rng.random(n), "right")
    ids = np.empty((n, grammar.length), dtype=np.int64)
    for t, slot in enumerate(grammar.slots):
        group = 0 if slot.group is None else slot.group[setting]
        ids[:, t] = drawn(slot.table[slot.contexts(ids), group], rng)
    return Drawn(ids, {name: values[setting] for name, values in grammar.latents.items()})


def predict(grammar: Grammar, ids: Any, name: str = FULL) -> Predictive:
    """Return what an observer expects who knows the grammar.

    Parameters
    ----------
    grammar : Grammar
    ids : array-like of shape (n, t)
        The first t words of texts.
    name : str
        What the observer is called in messages.

    Raises
    ------
    InputError
        If a text is impossible; the message names text, position and word.

    Notes
    -----
    Exact up to rounding. Only a word that does not occur in the text, and whose probability is
    below 1e-300, may get probability 0.

    Examples
    --------
    A coin, fair or not, thrown three times:

    >>> coin = Slot(np.array([[0.5, 0.5], [0.9, 0.1]]), group=np.array([0, 1]))
    >>> latents = {"biased": np.array([0, 1])}
    >>> grammar = Grammar(("heads", "tails"), np.array([0.5, 0.5]), latents, (coin,) * 3)
    >>> expected = predict(grammar, np.array([[0, 0, 0]]))
    >>> expected.posterior["biased"][0, :, 1].round(3).tolist()
    [0.643, 0.764, 0.854]
    """
    ids = checked_texts(ids, grammar.words, grammar.length)
    n, length = ids.shape
    log_p = np.empty((n, length, len(grammar.words)))
    sizes = {latent: int(values.max()) + 1 for latent, values in grammar.latents.items()}
    posterior = {latent: np.empty((n, length, k)) for latent, k in sizes.items()}
    value_of = {latent: _members(grammar.latents[latent], k) for latent, k in sizes.items()}
    parts = _parts(grammar, length)
    with np.errstate(divide="ignore"):
        prior = np.log(np.asarray(grammar.prior, dtype=np.float64))
    for rows in _blocks(n, len(prior)):
        block = ids[rows]
        weights = np.tile(prior, (len(block), 1))
        share = np.exp(weights)
        for t in range(length):
            log_p[rows, t], share = _step(parts[t], grammar.slots[t], block, t, (weights, share))
            occurred = log_p[rows, t][np.arange(len(block)), block[:, t]]
            if not (occurred > -np.inf).all():
                _refuse(log_p, ids, rows, t, grammar.words, name)
            for latent, members in value_of.items():
                posterior[latent][rows, t] = share @ members
    return Predictive(log_p, posterior)


@dataclass(frozen=True, eq=False)
class _Part:
    """A slot, made ready: which settings are in which group (None: all in one), and log table."""

    members: np.ndarray | None
    group: np.ndarray | int
    log_table: np.ndarray


def _parts(grammar: Grammar, length: int) -> list[_Part]:
    parts: dict[int, _Part] = {}  # slots that occur twice are made ready once
    for slot in grammar.slots[:length]:
        if id(slot) not in parts:
            with np.errstate(divide="ignore"):
                log_table = np.log(slot.table)
            members = None if slot.group is None else _members(slot.group, slot.table.shape[1])
            group = 0 if slot.group is None else slot.group
            parts[id(slot)] = _Part(members, group, log_table)
    return [parts[id(slot)] for slot in grammar.slots[:length]]


def _members(values: np.ndarray, k: int) -> np.ndarray:
    return (values[:, None] == np.arange(k)).astype(np.float64)


def _blocks(n: int, n_settings: int) -> Iterator[slice]:
    size = max(1, BLOCK // n_settings)
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))


def _step(
    part: _Part, slot: Slot, ids: np.ndarray, t: int, posterior: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return log P (n, V) of the word at t and the new posterior; update its logarithm in place."""
    weights, share = posterior
    contexts = slot.contexts(ids)
    by_group = share.sum(axis=1, keepdims=True) if part.members is None else share @ part.members
    expected = np.empty((len(ids), slot.table.shape[2]))
    for context in np.unique(contexts):
        rows = contexts == context
        expected[rows] = by_group[rows] @ slot.table[context]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = np.log(expected)
        # log P(word that occurred | group), then given each setting.
        of_group = part.log_table[contexts, :, ids[:, t]]
        weights += of_group if part.members is None else of_group[:, part.group]
        top = weights.max(axis=1, keepdims=True)
        share = np.exp(weights - top)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        total = top + np.log(total)
        weights -= total
    # The sum in log space is exact where the other one underflows. Elsewhere it would differ from
    # its neighbours by rounding, and so mark the word that occurred.
    occurred = np.arange(len(ids)), ids[:, t]
    log_p[occurred] = np.where(log_p[occurred] > -np.inf, log_p[occurred], total[:, 0])
    return log_p, share


def _refuse(
    log_p: np.ndarray, ids: np.ndarray, rows: slice, t: int, words: tuple[str, ...], name: str
) -> None:
    occurred = np.zeros(ids.shape)
    block = np.arange(rows.start, rows.stop)
    occurred[block, t] = log_p[block, t, ids[block, t]]
    refuse_impossible(occurred, ids, words, name)


class FiniteCorpus:
    """A corpus whose observers are finite grammars; the observer "full" writes the texts.

    Attributes
    ----------
    grammars : dict of str to Grammar
        The process of each observer. All have the same words and the same length.
    """

    def __init__(self, grammars: Mapping[str, Grammar]) -> None:
        known("grammar", FULL, list(grammars))
        self.grammars = dict(grammars)
        first = self.grammars[FULL]
        for name, grammar in self.grammars.items():
            if (grammar.words, grammar.length) != (first.words, first.length):
                complain(
                    "all grammars need the same words and the same length",
                    f"{name!r} has others than {FULL!r}",
                )

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.grammars[FULL].words

    @property
    def length(self) -> int:
        """Number T of words of a text."""
        return self.grammars[FULL].length

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Draw ``n`` texts, with their latent variables (n,)."""
        return draw(self.grammars[FULL], n, rng)

    def observers(self, ids: Any) -> dict[str, Predictive]:
        """Return what each observer expects of the first words ``ids`` (n, t) of texts.

        Raises
        ------
        InputError
            If a text is impossible for one of them; :meth:`observer` asks only one.
        """
        return {name: self.observer(name, ids) for name in self.grammars}

    def observer(self, name: str, ids: Any) -> Predictive:
        """Return what one observer expects."""
        known("observer", name, list(self.grammars))
        return predict(self.grammars[name], ids, name)
