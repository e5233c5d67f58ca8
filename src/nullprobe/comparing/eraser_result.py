"""Result of a comparison of erasers: readings and costs, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from nullprobe._core import parameters
from nullprobe._core.frames import Line, Table, table_of
from nullprobe._core.printable import shortened
from nullprobe.data.metric import Metric
from nullprobe.measures.damage import Damage
from nullprobe.report import notebook
from nullprobe.report.comparison_documents import ERASERS, ComparisonDocument
from nullprobe.report.document import plain, read_one, validated, write_json
from nullprobe.report.pages.eraser_comparison import write_html
from nullprobe.report.text import comparison_tables, terminal
from nullprobe.report.text.wording import counted

NONE = "none"  # name of the row without an eraser


@dataclass(frozen=True)
class Column:
    """Column of the table: a fresh probe of the concept, or the linear probe of another label.

    Attributes
    ----------
    name : str
        Name of the probe, or of the other label.
    metric : Metric
        Metric of the readings.
    probe : str
        Probe with its parameters.
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
        Mean over the three parts, each scored by an eraser and a probe fitted to other parts.
    interval : tuple of two floats or None
        95 % bootstrap interval for fixed fits.
    reason : str
        Reason why there is no value; "" if there is one.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """Readings and costs of one eraser.

    Attributes
    ----------
    eraser : str
        Name of the eraser.
    settings : str
        Estimator with its parameters, and the label that it keeps; "" for the row without an
        eraser.
    needs_labels : bool
        Whether the eraser needs the labels of the rows that it erases. If so, it cannot be used on
        rows without labels.
    ranks : tuple of int
        Number of directions that each fit removes. If the eraser needs labels, number of directions
        in which it moves rows. Empty if the eraser has no rank.
    seconds : float or None
        Processor time of a fit, mean over the parts.
    damage : Damage or None
        Damage to all rows. Each row is moved by an eraser that was fitted to other rows.
    read_back : mapping of str to Cell
        Reading of the concept by each fresh probe.
    others : mapping of str to Cell
        Reading of each other label by a linear probe.
    reason : str
        Reason why the eraser failed; "" if it did not.
    nothing_left : tuple of bool
        For each part, whether all its rows are equal after erasure.
    configured : bool
        Whether the eraser has parameters other than the defaults, or keeps another label.
    """

    eraser: str
    settings: str
    needs_labels: bool
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
        """Whether the row has an eraser."""
        return self.settings != ""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Readings and costs of all erasers, as returned by :func:`compare`.

    Attributes
    ----------
    title : str
        Name of the data set on the page.
    probes, others : tuple of Column
        Columns of ``read_back``, and of ``others``.
    rows : tuple of Row
        One row per eraser; the first row is without an eraser.
    left_out : mapping of str to str
        Erasers that do not apply, with the reason.
    provenance : mapping
        Seed, versions, fingerprint of the data, splits.
    frame_kind : str or None
        Kind of the frame that was passed, which ``to_frame`` returns by default.

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
    frame_kind: str | None = None

    def __getitem__(self, eraser: str) -> Row:
        """Return the row of the eraser of this name."""
        parameters.known("row", eraser, [row.eraser for row in self.rows])
        return next(row for row in self.rows if row.eraser == eraser)

    def __repr__(self) -> str:
        """Return the title, rows, features and numbers of erasers and probes in one line."""
        erasers = counted(sum(row.erases for row in self.rows), "eraser")
        probes = counted(len(self.probes), "probe")
        return f"Comparison({shortened(self.title, 30)!r}, {self._size()}: {erasers}, {probes})"

    def _size(self) -> str:
        known = [key for key in ("rows", "features") if key in self.provenance]
        return ", ".join(counted(self.provenance[key], key.removesuffix("s")) for key in known)

    def _repr_html_(self) -> str:
        """Return readings and costs as one table, for a notebook."""
        shown = self.document().plain()
        notes = list(comparison_tables.eraser_notes(shown))
        return notebook.erasers(shown, self._size(), notes)

    def __str__(self) -> str:
        """Return tables of readings and costs as text, with notes and with missing erasers."""
        shown = self.document().plain()
        first, *others = [*comparison_tables.erasers(shown), *comparison_tables.eraser_notes(shown)]
        return terminal.text(first, *(part for other in others for part in ("", other)))

    def document(self) -> ComparisonDocument:
        """Return the comparison as a document, as ``to_json`` writes it."""
        fields = {**vars(self), "schema": ERASERS, "rows": list(map(_row_document, self.rows))}
        del fields["frame_kind"]
        return validated(ComparisonDocument, plain(fields))

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, Comparison):
            return NotImplemented
        return self.document() == other.document()

    @classmethod
    def from_document(cls, document: ComparisonDocument) -> Self:
        """Return the comparison that a document describes."""
        fields = document.plain()
        return cls(
            fields["title"],
            tuple(map(_column_of, fields["probes"])),
            tuple(map(_column_of, fields["others"])),
            tuple(map(_row_of, fields["rows"])),
            fields["left_out"],
            fields["provenance"],
        )

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the comparison of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one comparison of erasers.
        """
        return cls.from_document(read_one(source, ComparisonDocument, ERASERS))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the comparison as JSON; without a path return the text. No partial file is left."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained HTML page. No partial file is left."""
        write_html(path, self.document())

    def to_frame(self, of: str = "readings", *, kind: str | None = None) -> Any:
        """Return a table of the comparison as a data frame.

        Parameters
        ----------
        of : {"readings", "erasers"}
            What has a row: each reading after each eraser, or each eraser with its costs.
        kind : {"pandas", "polars", "pyarrow"}, optional
            Kind of the frame. By default it is the kind that was passed to :func:`compare`, or else
            the first of the three that is installed.
        """
        return table_of(TABLES, of).frame([self], kind, self.frame_kind)


