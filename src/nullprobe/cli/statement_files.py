"""Statement files: a file of texts checked before any capture, and its balanced rows written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.atomic_files import place
from nullprobe._core.validation import complain
from nullprobe.cli import streams, texts
from nullprobe.data.columns import array
from nullprobe.data.formats import ARRAY_SUFFIXES, Arrays, load, names, suffix_of
from nullprobe.data.writing import save
from nullprobe.texts.statements import Statements, check_statements

ENTITY = "entity"  # column of a written file


def run(file: Path, columns: texts.TextColumns, out: Path | None) -> None:
    """Print what a file gives away, and write its balanced rows to ``out`` if that is named."""
    if out is not None:
        suffix_of(out)
        place(out)
    # From .csv to .csv, 007 is written as it was read.
    as_text = out is not None and suffix_of(out) == ".csv"
    content = load(file, verbatim=names(file) if as_text else ())
    task = texts.read(file, columns, content=content)
    concept, groups = columns.concept or "", columns.groups
    result = check_statements(
        task.texts,
        task.labels[concept],
        None if groups is None else task.labels[groups],
        columns=_others(content, columns, len(task.texts)),
        name=columns.text,
    )
    streams.write(str(result))
    if out is not None:
        streams.write(_written(content, result, out))


def _others(
    content: Arrays | pa.Table, columns: texts.TextColumns, n: int
) -> Mapping[str, np.ndarray]:
    """Return the columns that could be groups: one label for each text."""
    if isinstance(content, dict):
        each = {name: a for name, a in content.items() if a.ndim == 1 and len(a) == n}
    else:
        flat = [
            name for name in content.column_names
            if not pa.types.is_nested(content.schema.field(name).type)
            and not content.column(name).null_count
        ]  # fmt: skip
        each = {name: array(content, name) for name in flat}
    used = (columns.text, columns.continuation, *columns.label_names)
    return {name: a for name, a in each.items() if name not in used and a.dtype.kind in "biuU"}


def _written(content: Arrays | pa.Table, result: Statements, out: Path) -> str:
    """Write the balanced rows with all columns, and the entity of each; return what was done."""
    rows, slot = result.balanced, result.grouping.slot
    if not len(rows):
        complain("--out needs a balanced subset", result.why_not, "nothing was written")
    chosen: Any
    n = sum(result.card.counts)
    if isinstance(content, dict):
        chosen = {name: a[rows] if a.ndim and len(a) == n else a for name, a in content.items()}
    else:
        chosen = {
            name: content.column(name).take(pa.array(rows.tolist()))
            for name in content.column_names
        }
    entity = ""
    if slot is not None and ENTITY not in chosen:
        chosen[ENTITY] = np.array([result.templates.fillers[slot][i] for i in rows])
        entity = f"; the column {ENTITY!r} can be the groups"
    save(out, _for_suffix(chosen, out, content))
    return f"{len(rows)} rows written to {out}{entity}."


def _for_suffix(chosen: dict[str, Any], out: Path, content: Arrays | pa.Table) -> Arrays | pa.Table:
    """Return columns as arrays or as a table, as the suffix needs."""
    if isinstance(content, dict) and suffix_of(out) in ARRAY_SUFFIXES:
        return chosen
    if suffix_of(out) not in ARRAY_SUFFIXES:
        return pa.table(chosen)
    table = pa.table(chosen)
    return {name: array(table, name) for name in table.column_names}
