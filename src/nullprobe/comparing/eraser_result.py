"""Result of a comparison of erasers: readings and costs, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from nullprobe._core import parameters
from nullprobe._core.frames import table_of
from nullprobe._core.printable import shortened
from nullprobe.comparing.eraser_rows import Column, Row, column_of, row_document, row_of
from nullprobe.comparing.eraser_tables import TABLES
from nullprobe.comparing.recommendation import Recommendation
from nullprobe.report import notebook
from nullprobe.report.comparison_documents import ERASERS, ComparisonDocument
from nullprobe.report.document import plain, read_one, validated, write_json
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
    recommendation: Recommendation | None = None
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
        first, *others = [
            *comparison_tables.erasers(shown),
            *comparison_tables.eraser_notes(shown),
            *comparison_tables.recommendation(shown),
        ]
        return terminal.text(first, *(part for other in others for part in ("", other)))

    def document(self) -> ComparisonDocument:
        """Return the comparison as a document, with the processor time of each fit."""
        return self._document(self.rows)

    def _written(self) -> ComparisonDocument:
        """Return the document without times, which alone differ between runs with one seed."""
        return self._document([replace(row, seconds=None) for row in self.rows])

    def _document(self, rows: Sequence[Row]) -> ComparisonDocument:
        fields = {**vars(self), "schema": ERASERS, "rows": list(map(row_document, rows))}
        del fields["frame_kind"]
        return validated(ComparisonDocument, plain(fields))

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document, apart from times."""
        if not isinstance(other, Comparison):
            return NotImplemented
        return self._written() == other._written()

    @classmethod
    def from_document(cls, document: ComparisonDocument) -> Self:
        """Return the comparison that a document describes."""
        fields = document.plain()
        return cls(
            fields["title"],
            tuple(map(column_of, fields["probes"])),
            tuple(map(column_of, fields["others"])),
            tuple(map(row_of, fields["rows"])),
            fields["left_out"],
            fields["provenance"],
            Recommendation.of_document(fields.get("recommendation")),
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
        """Write the comparison as JSON; without a path return the text. No partial file is left.

        ``seconds`` is null, so that the same seed gives the same bytes; ``rows`` have it.
        """
        return write_json(path, [self._written()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained HTML page. No partial file is left.

        The page has the ``seconds`` of each row, which a comparison from a file lacks.
        """
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
