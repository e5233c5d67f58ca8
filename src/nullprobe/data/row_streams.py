"""Row streams: the representation of a file, block by block, with the labels of all rows.

Problem. A representation need not fit in memory. Whether a concept is labels or numbers, and which
labels there are, can only be decided from all rows.
Solution. Labels take little memory, so they are read first, alone and whole. Then the
representation is read in blocks of equal length, each with the rules and checks of a file that is
read whole. The blocks do not depend on how the file is divided, so neither does a result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.parameters import choice, known
from nullprobe._core.validation import complain
from nullprobe.data import missing as gaps
from nullprobe.data.columns import labels, locate
from nullprobe.data.formats import holds_one_array, names
from nullprobe.data.label_files import columns_elsewhere, joined, label_names
from nullprobe.data.located_rows import (
    LEAST_ROWS,
    Located,
    block_rows,
    contents,
    located,
    outlines,
)
from nullprobe.data.readers.reader import Content, RowSource, RowTable
from nullprobe.data.row_sources import rows_of


@dataclass(frozen=True, eq=False)
class RowStream:
    """The labels of all rows of a file, and its representation block by block.

    Attributes
    ----------
    y : ndarray of shape (n,) or (n, k), or Concept
        Values in the file, or a concept made of them.
    groups : ndarray of shape (n,), or None
    others : dict of str to ndarray of shape (n,) or (n, k)
        Other requested labels or numbers, by name.
    where : Located
        Where the representation is.
    complete : ndarray of shape (rows of the file,), or None
        Whether a row is read; None if all are.
    """

    y: Any
    groups: np.ndarray | None
    others: Mapping[str, np.ndarray]
    where: Located
    complete: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of rows that are read."""
        return self.where.n if self.complete is None else int(self.complete.sum())

    @property
    def dropped(self) -> int:
        """Number of rows with missing values, which are not read."""
        return self.where.n - self.n

    @property
    def source(self) -> str:
        """Path of the file."""
        return self.where.path

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Names of the d features, if the file has them."""
        return self.where.feature_names

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield X block by block (b, d), each with the slice of its rows among the n rows.

        All blocks but the last have the same number of rows, however the file is divided.
        """
        step, start = block_rows(self.where.d, self.where.dtype), 0
        waiting: list[np.ndarray] = []
        for _, piece in self.where.pieces(complete=self.complete):
            waiting.append(piece.X)
            while sum(map(len, waiting)) >= step:
                joint = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
                waiting = [joint[step:]] if len(joint) > step else []
                yield slice(start, start + step), joint[:step]
                start += step
        if waiting:
            last = np.concatenate(waiting)
            yield slice(start, start + len(last)), last

    def rows(self, positions: np.ndarray) -> np.ndarray:
        """Return X (m, d) of the rows at these positions (m,), which ascend."""
        X = np.empty((len(positions), self.where.d), self.where.dtype)
        for at, block in self.blocks():
            first, last = np.searchsorted(positions, (at.start, at.stop))
            X[first:last] = block[positions[first:last] - at.start]
        return X


def stream(  # noqa: PLR0913  what each column is
    path: str | os.PathLike[str],
    *,
    concept: str,
    groups: str | None = None,
    leave_out: Sequence[str] = (),
    others: Sequence[str] = (),
    missing: str = "error",
    label_file: Path | None = None,
) -> RowStream:
    """Read the labels of a file, and open its representation for reading in blocks.

    Parameters and errors are those of :func:`~nullprobe.data.files.read`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "people.npz"
    ...     np.savez(path, X=np.eye(3), works=["yes", "no", "no"])
    ...     people = stream(path, concept="works")
    ...     people.y.tolist(), [X.shape for _, X in people.blocks()]
    (['yes', 'no', 'no'], [(3, 3)])
    """
    choice("missing", missing, gaps.MISSING)
    named = named_columns(concept, groups, others)
    every, lone = names(path), holds_one_array(path)
    elsewhere = columns_elsewhere(path, named, label_file)
    for name in (*named, *leave_out):
        known("column", name, [*every, *elsewhere, *label_names(label_file)])
    wanted = [name for name in every if name in named or name not in leave_out]
    source = rows_of(path, only=wanted)
    present = source if isinstance(source, dict) else source.schema.names
    inside = [name for name in (*named, *leave_out) if name in present and name not in elsewhere]
    within = [] if lone else [name for name in named if name not in elsewhere]
    content = joined(_whole(source, within), elsewhere, str(path)) if within else elsewhere
    complete = None
    if missing == "drop":
        complete = _complete(source, inside, content, str(path))
    where = located(source, inside, str(path), complete=complete)
    if complete is not None:
        content = gaps.rows_where(content, complete)
    n = where.n if complete is None else int(complete.sum())
    rest = [name for name in others if name != groups]
    return RowStream(
        labels(content, concept, n, str(path), wide=True),
        None if groups is None else labels(content, groups, n, str(path)),
        {name: labels(content, name, n, str(path), wide=True, times=True) for name in rest},
        where,
        complete,
    )


def _complete(
    source: RowSource, left_out: Sequence[str], labelled: Content, path: str
) -> np.ndarray | None:
    """Return whether each row has all features and labels; None if all rows have."""
    if isinstance(source, dict):
        features = list(locate(outlines(source), left_out, path)[2])
    else:
        features = [name for name in source.schema.names if name not in left_out]
    complete = gaps.complete_rows(labelled)
    each = [gaps.complete_rows(one) for one in contents(source, features, LEAST_ROWS)]
    of_features = np.concatenate([one for one in each if one is not None])
    if complete is None or len(complete) != len(of_features):
        return None  # refused with the name of the labels, where they are read
    complete &= of_features
    return complete if gaps.count_dropped(complete, path) else None


def _whole(source: RowSource, wanted: Sequence[str]) -> Content:
    if isinstance(source, RowTable):
        return source.columns(wanted)
    return {name: source[name].whole for name in wanted}


def named_columns(concept: str, groups: str | None, others: Sequence[str]) -> list[str]:
    """Return the columns that are no features: the concept, the groups, and others."""
    if concept == groups:
        complain(
            "concept and groups must be two columns",
            f"both are {concept!r}",
        )
    return [concept, *([groups] if groups else []), *others]
