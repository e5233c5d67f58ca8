"""Forms of a text: a string, a chat, token ids, or a prompt with its continuation."""

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
    """One text in the form that the caller passed.

    Attributes
    ----------
    words : str
        A plain text.
    chat : list of dict, or None
        Messages.
    ids : ndarray of shape (t,), or None
        Token ids, special ones included.
    continuation : Text or None
        The text that follows: words or ids.
    """

    words: str = ""
    chat: chats.Chat | None = None
    ids: np.ndarray | None = None
    continuation: Text | None = None

    def canonical(self) -> str:
        """Return a string that is equal for equal texts only."""
        after = self.continuation.canonical() if self.continuation is not None else None
        ids = None if self.ids is None else self.ids.tolist()
        if self.chat is None and ids is None and after is None:
            return self.words
        return repr((self.words, self.chat, ids, after))


@dataclass(frozen=True, eq=False)
class Written:
    """A text as characters, with its marked spans.

    Attributes
    ----------
    text : str
    is_rendered : bool
        Whether it already contains its special tokens.
    spans : list of (int, int), or None
        The characters to read, if a rule for characters applies.
    tokens : ndarray, or None
        The positions of the tokens to read, if the chat template marks them.
    """

    text: str
    is_rendered: bool = False
    spans: list[chats.Span] | None = None
    tokens: np.ndarray | None = field(default=None)


def as_texts(texts: Any) -> list[Text]:
    """Return a sequence of texts as a list of ``Text``.

    Raises
    ------
    InputError
        If the sequence is empty, or an element is empty or not a text.

    Examples
    --------
    >>> [one.words for one in as_texts(("a", "b"))]
    ['a', 'b']
    """
    return [_text(one, i) for i, one in enumerate(sequence(texts))]


def sequence(texts: Any, kind: str = "text") -> list[Any]:
    """Return the elements of a sequence as a list; raise InputError for other collections."""
    plural = f"{kind}s"
    if isinstance(texts, str | bytes | Mapping | set | frozenset) or not (
        hasattr(texts, "__len__") and hasattr(texts, "__getitem__")
    ):
        validation.complain(
            f"{plural} must be a sequence",
            f"a single {type(texts).__name__} arrived",
            f"pass a list of {plural}",
        )
    listed = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)  # of pyarrow
    if not listed:
        validation.complain(f"at least one {kind} is needed", f"there are no {plural}")
    return listed


def strings(texts: Any, kind: str = "text") -> list[str]:
    """Return a sequence of strings as a list; raise InputError if one is empty."""
    listed = sequence(texts, kind)
    for i, text in enumerate(listed):
        if not isinstance(text, str) or not text:
            validation.complain(
                f"every {kind} must be a string that is not empty",
                f"{kind} {i} (counted from 0) is {text!r}",
                "leave such texts out, together with their labels",
            )
    return [str(text) for text in listed]


def unmarked(text: str) -> tuple[str, list[chats.Span]]:
    """Return a text without its ``[[...]]`` marks, and the spans of marked characters.

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
    shown = repr(one)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def canonical(texts: Iterable[Text]) -> list[str]:
    """Return a string for each text; strings are equal for equal texts only."""
    return [one.canonical() for one in texts]
