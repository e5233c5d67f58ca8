"""Command about studies: list them, run one, and write its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
) -> None:
    """Ask a question about language models on models trained on a corpus that is known."""
    from nullprobe._core.printable import printable
    from nullprobe._core.progress import Bars
    from nullprobe.cli import output
    from nullprobe.studies import library
    from nullprobe.studies.running import run

    if name == "list":
        for one in library.STUDIES:
            typer.echo(f"{one:<12}{library.by_name(one).question}")
        return
    output.need_folder(out)
    chosen = library.of_file(name) if name.endswith(".py") else library.by_name(name)
    chosen = chosen if part is None else chosen.part(part)
    with Bars(chosen.name) as bars:
        result = run(chosen, seeds=seeds, quick=quick, out=out, progress=bars)
    words = ["nullprobe study", name, *(["--quick"] if quick else [f"--seeds {seeds}"])]
    result = result.with_command(" ".join([*words, *([f"--part {part}"] if part else [])]))
    stem = f"{chosen.name}-quick" if quick else chosen.name
    result.to_json(out / f"{stem}.json")
    result.to_html(out / f"{stem}.html")
    typer.echo(printable(result.in_words()))
    typer.echo(printable(f"{out / stem}.html"))
