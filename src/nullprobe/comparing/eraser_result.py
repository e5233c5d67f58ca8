"""Comparison: what every eraser left and cost, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nullprobe._core import parameters
from nullprobe._core.frames import frame
from nullprobe.data.metric import Metric
from nullprobe.measures.damage import Damage
from nullprobe.report.comparison_documents import ERASERS, ComparisonDocument
from nullprobe.report.document import plain, validated, write_json
from nullprobe.report.pages.eraser_comparison import write_html
from nullprobe.report.text import comparison_tables, terminal

NONE = "none"  # the row in which nothing is erased


@dataclass(frozen=True)
class Column:
    """What rows are read by: a fresh probe of the concept, or the linear one of another label.

    Attributes
    ----------
    name : str
    metric : Metric
        What its readings are.
    probe : str
        The probe, with its parameters.
    """

    name: str
    metric: Metric
    probe: str


@dataclass(frozen=True)
class Cell:
    """One reading.

    Attributes
    ----------
    value : float or None
        Mean over the three parts, each scored by fits that never saw it.
    interval : tuple of two floats or None
        95 % bootstrap interval, given the fits.
    reason : str
        Why there is no value; "" where there is one.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """What one eraser does.

    Attributes
    ----------
    eraser : str
        Its name.
    settings : str
        The estimator, with its parameters and what it is asked to keep; "" where nothing is
        erased.
    told : bool
        Whether it must be told the concept of the rows that it erases, and so cannot be used
        where that is not known.
    ranks : tuple of int
        Directions that are removed or, where it is told the concept, in which rows are moved,
        for each part that it was fitted to; empty where the eraser does not say.
    seconds : float or None
        Processor time of a fit, mean over the parts.
    damage : Damage or None
        To all rows, each moved by an eraser that was fitted to others.
    read_back : mapping of str to Cell
        What each fresh probe reads of the concept.
    others : mapping of str to Cell
        What a linear probe reads of each other label.
    reason : str
        Why the eraser failed; "" where it did not.
    nothing_left : tuple of bool
        For each part, whether its rows are all the same once erased.
    configured : bool
        Whether the eraser has other parameters than by default, or something to keep.
    """

    eraser: str
    settings: str
    told: bool
    ranks: tuple[int, ...] = ()
    seconds: float | None = None
    damage: Damage | None = None
    read_back: Mapping[str, Cell] = field(default_factory=dict)
    others: Mapping[str, Cell] = field(default_factory=dict)
    reason: str = ""
    nothing_left: tuple[bool, ...] = ()
    configured: bool = False

    @property
    def erases(self) -> bool:
        """Whether anything is erased."""
        return self.settings != ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All erasers × fresh probes.

    Attributes
    ----------
    title : str
        Name of the data set on the page.
    probes, others : tuple of Column
        What the cells of ``read_back`` and of ``others`` are.
    rows : tuple of Row
        One an eraser; first that in which nothing is erased.
    left_out : mapping of str to str
        Erasers that do not apply, and why.
    provenance : mapping
        Seed, versions, fingerprint, splits.

    Examples
    --------
    >>> from nullprobe import compare, worlds
    >>> w = worlds.gaussian(n=120, d=3, gap=3.0, random_state=0)
    >>> result = compare(w.X, w.y, erasers=["leace"], probes=["linear"])
    >>> [row.eraser for row in result.rows], result["leace"].ranks
    (['none', 'leace'], (1, 1, 1))
    """

    title: str
    probes: tuple[Column, ...]
    others: tuple[Column, ...]
    rows: tuple[Row, ...]
    left_out: Mapping[str, str]
    provenance: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, eraser: str) -> Row:
        """Return the row of the eraser of this name."""
        parameters.known("row", eraser, [row.eraser for row in self.rows])
        return next(row for row in self.rows if row.eraser == eraser)

    def __str__(self) -> str:
        """Return what is read back and what it costs as tables of text, then what is missing."""
        shown = self.document().plain()
        first, *others = [*comparison_tables.erasers(shown), *comparison_tables.eraser_notes(shown)]
        return terminal.text(first, *(part for other in others for part in ("", other)))

    def document(self) -> ComparisonDocument:
        """Return the comparison as a document, as ``to_json`` writes it."""
        found = {**vars(self), "schema": ERASERS, "rows": list(map(_row_document, self.rows))}
        return validated(ComparisonDocument, plain(found))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the comparison as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained page, whole or not at all."""
        write_html(path, self.document())

    def to_frame(self) -> Any:
        """Return a pandas data frame with a row for each eraser × probe or other label."""
        return frame(
            [
                {
                    "eraser": row.eraser,
                    "told": row.told,
                    "reads": reads,
                    "name": column.name,
                    "metric": column.metric.name,
                    "chance": column.metric.chance,
                    "value": cell.value,
                    "low": (cell.interval or (None, None))[0],
                    "high": (cell.interval or (None, None))[1],
                    "damage": row.damage and row.damage.ratio,
                    "seconds": row.seconds,
                    "reason": cell.reason,
                }
                for row in self.rows
                for reads, columns, cells in (
                    ("concept", self.probes, row.read_back),
                    ("other", self.others, row.others),
                )
                for column in columns
                for cell in [cells.get(column.name, Cell(None, None, row.reason))]
            ]
        )


def _row_document(row: Row) -> dict[str, Any]:
    moved = row.damage and {
        **vars(row.damage),
        "ratio": row.damage.ratio,
        "share": row.damage.share,
        "reason": row.damage.reason,
    }
    return {**vars(row), "erases": row.erases, "damage": moved}
