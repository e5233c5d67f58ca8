"""Options of the commands that run models, each in one place; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A folder with a model in safetensors and its tokenizer, or a name that transformers "
        "knows.",
        show_default=False,
    ),
]
TextFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A .csv or .parquet with a column of texts, or a .npz with an array of them.",
        show_default=False,
    ),
]
Text = Annotated[
    str, typer.Option("--text", metavar="COLUMN", help="The texts.", show_default=False)
]
Sites = Annotated[
    list[str],
    typer.Option(
        "--site",
        metavar="SITE",
        help="Where to read, such as layers.3.output, or a pattern such as 'layers.*.output'; "
        "repeatable. `nullprobe sites MODEL` lists them.",
        show_default=False,
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="COLUMN", help="A further label to keep; repeatable."),
]
TextConcept = Annotated[
    str | None,
    typer.Option("--concept", metavar="COLUMN", help="What an audit of the folder looks for."),
]
TextGroups = Annotated[
    str | None,
    typer.Option("--groups", metavar="COLUMN", help="Texts that belong together."),
]
Tokens = Annotated[
    str,
    typer.Option(
        metavar="RULE", help="Which tokens of a text are read: last, mean, all, or a position."
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Texts that go through the model together.")]
MaxLength = Annotated[
    int | None,
    typer.Option(min=1, help="Tokens of the longest text; longer ones are cut, which is said."),
]
ShardSize = Annotated[int, typer.Option(min=1, help="Texts in a file of the folder.")]
Dtype = Annotated[
    str, typer.Option(help="auto, float64, float32, bfloat16 or float16: what the model runs in.")
]
Device = Annotated[
    str | None,
    typer.Option(help="Such as cuda, or auto to spread the model over all that there is."),
]
LayerList = Annotated[
    str | None,
    typer.Option(
        "--layer-list",
        metavar="PATH",
        help="The module that lists the layers, where the structure does not tell.",
    ),
]
OutCapture = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for the shards; a run that was stopped goes on there.",
        show_default=False,
    ),
]
BakedErasers = Annotated[
    list[str],
    typer.Argument(
        metavar="ERASER...",
        help="Files of erasers, each as SITE=FILE, or FILE if it was fitted at a site.",
        show_default=False,
    ),
]
OutModel = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", help="New folder for the baked model.", show_default=False
    ),
]
AtSite = Annotated[
    str | None,
    typer.Option("--site", metavar="SITE", help="Of a folder of captured states: which of them."),
]
ModelDemo = Annotated[
    bool,
    typer.Option(
        "--model",
        help="Instead: train a small language model and audit its layers, in about five minutes "
        "the first time; --surrogates then counts random subspaces.",
    ),
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
        help="Texts on which to say what is left of a concept: a .csv, .parquet or .npz.",
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
        "--answers", metavar="COLUMN", help="Right continuations, whose log-probability counts."
    ),
]
