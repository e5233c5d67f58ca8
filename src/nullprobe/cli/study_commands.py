"""Command about studies: list them, run one, and write its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe.cli import options

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.py|list",
        help="Name of a study, a Python file that defines one, or list.",
        show_default=False,
    ),
]
Quick = Annotated[bool, typer.Option("--quick", help="One seed, fewer steps and texts.")]
Seeds = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Seeds of each cell.")]
Part = Annotated[
    str | None, typer.Option("--part", metavar="P", help="Run an extension in its place.")
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for the page, its JSON and the cells that are done: the same command goes on "
        "where it was stopped.",
    ),
]


def study(
    name: Name,
    quick: Quick = False,
    seeds: Seeds = 5,
    part: Part = None,
    out: Out = Path(),
    jobs: options.Jobs = -1,
    force: options.Force = False,
) -> None:
    """Ask a question about language models on models trained on a corpus that is known."""
    from nullprobe._core.printable import printable
    from nullprobe.cli import arguments, output, study_runs
    from nullprobe.studies import library

    if name == "list":
        for one in library.STUDIES:
            typer.echo(f"{one:<12}{library.by_name(one).question}")
        return
    output.need_folder(out)
    with study_runs.chosen(name, part) as study:
        stem = f"{study.name}-quick" if quick else study.name
        study_runs.need_no_stronger(out, stem, study, 1 if quick else seeds, force=force)
        request = study_runs.Request(name, part, seeds, quick, out)
        result = study_runs.measured(study, request, jobs)
    command = arguments.line(
        "nullprobe", "study", name, quick=quick, part=part,
        out=None if out == Path() else out, seeds=None if quick else seeds,
    )  # fmt: skip
    result = result.with_command(command)
    page, _ = output.write_both(out, stem, result.to_html, result.to_json)
    typer.echo(printable(result.in_words()))
    typer.echo(printable(str(page)))
