"""A reader of one kind of file, and what the readers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.validation import InputError, complain

Arrays = dict[str, np.ndarray]
Content = Arrays | pa.Table

HEAD = 4096  # bytes at the start of a file that its kind is recognised by


@dataclass(frozen=True, eq=False)
class RowArray:
    """An array in a file; its rows are read when they are needed.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        Of text, the length is unknown before it is read.
    blocks : callable
        Takes a number of rows, and yields all rows in order, at most so many at a time. An array
        without dimensions is yielded once.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: Callable[[int], Iterator[np.ndarray]]

    @classmethod
    def of(cls, array: np.ndarray) -> RowArray:
        """Return an array in memory as one of these."""
        return cls(array.shape, array.dtype, lambda step: slices(array, step))

    @property
    def whole(self) -> np.ndarray:
        """All its rows."""
        blocks = list(self.blocks(max(1, self.shape[0] if self.shape else 1)))
        if not blocks:
            return np.empty(self.shape, self.dtype)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


@dataclass(frozen=True, eq=False)
class RowTable:
    """Columns in a file; their rows are read when they are needed.

    Attributes
    ----------
    schema : pyarrow.Schema
    n : int
        Number of rows.
    batches : callable
        Takes names of columns and a number of rows, and yields tables of at most so many rows.
    in_memory : bool
        Whether all columns are in memory.
    """

    schema: pa.Schema
    n: int
    batches: Callable[[Sequence[str], int], Iterator[pa.Table]]
    in_memory: bool = False

    @classmethod
    def of(cls, table: pa.Table) -> RowTable:
        """Return a table in memory as one of these."""

        def batches(names: Sequence[str], step: int) -> Iterator[pa.Table]:
            chosen = table.select(list(names))
            for start in range(0, table.num_rows, step):
                yield chosen.slice(start, step)

        return cls(table.schema, table.num_rows, batches, in_memory=True)

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Return whole columns."""
        empty = self.schema.empty_table().select(list(names))
        return pa.concat_tables([empty, *self.batches(names, max(1, self.n))])


RowSource = dict[str, RowArray] | RowTable


@dataclass(frozen=True)
class Reader:
    """How one kind of file is recognised and read.

    Attributes
    ----------
    suffixes : tuple of str
        Usual suffixes. They decide only where the content is ambiguous.
    columns : bool
        Whether it gives columns (a pyarrow.Table) rather than arrays.
    recognises : callable
        Takes the first bytes of a file and its path, and returns whether the file is of this kind.
    names : callable
        Takes a path, and returns the names of the arrays or columns. It reads no values if the
        format allows that.
    load : callable
        Takes a path, the names to read (or None for all), and names of columns to read as text.
    rows : callable or None
        Takes a path, and returns its arrays or columns, whose rows are read piece by piece. None
        for a kind that is always read whole.
    """

    suffixes: tuple[str, ...]
    columns: bool
    recognises: Callable[[bytes, Path], bool]
    names: Callable[[Path], list[str]]
    load: Callable[[Path, Sequence[str] | None, Sequence[str]], Content]
    rows: Callable[[Path], RowSource] | None = None


def slices(array: Any, step: int) -> Iterator[np.ndarray]:
    """Yield the rows of an array, or of what reads one, at most ``step`` at a time."""
    if not array.shape:
        yield np.asarray(array[()])
        return
    for start in range(0, array.shape[0], step):
        yield np.asarray(array[start : start + step])


def begins_with(*marks: bytes) -> Callable[[bytes, Path], bool]:
    """Return a test for files that begin with one of these bytes."""
    return lambda head, _: head.startswith(marks)


@contextmanager
def named_if_broken(path: Path, kind: str) -> Generator[None]:
    """Convert the error of a library about a broken file to an `InputError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        # Libraries raise any kind of error for bytes that they do not expect.
        if "Object arrays cannot be loaded" in str(error):
            raise InputError(
                f"{str(path)!r} must hold numbers or text",
                "it holds Python objects, and reading those can run code of the file's author",
                "save text with .astype(str), and numbers with .astype(float)",
            ) from error
        what = " ".join(str(error).split())[:300].rstrip(".")
        raise InputError(
            f"{str(path)!r} must be a complete {kind} file",
            f"reading it failed with {type(error).__name__}: {what}",
            "check that it was written completely and has the right suffix",
        ) from error


def plain_columns(table: pa.Table) -> pa.Table:
    """Return a table with the storage of extension types, such as matrices of datasets."""
    arrow: Any = pa
    for i, name in enumerate(table.column_names):
        column: Any = table.column(i)
        if isinstance(column.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in column.chunks]
            storage = arrow.chunked_array(chunks, type=column.type.storage_type)
            table = table.set_column(i, name, storage)
    return table


def one_of_each(names: list[str], path: Path) -> list[str]:
    """Return the names of columns, or complain that one occurs more than once."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        complain(
            f"the column names in {str(path)!r} must differ",
            f"{', '.join(map(repr, repeated[:5]))} occurs more than once",
        )
    return names
