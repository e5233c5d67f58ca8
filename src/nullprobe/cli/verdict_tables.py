"""Printing: what commands write to a terminal; what it looks like is `report.text.terminal`'s."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from nullprobe._core.printable import printable
from nullprobe.auditing.result import Audit
from nullprobe.auditing.showing import report_parts, shown
from nullprobe.cli.option_names import in_options
from nullprobe.report.text import brief, summary, tables, terminal, wording

MORE = "More: run it with --verbose, or open the page."


class Terminal(Console):
    """A console from which no control character of a user's reaches a terminal.

    It leaves it to the command what a reader who left means. Into a file or a pipe it writes no
    blanks at the ends of lines.
    """

    def __init__(self) -> None:
        super().__init__()
        if not self.is_terminal:
            self.file = cast(IO[str], _Trimmed(self.file))

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, with control characters written out."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)

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
    *results: Audit,
    truth: Iterable[tuple[str, str]] = (),
    verbose: bool = False,
    more: str = MORE,
    console: Console | None = None,
) -> None:
    """Print a summary of audits, or all that is known of each.

    Parameters
    ----------
    *results : Audit
    truth : iterable of pairs of str
        What is known to be true: a claim's name, and whether it holds.
    verbose : bool
        Whether to print the verdicts and the reasons of each audit.
    more : str
        How to see what a summary leaves out.
    console : Console, optional
        Where to; by default stdout.
    """
    console = console or Terminal()
    results = tuple(map(_in_options, results))
    for result in results if verbose else ():
        console.print()
        for part in report_parts(result):
            _show(part, console)
    if not verbose:
        reasons = {name: why for one in results for name, why in one.left_out.items()}
        console.print()
        for part in summary.summary(list(map(shown, results)), reasons, more):
            _show(part, console)
    judged = {claim.name for result in results for claim in result.claims}
    known = [f"{wording.claim_name(k).lower()} {answer}" for k, answer in truth if k in judged]
    if known:
        say(
            "Known answers for the population, with an eraser that knows its means: "
            f"{', '.join(known)}. A finite sample may fail where the population does not.",
            console,
        )


def _in_options(result: Audit) -> Audit:
    """Return an audit whose reasons name options in place of parameters."""
    claims = (replace(claim, reason=in_options(claim.reason)) for claim in result.claims)
    return replace(result, claims=tuple(claims))


def _show(part: RenderableType, console: Console) -> None:
    """Print a part as wide as a line of words may be; a table of numbers may be wider."""
    part = Text(part) if isinstance(part, str) else part
    console.print(part, width=min(terminal.WIDEST, console.width))


def show_parts(*parts: RenderableType, console: Console | None = None) -> None:
    """Print parts of a result, an empty line before each: tables as wide as they need be."""
    console = console or Terminal()
    for part in parts:
        console.print()
        _show(part, console)


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


def show_brief(*results: Audit, console: Console | None = None) -> None:
    """Print one line for each claim of each audit."""
    show_lines(brief.audits(list(map(shown, map(_in_options, results)))), console)


def show_lines(lines: Iterable[str], console: Console | None = None) -> None:
    """Print lines, none of them broken."""
    console = console or Terminal()
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def show_files(*paths: Path, console: Console | None = None) -> None:
    """Print which files were written, each path on its own line and never broken."""
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
