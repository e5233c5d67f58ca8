"""Surface of texts: properties that need no knowledge of the world, as sets of rows and as numbers.

A property of rows is present or absent: a word, a first word, an ending, a capital letter. A number
is a length, a count, or the place of a word. Both are listed with names that a reader understands.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from nullprobe.texts.words import is_word, tokens

MOST_PAIRED = 60  # words that are tried in pairs: the most frequent
OFTEN = 0.05  # share of the texts in which a word occurs, or does not occur, to be tried in a pair
EVERYWHERE = 0.8  # share of the texts in which a word occurs whose place is a number


class Property(NamedTuple):
    """Something that a text has or lacks.

    Attributes
    ----------
    kind : str
        "word", "first word", "last word", "sign", "ending", "letters", "case", "parity",
        "two words" or "order".
    name : str
        In words, such as "the word 'not'".
    rows : ndarray of int
        Rows that have it, in order.
    words : tuple of str
        The word or the two words that it is about.
    """

    kind: str
    name: str
    rows: np.ndarray
    words: tuple[str, ...] = ()


class Measure(NamedTuple):
    """A number of each text.

    Attributes
    ----------
    name : str
    values : ndarray of shape (n,)
    """

    name: str
    values: np.ndarray


def properties(texts: Sequence[str]) -> Iterator[Property]:
    """Yield all properties of n texts that some texts have and others lack.

    Examples
    --------
    >>> names = [one.name for one in properties(["It rains.", "It rains not."])]
    >>> "the word 'not'" in names, "the word 'it'" in names
    (True, False)
    """
    rows: dict[tuple[str, str, tuple[str, ...]], list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        for key in dict.fromkeys(_of_text(text)):
            rows[key].append(row)
    for (kind, name, words), each in rows.items():
        if len(each) < len(texts):
            yield Property(kind, name, np.array(each), words)


def _of_text(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the kind, name and words of each property of a text."""
    every = tokens(text)
    words = [token for token in every if is_word(token)]
    for token in every:
        kind = "word" if is_word(token) else "sign"
        yield kind, f"the {kind} {token!r}", (token,)
    for kind, name in (*_of_words(words), *_of_characters(text, len(words))):
        yield kind, name, ()


def _of_words(words: list[str]) -> Iterator[tuple[str, str]]:
    if any(map(str.isdecimal, words)):
        yield "word", "a number in digits"
    for word, count in Counter(words).items():
        if count > 1:
            yield "word", f"the word {word!r} twice"
            yield "word", "a word twice"
    if words:
        yield "first word", f"the first word {words[0]!r}"
        yield "last word", f"the last word {words[-1]!r}"
        yield "letters", f"the first letter {words[0][0]!r}"
        for size in (1, 2, 3):
            if len(words[-1]) > size:
                yield "ending", f"a last word that ends in {words[-1][-size:]!r}"
    for word in words:
        for size in (2, 3):
            if len(word) > size:
                yield "ending", f"a word that ends in {word[-size:]!r}"


def _of_characters(text: str, n_words: int) -> Iterator[tuple[str, str]]:
    if text:
        yield "sign", f"the last character {text[-1]!r}"
        yield "case", "a capital letter at the start" if text[0].isupper() else "no capital start"
    if re.search(r"(?<=.)[A-Z]", text):
        yield "case", "a capital letter inside"
    if re.search(r"\b[A-Z]{2,}\b", text):
        yield "case", "a word in capital letters"
    if re.search(r"\s\s", text):
        yield "sign", "two spaces"
    if not text.isascii():
        yield "sign", "a character that is not ASCII"
    if len(text) % 2 == 0:
        yield "parity", "an even number of characters"
    if sum(map(str.isalpha, text)) % 2 == 0:
        yield "parity", "an even number of letters"
    if n_words % 2 == 0:
        yield "parity", "an even number of words"


def pairs(texts: Sequence[str]) -> Iterator[Property]:
    """Yield properties of two frequent words: exactly one occurs, or one stands before the other.

    Examples
    --------
    >>> [one.name for one in pairs(["a b", "b a", "a", "b"])]
    ["exactly one of 'a' and 'b'", "'a' before 'b'"]
    """
    cut = [tokens(text) for text in texts]
    n, counts = len(texts), Counter(token for each in cut for token in set(each))
    frequent = [word for word, count in counts.most_common(MOST_PAIRED) if count >= OFTEN * n]
    place = np.full((len(frequent), n), -1)
    for k, word in enumerate(frequent):
        for row, each in enumerate(cut):
            if word in each:
                place[k, row] = each.index(word)
    has = place >= 0
    varies = (has.mean(axis=1) <= 1 - OFTEN) if len(frequent) else np.zeros(0, bool)
    for a, b in combinations(sorted(range(len(frequent)), key=frequent.__getitem__), 2):
        one, other = frequent[a], frequent[b]
        if varies[a] and varies[b]:
            yield Property(
                "two words",
                f"exactly one of {one!r} and {other!r}",
                np.flatnonzero(has[a] ^ has[b]),
                (one, other),
            )
        before, after = place[a] < place[b], place[a] > place[b]
        both = has[a] & has[b]
        if (both & before).any() and (both & after).any():
            rows = np.flatnonzero(both & before)
            yield Property("order", f"{one!r} before {other!r}", rows, (one, other))


def measures(texts: Sequence[str]) -> list[Measure]:
    """Return lengths and counts of n texts, and the place of words that nearly all texts have.

    Examples
    --------
    >>> [one.values.tolist() for one in measures(["a bc", "d"])][:2]
    [[4.0, 1.0], [2.0, 1.0]]
    """
    cut = [tokens(text) for text in texts]
    words = [[token for token in each if is_word(token)] for each in cut]
    counts = Counter(word for each in words for word in set(each))
    columns = {
        "the number of characters": [len(text) for text in texts],
        "the number of words": [len(each) for each in words],
        "the mean length of words": [np.mean([*map(len, each), 0]) for each in words],
        "the length of the last word": [len(each[-1]) if each else 0 for each in words],
        "the number of signs": [len(a) - len(b) for a, b in zip(cut, words, strict=True)],
        "the number of digits": [sum(map(str.isdigit, text)) for text in texts],
        "the number of capital letters": [sum(map(str.isupper, text)) for text in texts],
        "the number of repeated words": [len(each) - len(set(each)) for each in words],
        "the number of words that no other text has": [
            sum(counts[word] == 1 for word in set(each)) for each in words
        ],
    }
    often = [word for word, count in counts.items() if count >= EVERYWHERE * len(texts)]
    for word in sorted(often):
        middle = np.mean([each.index(word) for each in words if word in each])
        columns[f"the place of {word!r}"] = [
            each.index(word) if word in each else middle for each in words
        ]
    every = [Measure(name, np.array(values, dtype=float)) for name, values in columns.items()]
    return [one for one in every if np.ptp(one.values) > 0]
