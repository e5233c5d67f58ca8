"""Writing named arrays or columns to a file, in the format of its suffix."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import safetensors.numpy

from nullprobe._core import torch_files
from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain
from nullprobe.data import json_lines
from nullprobe.data.formats import Arrays, suffix_of


def save(path: str | os.PathLike[str], content: Arrays | pa.Table) -> None:
    """Write named arrays or columns to ``path``, completely or not at all.

    Parameters
    ----------
    path : str or path
        The file; the format of its suffix must hold arrays or columns, as ``content`` does.
    content : dict of ndarray, or pyarrow.Table
        Content to write. A .npy holds a single array, a .safetensors does not hold text.
    """
    path = Path(path)
    suffix = suffix_of(path)
    with whole_file(path) as temporary:
        if not isinstance(content, dict):
            _save_table(temporary, suffix, content, path)
        elif suffix == ".npy":
            if len(content) > 1:
                _cannot_keep(path, sorted(content)[:5], "holds a single array", ".npz")
            np.save(temporary, next(iter(content.values())), allow_pickle=False)
        elif suffix == ".npz":
            objects = [name for name, array in content.items() if array.dtype.hasobject]
            if objects:
                _cannot_keep(path, objects[:5], "cannot hold nested columns", ".parquet")
            _save_npz(temporary, content)
        elif suffix in (".pt", ".pth"):
            torch_files.write(temporary, content)
        else:
            text = [name for name, array in content.items() if array.dtype.kind not in "biuf"]
            if text:
                _cannot_keep(path, text[:5], "holds numbers only", ".npz or .parquet")
            # The format stores the bytes in memory order; a transposed view would be read wrongly.
            flat = {name: np.ascontiguousarray(array) for name, array in content.items()}
            temporary.write_bytes(safetensors.numpy.save(flat))


def _save_npz(temporary: Path, content: Arrays) -> None:
    # Not np.savez: it takes names as keywords and fails for an array with the name "file".
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, array in content.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _save_table(temporary: Path, suffix: str, table: pa.Table, path: Path) -> None:
    if suffix == ".parquet":
        cast(Any, pyarrow.parquet).write_table(table, temporary)
        return
    if suffix == ".jsonl":
        json_lines.write(temporary, table)
        return
    nested = [name for name in table.column_names if pa.types.is_nested(table.column(name).type)]
    if nested:
        _cannot_keep(path, nested[:5], "cannot hold lists", ".parquet or .jsonl")
    pyarrow.csv.write_csv(table, temporary)


def _cannot_keep(path: Path, names: Sequence[str], why: str, instead: str) -> None:
    complain(
        f"a {path.suffix} file {why}",
        f"{path.name!r} would have to hold {', '.join(map(repr, names))}",
        f"write {instead} instead",
    )
