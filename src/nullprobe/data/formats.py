"""Content of files: named arrays (.npz .npy .safetensors) or columns (.parquet .csv .jsonl).

This file handles the formats, and `files.py` handles representations and concepts. Reading a file
never runs code that the file contains: pickle is not allowed.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import safetensors

from nullprobe._core.validation import InputError, complain
from nullprobe.data import json_lines
from nullprobe.data.captured import CapturedFolder
from nullprobe.data.manifest import manifest
from nullprobe.data.manifest import names as names_in
from nullprobe.data.tensor_files import open_tensors

Arrays = dict[str, np.ndarray]
ARRAY_SUFFIXES = (".npz", ".npy", ".safetensors")
TABLE_SUFFIXES = (".parquet", ".csv", ".jsonl")
SUFFIXES = (*ARRAY_SUFFIXES, *TABLE_SUFFIXES)

# Errors that the libraries raise for a file that is truncated, empty or of another format.
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    pa.ArrowException,
    safetensors.SafetensorError,
)
# Array of a .npz with the names of the d features, written when columns become a matrix.
NAMES = "feature_names"


def suffix_of(path: Path) -> str:
    """Return the lower-case suffix of ``path``, or complain if it is not a known format."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        complain(
            f"the suffix of a file must be one of {', '.join(SUFFIXES)}",
            f"the suffix of {str(path)!r} is {suffix!r}",
            "rename the file or convert it",
        )
    return suffix


def load(
    path: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    verbatim: Sequence[str] = (),
) -> Arrays | pa.Table:
    """Read a file, or a folder of shards of one format, joined in the order of their names.

    A folder of captured states is verified against its manifest.

    Parameters
    ----------
    path : str or path
        A file with one of the known suffixes, or a folder of such files.
    only : sequence of str, optional
        Names of the arrays or columns to read; by default all.
    verbatim : sequence of str
        Columns of a .csv to read as text: ``007`` does not become 7.

    Returns
    -------
    dict of ndarray, or pyarrow.Table

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.npz"
    ...     np.savez(path, X=np.eye(2), y=["no", "yes"])
    ...     load(path)["y"].tolist()
    ['no', 'yes']
    """
    path = _existing(path)
    if path.is_dir():
        if manifest(path) is not None:
            return CapturedFolder(path).read(only)
        return _join(_shards(path), only, verbatim)
    suffix = suffix_of(path)
    with _named_if_broken(path, suffix):
        if suffix in TABLE_SUFFIXES:
            return _load_table(path, suffix, only, verbatim)
        if suffix == ".safetensors":
            return _load_safetensors(path, only)
        return _load_numpy(path, suffix, only)


def load_arrays(path: str | os.PathLike[str], *, only: Sequence[str] | None = None) -> Arrays:
    """Read the arrays of a file or a folder of arrays; see `load`."""
    content = load(path, only=only)
    assert isinstance(content, dict), "a file of arrays holds no columns"
    return content


