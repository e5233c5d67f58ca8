"""Writing named arrays or columns to a file, in the format of its suffix, block by block."""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from nullprobe._core import torch_files
from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain
from nullprobe.data import json_lines
from nullprobe.data.formats import Arrays, suffix_of
from nullprobe.data.readers.reader import RowArray
from nullprobe.data.readers.safetensors_file import LENGTH, TYPES

# These have no types.
_csv, _ipc, _parquet = cast(Any, pyarrow.csv), cast(Any, pyarrow.ipc), cast(Any, pyarrow.parquet)
_STEP_BYTES = 1 << 23  # of an array that are written at a time


def save(path: str | os.PathLike[str], content: Arrays | pa.Table) -> None:
    """Write named arrays or columns to ``path``, completely or not at all.

    Parameters
    ----------
    path : str or path
        The file; the format of its suffix must hold arrays or columns, as ``content`` does.
    content : dict of ndarray, or pyarrow.Table
        Content to write. A .npy holds a single array, a .safetensors does not hold text.
    """
    if isinstance(content, dict):
        save_arrays(path, {name: RowArray.of(array) for name, array in content.items()})
    else:
        save_table(path, content.schema, [content])


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, RowArray]) -> None:
    """Write arrays, whose rows may be read while they are written; see `save`."""
    path = Path(path)
    suffix = suffix_of(path)
    with whole_file(path) as temporary:
        if suffix == ".npy":
            if len(arrays) > 1:
                _cannot_keep(path, sorted(arrays)[:5], "holds a single array", ".npz")
            with temporary.open("wb") as file:
                _write_npy(file, next(iter(arrays.values())))
        elif suffix == ".npz":
            objects = [name for name, array in arrays.items() if array.dtype.hasobject]
            if objects:
                _cannot_keep(path, objects[:5], "cannot hold nested columns", ".parquet")
            _write_npz(temporary, arrays)
        elif suffix in (".pt", ".pth"):
            torch_files.write(temporary, {name: array.whole for name, array in arrays.items()})
        elif suffix in (".h5", ".hdf5"):
            _write_hdf5(temporary, arrays)
        else:
            text = [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]
            if text:
                _cannot_keep(path, text[:5], "holds numbers only", ".npz or .parquet")
            _write_safetensors(temporary, arrays)


def save_table(path: str | os.PathLike[str], schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write columns from tables of this schema, which may be read while they are written."""
    path = Path(path)
    with whole_file(path) as temporary, _table_writer(temporary, schema, path) as write:
        for table in tables:
            write(table)


def _blocks(array: RowArray) -> Iterator[np.ndarray]:
    width = array.dtype.itemsize * math.prod(array.shape[1:])
    return array.blocks(max(1, _STEP_BYTES // max(1, width)))


def _write_npy(file: Any, array: RowArray) -> None:
    if array.dtype.kind in "USO":  # text of unknown length
        np.lib.format.write_array(file, np.asarray(array.whole), allow_pickle=False)
        return
    header = {
        "shape": array.shape,
        "fortran_order": False,
        "descr": np.lib.format.dtype_to_descr(array.dtype),
    }
    np.lib.format.write_array_header_1_0(file, header)
    _write_rows(file, array)


def _write_rows(file: Any, array: RowArray, dtype: Any = None) -> None:
    """Write the bytes of all rows, in order."""
    dtype, n = dtype or array.dtype, 0
    for block in _blocks(array):
        file.write(np.ascontiguousarray(block, dtype).reshape(-1).view(np.uint8).data)
        n += len(block) if array.shape else 0
    if array.shape and n != array.shape[0]:
        raise ValueError(f"{array.shape[0]} rows were announced, and {n} were read")


def _write_npz(temporary: Path, arrays: Mapping[str, RowArray]) -> None:
    # Not np.savez: it takes names as keywords and fails for an array with the name "file".
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                _write_npy(member, array)


def _write_safetensors(temporary: Path, arrays: Mapping[str, RowArray]) -> None:
    codes = {np.dtype(code): name for name, code in TYPES.items() if name != "BF16"}
    # Wide types first, as the library writes them: every array is then aligned.
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    end = 0
    for name in order:
        array = arrays[name]
        start, end = end, end + array.dtype.itemsize * math.prod(array.shape)
        code = codes[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % LENGTH)
    with temporary.open("wb") as file:
        file.write(len(text).to_bytes(LENGTH, "little") + text)
        for name in order:
            _write_rows(file, arrays[name], arrays[name].dtype.newbyteorder("<"))


def _write_hdf5(temporary: Path, arrays: Mapping[str, RowArray]) -> None:
    try:
        h5py: Any = import_module("h5py")
    except ImportError:
        complain(
            f"writing a {temporary.suffix} file needs h5py",
            "it is not installed",
            "pip install nullprobe[hdf5]",
        )
    with h5py.File(temporary, "w", locking=False) as file:  # it has a lock
        for name, array in arrays.items():
            if array.dtype.kind in "USO":
                text = array.whole.astype(object)
                file.create_dataset(name, data=text, dtype=h5py.string_dtype())
                continue
            dataset, start = file.create_dataset(name, array.shape, array.dtype), 0
            for block in _blocks(array):
                if not array.shape:
                    dataset[()] = block
                    break
                dataset[start : start + len(block)] = block
                start += len(block)


@contextmanager
def _table_writer(
    temporary: Path, schema: pa.Schema, path: Path
) -> Generator[Callable[[pa.Table], Any]]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        with _parquet.ParquetWriter(temporary, schema) as writer:
            yield writer.write_table
    elif suffix in (".arrow", ".feather"):
        with _ipc.new_file(str(temporary), schema) as writer:
            yield writer.write_table
    elif suffix == ".jsonl":
        with temporary.open("w", encoding="utf-8") as file:
            yield lambda table: json_lines.write(file, table)
    else:
        types = cast("list[Any]", schema.types)
        nested = [
            n for n, kind in zip(schema.names, types, strict=True) if pa.types.is_nested(kind)
        ]
        if nested:
            _cannot_keep(path, nested[:5], "cannot hold lists", ".parquet or .jsonl")
        # pyarrow cannot write string views, the text of polars, as CSV.
        types = [pa.string() if pa.types.is_string_view(kind) else kind for kind in types]
        plain = pa.schema(list(zip(schema.names, types, strict=True)))
        with _csv.CSVWriter(temporary, plain) as writer:
            yield lambda table: writer.write_table(table.cast(plain))


def _cannot_keep(path: Path, names: Sequence[str], why: str, instead: str) -> None:
    complain(
        f"a {path.suffix} file {why}",
        f"{path.name!r} would have to hold {', '.join(map(repr, names))}",
        f"write {instead} instead",
    )
