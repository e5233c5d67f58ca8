"""Commands that read saved results: show one, compare two, check verdicts.

Heavy rooms are imported inside the commands that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe.cli import arguments, options

NOT_MET = 3  # exit code: a verdict is not as required

Report = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The JSON of an audit, a comparison or a study, as a command or to_json wrote it.",
        show_default=False,
    ),
]
SecondReport = Annotated[
    Path | None,
    typer.Argument(
        metavar="SECOND",
        help="A second result of the same kind: print what changed from FILE to it.",
        show_default=False,
    ),
]
Every = Annotated[
    bool,
    typer.Option(
        "--verbose",
        help="Print all numbers and the full reasons; of two results, also what is equal.",
    ),
]
Require = Annotated[
    list[str],
    typer.Option(
        "--require",
        metavar="CLAIM=WORD",
        help="A verdict that is required: readable=no (or yes, or unclear), "
        "readable.takes=moments, readable.comes_from=inputs; repeatable. Of a study, CLAIM is the "
        "name of a verdict, which its page shows.",
        show_default=False,
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="PATTERN",
        help="Check these representations alone: a name, or a pattern such as 'layers.*'; "
        "repeatable. By default all must meet every requirement.",
        show_default=False,
    ),
]


def show(
    file: Report,
    second: SecondReport = None,
    verbose: Every = False,
    brief: options.Brief = False,
) -> None:
    """Print a saved result, or what changed between two."""
    if brief and (verbose or second is not None):
        raise arguments.UsageError("--brief does not go with --verbose or a second file")
    from nullprobe.cli import saved, verdict_tables

    console = verdict_tables.Terminal()
    if second is None:
        saved.show(file, console, verbose=verbose, brief=brief)
    else:
        saved.show_changes(file, second, console, verbose=verbose)


def check(file: Report, require: Require, at: At = None) -> None:
    """Check verdicts of a saved result: exit code 0 if all are as required, 3 if one differs."""
    from nullprobe.cli import required, saved, streams

    requirements = required.parsed(require)
    verdicts = required.verdicts(saved.read(file), file)
    places = required.chosen(list(verdicts), at or ())
    lines = list(required.unmet(requirements, verdicts, places))
    if lines:
        streams.write(*lines)
        raise typer.Exit(NOT_MET)
    count = len(requirements) * len(places)
    streams.write(f"{count:,} verdict{' is' if count == 1 else 's are'} as required.")
