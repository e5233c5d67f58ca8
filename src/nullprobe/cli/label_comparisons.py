"""Label comparisons: two sets of labels of a file, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.auditing.same_concept import SameConcept, same_concept
from nullprobe.cli.file_columns import Columns, dropped, origin, table
from nullprobe.cli.sources import stem


def run(
    file: Path,
    columns: Columns,
    second: str,
    how: Mapping[str, Any],
    command: str,
) -> SameConcept:
    """Compare with a progress bar on stderr, and write down how to do it again.

    Parameters
    ----------
    file : Path
    columns : Columns
        With the first set of labels as the concept.
    second : str
        Column of the second set of labels.
    how : mapping
        As `same_concept` takes it.
    command : str
    """
    first = columns.concept
    if first == second:
        complain(
            "two sets of labels must have different names",
            f"{first!r} is there twice",
            "name two columns",
        )
    rows = table(file, columns, [second])
    with Bars(stem(file)) as bars:
        result = same_concept(
            rows.X,
            rows.y,
            rows.others[second],
            names=(first, second),
            groups=rows.groups,
            feature_names=rows.feature_names,
            progress=bars,
            **how,
        )
    source = {**origin(file, columns), "concept": f"{first}, {second}", **dropped(rows)}
    provenance = {"command": command, "source": source, **result.audit.provenance}
    return replace(result, audit=replace(result.audit, provenance=provenance))
