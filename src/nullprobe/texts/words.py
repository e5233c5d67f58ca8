"""Words of texts: how texts are cut into words, and which words carry content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe._core.printable import shortened
from nullprobe._core.validation import complain

TOKEN = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
# Words of grammar. A statement ends in a word with content after these are left out.
GRAMMAR = frozenset(
    "a an the this that these those it its he she they we you i is are was were be been being am "
    "do does did has have had can could will would may might must shall should not no nor of in "
    "on at to from by for with as than and or but if so there here".split()
)


def plain_texts(texts: Any, name: str = "texts") -> list[str]:
    """Return texts as strings; the messages of a chat, or a text and what follows it, are joined.

    Parameters
    ----------
    texts : sequence of n str, chats or pairs of str
        A chat is a list of messages with "content".
    name : str
        Name of the texts in messages.

    Raises
    ------
    InputError
        If there are no texts, or one of them is not words.

    Examples
    --------
    >>> plain_texts(["a b", [{"role": "user", "content": "c"}], ("d", "e")])
    ['a b', 'c', 'd e']
    """
    if isinstance(texts, str | Mapping) or not hasattr(texts, "__len__"):
        complain(f"{name} must be a sequence of texts", f"{type(texts).__name__} arrived")
    if not len(texts):
        complain(f"{name} needs at least one text", "it has none")
    return [_plain(text, row, name) for row, text in enumerate(texts)]


def _plain(text: Any, row: int, name: str) -> str:
    if isinstance(text, str):
        return text
    parts = text if isinstance(text, Sequence) else []
    parts = [one.get("content") if isinstance(one, Mapping) else one for one in parts]
    if not parts or not all(isinstance(part, str) for part in parts):
        complain(
            f"{name} must hold words: strings, chats or pairs of strings",
            f"row {row} (counted from 0) holds {shortened(repr(text))}",
            "pass the words, not numbers of tokens",
        )
    return " ".join(map(str, parts))


def tokens(text: str) -> tuple[str, ...]:
    """Return the words and signs of a text, in small letters.

    Examples
    --------
    >>> tokens("Paris isn't in Italy.")
    ('paris', "isn't", 'in', 'italy', '.')
    """
    return tuple(TOKEN.findall(text.lower()))


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters, without signs.

    Examples
    --------
    >>> words("Paris isn't in Italy.")
    ('paris', "isn't", 'in', 'italy')
    """
    return tuple(token for token in tokens(text) if is_word(token))


def is_word(token: str) -> bool:
    """Return whether a token is a word or number, not a sign."""
    return token[0].isalnum() or token[0] == "_"


def last_content_word(text: str) -> str:
    """Return the last word that is not a word of grammar; the last word if there is no such word.

    Examples
    --------
    >>> last_content_word("The cat sits on it."), last_content_word("So it is.")
    ('sits', 'is')
    """
    every = words(text)
    content = [word for word in every if word not in GRAMMAR]
    return (content or list(every) or [""])[-1]
