"""What may be given as a text: words, a chat, token ids, or a prompt with its continuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.models import chats

MARKED = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
FORMS = (
    "a string, a chat (a list of messages with role and content), token ids (whole numbers), or "
    "a pair (prompt, continuation)"
)


@dataclass(frozen=True, eq=False)
class Text:
    """One text in the form in which it was given.

    Attributes
    ----------
    words : str
        A plain text.
    chat : list of dict, or None
        Messages.
    ids : ndarray of shape (t,), or None
        Token ids, special ones included.
    continuation : Text or None
        What follows: words or ids.
    """

    words: str = ""
    chat: chats.Chat | None = None
    ids: np.ndarray | None = None
    continuation: Text | None = None

    def canonical(self) -> str:
        """Return the same string for the same text, and another for any other."""
        after = self.continuation.canonical() if self.continuation is not None else None
        ids = None if self.ids is None else self.ids.tolist()
        if self.chat is None and ids is None and after is None:
            return self.words
        return repr((self.words, self.chat, ids, after))


@dataclass(frozen=True, eq=False)
class Written:
    """A text as characters, and which of them were marked.

    Attributes
    ----------
    text : str
    is_rendered : bool
        Whether its special tokens are in it already.
    spans : list of (int, int), or None
        The characters to read, if they are known.
    tokens : ndarray, or None
        The tokens to read, if they are known.
    """

    text: str
    is_rendered: bool = False
    spans: list[chats.Span] | None = None
    tokens: np.ndarray | None = field(default=None)


def given(texts: Any) -> list[Text]:
    """Return texts in the form in which they were given, taken by position.

    Raises
    ------
    InputError
        If these are not texts, or one of them is empty.

    Examples
    --------
    >>> [one.words for one in given(("a", "b"))]
    ['a', 'b']
    """
    return [_text(one, i) for i, one in enumerate(sequence(texts))]


def sequence(texts: Any, kind: str = "text") -> list[Any]:
    """Return what was given one by one, by position; refuse what has no order or no length."""
    several = f"{kind}s"
    if isinstance(texts, str | bytes | Mapping | set | frozenset) or not (
        hasattr(texts, "__len__") and hasattr(texts, "__getitem__")
    ):
        validation.complain(
            f"{several} must be a sequence",
            f"a single {type(texts).__name__} arrived",
            f"pass a list of {several}",
        )
    listed = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)  # of pyarrow
    if not listed:
        validation.complain(f"at least one {kind} is needed", "there are 0", f"pass {several}")
    return listed


def strings(texts: Any, kind: str = "text") -> list[str]:
    """Return strings of at least one character each, taken by position."""
    listed = sequence(texts, kind)
    for i, text in enumerate(listed):
        if not isinstance(text, str) or not text:
            validation.complain(
                f"every {kind} must be a string of at least one character",
                f"{kind} {i} (counted from 0) is {text!r}",
                "leave such texts out, together with their labels",
            )
    return [str(text) for text in listed]


def unmarked(text: str) -> tuple[str, list[chats.Span]]:
    """Return a text without its ``[[...]]`` marks, and which characters were marked.

    Examples
    --------
    >>> unmarked("The [[sea]] is [[deep]].")
    ('The sea is deep.', [(4, 7), (11, 15)])
    """
    spans: list[chats.Span] = []
    pieces, end, length = [], 0, 0
    for match in MARKED.finditer(text):
        before = text[end : match.start()]
        pieces += [before, match[1]]
        length += len(before)
        spans.append((length, length + len(match[1])))
        length, end = spans[-1][1], match.end()
    return "".join([*pieces, text[end:]]), spans


def _text(one: Any, i: int) -> Text:
    if isinstance(one, str) and one:
        return Text(words=str(one))
    chat = chats.messages(one)
    if chat is not None:
        return Text(chat=chat)
    ids = _ids(one)
    if ids is not None:
        return Text(ids=ids)
    if isinstance(one, Sequence) and not isinstance(one, str | bytes) and len(one) == 2:
        prompt, after = _text(one[0], i), _text(one[1], i)
        if prompt.continuation is None and after.continuation is None and after.chat is None:
            return Text(prompt.words, prompt.chat, prompt.ids, after)
    validation.complain(
        f"every text must be {FORMS}",
        f"text {i} (counted from 0) is {_short(one)}",
        "leave empty texts out, together with their labels",
    )
    return None


def _ids(one: Any) -> np.ndarray | None:
    if hasattr(one, "tolist"):
        one = one.tolist()
    if not isinstance(one, Sequence) or isinstance(one, str | bytes) or not one:
        return None
    whole = all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in one)
    return np.asarray(one, dtype=np.int64) if whole else None


def _short(one: Any) -> str:
    said = repr(one)
    return said if len(said) <= 80 else f"{said[:77]}..."


def canonical(texts: Iterable[Text]) -> list[str]:
    """Return each text as a string that no other text has."""
    return [one.canonical() for one in texts]
