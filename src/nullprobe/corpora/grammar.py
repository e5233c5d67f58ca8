"""What a finite grammar is: tables of latent settings, and of each word given the setting.

Given the setting, a word depends at most on one earlier word. Settings that give a word the same
distribution form a group, so a table has a row for each group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core.validation import complain

MOST_SETTINGS = 5_000
ROUNDING = 1e-9  # by how much a distribution may miss the sum 1


@dataclass(frozen=True, eq=False, repr=False)
class Slot:
    """The word at one position, given the setting and at most one earlier word.

    Attributes
    ----------
    table : ndarray of shape (C, G, V)
        P(word | context, group). A table (G, V) has one context, a table (V,) also one group.
    group : ndarray of shape (S,)
        Group of each setting; by default all settings are in group 0.
    reads : int or None
        Position of the earlier word that decides the context; None for a single context.
    context : ndarray of shape (V,) or None
        Context that each earlier word makes.
    """

    table: np.ndarray
    group: np.ndarray | None = None
    reads: int | None = None
    context: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Give the table its three axes."""
        table = np.asarray(self.table, dtype=np.float64)
        object.__setattr__(self, "table", table[(None,) * (3 - table.ndim)])

    def contexts(self, ids: np.ndarray) -> np.ndarray:
        """Return the context (n,) of each text."""
        if self.reads is None or self.context is None:
            return np.zeros(len(ids), dtype=np.int64)
        return self.context[ids[:, self.reads]]


@dataclass(frozen=True, eq=False, repr=False)
class Grammar:
    """Latent settings, and the distribution of each word given the setting.

    Attributes
    ----------
    words : tuple of V str
        The vocabulary.
    prior : ndarray of shape (S,)
        P(setting).
    latents : dict of str to ndarray of shape (S,)
        Value of each latent variable in each setting: integers from 0.
    slots : tuple of T Slot
        The words, in order.

    Raises
    ------
    InputError
        If there are more than 5,000 settings, or a table has another shape, or a distribution does
        not sum to 1.

    Examples
    --------
    A coin, fair or not, thrown three times:

    >>> coin = Slot(np.array([[0.5, 0.5], [0.9, 0.1]]), group=np.array([0, 1]))
    >>> latents = {"biased": np.array([0, 1])}
    >>> grammar = Grammar(("heads", "tails"), np.array([0.5, 0.5]), latents, (coin,) * 3)
    >>> grammar.length, grammar.prior.sum()
    (3, np.float64(1.0))
    """

    words: tuple[str, ...]
    prior: np.ndarray
    latents: Mapping[str, np.ndarray]
    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        """Check the tables."""
        n_settings, n_words = len(self.prior), len(self.words)
        if not 1 <= n_settings <= MOST_SETTINGS:
            complain(
                f"a finite grammar needs from 1 to {MOST_SETTINGS} settings",
                f"there are {n_settings}",
            )
        _distribution(np.asarray(self.prior), "the prior")
        for name, values in self.latents.items():
            if values.shape != (n_settings,) or values.dtype.kind not in "iu" or values.min() < 0:
                complain(
                    f"the latent {name!r} needs an integer of at least 0 for each setting",
                    f"{values.dtype} of shape {values.shape} arrived",
                )
        for position, slot in enumerate(self.slots):
            _checked_slot(slot, position, n_settings, n_words)

    @property
    def length(self) -> int:
        """Number T of words of a text."""
        return len(self.slots)


def _checked_slot(slot: Slot, position: int, n_settings: int, n_words: int) -> None:
    where = f"the table at position {position}"
    n_contexts, n_groups, width = slot.table.shape
    group = np.zeros(n_settings, np.int64) if slot.group is None else np.asarray(slot.group)
    context = np.zeros(n_words, np.int64) if slot.context is None else np.asarray(slot.context)
    if width != n_words or group.shape != (n_settings,) or context.shape != (n_words,):
        complain(
            f"{where} needs {n_words} words, a group for each of {n_settings} settings, and a "
            f"context for each of {n_words} words",
            f"{width} words, {group.size} groups and {context.size} contexts arrived",
        )
    if not 0 <= group.min() <= group.max() < n_groups:
        complain(f"{where} needs groups from 0 to {n_groups - 1}", f"{group.max()} arrived")
    if not 0 <= context.min() <= context.max() < n_contexts:
        complain(f"{where} needs contexts from 0 to {n_contexts - 1}", f"{context.max()} arrived")
    if (slot.reads is None) != (slot.context is None):
        complain(f"{where} needs both reads and context, or neither", "one of them arrived")
    if slot.reads is not None and not 0 <= slot.reads < position:
        complain(f"{where} must read an earlier word", f"position {slot.reads} arrived")
    _distribution(slot.table, where)


def _distribution(table: np.ndarray, name: str) -> None:
    total = table.sum(axis=-1)
    wrong = ~(np.abs(total - 1) <= ROUNDING) | ~(table >= 0).all(axis=-1)
    if wrong.any():
        complain(
            f"{name} must have probabilities of at least 0 that sum to 1",
            f"one of its sums is {total[wrong].flat[0]}",
        )


def uniform(words: Sequence[str], chosen: Sequence[str]) -> np.ndarray:
    """Return the distribution (V,) that is uniform on the chosen words.

    Examples
    --------
    >>> uniform(("a", "b", "c"), ("a", "c")).tolist()
    [0.5, 0.0, 0.5]
    """
    table = np.zeros(len(words))
    table[[words.index(word) for word in chosen]] = 1 / len(chosen)
    return table
