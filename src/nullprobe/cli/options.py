"""Options of what commands do with data, each in one place; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe._version import __version__
from nullprobe.cli.eraser_options import METHODS


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nullprobe {__version__}")
        raise typer.Exit


Debug = Annotated[
    bool, typer.Option("--debug", envvar="NULLPROBE_DEBUG", help="Show the traceback of an error.")
]
Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
]

Claims = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Claims to judge, by default all that apply: dependent, readable, "
        "one_direction, erasure_holds, no_halfspace, one_feature, gone, transfers, consistent; "
        "and few_features, which dense rows are judged on only if it is named.",
    ),
]
Alarms = Annotated[
    float,
    typer.Option("--alpha", min=0.001, max=0.5, metavar="A", help="Error rate of each verdict."),
]
Effect = Annotated[
    float,
    typer.Option(
        "--min-effect", min=0.0, metavar="E", help="Smallest effect of interest, above chance."
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="C1,C2,C3", help="Columns to draw, by name or number from 0."),
]
OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the page and its JSON.")
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="Print all numbers, and the reason of each verdict in full."),
]
Brief = Annotated[
    bool, typer.Option("--brief", help="Print one line for each claim, eraser or reader.")
]
Title = Annotated[
    str | None,
    typer.Option(
        "--title",
        metavar="TEXT",
        help="Title of the page and its JSON; by default the file and the concept.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files of an earlier run.")]
Draws = Annotated[
    int,
    typer.Option(
        min=39,
        metavar="N",
        help="Most draws for each p-value; fewer are made where fewer decide.",
    ),
]
Permutations = Annotated[
    int | None, typer.Option(min=39, metavar="N", hidden=True, help="Old name of --draws.")
]
Surrogates = Annotated[
    int | None, typer.Option(min=0, metavar="N", hidden=True, help="Old name of --draws.")
]
Splits = Annotated[
    int,
    typer.Option("--n-splits", min=1, metavar="N", help="Partitions to average over, up to 13."),
]
Features = Annotated[
    int,
    typer.Option(
        "--n-features",
        min=1,
        metavar="K",
        help="Features of the probe that few_features compares with a probe of all.",
    ),
]
Audits = Annotated[int, typer.Option("--audits", min=1, metavar="N", help="Audits for each truth.")]
CalibratedClaims = Annotated[
    str | None,
    typer.Option(
        "--claims",
        metavar="A,B,...",
        help="Claims to judge, by default dependent, readable and erasure_holds; also "
        "no_halfspace and gone.",
    ),
]
FewDraws = Annotated[
    int, typer.Option("--draws", min=1, metavar="N", help="Draws of each null, at most.")
]
Depth = Annotated[
    str,
    typer.Option(
        metavar="WORD",
        help="full, survey (for many layers: fewer draws, no pictures of rows), or quick: against "
        "chance, baselines and confounds alone, and readable and one_direction unless --claims "
        "names others.",
    ),
]
Duplicates = Annotated[
    str,
    typer.Option(
        metavar="WORD",
        help="Rows that are copies of others: group, drop or keep (as independent rows).",
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Time or place of each row in a series, or in one for each group."
    ),
]
Independent = Annotated[
    bool,
    typer.Option(
        "--independent", help="Rows are independent although they resemble their neighbours."
    ),
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Same seed, same bytes.")]


def _share_work(context: typer.Context, jobs: int) -> int:
    from joblib import parallel_config

    if jobs == 0:
        raise typer.BadParameter("a whole number other than 0 is required (-1: all cores)")
    # What the command runs takes its number of jobs from here.
    context.with_resource(parallel_config(n_jobs=jobs))
    return jobs


Jobs = Annotated[
    int,
    typer.Option(
        metavar="N",
        callback=_share_work,
        help="Cores to use; -1: all, -2: all but one. Results are the same.",
    ),
]

# Comparisons

Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Another label (not a feature) whose readability is measured, too; repeatable.",
    ),
]
Erasers = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...", help=f"Erasers, by default all that apply: {', '.join(METHODS)}."
    ),
]
Probes = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Fresh probes, by default all that apply: linear, halfspace, quadratic, rbf.",
    ),
]
