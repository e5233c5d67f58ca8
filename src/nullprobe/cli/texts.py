"""Texts of a file: words, chats, token ids or pairs, with what is known of each."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

import nullprobe
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.cli import column_options
from nullprobe.data.columns import array, values
from nullprobe.data.formats import Arrays, load

SPANS, START, END = "spans", "start", "end"
SLICE = re.compile(r"(-?\d*):(-?\d*)")


@dataclass(frozen=True)
class TextColumns:
    """Which columns of a file of texts mean what.

    Attributes
    ----------
    text : str
        Texts, chats, token ids; or what each message of a chat says.
    concept, groups : str or None
    labels : sequence of str
        What else is kept.
    continuation : str or None
        What follows each text.
    role, conversation : str or None
        Where each row is a message: who says it, and in which chat.
    """

    text: str
    concept: str | None
    groups: str | None
    labels: Sequence[str]
    continuation: str | None = None
    role: str | None = None
    conversation: str | None = None

    @property
    def options(self) -> dict[str, list[str | None]]:
        """The columns that options of all commands name; labels have options of several names."""
        return {
            "--text": [self.text],
            "--concept": [self.concept],
            "--groups": [self.groups],
            "--continuation": [self.continuation],
            "--role": [self.role],
            "--conversation": [self.conversation],
        }

    @property
    def label_names(self) -> list[str]:
        """Names of all labels, each once."""
        named = [name for name in (self.concept, self.groups, *self.labels) if name is not None]
        return list(dict.fromkeys(named))


@dataclass(frozen=True)
class Texts:
    """The texts of a file.

    Attributes
    ----------
    texts : list
        As :func:`nullprobe.models.capture` takes them.
    labels : dict of str to array-like
        One value a text, or a list of values for each text.
    tokens : str, int, list, slice or Spans
        Which tokens are read.
    """

    texts: list[Any]
    labels: dict[str, Any]
    tokens: Any


@dataclass(frozen=True)
class Task:
    """Texts of a file, and where a model is read on them.

    Attributes
    ----------
    file : Path
    columns : TextColumns
    sites : sequence of str
    tokens : str
        Which tokens of a text are read.
    """

    file: Path
    columns: TextColumns
    sites: Sequence[str]
    tokens: str

    def read(self) -> Texts:
        """Read the texts, their labels, and the rule for their tokens."""
        return read(self.file, self.columns, self.tokens)


def read(
    file: Path,
    columns: TextColumns,
    tokens: str = "last",
    content: Arrays | pa.Table | None = None,
) -> Texts:
    """Read the texts of a file, or of its content, their labels, and the rule for their tokens."""
    content = load(file) if content is None else content
    rule = tokens_of(tokens)
    more = (columns.continuation, columns.role, columns.conversation)
    spans = (START, END) if rule == SPANS else ()
    available = list(content) if isinstance(content, dict) else content.column_names
    with column_options.named(columns.options):
        for column in (columns.text, *columns.label_names, *spans, *filter(None, more)):
            known("column", column, available)
    if rule == SPANS:
        rule = nullprobe.models.Spans(array(content, START), array(content, END))
    texts = values(content, columns.text)
    labels = {column: _labels(content, column) for column in columns.label_names}
    if columns.role is not None:
        return Texts(*_chats(content, columns, texts, labels), rule)
    texts = _parsed(texts)
    if columns.continuation is not None:
        texts = list(zip(texts, values(content, columns.continuation), strict=True))
    return Texts(texts, labels, rule)


def tokens_of(text: str) -> Any:
    """Return a rule for tokens: positions as numbers, several as a list or slice.

    Examples
    --------
    >>> tokens_of("-1"), tokens_of("0,-1"), tokens_of("1:3"), tokens_of("mean:assistant")
    (-1, [0, -1], slice(1, 3, None), 'mean:assistant')
    """
    sliced = SLICE.fullmatch(text)
    if sliced:
        start, stop = (int(part) if part else None for part in sliced.groups())
        return slice(start, stop)
    parts = text.split(",")
    if not all(part.strip().lstrip("-").isdecimal() for part in parts):
        return text
    return int(text) if len(parts) == 1 else [int(part) for part in parts]


def _labels(content: Arrays | pa.Table, column: str) -> Any:
    """Return one value a text, or a list of values where a column holds lists."""
    if not isinstance(content, dict) and pa.types.is_nested(content.schema.field(column).type):
        return values(content, column)
    return array(content, column)


def _parsed(texts: list[Any]) -> list[Any]:
    """Return chats where every text is one as JSON."""
    if not all(isinstance(text, str) and text.lstrip().startswith("[") for text in texts):
        return texts
    try:
        chats = [json.loads(text) for text in texts]
    except ValueError:
        return texts
    is_chat = all(
        chat and all(isinstance(message, dict) and "role" in message for message in chat)
        for chat in chats
    )
    return chats if is_chat else texts


def _chats(
    content: Arrays | pa.Table, columns: TextColumns, messages: list[Any], labels: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the chats of a file with a message in each row, in order of their first messages."""
    roles = values(content, str(columns.role))
    if columns.conversation is None:
        complain(
            "a file with a message in each row needs a column that names the chat",
            "--conversation is not given",
            "name the column, such as --conversation id",
        )
    names = values(content, columns.conversation)
    rows: dict[Any, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    chats = [[{"role": roles[i], "content": messages[i]} for i in each] for each in rows.values()]
    merged = {}
    for column, y in labels.items():
        for name, each in rows.items():
            if any(y[i] != y[each[0]] for i in each):
                complain(
                    f"all messages of a chat must have one value of {column!r}",
                    f"those of chat {name!r} differ",
                    "give every message the label of its chat",
                )
        firsts = [each[0] for each in rows.values()]
        merged[column] = [y[i] for i in firsts] if isinstance(y, list) else y[firsts]
    return chats, merged
