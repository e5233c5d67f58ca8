"""Chats: lists of messages, rendered by the model's own template; whose words are where.

Problem. A rendered chat holds the start token already, and a tokenizer adds a second one; most
templates do not say which characters each speaker wrote.
Solution. A chat is rendered once, and no start token is added to what a template wrote. The
template is applied to the same chat with a mark in place of each message; what stands between the
marks is the template's, the rest is the messages'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import validation

Chat = list[dict[str, Any]]
Span = tuple[int, int]  # first character, and the one after the last
GENERATION = re.compile(r"\{%-?\s*generation\s*-?%\}")
ASSISTANT = "assistant"
# Characters of an opening that no plain text begins with by chance.
LEAST_OPENING = 3


def messages(given: Any) -> Chat | None:
    """Return the messages of a chat, or None if ``given`` has not the form of one.

    Parameters
    ----------
    given : sequence of mappings, or mapping of sequences
        Messages with ``role`` and ``content``, or columns of these names.

    Examples
    --------
    >>> messages({"role": ["user"], "content": ["Hello"]})
    [{'role': 'user', 'content': 'Hello'}]
    >>> messages(["Hello"]) is None
    True
    """
    if hasattr(given, "columns") and hasattr(given, "to_dict"):  # a data frame
        given = {str(name): list(given[name]) for name in given.columns}
    if isinstance(given, Mapping) and {"role", "content"} <= set(given):
        if isinstance(given["role"], str):
            return [dict(given)]
        columns = [list(column) for column in given.values()]
        given = [dict(zip(given, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        return None
    found: list[Any] = list(given)
    if not found or not all(isinstance(message, Mapping) for message in found):
        return None
    return [{name: value for name, value in m.items() if value is not None} for m in found]


def rendered(tokenizer: Any, chat: Chat, text: int, *, add_generation_prompt: bool = False) -> str:
    """Return a chat as its template writes it; ``text`` is its number in messages."""
    for i, message in enumerate(chat):
        if not isinstance(message.get("role"), str) or len(message) < 2:
            validation.complain(
                "every message of a chat needs a role, such as 'user', and content",
                f"message {i} of text {text} (counted from 0) has {sorted(map(str, message))}",
                "pass a list of {'role': ..., 'content': ...}",
            )
    if not getattr(tokenizer, "chat_template", None):
        validation.complain(
            "chats need a tokenizer with a chat template",
            f"{type(tokenizer).__name__} has none",
            "set tokenizer.chat_template to the one of the model, or pass plain texts",
        )
    try:
        return _render(tokenizer, chat, add_generation_prompt=add_generation_prompt)
    except Exception as error:  # a template can raise whatever it likes
        said = " ".join(str(error).split())[:200].rstrip(".")
        raise validation.InputError(
            "the chat template must accept every chat",
            f"it refuses text {text} (counted from 0) with {type(error).__name__}: {said}",
            "change the order or roles of its messages",
        ) from error


def is_rendered(text: str, tokenizer: Any, openings: Sequence[str]) -> bool:
    """Return whether a template wrote a text: it begins with the start token or an opening."""
    starts = [getattr(tokenizer, name, None) for name in ("bos_token", "cls_token")]
    return text.startswith((*(one for one in starts if one), *openings))


def openings(tokenizer: Any) -> list[str]:
    """Return what a chat template writes before the first message, by who speaks first."""
    if not getattr(tokenizer, "chat_template", None):
        return []
    found = []
    for chat in (_marked_chat("user"), _marked_chat("system", "user")):
        try:
            found.append(_render(tokenizer, chat).partition(_mark(0))[0])
        # A template without system messages raises what it likes.
        except Exception:
            continue
    return [one for one in found if len(one.strip()) >= LEAST_OPENING]


def spans(tokenizer: Any, chat: Chat, whole: str, text: int, role: str) -> list[Span]:
    """Return which characters of a rendered chat the messages of a role are.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase
    chat : list of dict
    whole : str
        The chat as the template writes it.
    text : int
        Its number in messages.
    role : str
        Such as "assistant".
    """
    marked = [
        {**message, "content": _mark(i)} if isinstance(message.get("content"), str) else message
        for i, message in enumerate(chat)
    ]
    # What follows the messages, such as the start of an answer, is the template's as well.
    frame = _render(tokenizer, marked)
    pieces = re.split("\ue000([0-9]+)\ue001", frame)
    order = [int(i) for i in pieces[1::2]]
    found: list[Span] = []
    position = len(pieces[0]) if whole.startswith(pieces[0]) else -1
    for i, after in zip(order, pieces[2::2], strict=True):
        said = chat[i]["content"]
        fitting = [
            form
            for form in dict.fromkeys((said, said.strip(), said.lstrip(), said.rstrip()))
            if position >= 0 and whole.startswith(form + after, position)
        ]
        if not fitting:
            break
        if chat[i]["role"] == role and fitting[0]:
            found.append((position, position + len(fitting[0])))
        position += len(fitting[0]) + len(after)
    else:
        if position >= 0:
            return found
    validation.complain(
        f"the template must write the messages as they are, where those of {role!r} are read",
        f"it changes some of text {text} (counted from 0)",
        "pass Spans, or a template that marks what the assistant says with {% generation %}",
    )
    return None


def generated(tokenizer: Any, chat: Chat, *, add_generation_prompt: bool) -> np.ndarray | None:
    """Return the assistant's tokens as the template's own marks say, or None without marks."""
    if not GENERATION.search(tokenizer.get_chat_template()):
        return None
    found = tokenizer.apply_chat_template(
        chat,
        return_dict=True,
        return_assistant_tokens_mask=True,
        add_generation_prompt=add_generation_prompt,
    )
    return np.flatnonzero(found["assistant_masks"])


def _render(tokenizer: Any, chat: Chat, *, add_generation_prompt: bool = False) -> str:
    return tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=add_generation_prompt
    )


def _mark(i: int) -> str:
    """Return characters for private use, which no text holds."""
    return f"\ue000{i}\ue001"


def _marked_chat(*roles: str) -> Chat:
    return [{"role": role, "content": _mark(i)} for i, role in enumerate(roles)]
