"""Label comparisons: two sets of labels of a file, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.auditing.same_concept import SameConcept, same_concept
from nullprobe.cli.file_columns import columns_of, origin, table
from nullprobe.cli.sources import stem


def run(
    file: Path,
    names: tuple[str, str],
    groups: str | None,
    leave_out: Sequence[str],
    how: Mapping[str, Any],
    command: str,
) -> SameConcept:
    """Compare with a progress bar on stderr, and write down how to do it again.

    Parameters
    ----------
    file : Path
    names : tuple of two str
        Columns of the two sets of labels.
    groups : str or None
    leave_out : sequence of str
    how : mapping
        As `same_concept` takes it.
    command : str
    """
    first, second = names
    if first == second:
        complain(
            "two sets of labels must have different names",
            f"{first!r} is there twice",
            "name two columns",
        )
    columns = columns_of(file, first, others=[second], groups=groups, leave_out=leave_out)
    rows = table(file, columns, [second])
    with Bars(stem(file)) as bars:
        result = same_concept(
            rows.X,
            rows.y,
            rows.others[second],
            names=names,
            groups=rows.groups,
            feature_names=rows.feature_names,
            progress=bars,
            **how,
        )
    source = {**origin(file, columns), "concept": f"{first}, {second}"}
    provenance = {"command": command, "source": source, **result.audit.provenance}
    return replace(result, audit=replace(result.audit, provenance=provenance))
