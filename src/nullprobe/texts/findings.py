"""Findings: what on the surface of texts goes with the label, and in which rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe._core.frames import Table
from nullprobe._core.printable import shortened
from nullprobe._core.validation import counted

FIRST_ROWS = 5  # that are printed
MOST_PRINTED = 8  # findings
LONGEST = 90  # characters of a name


@dataclass(frozen=True, eq=False)
class Finding:
    """Something on the surface of the texts that goes with the label.

    Attributes
    ----------
    kind : str
        "word", "first word", "last word", "sign", "ending", "letters", "case", "parity",
        "two words", "order", "template", "length" or "entities".
    name : str
        In words, such as "the word 'not'".
    shares : tuple of two floats
        Share of the rows of each label that have it; for a length, its mean for each label.
    auc : float
        How well it separates the labels, from ½ to 1.
    p_value : float
        Adjusted over everything that was tested.
    rows : ndarray of int
        Rows that have it; for a length, rows on the longer side of the best cut.
    also : tuple of str
        Names of properties of the same rows, or of all other rows.
    values : ndarray of shape (n,) or None
        A length, for each row.
    """

    kind: str
    name: str
    shares: tuple[float, float]
    auc: float
    p_value: float
    rows: np.ndarray = field(repr=False)
    also: tuple[str, ...] = ()
    values: np.ndarray | None = field(default=None, repr=False)

    def sentence(self, labels: Sequence[str]) -> str:
        """Return what the finding is, with its numbers and first rows, in one line."""
        labels = [shortened(repr(label)) for label in labels]
        one, other = self.shares
        first = ", ".join(map(str, self.rows[:FIRST_ROWS]))
        where = f"rows {first}{', ...' if len(self.rows) > FIRST_ROWS else ''}"
        where = f"{counted(len(self.rows), 'row', 'rows')}: {where}"
        p = f"p = {self.p_value:.2g}" if self.p_value >= 1e-12 else "p < 1e-12"
        numbers = f"AUC {self.auc:.2f}, {p}; {where}"
        also = f" (also {'; '.join(self.also[:2])})" if self.also else ""
        name = shortened(self.name + also, LONGEST)
        if self.kind == "length":
            means = f"{one:.3g} on average for {labels[0]}, {other:.3g} for {labels[1]}"
            return f"{name}: {means} ({numbers})"
        verb = "occur with one label only in" if self.kind == "entities" else "in"
        return f"{name}: {verb} {one:.0%} of {labels[0]} and {other:.0%} of {labels[1]} ({numbers})"


@dataclass(frozen=True, eq=False)
class TextCard:
    """What gives the label away in one column of texts.

    Attributes
    ----------
    column : str
    labels : tuple of two str
        Names of the two labels, in order.
    counts : tuple of two int
        Number of rows of each label.
    findings : tuple of Finding
        Significant at level .05 over all that was tested; the best first.
    n_tested : int
        Number of properties and lengths that were tested.
    by_group : bool
        Whether groups with one label count once.
    """

    column: str
    labels: tuple[str, str]
    counts: tuple[int, int]
    findings: tuple[Finding, ...]
    n_tested: int
    by_group: bool = False

    def __str__(self) -> str:
        """Return the card in lines: what gives the label away, and where."""
        heading = f"What gives the label away in {shortened(self.column)!r}"
        if not self.findings:
            return f"{heading}: nothing among {self.n_tested:,} words, endings, lengths and forms."
        lines = [f"- {one.sentence(self.labels)}" for one in self.findings[:MOST_PRINTED]]
        more = len(self.findings) - MOST_PRINTED
        lines += [f"- and {more} more, in `to_frame()`"] if more > 0 else []
        return "\n".join([f"{heading}:", *lines])

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each finding; ``kind`` as in `Audit.to_frame`."""
        return CARD.frame([self], kind)


def _lines(card: TextCard) -> Iterator[Mapping[str, Any]]:
    for one in card.findings:
        yield {
            "column": card.column, "kind": one.kind, "name": one.name, "first": one.shares[0],
            "second": one.shares[1], "auc": one.auc, "p_value": one.p_value,
            "n_rows": len(one.rows), "rows": ", ".join(map(str, one.rows[:FIRST_ROWS])),
        }  # fmt: skip


CARD = Table(
    {
        **dict.fromkeys(("column", "kind", "name"), str),
        **dict.fromkeys(("first", "second", "auc", "p_value"), float),
        "n_rows": int,
        "rows": str,
    },
    _lines,
)