@dataclass(frozen=True)
class Recorded(Damage):
    """A damage from a file, which has six digits of each number: ratio and share are as written."""

    written: tuple[float | None, float | None] = (None, None)

    @property
    def ratio(self) -> float | None:
        """The ratio to LEACE, as written."""
        return self.written[0]

    @property
    def share(self) -> float | None:
        """The share of the variance, as written."""
        return self.written[1]


def _column_of(fields: Mapping[str, Any]) -> Column:
    return Column(fields["name"], Metric(**fields["metric"]), fields["probe"])


def _row_of(fields: Mapping[str, Any]) -> Row:
    """Return the row that a part of a document describes."""
    read = {
        key: {
            name: Cell(one["value"], one["interval"] and tuple(one["interval"]), one["reason"])
            for name, one in fields[key].items()
        }
        for key in ("read_back", "others")
    }
    cost = fields["damage"]
    if cost is not None:
        keys = ("moved", "least", "distance", "variance")
        numbers = {key: np.nan if cost[key] is None else cost[key] for key in keys}
        cost = Recorded(rows=cost["rows"], **numbers, written=(cost["ratio"], cost["share"]))
    lists = {key: tuple(fields[key]) for key in ("ranks", "nothing_left")}
    rest = {key: value for key, value in fields.items() if key != "erases"}
    return Row(**{**rest, **lists, **read, "damage": cost})


def _readings(result: Comparison) -> Iterator[Line]:
    for row in result.rows:
        for reads, columns, cells in (
            ("concept", result.probes, row.read_back),
            ("other", result.others, row.others),
        ):
            for column in columns:
                cell = cells.get(column.name, Cell(None, None, row.reason))
                low, high = cell.interval or (None, None)
                yield {
                    "eraser": row.eraser,
                    "needs_labels": row.needs_labels,
                    "reads": reads,
                    "name": column.name,
                    "metric": column.metric.name,
                    "chance": column.metric.chance,
                    "value": cell.value,
                    "low": low,
                    "high": high,
                    "damage": row.damage and row.damage.ratio,
                    "seconds": row.seconds,
                    "reason": cell.reason,
                }


def _erasers(result: Comparison) -> Iterator[Line]:
    for row in result.rows:
        costs = ("moved", "ratio", "share")
        yield {
            "eraser": row.eraser,
            "settings": row.settings,
            "erases": row.erases,
            "needs_labels": row.needs_labels,
            "configured": row.configured,
            "least_rank": min(row.ranks, default=None),
            "largest_rank": max(row.ranks, default=None),
            **{name: row.damage and getattr(row.damage, name) for name in costs},
            "nothing_left": any(row.nothing_left),
            "seconds": row.seconds,
            "reason": row.reason,
        }


TABLES = {
    "readings": Table(
        {
            "eraser": str,
            "needs_labels": bool,
            **dict.fromkeys(("reads", "name", "metric"), str),
            **dict.fromkeys(("chance", "value", "low", "high", "damage", "seconds"), float),
            "reason": str,
        },
        _readings,
    ),
    "erasers": Table(
        {
            **dict.fromkeys(("eraser", "settings"), str),
            **dict.fromkeys(("erases", "needs_labels", "configured"), bool),
            **dict.fromkeys(("least_rank", "largest_rank"), int),
            **dict.fromkeys(("moved", "ratio", "share"), float),
            "nothing_left": bool,
            "seconds": float,
            "reason": str,
        },
        _erasers,
    ),
}


def _row_document(row: Row) -> dict[str, Any]:
    names = ("rows", "moved", "least", "distance", "variance")
    damage = row.damage and {
        **{name: getattr(row.damage, name) for name in names},
        "ratio": row.damage.ratio,
        "share": row.damage.share,
        "reason": row.damage.reason,
    }
    return {**vars(row), "erases": row.erases, "damage": damage}
