"""Showing: results other than audits as a terminal shows them, whether new or read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from nullprobe.auditing.same_concept_result import SameConcept
from nullprobe.cli import verdict_tables
from nullprobe.report.pages.same_concept import crossed_table
from nullprobe.report.text import brief as brief_lines
from nullprobe.report.text import comparison_tables, terminal, verdicts

PAGE = "More: open the page."


def labels(
    result: SameConcept, console: Console, *, verbose: bool = False, more: str = PAGE
) -> None:
    """Print the verdict, probes across the two sets of labels, and the audit."""
    document = result.document().plain()
    for finding in document["findings"]:
        verdict_tables.say(finding, console)
    verdict_tables.show_parts(terminal.costs(crossed_table(document)), console=console)
    verdict_tables.show(result.audit, verbose=verbose, more=more, console=console)


def erasers(document: Mapping[str, Any], console: Console, *, brief: bool = False) -> None:
    """Print what every eraser leaves and costs, and why a number is missing; or a line each."""
    if brief:
        verdict_tables.show_lines(brief_lines.erasers(document), console)
        return
    heading = terminal.heading(document["title"], verdicts.size(document["provenance"]))
    verdict_tables.show_parts(heading, console=console)
    for part in comparison_tables.erasers(document):
        console.print()
        console.print(part)
    for line in comparison_tables.eraser_notes(document):
        verdict_tables.say(line, console)
    for line in comparison_tables.recommendation(document):
        verdict_tables.say(line, console)


def pairs(document: Mapping[str, Any], console: Console, *, brief: bool = False) -> None:
    """Print how often each reader agrees with each label, and what it followed; or a line each."""
    if brief:
        verdict_tables.show_lines(brief_lines.pairs(document), console)
        return
    heading = terminal.heading(document["title"], verdicts.size(document["provenance"], "pairs"))
    verdict_tables.show_parts(heading, console=console)
    console.print()
    console.print(comparison_tables.pairs(document))
    console.print()
    for finding in document["findings"]:
        console.print(Text(finding), width=min(terminal.WIDEST, console.width))
    verdict_tables.say(comparison_tables.pair_note(document), console)
