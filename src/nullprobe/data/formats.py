"""Content of files: named arrays or columns, from one file, a folder, a pattern, or a pipe.

`readers` handles each kind of file, `places` finds the files, and `files.py` handles
representations and concepts. Reading a file never runs code that the file contains.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core.sparse_rows import stacked
from nullprobe._core.validation import InputError, complain, is_sparse
from nullprobe.data import folders, places, token_rows
from nullprobe.data.captured import CapturedFolder
from nullprobe.data.manifest import manifest
from nullprobe.data.manifest import names as names_in
from nullprobe.data.readers import READERS, kind_of
from nullprobe.data.readers.reader import Arrays, Content, named_if_broken
from nullprobe.data.requests import RequestFolder, is_requests

# Suffixes of files that are written.
ARRAY_SUFFIXES = (".npz", ".npy", ".safetensors", ".pt", ".pth", ".h5", ".hdf5")
TABLE_SUFFIXES = (".parquet", ".csv", ".jsonl", ".arrow", ".feather")
SUFFIXES = (*ARRAY_SUFFIXES, *TABLE_SUFFIXES)

# Array of a .npz with the names of the d features, written when columns become a matrix.
NAMES = "feature_names"
_LONE_KINDS = ("npy", "npz", "torch")  # kinds of files that may hold one array without a name


def suffix_of(path: Path) -> str:
    """Return the lower-case suffix of a file to write, or complain if it is of no known format."""
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
) -> Content:
    """Read a file, or files of one kind, joined in the order of their names.

    A folder of captured states is verified against its manifest.

    Parameters
    ----------
    path : str or path
        A file of a known kind, a folder or a pattern of such files, a remote address, or "-" for
        the standard input.
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
    files = parts(path)
    rule = token_rows.current().tokens
    if is_requests(files):
        return _requests(files).read(only, rule or "last")
    masked = not _holds_columns(files[0]) and token_rows.MASK in _names(files[0])
    if rule is None and not masked:
        return _load_all(files, only, verbatim)
    wanted = [*only, token_rows.MASK] if masked and only is not None else only
    content = _load_all(files, wanted, verbatim)
    if not isinstance(content, dict):
        return token_rows.pooled_columns(content, rule or "last")
    content = token_rows.pooled_arrays(content, rule)
    return {name: a for name, a in content.items() if only is None or name in only}


def load_arrays(path: str | os.PathLike[str], *, only: Sequence[str] | None = None) -> Arrays:
    """Read the arrays of a file or a folder of arrays; see `load`."""
    content = load(path, only=only)
    assert isinstance(content, dict), "a file of arrays holds no columns"
    return content


