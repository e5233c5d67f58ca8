"""Options of contrast pairs, each in one place; nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

Negative = Annotated[
    str, typer.Option(metavar="COLUMN", help="The array or list column of the negative sides.")
]
Positive = Annotated[
    str, typer.Option(metavar="COLUMN", help="The array or list column of the positive sides.")
]
AuditedNegative = Annotated[
    str | None,
    typer.Option(
        "--negative",
        metavar="COLUMN",
        help="With --pairs: the array or list column of the negative sides; by default negative.",
    ),
]
AuditedPositive = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="COLUMN",
        help="With --pairs: the array or list column of the positive sides; by default positive.",
    ),
]
Truth = Annotated[
    str,
    typer.Option(
        "--concept",
        metavar="COLUMN",
        help="1 where the positive side is the true one, 0 where the negative is.",
        show_default=False,
    ),
]
Templates = Annotated[
    str | None,
    typer.Option(
        "--groups", metavar="COLUMN", help="Prompt template: each is normalised separately."
    ),
]
OtherLabels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Another label of the pairs, 0 or 1, which a reader may follow instead; repeatable.",
    ),
]
