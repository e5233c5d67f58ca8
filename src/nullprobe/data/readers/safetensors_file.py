"""Tensors in a .safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe.data.readers.numpy_files import from_file
from nullprobe.data.readers.reader import Arrays, Reader, RowArray
from nullprobe.data.readers.sparse_parts import joined_names, to_read, with_matrices
from nullprobe.data.tensor_files import open_tensors

LENGTH = 8  # bytes at the start that hold the length of the header
LONGEST_HEADER = 100_000_000  # bytes; the limit of the format
# NumPy has no bfloat16. It is the upper half of a float32, so the conversion is exact.
_NARROW = "BF16"
TYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2",
    "C64": "<c8",
}  # fmt: skip


def _recognises(head: bytes, _: Path) -> bool:
    length = int.from_bytes(head[:LENGTH], "little")
    return head[LENGTH : LENGTH + 1] == b"{" and 2 <= length <= LONGEST_HEADER


def _names(path: Path) -> list[str]:
    with open_tensors(path) as content:
        return joined_names(list(content.keys()))


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    arrays: Arrays = {}
    every = _rows(path)
    with open_tensors(path) as content:
        for name in to_read(list(every), only):
            narrow = content.get_slice(name).get_dtype() == _NARROW
            arrays[name] = every[name].whole if narrow else content.get_tensor(name)
    return with_matrices(arrays)


def _rows(path: Path) -> dict[str, RowArray]:
    with open_tensors(path) as content:  # verifies the header
        names = list(content.keys())
    with path.open("rb") as file:
        length = int.from_bytes(file.read(LENGTH), "little")
        header = json.loads(file.read(length))
    return {name: _tensor(path, LENGTH + length, header[name]) for name in names}


def _tensor(path: Path, start: int, entry: Mapping[str, Any]) -> RowArray:
    """Return a tensor, read without a map: pages of a map stay in memory."""
    shape, narrow = tuple(entry["shape"]), entry["dtype"] == _NARROW
    stored = np.dtype(TYPES.get(entry["dtype"], "V1"))

    def blocks(step: int) -> Iterator[np.ndarray]:
        with path.open("rb") as file:
            file.seek(start + entry["data_offsets"][0])
            for at in range(0, shape[0] if shape else 1, step):
                rows = (min(step, shape[0] - at), *shape[1:]) if shape else ()
                part = from_file(file, rows, stored)
                yield np.asarray(part.astype(np.uint32) << 16).view(np.float32) if narrow else part

    return RowArray(shape, np.dtype(np.float32) if narrow else stored, blocks)


SAFETENSORS = Reader((".safetensors",), False, _recognises, _names, _load, _rows)
