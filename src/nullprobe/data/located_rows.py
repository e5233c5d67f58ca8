"""Where the representation is in rows of a file, and the rows of it, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.parameters import known
from nullprobe._core.validation import InputError, complain
from nullprobe.data import missing as gaps
from nullprobe.data.columns import Representation, floats, locate, representation
from nullprobe.data.formats import NAMES, Arrays
from nullprobe.data.readers.reader import Content, RowArray, RowSource, RowTable
from nullprobe.data.row_sources import together

BLOCK_BYTES = 1 << 23  # of a block of rows
LEAST_ROWS, MOST_ROWS = 1024, 1 << 16


def block_rows(d: int, dtype: np.dtype[Any]) -> int:
    """Return the number of rows of a block of d features, of 8 MiB where that is possible.

    Examples
    --------
    >>> block_rows(1024, np.dtype("f4")), block_rows(1, np.dtype("f8"))
    (2048, 65536)
    """
    return min(MOST_ROWS, max(LEAST_ROWS, BLOCK_BYTES // max(1, d * dtype.itemsize)))


@dataclass(frozen=True, eq=False)
class Located:
    """Where the representation is in a source of rows.

    Attributes
    ----------
    source : dict of RowArray, or RowTable
    n, d : int
        Number of rows and features.
    dtype : dtype
        float32 or float64.
    feature_names : tuple of d str, or None
    used : tuple of str
        Name of the array, or names of the columns, that it consists of.
    path : str
        The path, for messages.
    """

    source: RowSource
    n: int
    d: int
    dtype: np.dtype[Any]
    feature_names: tuple[str, ...] | None
    used: tuple[str, ...]
    path: str

    def pieces(
        self, others: Sequence[str] = (), *, complete: np.ndarray | None = None
    ) -> Iterator[tuple[Content, Representation]]:
        """Yield content with the same rows of the representation and of ``others``, in order.

        Parameters
        ----------
        others : sequence of str
            Arrays or columns that are yielded as they are.
        complete : ndarray of shape (n,), optional
            Whether each row is yielded; by default all are.

        Raises
        ------
        InputError
            If a value is missing or not finite, or if rows have different lengths.
        """
        start, step = 0, block_rows(self.d, self.dtype)
        for content in contents(self.source, [*self.used, *others], step):
            first, start = start, start + _length(content)
            if complete is not None:
                content = gaps.rows_where(content, complete[first:start])
                if not _length(content):
                    continue
            named = content if not isinstance(content, dict) else {**content, **self._names}
            piece = representation(named, others, self.path, first=first)
            if piece.X.shape[1] != self.d:
                complain(
                    f"the lists in {self.used[0]!r} must have equal lengths",
                    f"row 0 has {self.d} values and row {first} has {piece.X.shape[1]}",
                    "truncate or pool them to one length",
                )
            yield content, piece

    @property
    def _names(self) -> Arrays:
        """The array with the names of features, if the source has it."""
        return {} if self.feature_names is None else {NAMES: np.array(self.feature_names)}


def located(
    source: RowSource, named: Sequence[str], path: str, *, complete: np.ndarray | None = None
) -> Located:
    """Find the representation in a source; as `representation` does in content.

    ``complete`` (n,) is true for rows without missing values, if others are left out.
    """
    if isinstance(source, dict):
        outline, names, used = locate(outlines(source), named, path)
        n, d = outline.shape
        return Located(source, n, d, floats(outline[:1]).dtype, names, used, path)
    for name in named:
        known("column", name, source.schema.names)
    rest = [name for name in source.schema.names if name not in named]
    try:
        row, names, used = locate(_example(source, rest, complete), [], path)
    except InputError:
        if source.in_memory:  # all rows tell more about what is wrong
            locate(source.columns(rest), [], path)
        raise
    return Located(source, source.n, row.shape[1], floats(row).dtype, names, used, path)


def _example(source: RowTable, names: Sequence[str], complete: np.ndarray | None) -> pa.Table:
    """Return the first row, or the first that is complete."""
    at = 0 if complete is None else int(complete.argmax())
    for batch in source.batches(names, 1 if at == 0 else LEAST_ROWS):
        if at < batch.num_rows:
            return batch.slice(at, 1)
        at -= batch.num_rows
    return source.schema.empty_table().select(list(names))


def outlines(source: Mapping[str, RowArray]) -> Arrays:
    """Return arrays with the shapes and types of these, and without their values."""
    each: Arrays = {}
    for name, one in source.items():
        value = np.zeros((), one.dtype if one.dtype.itemsize else np.dtype("U1"))
        each[name] = one.whole if name == NAMES else np.broadcast_to(value, one.shape)
    return each


def contents(source: RowSource, names: Sequence[str], step: int) -> Iterator[Content]:
    """Yield arrays or columns of the same rows, at most ``step`` at a time."""
    if isinstance(source, RowTable):
        return source.batches(names, step)
    return together({name: source[name] for name in names}, step)


def _length(content: Content) -> int:
    return len(next(iter(content.values()))) if isinstance(content, dict) else content.num_rows
