"""Documents of comparisons: of erasers, and of probes of contrast pairs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nullprobe.report.document import (
    Document,
    Metric,
    Number,
    Numbers,
    Pair,
    Provenance,
    PValue,
    Share,
    doc,
)

ERASERS, PAIRS = "nullprobe.comparison/3", "nullprobe.pair_comparison/3"
SCHEMA = "Name and version of the format."


class ColumnDocument(Document):
    """What reads the rows: a fresh probe of the concept, or a linear one of another label."""

    name: str = doc("Name of the probe, or of the other label.")
    metric: Metric = doc("What it reads.")
    probe: str = doc("The probe, with its parameters.")


class CellDocument(Document):
    """One reading."""

    value: Number = doc("Mean over the parts, each scored by fits that never saw it.")
    interval: Pair | None = doc("95 % bootstrap interval, given the fits.")
    reason: str = doc("Why there is no value; empty if there is one.")


class DamageDocument(Document):
    """How far an eraser moved rows."""

    rows: int = doc("Rows that were measured.")
    moved: Number = doc("Mean squared distance, each feature in units of its standard deviation.")
    least: Number = doc("The same for LEACE.")
    distance: Number = doc("Mean squared Euclidean distance, in the units of X.")
    variance: Number = doc("Mean squared Euclidean distance of a row from the fitting mean.")
    ratio: Number = doc("Moved as a multiple of what LEACE moves; null if LEACE moves nothing.")
    share: Number = doc("Share of the total variance that was moved.")
    relative_move: Number = Field(
        None,
        description="How far a row moves, as a share of the distance between two random rows.",
    )
    reason: str = doc("Why there is no ratio; empty if there is one.")


class EraserDocument(Document):
    """What one eraser does."""

    eraser: str = doc("Name of the eraser.")
    erases: bool = doc("Whether anything is erased; false of the row to compare with.")
    settings: str = doc("The estimator, with its parameters.")
    configured: bool = doc("Whether it has other parameters than by default, or a task to keep.")
    needs_labels: bool = doc("Whether it needs the labels of the rows that it erases.")
    ranks: list[int] = doc("Directions that are removed, or that rows are moved in; by part.")
    nothing_left: list[bool] = doc("Whether all rows are the same once erased; by part.")
    seconds: Number = doc("Processor time of a fit; null in files, since it differs between runs.")
    damage: DamageDocument | None = doc("To rows that it was not fitted to.")
    read_back: dict[str, CellDocument] = doc("What each fresh probe reads of the concept.")
    others: dict[str, CellDocument] = doc("What a linear probe reads of each other label.")
    reason: str = doc("Why the eraser failed; empty if it did not.")


class RecommendationDocument(Document):
    """Which eraser to use, and why."""

    needed: bool = doc("Whether a probe reads the concept before erasure, or may.")
    eraser: str | None = doc("For rows without labels, against all probes; null if none erases.")
    linear: str | None = doc("For rows without labels, against the linear probe alone.")
    labelled: str | None = doc("For rows whose labels are known, against all probes.")
    least_left: str | None = doc("The eraser after which the probes read least.")
    min_effect: float = doc("Smallest effect of interest, above chance.")
    sentences: list[str] = doc("The recommendation with its reason, in plain English.")


class ComparisonDocument(Document):
    """All erasers × fresh probes."""

    schema_: Literal["nullprobe.comparison/3"] = Field(alias="schema", description=SCHEMA)
    title: str = doc("Name of the data set.")
    probes: list[ColumnDocument] = doc("Fresh probes of the concept.")
    others: list[ColumnDocument] = doc("Other labels whose readability is watched.")
    rows: list[EraserDocument] = doc("One for each eraser; first the one that erases nothing.")
    left_out: dict[str, str] = doc("Erasers that do not apply, and why.")
    provenance: Provenance = doc("What was compared, and how.")
    recommendation: RecommendationDocument | None = Field(
        None, description="Which eraser to use, and why; absent in older files."
    )


class AgreementDocument(Document):
    """How often held-out pairs are read as a label says."""

    share: Share = doc("Share of held-out pairs.")
    interval: Pair = doc("95 % Wilson interval, given the fits.")
    p_value: PValue = doc("Against permuted labels; null of a reader that is fitted to labels.")


class ReaderDocument(Document):
    """One reader of contrast pairs."""

    name: str = doc("Name of the reader.")
    settings: str = doc("The estimator, with its parameters.")
    supervised: bool = doc("Whether it was fitted to labels.")
    agreements: dict[str, AgreementDocument] = doc("Agreement with each label.")
    as_good: dict[str, Share] = doc("Share of random directions that agree as often, or more.")


class PairComparisonDocument(Document):
    """Readers of contrast pairs, and what they follow."""

    schema_: Literal["nullprobe.pair_comparison/3"] = Field(alias="schema", description=SCHEMA)
    title: str = doc("Name of the data set.")
    chance: float = doc("Agreement when nothing is read.")
    labels: list[str] = doc("Labels that pairs are compared with, the concept first.")
    rows: list[ReaderDocument] = doc("The readers; the last one is fitted to labels.")
    random: dict[str, Numbers] = doc("Agreements of random directions with each label, sorted.")
    findings: list[str] = doc("What was found, in sentences.")
    provenance: Provenance = doc("What was compared, and how.")