def names(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of the arrays or columns of a file, or of the first shard of a folder.

    Their values are not read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.npz"
    ...     np.savez(path, X=np.eye(2), y=["no", "yes"])
    ...     names(path)
    ['X', 'y']
    """
    path = _existing(path)
    if path.is_dir():
        about = manifest(path)
        return names(_shards(path)[0]) if about is None else names_in(about)
    suffix = suffix_of(path)
    with _named_if_broken(path, suffix):
        if suffix == ".csv":
            with pyarrow.csv.open_csv(path) as file:
                return _headed(file.schema.names, path)
        if suffix == ".parquet":
            with pyarrow.parquet.ParquetFile(path) as file:
                return _one_of_each(file.schema_arrow.names, path)
        if suffix == ".jsonl":
            return json_lines.read(path).column_names
        if suffix == ".safetensors":
            with open_tensors(path) as content:
                return list(content.keys())
        if suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                return [name.removesuffix(".npy") for name in archive.namelist()]
        return ["X"]


def _existing(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if not path.exists():
        raise InputError(f"File not found: {str(path)!r}")
    return path


@contextmanager
def _named_if_broken(path: Path, suffix: str) -> Generator[None]:
    """Convert the error of a library about a broken file to an `InputError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except _BROKEN as error:
        what = " ".join(str(error).split())
        raise InputError(
            f"{str(path)!r} must be a complete {suffix} file",
            f"reading it failed with {type(error).__name__}: {what}",
            "check that it was written completely and has the right suffix",
        ) from error


def _shards(folder: Path) -> list[Path]:
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in SUFFIXES
    ]
    suffixes = sorted({file.suffix.lower() for file in files})
    if len(suffixes) != 1:
        complain(
            f"the folder {str(folder)!r} must hold files of one format ({', '.join(SUFFIXES)})",
            f"it holds {' and '.join(suffixes) or 'no such file'}",
            "pass a single file, or move each format to its own folder",
        )
    return files


def _join(
    shards: list[Path], only: Sequence[str] | None, verbatim: Sequence[str]
) -> Arrays | pa.Table:
    """Read shards, one array at a time, so that at most one array is in memory twice."""
    every = names(shards[0])
    for shard in shards[1:]:
        if sorted(names(shard)) != sorted(every):
            complain(
                f"all shards in {str(shard.parent)!r} must have the same columns",
                f"{shard.name!r} has {names(shard)[:10]} and {shards[0].name!r} has {every[:10]}",
                "rename or drop the columns that differ",
            )
    wanted = every if only is None else [name for name in every if name in only]
    if shards[0].suffix.lower() in TABLE_SUFFIXES:
        tables: Any = [load(shard, only=wanted, verbatim=verbatim) for shard in shards]
        with _named_if_they_differ(shards):
            return pa.concat_tables(tables, promote_options="permissive")
    arrays: Arrays = {}
    for name in wanted:
        parts = [load_arrays(shard, only=[name])[name] for shard in shards]
        with _named_if_they_differ(shards):
            arrays[name] = _stack(parts, name)
    return arrays


@contextmanager
def _named_if_they_differ(shards: list[Path]) -> Generator[None]:
    try:
        yield
    except (pa.ArrowException, ValueError) as error:
        raise InputError(
            f"the shards in {str(shards[0].parent)!r} must have the same shapes and types",
            f"joining them failed with {type(error).__name__}: {error}",
            "convert the shards that differ",
        ) from error


def _stack(arrays: list[np.ndarray], name: str) -> np.ndarray:
    first = arrays[0]
    # NumPy would silently convert numbers to text to join them.
    if len({array.dtype.kind in "US" for array in arrays}) > 1:
        raise ValueError(f"{name!r} is text in some shards and numbers in others")
    if name == NAMES or first.ndim == 0:
        if any(not np.array_equal(first, array) for array in arrays):
            raise ValueError(f"{name!r} differs between shards")
        return first
    return np.concatenate(arrays)


def _load_numpy(path: Path, suffix: str, only: Sequence[str] | None) -> Arrays:
    # We open the file, because np.load does not close a broken archive.
    with path.open("rb") as file:
        content = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            if suffix == ".npz":
                raise ValueError("this is a single array (.npy)")
            return {"X": content}
        if suffix == ".npy":
            raise ValueError("this is an archive of arrays (.npz)")
        return {name: content[name] for name in content.files if only is None or name in only}


def _load_safetensors(path: Path, only: Sequence[str] | None) -> Arrays:
    arrays: Arrays = {}
    with open_tensors(path) as content:
        for name in content.keys():  # noqa: SIM118 (the object is not a dict)
            if only is not None and name not in only:
                continue
            if content.get_slice(name).get_dtype() == "BF16":
                arrays[name] = _bfloat16(path, name)
            else:
                arrays[name] = content.get_tensor(name)
    return arrays


def _bfloat16(path: Path, name: str) -> np.ndarray:
    # NumPy has no bfloat16. It is the upper half of a float32, so the conversion is exact.
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(size))[name]
        begin, end = entry["data_offsets"]
        file.seek(8 + size + begin)
        upper = np.frombuffer(file.read(end - begin), dtype="<u2")
    return (upper.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


def _load_table(
    path: Path, suffix: str, only: Sequence[str] | None, verbatim: Sequence[str]
) -> pa.Table:
    if suffix == ".parquet":
        # Not read_table: it adds columns for parent folders with names such as "fold=1".
        with pyarrow.parquet.ParquetFile(path) as file:
            _one_of_each(file.schema_arrow.names, path)
            table = cast(Any, file).read(None if only is None else list(only))
    elif suffix == ".jsonl":
        table = json_lines.read(path)
    else:
        options = pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in verbatim},
            # "NA" in a concept is a missing value, not a class, unless it is in quotes.
            strings_can_be_null=not verbatim,
            quoted_strings_can_be_null=False,
        )
        table = pyarrow.csv.read_csv(path, convert_options=options)
        _headed(table.column_names, path)
    return table if only is None else table.select(list(only))


def _headed(names: list[str], path: Path) -> list[str]:
    """Return the names of the columns of a .csv, or complain that its first line lacks them."""
    # pandas writes the names 0, 1, 2, ... for a matrix; any other numbers are a row of data.
    if all(map(_is_number, names)) and names != [str(i) for i in range(len(names))]:
        complain(
            f"the first line of {str(path)!r} must hold the names of the columns",
            f"it holds numbers: {', '.join(names[:5])}",
            "add a first line with the names",
        )
    return _one_of_each(names, path)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_of_each(names: list[str], path: Path) -> list[str]:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        complain(
            f"the column names in {str(path)!r} must differ",
            f"{', '.join(map(repr, repeated[:5]))} occurs more than once",
        )
    return names
