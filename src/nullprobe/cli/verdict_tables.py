"""Printing: what commands write to a terminal; what it looks like is `report.text.terminal`'s."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from rich.console import Console, RenderableType
from rich.text import Text

from nullprobe.auditing.result import Audit
from nullprobe.report.text import tables, terminal, wording
from nullprobe.report.text.eraser_cost import eraser_tables


class Terminal(Console):
    """A console that leaves it to the command to say what a reader who left means.

    Into a file or a pipe it writes no blanks at the ends of lines.
    """

    def __init__(self) -> None:
        super().__init__()
        if not self.is_terminal:
            self.file = cast(IO[str], _Trimmed(self.file))

    def on_broken_pipe(self) -> NoReturn:
        """Pass it on, where rich would exit as if we had failed."""
        raise BrokenPipeError(errno.EPIPE, "nobody reads this any more")


class _Trimmed:
    """A stream whose lines lose the blanks at their ends; rich fills tables up with them."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(re.sub(r" +(?=\n)", "", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def show(
    result: Audit, *, truth: Iterable[tuple[str, str]] = (), console: Console | None = None
) -> None:
    """Print the verdicts of one audit.

    Parameters
    ----------
    result : Audit
    truth : iterable of pairs of str
        What is known to be true: a claim's name, and whether it holds.
    console : Console, optional
        Where to; by default stdout.
    """
    console = console or Terminal()
    found = result.document().plain()
    claims = found["claims"]
    heading = terminal.heading(result.heading, terminal.size(found["provenance"]))
    show_parts(heading, terminal.verdicts(claims), terminal.sentences(claims), console=console)
    show_parts(*map(terminal.costs, eraser_tables(found)), console=console)
    for line in terminal.left_out(result.left_out):
        say(line, console)
    judged = [claim["name"] for claim in claims]
    known = [f"{wording.claim_name(k).lower()} {answer}" for k, answer in truth if k in judged]
    if known:
        say(
            "Known answers for the population, with an eraser that knows its means: "
            f"{', '.join(known)}. A finite sample may fail where the population does not.",
            console,
        )


def show_parts(*parts: RenderableType, console: Console | None = None) -> None:
    """Print parts of a result, an empty line before each: tables as wide as they need be."""
    console = console or Terminal()
    for part in parts:
        console.print()
        # A table that is given a width breaks its cells to fit: one of numbers may be wider.
        console.print(part, width=min(terminal.WIDEST, console.width))


def say(text: str, console: Console | None = None) -> None:
    """Print a paragraph."""
    console = console or Terminal()
    console.print()
    console.print(Text(text), width=min(terminal.WIDEST, console.width))


def show_plain(text: str, console: Console | None = None) -> None:
    """Print lines that are aligned already, none of them broken."""
    console = console or Terminal()
    console.print()
    console.print(Text(text), soft_wrap=True)


def show_files(*paths: Path, console: Console | None = None) -> None:
    """Print which files were written, each path on a line of its own and never broken."""
    console = console or Terminal()
    console.print()
    for path in paths:
        console.print(Text(f"Wrote {path}"), soft_wrap=True)


def show_table(shown: tables.Table, console: Console | None = None) -> None:
    """Print a table of numbers."""
    console = console or Terminal()
    parts = (Text(shown.caption, "bold"), terminal.numbers(shown), Text(shown.note, "dim"))
    for part in parts:
        console.print(part, width=min(terminal.WIDEST, console.width))
