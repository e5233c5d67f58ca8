"""Readers: one for each kind of file, in one table.

The content decides the kind, by its first bytes or its structure. The suffix decides only among
texts, since any text with commas can be a .csv. Reading never runs code that a file contains.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from nullprobe._core.validation import complain
from nullprobe.data.readers import (
    arrow_files,
    csv_file,
    hdf5_file,
    json_files,
    numpy_files,
    parquet_file,
    safetensors_file,
    torch_file,
)
from nullprobe.data.readers.reader import HEAD, Reader

# Texts come last: their tests are the weakest.
READERS: dict[str, Reader] = {
    "npy": numpy_files.ARRAY,
    "npz": numpy_files.ARCHIVE,
    "torch": torch_file.TORCH,
    "hdf5": hdf5_file.HDF5,
    "parquet": parquet_file.PARQUET,
    "arrow": arrow_files.FILE,
    "arrow stream": arrow_files.STREAM,
    "safetensors": safetensors_file.SAFETENSORS,
    "jsonl": json_files.JSON_LINES,
    "json": json_files.JSON,
    "csv": csv_file.CSV,
}
SUFFIXES = tuple(dict.fromkeys(s for reader in READERS.values() for s in reader.suffixes))


def kind_of(path: Path) -> str:
    """Return the kind of a file, a key of `READERS`, by its content.

    Raises
    ------
    InputError
        If it is of no known kind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows"
    ...     _ = path.write_text('[{"a": 1}]')
    ...     kind_of(path)
    'json'
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        complain(f"{str(path)!r} must be readable", f"opening it failed: {error.strerror}")
    kind = next((kind for kind, one in READERS.items() if one.recognises(head, path)), None)
    if kind is None:
        _refuse(path, path.suffix.lower(), "it is empty" if not head else "its content is not")
    return kind


def _refuse(path: Path, suffix: str, how: str) -> NoReturn:
    if suffix in SUFFIXES:
        complain(
            f"{str(path)!r} must be a complete {suffix} file",
            how,
            "check that it was written completely and has the right suffix",
        )
    complain(
        f"a file must be of a known kind: {', '.join(SUFFIXES)}",
        f"{str(path)!r} has the suffix {suffix!r}, and {how}",
        "convert the file",
    )
