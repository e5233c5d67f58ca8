"""Writing named arrays or columns to a file, in the format of its suffix, block by block."""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
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
_csv_library, _ipc = cast(Any, pyarrow.csv), cast(Any, pyarrow.ipc)
_parquet_library = cast(Any, pyarrow.parquet)
Write = Callable[[pa.Table], Any]
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
    write = ARRAY_WRITERS[suffix_of(path)]
    with whole_file(path) as temporary:
        write(temporary, arrays, path)


def save_table(path: str | os.PathLike[str], schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write columns from tables of this schema, which may be read while they are written."""
    path = Path(path)
    open_writer = TABLE_WRITERS[suffix_of(path)]
    with whole_file(path) as temporary, open_writer(temporary, schema, path) as write:
        for table in tables:
            write(table)


def _blocks(array: RowArray) -> Iterator[np.ndarray]:
    width = array.dtype.itemsize * math.prod(array.shape[1:])
    return array.blocks(max(1, _STEP_BYTES // max(1, width)))


def _npy(temporary: Path, arrays: Mapping[str, RowArray], path: Path) -> None:
    if len(arrays) > 1:
        _cannot_keep(path, sorted(arrays)[:5], "holds a single array", ".npz")
    with temporary.open("wb") as file:
        _write_npy(file, next(iter(arrays.values())))


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


def _npz(temporary: Path, arrays: Mapping[str, RowArray], path: Path) -> None:
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        _cannot_keep(path, objects[:5], "cannot hold nested columns", ".parquet")
    # Not np.savez: it takes names as keywords and fails for an array with the name "file".
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                _write_npy(member, array)


def _torch(temporary: Path, arrays: Mapping[str, RowArray], _: Path) -> None:
    torch_files.write(temporary, {name: array.whole for name, array in arrays.items()})


def _safetensors(temporary: Path, arrays: Mapping[str, RowArray], path: Path) -> None:
    text = [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]
    if text:
        _cannot_keep(path, text[:5], "holds numbers only", ".npz or .parquet")
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
    described = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    described += b" " * (-len(described) % LENGTH)
    with temporary.open("wb") as file:
        file.write(len(described).to_bytes(LENGTH, "little") + described)
        for name in order:
            _write_rows(file, arrays[name], arrays[name].dtype.newbyteorder("<"))


def _hdf5(temporary: Path, arrays: Mapping[str, RowArray], _: Path) -> None:
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
def _parquet(temporary: Path, schema: pa.Schema, _: Path) -> Generator[Write]:
    with _parquet_library.ParquetWriter(temporary, schema) as writer:
        yield writer.write_table


@contextmanager
def _arrow(temporary: Path, schema: pa.Schema, _: Path) -> Generator[Write]:
    with _ipc.new_file(str(temporary), schema) as writer:
        yield writer.write_table


@contextmanager
def _jsonl(temporary: Path, _: pa.Schema, __: Path) -> Generator[Write]:
    with temporary.open("w", encoding="utf-8") as file:
        yield lambda table: json_lines.write(file, table)


@contextmanager
def _csv(temporary: Path, schema: pa.Schema, path: Path) -> Generator[Write]:
    types = cast("list[Any]", schema.types)
    nested = [n for n, kind in zip(schema.names, types, strict=True) if pa.types.is_nested(kind)]
    if nested:
        _cannot_keep(path, nested[:5], "cannot hold lists", ".parquet or .jsonl")
    # pyarrow cannot write string views, the text of polars, as CSV.
    types = [pa.string() if pa.types.is_string_view(kind) else kind for kind in types]
    plain = pa.schema(list(zip(schema.names, types, strict=True)))
    with _csv_library.CSVWriter(temporary, plain) as writer:
        yield lambda table: writer.write_table(table.cast(plain))


def _cannot_keep(path: Path, names: Sequence[str], why: str, instead: str) -> None:
    complain(
        f"a {path.suffix} file {why}",
        f"{path.name!r} would have to hold {', '.join(map(repr, names))}",
        f"write {instead} instead",
    )


# By suffix. A writer of arrays takes the temporary file, the arrays and the path for messages; one
# of tables takes their schema, and gives a function that writes one table after the other.
ARRAY_WRITERS: dict[str, Callable[[Path, Mapping[str, RowArray], Path], None]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".safetensors": _safetensors,
    ".pt": _torch,
    ".pth": _torch,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
TABLE_WRITERS: dict[str, Callable[[Path, pa.Schema, Path], AbstractContextManager[Write]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".arrow": _arrow,
    ".feather": _arrow,
}
