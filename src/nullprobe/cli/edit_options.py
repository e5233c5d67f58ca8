"""Options of the commands that edit models or ask what they use; nothing heavy is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

MOMENT_METHODS = ("leace", "mean_projection")  # what is fitted as states pass by

Erasers = Annotated[
    list[str],
    typer.Argument(
        metavar="ERASER...",
        help="Files of erasers, each as SITE=FILE, or FILE if it was fitted at a site; or the "
        "folder that `nullprobe scrub` wrote.",
        show_default=False,
    ),
]
OutModel = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", help="New folder for the baked model.", show_default=False
    ),
]
TextConceptToErase = Annotated[
    str,
    typer.Option(
        "--concept", metavar="COLUMN", help="The concept of each text.", show_default=False
    ),
]
EditedSites = Annotated[
    list[str],
    typer.Option(
        "--site",
        metavar="SITE",
        help="Where to erase, such as layers.3.output, or a pattern such as 'layers.*.output'; "
        "repeatable. `nullprobe sites MODEL` lists them.",
        show_default=False,
    ),
]
FitTokens = Annotated[
    str,
    typer.Option(
        "--tokens",
        metavar="RULE",
        help="Which tokens of a text an eraser is fitted to, as for capture. It edits all of them.",
    ),
]
MomentMethod = Annotated[
    str, typer.Option(metavar="NAME", help=f"How to erase: {' or '.join(MOMENT_METHODS)}.")
]
Answers = Annotated[
    str,
    typer.Option(
        metavar="COLUMN",
        help="The right continuation of each text, with the blank that it begins with; its "
        "log-probability is observed.",
        show_default=False,
    ),
]
Neutral = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN|FILE|default",
        help="Texts that have nothing to do with the concept: a column of FILE, another file "
        'with the same column of texts, or "default" for 24 everyday sentences in English.',
    ),
]
Pairs = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN|match",
        help="Interchange texts that differ in the concept, too: a column that names the pair of "
        "each text, or `match` for the nearest texts.",
    ),
]
OtherConcepts = Annotated[
    list[str] | None,
    typer.Option(
        "--other-concept",
        metavar="COLUMN",
        help="Another concept, in whose subspace texts are interchanged, too; repeatable.",
    ),
]
Draws = Annotated[int, typer.Option(metavar="N", help="Random subspaces; at least 2/alpha - 1.")]
UseEffect = Annotated[
    float,
    typer.Option(
        "--min-effect",
        min=0.0,
        metavar="E",
        help="Smallest change of interest, beyond the change by random subspaces, in nats.",
    ),
]
OutErasers = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="New folder for the erasers, one file for each site.",
        show_default=False,
    ),
]
Prompts = Annotated[
    list[str] | None,
    typer.Option("--generate", metavar="TEXT", help="A prompt to continue; repeatable."),
]
PromptFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A file with a column of prompts; needs --text COLUMN."),
]
PromptColumn = Annotated[
    str | None, typer.Option("--text", metavar="COLUMN", help="The prompts in that file.")
]
NewTokens = Annotated[int, typer.Option(min=1, metavar="N", help="Most tokens to write.")]
Chat = Annotated[
    bool,
    typer.Option(
        "--chat", help="Pass each prompt as a message of the user, in the model's chat template."
    ),
]
Sample = Annotated[
    bool,
    typer.Option("--sample", help="Draw tokens at random; if not, take the most probable one."),
]
Temperature = Annotated[
    float | None,
    typer.Option(metavar="T", help="With --sample: what the logits are divided by."),
]
OutTexts = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write the texts to a .json file as well."),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tol",
        metavar="SHARE",
        help="How far rounding may move a logit, as a share of the largest; by default about as "
        "far as it moves those of the model that is edited in its forward pass.",
    ),
]
EffectTexts = Annotated[
    Path | None,
    typer.Option(
        "--texts",
        metavar="FILE",
        help="Texts to measure what is left of a concept on: a .csv, .parquet or .npz.",
    ),
]
EffectText = Annotated[
    str | None, typer.Option("--text", metavar="COLUMN", help="The texts in that file.")
]
EffectConcept = Annotated[
    str | None,
    typer.Option("--concept", metavar="COLUMN", help="The concept, read by a linear probe."),
]
EffectAnswers = Annotated[
    str | None,
    typer.Option(
        "--answers",
        metavar="COLUMN",
        help="Right continuations; their log-probability is measured.",
    ),
]
