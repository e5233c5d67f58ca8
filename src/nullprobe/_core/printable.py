"""Printable text: what users named, with control characters written out.

A terminal obeys control characters: it clears the screen, changes the window's title, or shows
letters in another order. Labels, columns, files and sites may hold them. Whatever is printed passes
here, in Python and on the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nullprobe._core.nested import is_mapping, is_sequence

# All controls of Unicode (Cc) but tabs and line breaks; what changes the direction of letters, or
# breaks a line; and halves of pairs, which no stream can encode.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return a text with its control characters written out; tabs and line breaks stay.

    Examples
    --------
    >>> printable("a\x1b[2J\u202e")
    'a\\x1b[2J\\u202e'
    """
    return CONTROL.sub(lambda code: repr(code[0])[1:-1], text)


def in_a_line(text: str) -> str:
    r"""Return a text in one line, printable; tabs and line breaks are written out, too.

    Examples
    --------
    >>> in_a_line("a\nb\x07")
    'a\\nb\\x07'
    """
    return re.sub(r"[\t\n]", lambda code: repr(code[0])[1:-1], printable(text))


def shortened(text: str, longest: int = 40) -> str:
    r"""Return a text in one line of at most so many characters, printable.

    Examples
    --------
    >>> shortened("a\nb"), shortened("layers.10.output", 8)
    ('a\\nb', 'layers.…')
    """
    line = in_a_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def label_list(labels: tuple[Any, ...], longest: int = 40) -> str:
    """Return labels as Python writes them, or how many there are where that is too long.

    Examples
    --------
    >>> label_list(("a", "b")), label_list(tuple(range(1000)))
    ("('a', 'b')", '<1000>')
    """
    written = repr(labels)
    return f"<{len(labels)}>" if len(written) > longest else written


def plain_values(value: Any, plain: Callable[[str], str] = in_a_line) -> Any:
    r"""Return a value of a document with each of its strings in a line, printable.

    Parameters
    ----------
    value : a string, number, mapping, sequence or None
    plain : callable
        What becomes of a string; `printable` leaves line breaks.

    Examples
    --------
    >>> plain_values({"title": "a\x1b[2J"})
    {'title': 'a\\x1b[2J'}
    """
    if isinstance(value, str):
        return plain(value)
    if is_mapping(value):
        return {plain_values(k, plain): plain_values(inner, plain) for k, inner in value.items()}
    if is_sequence(value):
        return [plain_values(inner, plain) for inner in value]
    return value
