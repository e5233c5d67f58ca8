"""Comparison: what every eraser left and cost, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nullprobe._core import validation
from nullprobe.measures.damage import Damage
from nullprobe.report.document import plain, write_json
from nullprobe.report.pages.eraser_comparison import write_html
from nullprobe.report.text.tables import aligned

SCHEMA = "nullprobe.comparing.eraser_result/1"
NONE = "none"  # the row in which nothing is erased


@dataclass(frozen=True)
class Column:
    """What rows are read by: a fresh probe of the concept, or the linear one of another label.

    Attributes
    ----------
    name : str
    unit : str
        "AUC", "macro AUC", "balanced accuracy" or "R²".
    chance : float
        What the reading is where nothing can be read.
    probe : str
        The probe, with its parameters.
    """

    name: str
    unit: str
    chance: float
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
    """

    title: str
    probes: tuple[Column, ...]
    others: tuple[Column, ...]
    rows: tuple[Row, ...]
    left_out: Mapping[str, str]
    provenance: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, eraser: str) -> Row:
        """Return the row of the eraser of this name."""
        validation.known("row", eraser, [row.eraser for row in self.rows])
        return next(row for row in self.rows if row.eraser == eraser)

    def __str__(self) -> str:
        """Return what is read back and what it costs as lines of text."""
        columns = [*self.probes, *self.others]
        lines = [("eraser", *(column.name for column in columns), "damage")]
        for row in self.rows:
            cells = [{**row.read_back, **row.others}.get(column.name) for column in columns]
            ratio = None if row.damage is None else row.damage.ratio
            read = (_text(None if cell is None else cell.value) for cell in cells)
            lines.append((row.eraser, *read, _text(ratio)))
        return "\n".join(aligned(lines))

    def document(self) -> dict[str, Any]:
        """Return the comparison as plain values, as ``to_json`` writes them."""
        found = {
            "schema": SCHEMA,
            "title": self.title,
            "probes": [asdict(column) for column in self.probes],
            "others": [asdict(column) for column in self.others],
            "rows": [_row_document(row) for row in self.rows],
            "left_out": dict(self.left_out),
            "provenance": dict(self.provenance),
        }
        return plain(found)

    def to_json(self, path: str | Path) -> None:
        """Write the comparison as JSON, whole or not at all."""
        write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained page, whole or not at all."""
        write_html(path, self.document())


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _row_document(row: Row) -> dict[str, Any]:
    moved = row.damage and {
        **asdict(row.damage),
        "ratio": row.damage.ratio,
        "share": row.damage.share,
        "reason": row.damage.reason,
    }
    return {
        "eraser": row.eraser,
        "settings": row.settings,
        "told": row.told,
        "ranks": row.ranks,
        "nothing_left": row.nothing_left,
        "seconds": row.seconds,
        "damage": moved,
        "read_back": {name: asdict(cell) for name, cell in row.read_back.items()},
        "others": {name: asdict(cell) for name, cell in row.others.items()},
        "reason": row.reason,
    }
