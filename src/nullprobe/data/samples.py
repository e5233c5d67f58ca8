"""Samples: rows that are drawn from a file; only these have to fit in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nullprobe.data.concept import concept as decide
from nullprobe.data.files import Table
from nullprobe.data.formats import names
from nullprobe.data.row_streams import RowStream, stream
from nullprobe.data.stratified_rows import stratified_rows


@dataclass(frozen=True)
class Sample:
    """How many rows of a file to read: a random part, as `stratified_rows` draws it.

    Attributes
    ----------
    n : int
        Number of rows.
    seed : int
    kind : {"labels", "numeric"} or None
        What the concept is, as for `concept`.
    """

    n: int
    seed: int = 0
    kind: str | None = None

    def of(self, rows: RowStream) -> tuple[np.ndarray, dict[str, int]]:
        """Return the positions of the rows (m,), and a record of the draw."""
        z = decide(rows.y, kind=self.kind)
        drawn = stratified_rows(z, self.n, groups=rows.groups, random_state=self.seed)
        record = {"rows_asked": self.n, "rows_drawn": len(drawn), "rows_of_file": rows.n}
        return drawn, {**record, "rows_seed": self.seed}


def drawn(rows: RowStream, sample: Sample) -> Table:
    """Read the rows of a sample."""
    return _table(rows, *sample.of(rows))


def drawn_layers(  # noqa: PLR0913  what each column is
    path: str | os.PathLike[str],
    layers: Sequence[str],
    sample: Sample,
    *,
    concept: str,
    groups: str | None = None,
    others: Sequence[str] = (),
    label_file: Path | None = None,
) -> dict[str, Table]:
    """Read the same drawn rows of several representations.

    Parameters are those of :func:`~nullprobe.data.files.read_layers`.
    """
    tables: dict[str, Table] = {}
    draw = None
    for layer in layers:
        left = [name for name in names(path) if name not in (concept, groups, *others, layer)]
        rows = stream(
            path,
            concept=concept,
            groups=groups,
            leave_out=left,
            others=others,
            label_file=label_file,
        )
        draw = sample.of(rows) if draw is None else draw
        tables[layer] = _table(rows, *draw)
    return tables


def _table(rows: RowStream, drawn: np.ndarray, record: Mapping[str, int]) -> Table:
    """Return the rows at these positions."""
    return Table(
        X=rows.rows(drawn),
        y=rows.y[drawn],
        groups=None if rows.groups is None else rows.groups[drawn],
        feature_names=rows.feature_names,
        source=rows.source,
        others={name: one[drawn] for name, one in rows.others.items()},
        dropped=rows.dropped,
        sample=record,
    )
