"""Options of the commands that fit, apply and plan erasers; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nullprobe.cli import arguments

# What the rooms of erasers and probes call their own; a test holds these lists to them.
METHODS = (
    "inlp",
    "leace",
    "mean_projection",
    "mimic",
    "oracle_leace",
    "quadratic_leace",
    "rlace",
    "splince",
)
PROBES = ("mean_difference", "lda", "logistic", "halfspace")

Method = Annotated[str, typer.Option(metavar="NAME", help=f"One of {', '.join(METHODS)}.")]
Rank = Annotated[
    int | None,
    typer.Option(metavar="N", help="Most directions to remove (mean_projection, rlace)."),
]
MaxRank = Annotated[
    int | None, typer.Option(metavar="N", help="Most directions to remove in all rounds (inlp).")
]
Task = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="What the erased rows must still covary with (splince)."),
]
Shrinkage = Annotated[
    str | None,
    typer.Option(
        metavar="X",
        parser=arguments.number_or_word,
        help="Of covariances: from 0 to 1, oas (leace) or minimal (quadratic_leace, mimic).",
    ),
]
Target = Annotated[
    str | None, typer.Option(metavar="LABEL", help="Make all classes like this one (mimic).")
]
Match = Annotated[
    str | None,
    typer.Option(metavar="WORD", help="Make alike: mean, or covariance as well (mimic)."),
]
Probe = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"The probe that must read nothing afterwards: {', '.join(PROBES)} (inlp).",
    ),
]
Loss = Annotated[
    str | None,
    typer.Option(metavar="WORD", help="What predictors minimise: auto, log or squared (rlace)."),
]
Alpha = Annotated[
    float | None,
    typer.Option(metavar="X", help="Significance level of the stopping test, each round (inlp)."),
]
ValidationFraction = Annotated[
    float | None,
    typer.Option(metavar="X", help="Share of the rows that decide the number of rounds (inlp)."),
]
FitSeed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Same seed, same eraser (inlp, rlace)."),
]
FilesToFit = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help="Rows: a .npz, .npy, .safetensors, .pt, .h5, .parquet, .arrow, .feather, .csv, "
        ".jsonl or .json, a folder or a 'pattern*' of these, an address such as s3://..., or - "
        "for a pipe; with --moments, files that `nullprobe moments` wrote.",
        show_default=False,
    ),
]
FromMoments = Annotated[
    bool,
    typer.Option(
        "--moments", help="The FILEs hold moments of different rows; the eraser is of all rows."
    ),
]
PerClass = Annotated[
    bool,
    typer.Option(
        "--per-class",
        help="Keep the covariance of each class, which quadratic_leace and mimic need; the file is "
        "larger.",
    ),
]
OutMoments = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="MOMENTS",
        help="The file to write, ending in .safetensors.",
        show_default=False,
    ),
]
OutEraser = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="ERASER",
        help="The file to write, ending in .safetensors.",
        show_default=False,
    ),
]
Eraser = Annotated[
    Path,
    typer.Argument(metavar="ERASER", help="A file that `nullprobe fit` wrote.", show_default=False),
]
ConceptToErase = Annotated[
    str | None,
    typer.Option(
        "--concept",
        metavar="COLUMN",
        help="The concept of each row, for erasers that need labels; by default the column that "
        "the eraser was fitted with.",
        show_default=False,
    ),
]
OutFile = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        help="The file to write; its suffix is the format.",
        show_default=False,
    ),
]

# Plans

FeatureCount = Annotated[
    int | None, typer.Option("--d", metavar="N", help="Features that vary on their own.")
]
Gap = Annotated[
    float | None,
    typer.Option(metavar="D", help="Mahalanobis distance of the class means; inf if unknown."),
]
TargetAUC = Annotated[
    float | None,
    typer.Option(metavar="AUC", help="What a fresh probe may read back: how many rows?"),
]
EraserRows = Annotated[
    int | None,
    typer.Option("--n", metavar="N", help="Rows that the eraser is fitted to: what is left?"),
]
Absence = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Rows that a probe is trained on: how many rows does an audit need to show that "
        "such probes read nothing?",
    ),
]
PlannedClaim = Annotated[
    str | None,
    typer.Option(
        "--claim",
        metavar="NAME",
        help="A claim that rests on one held-out reading (readable, erasure_holds, no_halfspace or "
        "gone): how many rows bring a verdict on it?",
    ),
]
PlannedKind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="WORD",
        help="With --claim: numeric if the concept is a number (readable and erasure_holds then "
        "take --d N), or labels for two classes.",
    ),
]
PlannedEffect = Annotated[
    float | None,
    typer.Option("--min-effect", metavar="E", help="Smallest effect of interest; by default .05."),
]
PairEffect = Annotated[
    float | None,
    typer.Option(
        "--effect",
        metavar="NATS",
        help="Shift towards the partner's answer to detect by interchange: how many pairs?",
    ),
]
PairSpread = Annotated[
    float | None,
    typer.Option(
        "--sd", metavar="NATS", help="With --effect: standard deviation of the shift between pairs."
    ),
]
Pilot = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help="With --effect, instead of --sd: an audit of use with pairs, which has it.",
    ),
]
Power = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="With --effect: share of samples that detect it; by default .8."
    ),
]
ProbeRows = Annotated[
    int | None,
    typer.Option(
        "--n-probe", metavar="N", help="Rows that the probe is fitted to; by default endless."
    ),
]
PositiveFraction = Annotated[
    float | None, typer.Option(metavar="P", help="Share of one class; by default .5.")
]
