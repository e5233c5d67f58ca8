"""Arrays in an HDF5 file; those in groups are named with slashes, such as "train/X".

An HDF5 file can refer to other files. Such arrays are refused: a file from elsewhere should not
decide which files of this machine are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.validation import complain
from nullprobe.data.readers.reader import Arrays, Reader, RowArray, slices

_MARK = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 32  # groups in groups


def _recognises(head: bytes, _: Path) -> bool:
    # A block of another program may come first, of 512 bytes or a power of two more.
    return any(head[at:].startswith(_MARK) for at in (0, 512, 1024, 2048))


def _library(path: Path) -> Any:
    try:
        return import_module("h5py")
    except ImportError:
        complain(
            f"reading {str(path)!r} needs h5py",
            "it is not installed",
            "pip install nullprobe[hdf5]",
        )


def _links(h5py: Any, group: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the names of all datasets; links to other files are not followed."""
    if depth > _DEEPEST:
        raise ValueError("its groups are nested too deeply")
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            if isinstance(item, h5py.Dataset):
                yield prefix + name
            elif isinstance(item, h5py.Group):
                yield from _links(h5py, item, f"{prefix}{name}/", depth + 1)


def _names(path: Path) -> list[str]:
    h5py = _library(path)
    with h5py.File(path, "r") as file:
        return list(_links(h5py, file))


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    return {n: one.whole for n, one in _rows(path, only).items()}


def _rows(path: Path, only: Sequence[str] | None = None) -> dict[str, RowArray]:
    h5py = _library(path)
    arrays: dict[str, RowArray] = {}
    with h5py.File(path, "r") as file:
        for name in _links(h5py, file):
            dataset = file[name]
            if dataset.shape is None or (only is not None and name not in only):
                continue  # no value, or not wanted
            is_text = h5py.check_string_dtype(dataset.dtype) is not None
            refers = bool(dataset.external or dataset.is_virtual)
            dtype = np.dtype(str) if is_text else dataset.dtype
            blocks = partial(_blocks, path, name, is_text, refers)
            arrays[name] = RowArray(dataset.shape, dtype, blocks)
    return arrays


def _blocks(path: Path, name: str, is_text: bool, refers: bool, step: int) -> Iterator[np.ndarray]:
    if refers:
        complain(
            f"{name!r} in {str(path)!r} must hold its values",
            "it refers to other files",
            "copy the values into the file",
        )
    with _library(path).File(path, "r") as file:
        dataset = file[name]
        for part in slices(dataset.asstr() if is_text else dataset, step):
            yield np.array(part, dtype=str) if is_text else part


HDF5 = Reader((".h5", ".hdf5"), False, _recognises, _names, _load, _rows)
