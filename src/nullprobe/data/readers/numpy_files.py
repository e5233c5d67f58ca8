"""NumPy files: one array (.npy), which is mapped into memory, or an archive of arrays (.npz)."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nullprobe.data.readers.reader import Arrays, Reader, begins_with
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


ARRAY = Reader((".npy",), False, begins_with(b"\x93NUMPY"), lambda _: ["X"], _load_array)
ARCHIVE = Reader((".npz",), False, _is_archive, _names_in_archive, _load_archive)
