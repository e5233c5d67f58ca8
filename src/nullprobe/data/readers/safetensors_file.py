"""Tensors in a .safetensors file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nullprobe.data.readers.reader import Arrays, Reader
from nullprobe.data.readers.sparse_parts import joined_names, to_read, with_matrices
from nullprobe.data.tensor_files import open_tensors

LENGTH = 8  # bytes at the start that hold the length of the header
LONGEST_HEADER = 100_000_000  # bytes; the limit of the format


def _recognises(head: bytes, _: Path) -> bool:
    length = int.from_bytes(head[:LENGTH], "little")
    return head[LENGTH : LENGTH + 1] == b"{" and 2 <= length <= LONGEST_HEADER


def _names(path: Path) -> list[str]:
    with open_tensors(path) as content:
        return joined_names(list(content.keys()))


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    arrays: Arrays = {}
    with open_tensors(path) as content:
        for name in to_read(list(content.keys()), only):
            if content.get_slice(name).get_dtype() == "BF16":
                arrays[name] = _bfloat16(path, name)
            else:
                arrays[name] = content.get_tensor(name)
    return with_matrices(arrays)


def _bfloat16(path: Path, name: str) -> np.ndarray:
    # NumPy has no bfloat16. It is the upper half of a float32, so the conversion is exact.
    with path.open("rb") as file:
        size = int.from_bytes(file.read(LENGTH), "little")
        entry = json.loads(file.read(size))[name]
        begin, end = entry["data_offsets"]
        file.seek(LENGTH + size + begin)
        upper = np.frombuffer(file.read(end - begin), dtype="<u2")
    return (upper.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


SAFETENSORS = Reader((".safetensors",), False, _recognises, _names, _load)
