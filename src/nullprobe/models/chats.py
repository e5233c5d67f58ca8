"""Chats: lists of messages, rendered by the model's template, and the characters of each role.

Problem. A rendered chat contains the start token, and a tokenizer adds a second one. Most templates
do not mark which characters each speaker wrote.
Solution. A chat is rendered once, and no start token is added. The template is also applied to the
same chat with a mark in place of each message. Text between the marks comes from the template, and
the rest from the messages.
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
# Fewest characters of an opening that plain text does not begin with by chance.
LEAST_OPENING = 3


def messages(value: Any) -> Chat | None:
    """Return the messages of a chat, or None if ``value`` does not have the form of a chat.

    Parameters
    ----------
    value : sequence of mappings, or mapping of sequences
        Messages with ``role`` and ``content``, or columns of these names.

    Examples
    --------
    >>> messages({"role": ["user"], "content": ["Hello"]})
    [{'role': 'user', 'content': 'Hello'}]
    >>> print(messages(["Hello"]))
    None
    """
    if hasattr(value, "columns") and hasattr(value, "to_dict"):  # a data frame
        value = {str(name): list(value[name]) for name in value.columns}
    if isinstance(value, Mapping) and {"role", "content"} <= set(value):
        if isinstance(value["role"], str):
            return [dict(value)]
        columns = [list(column) for column in value.values()]
        value = [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        return None
    chat: list[Any] = list(value)
    if not chat or not all(isinstance(message, Mapping) for message in chat):
        return None
    return [{name: value for name, value in m.items() if value is not None} for m in chat]


def rendered(tokenizer: Any, chat: Chat, text: int, *, add_generation_prompt: bool = False) -> str:
    """Return a chat as text, written by its template; ``text`` is its number for error messages."""
    for i, message in enumerate(chat):
        if not isinstance(message.get("role"), str) or len(message) < 2:
            validation.complain(
                "every message of a chat needs 'role', such as 'user', and 'content'",
                f"message {i} of text {text} (counted from 0) has {sorted(map(str, message))}",
                "pass a list of {'role': ..., 'content': ...}",
            )
    if not getattr(tokenizer, "chat_template", None):
        validation.complain(
            "chats need a tokenizer with a chat template",
            f"{type(tokenizer).__name__} has none",
            "set tokenizer.chat_template to the template of the model, or pass plain texts",
        )
    try:
        return _render(tokenizer, chat, add_generation_prompt=add_generation_prompt)
    except Exception as error:  # a template can raise any exception
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise validation.InputError(
            "the chat template must accept every chat",
            f"for text {text} (counted from 0) it raised {type(error).__name__}: {reason}",
            "change the order or roles of its messages",
        ) from error


def is_rendered(text: str, tokenizer: Any, openings: Sequence[str]) -> bool:
    """Return whether a text is a rendered chat: it begins with the start token or an opening."""
    starts = [getattr(tokenizer, name, None) for name in ("bos_token", "cls_token")]
    return text.startswith((*(one for one in starts if one), *openings))


def openings(tokenizer: Any) -> list[str]:
    """Return the texts that a chat template writes before the first message of a user or system."""
    if not getattr(tokenizer, "chat_template", None):
        return []
    texts = []
    for chat in (_marked_chat("user"), _marked_chat("system", "user")):
        try:
            texts.append(_render(tokenizer, chat).partition(_mark(0))[0])
        # A template without system messages can raise any exception.
        except Exception:
            continue
    return [one for one in texts if len(one.strip()) >= LEAST_OPENING]


def spans(tokenizer: Any, chat: Chat, whole: str, text: int, role: str) -> list[Span]:
    """Return the spans of characters in a rendered chat that a role wrote.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase
    chat : list of dict
    whole : str
        The rendered chat.
    text : int
        Its number for error messages.
    role : str
        Such as "assistant".
    """
    marked = [
        {**message, "content": _mark(i)} if isinstance(message.get("content"), str) else message
        for i, message in enumerate(chat)
    ]
    # Text after the last message, such as the start of an answer, also comes from the template.
    frame = _render(tokenizer, marked)
    pieces = re.split("\ue000([0-9]+)\ue001", frame)
    order = [int(i) for i in pieces[1::2]]
    of_role: list[Span] = []
    position = len(pieces[0]) if whole.startswith(pieces[0]) else -1
    for i, after in zip(order, pieces[2::2], strict=True):
        words = chat[i]["content"]
        fitting = [
            form
            for form in dict.fromkeys((words, words.strip(), words.lstrip(), words.rstrip()))
            if position >= 0 and whole.startswith(form + after, position)
        ]
        if not fitting:
            break
        if chat[i]["role"] == role and fitting[0]:
            of_role.append((position, position + len(fitting[0])))
        position += len(fitting[0]) + len(after)
    else:
        if position >= 0:
            return of_role
    validation.complain(
        f"the template must copy messages unchanged if tokens of the role {role!r} are read",
        f"it changes a message of text {text} (counted from 0)",
        "pass Spans, or a template that marks the assistant's words with {% generation %}",
    )
    return None


def generated(tokenizer: Any, chat: Chat, *, add_generation_prompt: bool) -> np.ndarray | None:
    """Return the positions of the assistant's tokens; None if the template does not mark them."""
    if not GENERATION.search(tokenizer.get_chat_template()):
        return None
    encoded = tokenizer.apply_chat_template(
        chat,
        return_dict=True,
        return_assistant_tokens_mask=True,
        add_generation_prompt=add_generation_prompt,
    )
    return np.flatnonzero(encoded["assistant_masks"])


def _render(tokenizer: Any, chat: Chat, *, add_generation_prompt: bool = False) -> str:
    return tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=add_generation_prompt
    )


def _mark(i: int) -> str:
    """Return a mark of private-use characters, which do not occur in texts."""
    return f"\ue000{i}\ue001"


def _marked_chat(*roles: str) -> Chat:
    return [{"role": role, "content": _mark(i)} for i, role in enumerate(roles)]
