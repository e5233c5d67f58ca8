"""Labellings: concepts that a file of texts carries, and control tasks.

Problem. A probe reads truth with an AUC of .8. Is that much? Probes read a lot from a rich
representation: which word is there, how long the text is, even random labels of words.

Solution. Lexical concepts are binary properties of the texts, with about the frequency of the
concept. Control tasks give each word type a random label, so a probe can only memorise words.

Reference. J. Hewitt, P. Liang, "Designing and interpreting probes with control tasks", 2019.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from nullprobe._core import parameters
from nullprobe._core.validation import complain
from nullprobe.texts import surface
from nullprobe.texts.words import last_content_word, plain_texts, words

NEAR = 0.1  # difference of two shares that are about equal
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_LETTERS = 6  # of one kind, which are counted
RARE = 0.01  # share of the texts with a pair of letters that is listed
LEAST_TYPES = 4  # words that take a random label


@dataclass(frozen=True, eq=False)
class BinaryLabels:
    """Several binary labels of the same n texts.

    Attributes
    ----------
    names : tuple of m str
    values : ndarray of shape (n, m), bool
    """

    names: tuple[str, ...]
    values: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        """Return the number m of labellings."""
        return len(self.names)


def lexical_concepts(texts: Any, share: float) -> BinaryLabels:
    """Return binary labels that the texts carry, about as frequent as a concept.

    Parameters
    ----------
    texts : sequence of n texts
        Strings, chats, or pairs of strings.
    share : float in [0, 1]
        Share of the texts that have the concept.

    Returns
    -------
    BinaryLabels
        Words, signs, endings, letters and pairs of them, capitals, and lengths above the median,
        whose share is within .1 of ``share`` or of 1 − ``share``; as many as there are.
        If labels are equal or opposite, the first of them is listed.

    Raises
    ------
    InputError
        If texts are not words, or the share is out of range.

    Examples
    --------
    >>> from nullprobe import lexical_concepts
    >>> texts = ["a cat sat", "the cat ran", "a dog sat", "the dog ran"]
    >>> [name for name in lexical_concepts(texts, 0.5).names if "word '" in name]
    ["the word 'a'", "the word 'cat'"]
    """
    parameters.share("share", share)
    plain = plain_texts(texts)
    named: dict[bytes, tuple[str, np.ndarray]] = {}
    for name, values in _candidates(plain):
        near = min(abs(values.mean() - share), abs(values.mean() - (1 - share)))
        if 0 < values.mean() < 1 and near <= NEAR + 1e-9:
            # A label and its opposite are read equally well.
            named.setdefault(np.packbits(values ^ values[0]).tobytes(), (name, values))
    columns = [values for _, values in named.values()]
    stacked = np.column_stack(columns) if columns else np.zeros((len(plain), 0), dtype=bool)
    return BinaryLabels(tuple(name for name, _ in named.values()), stacked)


def _candidates(texts: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield binary labels of n texts with their names."""
    for one in surface.properties(texts):
        has = np.zeros(len(texts), dtype=bool)
        has[one.rows] = True
        yield one.name, has
    for one in surface.measures(texts):
        yield f"{one.name} is above the median", one.values > np.median(one.values)
    lower = [text.lower() for text in texts]
    for letter in LETTERS:
        counts = np.array([text.count(letter) for text in lower])
        for least in range(1, MOST_LETTERS + 1):
            yield f"the letter {letter!r} at least {least} x", counts >= least
    pairs = Counter(pair for text in lower for pair in set(pairwise(text)))
    for one, other in sorted(pairs):
        if one.isalpha() and other.isalpha() and len(texts) * RARE <= pairs[one, other]:
            pair = one + other
            yield f"the letters {pair!r}", np.array([pair in text for text in lower])
    last = [last_content_word(text) for text in texts]
    for letter in LETTERS:
        yield (
            f"the letter {letter!r} in the last word with content",
            np.array([letter in word for word in last]),
        )
        yield (
            f"a last word with content after {letter!r} in the alphabet",
            np.array([word[:1] > letter for word in last]),
        )


def control_labels(
    texts: Any, n: int = 20, seed: int = 0, *, word: int | None = None
) -> BinaryLabels:
    """Return random labels of word types: control tasks of Hewitt and Liang.

    Parameters
    ----------
    texts : sequence of n texts
        Strings, chats, or pairs of strings.
    n : int
        Number of labellings.
    seed : int
    word : int, optional
        Position of the word that decides, such as −1; by default the last word that is not a word
        of grammar.

    Returns
    -------
    BinaryLabels
        Texts with the same word have the same label. About half of the texts are positive.

    Raises
    ------
    InputError
        If there are fewer than four different words in that place.

    Notes
    -----
    A probe memorises a word only if the word occurs in the rows of its fit. If all rows of a word
    are in one group, and groups stay together, control tasks are at chance by construction.

    Examples
    --------
    >>> from nullprobe import control_labels
    >>> labels = control_labels(["a cat", "a dog", "the cat", "an owl", "an elk"], n=3)
    >>> len(labels), bool((labels.values[0] == labels.values[2]).all())
    (3, True)
    """
    n = parameters.whole_number("n", n, least=1)
    plain = plain_texts(texts)
    chosen = [last_content_word(text) if word is None else _at(words(text), word) for text in plain]
    types, codes = np.unique(chosen, return_inverse=True)
    if len(types) < LEAST_TYPES:
        complain(
            f"control labels need at least {LEAST_TYPES} different words in the chosen place",
            f"there are {len(types)}",
            "choose another place with word",
        )
    rng, sizes = np.random.default_rng(seed), np.bincount(codes)
    values = np.empty((len(plain), n), dtype=bool)
    for j in range(n):
        order = rng.permutation(len(types))
        # The first words in random order, until they have half of the texts.
        before = np.cumsum(sizes[order]) - sizes[order]
        positive = np.empty(len(types), dtype=bool)
        positive[order] = before + sizes[order] / 2 < len(plain) / 2
        values[:, j] = positive[codes]
    return BinaryLabels(tuple(f"control task {j + 1}" for j in range(n)), values)


def _at(each: tuple[str, ...], place: int) -> str:
    """Return the word at a place, or "" if the text is shorter."""
    return each[place] if -len(each) <= place < len(each) else ""
