"""What a file holds: named arrays (.npz .npy .safetensors) or named columns (.parquet .csv .jsonl).

This file knows the formats and nothing of representations or concepts; `files.py` knows
those and none of the formats. Nothing here runs code that a file contains: no pickle.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

Arrays = dict[str, np.ndarray]
ARRAY_SUFFIXES = (".npz", ".npy", ".safetensors")
TABLE_SUFFIXES = (".parquet", ".csv", ".jsonl")
SUFFIXES = (*ARRAY_SUFFIXES, *TABLE_SUFFIXES)

# What the libraries raise on a file that is cut short, empty or not what its suffix says.
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
# Beside the rows in .npz: names of the d features, written when columns become a matrix.
NAMES = "feature_names"


def suffix_of(path: Path) -> str:
    """Return the lower-case suffix of ``path``, or complain if no format goes by it."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        complain(
            f"the suffix of a file must be one of {', '.join(SUFFIXES)}",
            f"{str(path)!r} has {suffix or 'none'}",
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
        Names of the arrays or columns to read; the others are not touched. By default all.
    verbatim : sequence of str
        Columns of a .csv to keep as the text that they are: ``007`` does not become 7.

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
    path = _there(path)
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
    path = _there(path)
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
            with safetensors.safe_open(path, framework="numpy") as content:
                return list(content.keys())
        if suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                return [name.removesuffix(".npy") for name in archive.namelist()]
        return ["X"]


def _there(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if not path.exists():
        complain(f"{str(path)!r} must exist", "there is nothing of that name", "check the path")
    return path


@contextmanager
def _named_if_broken(path: Path, suffix: str) -> Iterator[None]:
    """Turn what a library raises on a broken file into a complaint that names the file."""
    try:
        yield
    except InputError:
        raise
    except _BROKEN as error:
        what = " ".join(str(error).split())
        raise InputError(
            f"{str(path)!r} must be a whole {suffix} file",
            f"reading it stopped with {type(error).__name__}: {what}",
            "check that it was written to the end and has the right suffix",
        ) from error


def _shards(folder: Path) -> list[Path]:
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in SUFFIXES
    ]
    found = sorted({file.suffix.lower() for file in files})
    if len(found) != 1:
        complain(
            f"the folder {str(folder)!r} must hold files of one format ({', '.join(SUFFIXES)})",
            f"it holds {' and '.join(found) or 'none'}",
            "name the file that you mean, or sort the files into folders",
        )
    return files


def _join(
    shards: list[Path], only: Sequence[str] | None, verbatim: Sequence[str]
) -> Arrays | pa.Table:
    """Read shards, one array at a time: no more than one of them is in memory twice."""
    there = names(shards[0])
    for shard in shards[1:]:
        if sorted(names(shard)) != sorted(there):
            complain(
                f"all shards in {str(shard.parent)!r} must have the same columns",
                f"{shard.name!r} has {names(shard)[:10]} and {shards[0].name!r} has {there[:10]}",
                "rename or drop the columns that differ",
            )
    wanted = there if only is None else [name for name in there if name in only]
    if shards[0].suffix.lower() in TABLE_SUFFIXES:
        tables: Any = [load(shard, only=wanted, verbatim=verbatim) for shard in shards]
        with _named_if_they_differ(shards):
            return pa.concat_tables(tables, promote_options="permissive")
    found = {}
    for name in wanted:
        parts = [load(shard, only=[name])[name] for shard in shards]
        with _named_if_they_differ(shards):
            found[name] = _stack(parts, name)
    return found


@contextmanager
def _named_if_they_differ(shards: list[Path]) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, ValueError) as error:
        raise InputError(
            f"the shards in {str(shards[0].parent)!r} must have the same shapes and types",
            f"joining them stopped with {type(error).__name__}: {error}",
            "convert the shards that differ",
        ) from error


def _stack(arrays: list[np.ndarray], name: str) -> np.ndarray:
    first = arrays[0]
    # NumPy would turn numbers silently into text to join the two.
    if len({array.dtype.kind in "US" for array in arrays}) > 1:
        raise ValueError(f"{name!r} is text in some shards and numbers in others")
    if name == NAMES or first.ndim == 0:
        if any(not np.array_equal(first, array) for array in arrays):
            raise ValueError(f"{name!r} differs between shards")
        return first
    return np.concatenate(arrays)


def _load_numpy(path: Path, suffix: str, only: Sequence[str] | None) -> Arrays:
    # Opened here, because np.load leaves a broken archive open.
    with open(path, "rb") as file:
        content = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            if suffix == ".npz":
                raise ValueError("this is a single array (.npy)")
            return {"X": content}
        if suffix == ".npy":
            raise ValueError("this is an archive of arrays (.npz)")
        return {name: content[name] for name in content.files if only is None or name in only}


def _load_safetensors(path: Path, only: Sequence[str] | None) -> Arrays:
    arrays = {}
    with safetensors.safe_open(path, framework="numpy") as content:
        for name in content.keys():  # noqa: SIM118 (the object is not a dict)
            if only is not None and name not in only:
                continue
            if content.get_slice(name).get_dtype() == "BF16":
                arrays[name] = _bfloat16(path, name)
            else:
                arrays[name] = content.get_tensor(name)
    return arrays


def _bfloat16(path: Path, name: str) -> np.ndarray:
    # NumPy has no bfloat16; it is the upper half of a float32, so the values come out exact.
    with open(path, "rb") as file:
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
        # Not read_table: it makes extra columns of parent folders named like "fold=1".
        with pyarrow.parquet.ParquetFile(path) as file:
            _one_of_each(file.schema_arrow.names, path)
            table = file.read(None if only is None else list(only))
    elif suffix == ".jsonl":
        table = json_lines.read(path)
    else:
        options = pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in verbatim},
            # "NA" in a concept is a missing value and not a class, unless it stands in quotes.
            strings_can_be_null=not verbatim,
            quoted_strings_can_be_null=False,
        )
        table = pyarrow.csv.read_csv(path, convert_options=options)
        _headed(table.column_names, path)
    return table if only is None else table.select(list(only))


def _headed(names: list[str], path: Path) -> list[str]:
    """Return the columns of a .csv, or complain that its first line does not name them."""
    # A matrix that pandas wrote is headed 0, 1, 2, ...; any other numbers are a row of data.
    if all(map(_is_number, names)) and names != [str(i) for i in range(len(names))]:
        complain(
            f"the first line of {str(path)!r} must hold the names of the columns",
            f"it holds numbers: {', '.join(names[:5])}",
            "add a line of names",
        )
    return _one_of_each(names, path)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_of_each(names: list[str], path: Path) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        complain(
            f"column names in {str(path)!r} must differ",
            f"{', '.join(map(repr, twice[:5]))} stands there more than once",
            "rename the columns",
        )
    return names
