"""NumPy files: one array (.npy), which is mapped into memory, or an archive of arrays (.npz)."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nullprobe.data.readers.reader import Arrays, Reader, RowArray, begins_with, slices
from nullprobe.data.readers.sparse_parts import joined_names, to_read, with_matrices

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # an archive, an empty archive


def members(path: Path) -> list[str]:
    """Return the names of the files in an archive; of a damaged archive, none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return []


def _is_archive(head: bytes, path: Path) -> bool:
    return head.startswith(ZIP) and any(name.endswith(".npy") for name in members(path))


def _load_array(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an empty array cannot be mapped
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape = np.lib.format.read_array_header_1_0(file)[0]
        if 0 not in shape:
            raise
        mapped = np.load(path, allow_pickle=False)
    return {"X": mapped.view(np.ndarray)} if only is None or "X" in only else {}


def _rows(path: Path) -> dict[str, RowArray]:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an empty array
        return {name: RowArray.of(array) for name, array in _load_array(path, None, ()).items()}
    offset, in_order = mapped.offset, mapped.flags.c_contiguous and mapped.ndim > 0
    shape, dtype = mapped.shape, mapped.dtype
    size = math.prod(shape[1:])

    def blocks(step: int) -> Iterator[np.ndarray]:
        if not in_order:  # a map for each block: pages that were read are let go
            for start in range(0, shape[0] if shape else 1, step):
                part = np.load(path, mmap_mode="r", allow_pickle=False)
                yield np.array(part[start : start + step] if shape else part[()])
            return
        with path.open("rb") as file:
            file.seek(offset)
            for start in range(0, shape[0], step):
                yield from_file(file, (min(step, shape[0] - start), *shape[1:]), dtype)

    return {"X": RowArray(shape, dtype, blocks if size else lambda step: slices(mapped, step))}


def from_file(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Return the array of this shape that comes next in a file."""
    array = np.empty(shape, dtype)
    # The bytes go into the array itself, without a copy.
    if file.readinto(array.reshape(-1).view(np.uint8)) < array.nbytes:  # type: ignore[attr-defined]
        raise ValueError("the file ends before its last row")
    return array


def _names_in_archive(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return joined_names([name.removesuffix(".npy") for name in archive.namelist()])


def _load_archive(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    # We open the file, because np.load does not close a broken archive.
    with path.open("rb") as file:
        content = np.load(file, allow_pickle=False)
        arrays = {name: content[name] for name in to_read(content.files, only)}
    other = [name for name, a in arrays.items() if not isinstance(a, np.ndarray)]
    if other:
        raise ValueError(f"{other[0]!r} is not an array")
    return with_matrices(arrays)


ARRAY = Reader((".npy",), False, begins_with(b"\x93NUMPY"), lambda _: ["X"], _load_array, _rows)
ARCHIVE = Reader((".npz",), False, _is_archive, _names_in_archive, _load_archive)