def names(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of the arrays or columns of a file, or of the first shard of a folder.

    Their values are not read, if the format allows that.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.npz"
    ...     np.savez(path, X=np.eye(2), y=["no", "yes"])
    ...     names(path)
    ['X', 'y']
    """
    files = parts(path)
    return _requests(files).names if is_requests(files) else _names(files[0])


def sites(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of layers or sites in a folder of states; none in any other file."""
    about = manifest(Path(path))
    if about is not None:
        return list(about["sites"])
    files = parts(path)
    return _requests(files).sites if is_requests(files) else []


def holds_one_array(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a file with a single array without a name, so labels are in other files."""
    path = Path(path)
    if places.address(str(path)) is not None:
        files = parts(path)
        path = files[0] if len(files) == 1 else path
    if not places.is_local(path) or not path.is_file():
        return False
    kind = kind_of(path)
    return kind == "npy" or (kind in _LONE_KINDS and _names(path) == ["X"])


def siblings(path: Path, wanted: Sequence[str]) -> list[str]:
    """Return the names of those arrays that lie next to a file with one array."""
    suffixes = {path.suffix, ".npy"}
    files = {name: [path.with_name(f"{name}{one}") for one in suffixes] for name in wanted}
    return [name for name, each in files.items() if any(one.is_file() for one in each)]


def sibling(path: Path, name: str) -> np.ndarray:
    """Return the array in ``name.npy`` next to a file that holds one array, or complain."""
    sibling = path.with_name(f"{name}{path.suffix}")
    if not sibling.is_file() and path.with_name(f"{name}.npy").is_file():
        sibling = path.with_name(f"{name}.npy")
    if name == "X" or sibling == path or not sibling.is_file():
        complain(
            f"{path.name!r} holds one matrix, so {name!r} must be in {sibling.name!r} in the same "
            "folder, with another name than X",
            "there is no such file",
            "save both arrays in one file, such as .npz",
        )
    arrays = load_arrays(sibling)
    if "X" not in arrays and len(arrays) != 1:
        complain(
            f"{sibling.name!r} must hold one array",
            f"it holds {', '.join(map(repr, list(arrays)[:10]))}",
        )
    return arrays["X"] if "X" in arrays else next(iter(arrays.values()))


def parts(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files that are read together: one, all that match, or the shards of a folder."""
    files = places.located(path)
    if len(files) == 1 and files[0].is_dir() and manifest(files[0]) is None:
        return folders.shards(files[0])
    return files


def _requests(files: Sequence[Path]) -> RequestFolder:
    file = token_rows.current().labels
    if file is None:
        return RequestFolder(files)
    content = _load_all(parts(file), None, ())
    if not isinstance(content, dict):
        content = {
            name: np.array(content.column(name).to_pylist()) for name in content.column_names
        }
    return RequestFolder(files, content)


def _names(path: Path) -> list[str]:
    if path.is_dir():
        about = manifest(path)
        return _names(folders.shards(path)[0]) if about is None else names_in(about)
    kind = kind_of(path)
    with named_if_broken(path, kind):
        return READERS[kind].names(path)


def _load_all(
    files: Sequence[Path], only: Sequence[str] | None, verbatim: Sequence[str]
) -> Content:
    return _load(files[0], only, verbatim) if len(files) == 1 else _join(files, only, verbatim)


def _load(path: Path, only: Sequence[str] | None, verbatim: Sequence[str]) -> Content:
    if path.is_dir():
        if manifest(path) is not None:
            return CapturedFolder(path).read(only)
        return _load_all(folders.shards(path), only, verbatim)
    kind = kind_of(path)
    with named_if_broken(path, kind):
        return READERS[kind].load(path, only, verbatim)


def _holds_columns(path: Path) -> bool:
    if not path.is_dir():
        return READERS[kind_of(path)].columns
    return manifest(path) is None and _holds_columns(folders.shards(path)[0])


def need_same_form(shards: Sequence[Path]) -> bool:
    """Return whether files that are read together hold columns; refuse files that differ."""
    every = _names(shards[0])
    for shard in shards[1:]:
        if sorted(_names(shard)) != sorted(every):
            complain(
                f"all shards in {str(shard.parent)!r} must have the same columns",
                f"{shard.name!r} has {_names(shard)[:10]} and {shards[0].name!r} has {every[:10]}",
                "rename or drop the columns that differ",
            )
    columns = _holds_columns(shards[0])
    for shard in shards[1:]:
        if _holds_columns(shard) != columns:
            complain(
                "files that are read together must all hold arrays, or all hold columns",
                f"{shards[0].name!r} and {shard.name!r} differ",
                "convert one of them",
            )
    return columns


def _join(shards: Sequence[Path], only: Sequence[str] | None, verbatim: Sequence[str]) -> Content:
    """Read shards, one array at a time, so that at most one array is in memory twice."""
    every = _names(shards[0])
    columns = need_same_form(shards)
    wanted = every if only is None else [name for name in every if name in only]
    if columns:
        tables: Any = [_load(shard, wanted, verbatim) for shard in shards]
        with named_if_they_differ(shards):
            return pa.concat_tables(tables, promote_options="permissive")
    arrays: Arrays = {}
    for name in wanted:
        each: list[Any] = [_load(shard, [name], ()) for shard in shards]
        with named_if_they_differ(shards):
            arrays[name] = _stack([one[name] for one in each], name)
    return arrays


@contextmanager
def named_if_they_differ(shards: Sequence[Path]) -> Generator[None]:
    """Convert the error of joining shards to an `InputError` that names their folder."""
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
    if any(map(is_sparse, arrays)):
        return stacked(arrays)
    return np.concatenate(arrays)
