"""Options that say which data a command reads; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FORMATS = (
    "Rows: a .npz, .npy, .safetensors, .pt, .h5, .parquet, .arrow, .feather, .csv, .jsonl or "
    ".json, a folder or a 'pattern*' of these, an address such as s3://..., or - for a pipe."
)


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
