"""Result of a comparison of erasers: readings and costs, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nullprobe._core import parameters
from nullprobe._core.frames import frame
from nullprobe._core.printable import shortened
from nullprobe.comparing.eraser_rows import Cell, Column, Row
from nullprobe.comparing.recommendation import Recommendation
from nullprobe.report import notebook
from nullprobe.report.comparison_documents import ERASERS, ComparisonDocument
from nullprobe.report.document import plain, validated, write_json
from nullprobe.report.pages.eraser_comparison import write_html
from nullprobe.report.text import comparison_tables, terminal
from nullprobe.report.text.wording import counted


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
    recommendation : Recommendation or None
        Eraser to use, for which rows, and what it costs.

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
    recommendation: Recommendation | None = None

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
        first, *others = [
            *comparison_tables.erasers(shown),
            *comparison_tables.eraser_notes(shown),
            *comparison_tables.recommendation(shown),
        ]
        return terminal.text(first, *(part for other in others for part in ("", other)))

    def document(self) -> ComparisonDocument:
        """Return the comparison as a document, as ``to_json`` writes it."""
        fields = {**vars(self), "schema": ERASERS, "rows": list(map(_row_document, self.rows))}
        return validated(ComparisonDocument, plain(fields))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the comparison as JSON; without a path return the text. No partial file is left."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained HTML page. No partial file is left."""
        write_html(path, self.document())

    def to_frame(self) -> Any:
        """Return a pandas data frame with one row for each eraser and each probe or other label."""
        return frame(
            [
                {
                    "eraser": row.eraser,
                    "needs_labels": row.needs_labels,
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
    damage = row.damage and {
        **vars(row.damage),
        "ratio": row.damage.ratio,
        "share": row.damage.share,
        "relative_move": row.damage.relative_move,
        "reason": row.damage.reason,
    }
    return {**vars(row), "erases": row.erases, "damage": damage}
