"""Verdicts: what an audit found, as a table and in words, for a terminal."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nullprobe.auditing.result import Audit
from nullprobe.claims import Claim
from nullprobe.report.text import tables, wording

HOLDS = {"yes": "bold green", "no": "bold red", "unclear": "bold yellow"}
RUNGS = ("chance", "moments")  # nulls whose mean stands in the table
UNITS = {
    "balanced accuracy": "bal. accuracy",
    "canonical correlation": "canonical corr.",
    "largest departure (sd)": "departure (sd)",
    "share of held-out pairs": "share of pairs",
}
WIDEST = 100  # of a line of words


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
    heading = Text.assemble((result.title, "bold"), "\n", (_size(result), "dim"))
    width = min(WIDEST, console.width)
    for part in (heading, _table(result.claims), _sentences(result.claims)):
        console.print()
        console.print(part, width=width)
    for name, why in result.left_out.items():
        say(f"{wording.claim_name(name)} was left out: {why}", console)
    judged = [claim.name for claim in result.claims]
    known = [f"{wording.claim_name(k).lower()} {answer}" for k, answer in truth if k in judged]
    if known:
        say(
            "Known answers for the population, with an eraser that knows its means: "
            f"{', '.join(known)}. A finite sample may fail where the population does not.",
            console,
        )


def say(text: str, console: Console | None = None) -> None:
    """Print a paragraph."""
    console = console or Terminal()
    console.print()
    console.print(Text(text), width=min(WIDEST, console.width))


def show_files(*paths: Path, console: Console | None = None) -> None:
    """Print which files were written, each path on a line of its own and never broken."""
    console = console or Terminal()
    console.print()
    for path in paths:
        console.print(Text(f"Wrote {path}"), soft_wrap=True)


def _size(result: Audit) -> str:
    facts = result.provenance
    size = f"{facts['rows']:,} rows, {facts['features']:,} features"
    classes = facts["classes"]
    if isinstance(classes, dict):
        listed = ", ".join(f"{label} ({count:,})" for label, count in list(classes.items())[:4])
        size += f"; classes {listed}{', ...' if len(classes) > 4 else ''}"
    return size + (f"; {facts['groups']:,} groups" if facts["groups"] else "")


def show_table(shown: tables.Table, console: Console | None = None) -> None:
    """Print a table of numbers."""
    console = console or Terminal()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    first, *others = shown.columns
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, overflow="fold", justify="right")
    for name, *values in shown.rows:
        table.add_row(Text(name), *(Text(wording.number(value)) for value in values))
    for part in (Text(shown.caption, "bold"), table, Text(shown.note, "dim")):
        console.print(part, width=min(WIDEST, console.width))


def _table(claims: Iterable[Claim]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for header in ("claim", "holds", "fact about", "observed"):
        table.add_column(header, overflow="fold")
    for header in (*RUNGS, "p"):
        table.add_column(header, overflow="fold", justify="right")
    for claim in claims:
        means = {null.rung: wording.number(float(null.mean)) for null in claim.nulls}
        about = str(claim.fact_about)
        table.add_row(
            Text.assemble(
                wording.claim_name(claim.name), "\n", (UNITS.get(claim.unit, claim.unit), "dim")
            ),
            Text(str(claim.holds), HOLDS[str(claim.holds)]),
            Text(about.replace("_", " "), "bold" if about == "representation" else ""),
            Text.assemble(wording.number(float(claim.observed)), "\n", (_interval(claim), "dim")),
            *(Text(means.get(rung, "·")) for rung in RUNGS),
            Text(wording.p_value(claim.p_value)),
        )
    return table


def _interval(claim: Claim) -> str:
    if claim.interval is None:
        return ""
    low, high = (wording.number(float(end)) for end in claim.interval)
    return f"[{low}, {high}]"


def _sentences(claims: Iterable[Claim]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for position, claim in enumerate(claims):
        if position:
            grid.add_row()
        about = wording.rung(str(claim.fact_about))
        said = {"yes": "Yes", "no": "No"}.get(str(claim.holds))
        verdict = f"{said}, a fact about {about.name}: " if said else "Unclear: "
        grid.add_row(
            Text(wording.claim_name(claim.name), "bold"),
            Text.assemble(
                (claim.statement, "dim"), "\n", (verdict, HOLDS[str(claim.holds)]), claim.reason
            ),
        )
    return grid
