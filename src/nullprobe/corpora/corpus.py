"""What a corpus is: texts that can be drawn, and observers that predict them exactly.

An observer is an ideal predictor. The observer "full" knows the process that writes the texts; each
other observer lacks one idea, such as that a text has an author. Sampler and observers read the
same tables, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nullprobe._core.validation import complain

FULL = "full"  # the observer that knows the process


@dataclass(frozen=True, eq=False, repr=False)
class Drawn:
    """Texts, and what is behind them.

    Attributes
    ----------
    ids : ndarray of shape (n, T)
        int64; the number of each word.
    latents : dict of str to ndarray of shape (n,) or (n, T)
        Integers; the value of each latent variable, of a text or of each position in it.

    Examples
    --------
    >>> Drawn(np.array([[0, 1, 2], [0, 2, 1]]), {"author": np.array([0, 1])})
    Drawn(n=2, length=3, latents=['author'])
    """

    ids: np.ndarray
    latents: dict[str, np.ndarray]

    def __repr__(self) -> str:
        """Return the sizes and the names of the latent variables."""
        n, length = self.ids.shape
        return f"Drawn(n={n}, length={length}, latents={list(self.latents)})"

    def __len__(self) -> int:
        """Return the number n of texts."""
        return len(self.ids)


@dataclass(frozen=True, eq=False, repr=False)
class Predictive:
    """What an observer expects of texts.

    Attributes
    ----------
    log_p : ndarray of shape (n, T, V)
        float64; log P(word at t | words before t), in nats. Impossible words have -inf.
    posterior : dict of str to ndarray of shape (n, T, k)
        For each latent variable: P(value | words up to and including t).

    Examples
    --------
    >>> even = Predictive(np.log(np.full((1, 2, 4), 0.25)), {})
    >>> even.surprise(np.array([[0, 3]])).round(3).tolist()
    [[1.386, 1.386]]
    """

    log_p: np.ndarray
    posterior: dict[str, np.ndarray]

    def __repr__(self) -> str:
        """Return the sizes and the names of the latent variables."""
        return f"Predictive(shape={self.log_p.shape}, posterior={list(self.posterior)})"

    def surprise(self, ids: np.ndarray) -> np.ndarray:
        """Return −log P of each word of the texts, of shape (n, T), in nats."""
        return -np.take_along_axis(self.log_p, ids[..., None], axis=-1)[..., 0]


class Corpus(Protocol):
    """A process that writes texts, and its observers.

    Attributes
    ----------
    words : tuple of V str
        The vocabulary; a text is a row of numbers of words.
    length : int
        Number T of words of a text.
    """

    @property
    def words(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def length(self) -> int: ...  # noqa: D102

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Draw ``n`` texts."""
        ...

    def observers(self, ids: np.ndarray) -> dict[str, Predictive]:
        """Return what each observer expects of texts; "full" is the exact predictor.

        Parameters
        ----------
        ids : ndarray of shape (n, t)
            The first t words of texts, 1 <= t <= ``length``.

        Raises
        ------
        InputError
            If a text has probability 0 for an observer. It has no posterior then.
        """
        ...


def checked_texts(ids: Any, words: Sequence[str], length: int) -> np.ndarray:
    """Return texts as int64 of shape (n, t), or complain.

    Parameters
    ----------
    ids : array-like of shape (n, t)
    words : sequence of V str
        The vocabulary.
    length : int
        The most words of a text.

    Examples
    --------
    >>> checked_texts([[0, 1]], ("a", "b"), 4).dtype
    dtype('int64')
    >>> checked_texts([[0, 2]], ("a", "b"), 4)
    Traceback (most recent call last):
    nullprobe.InputError: texts must be numbers of words, from 0 to 1, but text 0 has 2 at position
    1.
    """
    texts = np.asarray(ids)
    if texts.ndim != 2 or not 1 <= texts.shape[1] <= length or texts.dtype.kind not in "iu":
        complain(
            f"texts must be integers of shape (n, t) with t from 1 to {length}",
            f"{texts.dtype} of shape {texts.shape} arrived",
        )
    outside = (texts < 0) | (texts >= len(words))
    if outside.any():
        text, position = np.argwhere(outside)[0]
        complain(
            f"texts must be numbers of words, from 0 to {len(words) - 1}",
            f"text {text} has {texts[text, position]} at position {position}",
        )
    return texts.astype(np.int64)


def refuse_impossible(
    log_p: np.ndarray, ids: np.ndarray, words: Sequence[str], observer: str
) -> None:
    """Complain about the first word that an observer holds to be impossible.

    Parameters
    ----------
    log_p : ndarray of shape (n, T)
        The observer's log P of each word that the texts have.
    ids : ndarray of shape (n, T)
    words : sequence of V str
        The vocabulary.
    observer : str
        Its name.

    Raises
    ------
    InputError
        Names the text, the position and the word.

    Examples
    --------
    >>> refuse_impossible(np.array([[-1.0, -np.inf]]), np.array([[0, 1]]), ("a", "b"), "full")
    Traceback (most recent call last):
    nullprobe.InputError: the observer 'full' needs texts that its process can write, but text 0 has
    'b' at position 1, which has probability 0 there.
    """
    # Not == -inf: after an impossible word, nothing is defined (NaN).
    impossible = ~(log_p > -np.inf)
    if impossible.any():
        text, position = np.argwhere(impossible)[0]
        word = words[int(ids[text, position])]
        complain(
            f"the observer {observer!r} needs texts that its process can write",
            f"text {text} has {word!r} at position {position}, which has probability 0 there",
        )
