"""Options of commands, each in one place; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe._version import __version__
from nullprobe.cli.eraser_options import METHODS

FORMATS = (
    "Rows: a .npz, .npy, .safetensors, .pt, .h5, .parquet, .arrow, .feather, .csv, .jsonl or "
    ".json, a folder or a 'pattern*' of these, an address such as s3://..., or - for a pipe."
)


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

# Data

File = Annotated[Path, typer.Argument(metavar="FILE", help=FORMATS, show_default=False)]
FileIfAny = Annotated[Path | None, typer.Argument(metavar="FILE", help=FORMATS, show_default=False)]
Concept = Annotated[
    str,
    typer.Option(
        "--concept", metavar="COLUMN", help="The column or array to look for.", show_default=False
    ),
]
ConceptIfAny = Annotated[
    str | None,
    typer.Option(
        "--concept", metavar="COLUMN", help="The column or array to look for.", show_default=False
    ),
]
Concepts = Annotated[
    str | None,
    typer.Option(
        "--concept",
        metavar="COLUMN[,COLUMN]",
        help="The column or array to look for; of several, each alone, jointly, and after one "
        "eraser of all.",
        show_default=False,
    ),
]
TwoConcepts = Annotated[
    str,
    typer.Option(
        "--concept",
        metavar="A,B",
        help="Two columns of labels for one idea, of the same two classes.",
        show_default=False,
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Rows with the same value in this column depend on each other."
    ),
]


def _read_tokens(context: typer.Context, tokens: str | None) -> str | None:
    if tokens is not None:
        from nullprobe.data.token_rows import reading

        context.with_resource(reading(tokens=tokens))  # for all files that the command reads
    return tokens


def _read_labels(context: typer.Context, labels: Path | None) -> Path | None:
    if labels is not None:
        from nullprobe.data.token_rows import reading

        context.with_resource(reading(labels=labels))
    return labels


RowTokens = Annotated[
    str | None,
    typer.Option(
        "--tokens",
        metavar="WORD",
        callback=_read_tokens,
        help="Which tokens of arrays (rows, positions, features) are read: last, mean or first.",
    ),
]
LabelFile = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        callback=_read_labels,
        help="Another file with labels of the same rows, in the same order; of a folder of "
        "hidden states by request, it names each in a column 'request'.",
    ),
]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column that is not a feature, such as an identifier; repeatable.",
    ),
]
Kind = Annotated[
    str | None,
    typer.Option(
        metavar="WORD",
        help="What the concept is: labels, or numeric. By default whole numbers and text are "
        "labels, and other numbers are numeric.",
    ),
]
Missing = Annotated[
    str,
    typer.Option(
        metavar="WORD",
        help="Rows with missing, NaN or infinite values: error, or drop (they are counted).",
    ),
]
Rows = Annotated[
    int | None,
    typer.Option(
        "--rows",
        min=1,
        metavar="N",
        help="Draw N rows at random, with all classes in proportion and whole groups; by default "
        "all rows are used.",
    ),
]
Baselines = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FILE",
        help="Another representation of the same rows, such as a bag of words; repeatable.",
    ),
]
Confounds = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Columns that may explain a reading, such as source or length; they are not features. "
        "The reading is compared with labels drawn from these columns alone.",
    ),
]
FittedEraser = Annotated[
    Path | None,
    typer.Option(
        "--eraser",
        metavar="FILE",
        help="Erase the rows by this eraser, fitted to other rows.",
    ),
]
Untrained = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FILE",
        help="States of the same rows in an untrained network of this architecture; repeatable.",
    ),
]
AuditedTask = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="A,B,...",
        help="Columns that are not features: what --eraser takes of each is reported.",
    ),
]
Texts = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="COLUMN",
        help="The text of each row: words, characters, lengths and places become baselines.",
    ),
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Arrays of the file, each a representation of the same rows: a name, or a pattern "
        "such as 'layer.*'; repeatable.",
    ),
]
Pairs = Annotated[
    bool,
    typer.Option("--pairs", help="FILE holds contrast pairs, whose differences are audited."),
]
World = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Audit data with a known answer instead of a file."),
]
WorldOptions = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="An argument of the world; repeatable."),
]

# What to do with them

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
        "chance alone, and readable and one_direction unless --claims names others.",
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
