"""What is typed: lists with commas, numbers or words, whole command lines."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from nullprobe._core.printable import CONTROL, printable

# typer's own name for this class is private; the parent of BadParameter is it in all versions.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def names(text: str | None) -> list[str] | None:
    """Return the parts of a list with commas, or None for None; quotes hold commas.

    Examples
    --------
    >>> names('a, "b, c"')
    ['a', 'b, c']
    """
    if text is None:
        return None
    parts = [part.strip() for part in next(csv.reader([text], skipinitialspace=True), [])]
    if "" in parts:
        raise UsageError(
            "a list takes a name before and after each comma, "
            f"but {text!r} has an empty one; leave that comma out"
        )
    return parts


def need_another_file(out: Path | None, read: Iterable[Path | None]) -> None:
    """Refuse to write over a file that the same command reads, or into a folder that it reads."""
    if out is None:
        return
    from nullprobe.data import places

    for one in read:
        if one is not None and places.is_read(out, one):
            raise UsageError(
                f"--out is the file to write, but {str(out)!r} is one that is read, or is in a "
                "folder that is read; choose another path"
            )


def need_new(*files: Path, force: bool) -> None:
    """Refuse to replace files that exist, unless ``force`` says so."""
    present = [str(file) for file in files if file.exists()]
    if present and not force:
        raise UsageError(
            f"nothing is overwritten without --force, but {' and '.join(map(repr, present))} "
            f"{'exists' if len(present) == 1 else 'exist'}; "
            "name another --out, or pass --force to overwrite"
        )


def need_no(options: Mapping[str, object]) -> None:
    """Refuse options that belong to texts, where images are read."""
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"{name} belongs to texts: name their column with --text")


def number_or_word(text: str) -> float | str:
    """Return a number where the text is one, else the text.

    Examples
    --------
    >>> number_or_word("0.5"), number_or_word("oas")
    (0.5, 'oas')
    """
    try:
        return float(text)
    except ValueError:
        return text


def unless(value: Any, default: Any) -> Any:
    """Return a value, or None if it is the default, which a command line leaves out."""
    return None if value == default else value


def line(*words: Any, **options: Any) -> str:
    """Return a command line, so that a document can say how to make it again.

    Examples
    --------
    >>> line("nullprobe", "audit", "my data.csv", concept="y", pairs=True, groups=None)
    "nullprobe audit 'my data.csv' --concept y --pairs"
    """
    parts = [str(word) for word in words]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            parts.append(flag)
        elif value is not None and value is not False:
            for one in value if isinstance(value, list) else [value]:
                parts += [flag, str(one)]
    return " ".join(map(_quoted, parts))


def _quoted(word: str) -> str:
    r"""Return a word as a shell reads it; control characters are written out, as in bash.

    Examples
    --------
    >>> print(_quoted("a b"), _quoted("a\x1b'b"))
    'a b' $'a\x1b\'b'
    """
    if not CONTROL.search(word):
        return shlex.quote(word)
    escaped = word.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{printable(escaped)}'"
