"""Folders of files: shards of one kind, or what Hugging Face datasets saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nullprobe._core.nested import is_list, is_object
from nullprobe._core.validation import complain
from nullprobe.data.places import in_order
from nullprobe.data.readers import SUFFIXES, kind_of

STATE, SPLITS = "state.json", "dataset_dict.json"  # of Hugging Face datasets
_LARGEST = 1 << 24  # bytes of a description in JSON


def shards(folder: Path) -> list[Path]:
    """Return the files of a folder whose rows are read, in order.

    Raises
    ------
    InputError
        If there are none, or they are of several kinds.
    """
    if (folder / SPLITS).is_file():
        splits = _json(folder / SPLITS).get("splits")
        first = splits[0] if is_list(splits) and splits else "train"
        complain(
            f"{str(folder)!r} must be one data set",
            f"it holds the splits {', '.join(map(repr, splits)) if is_list(splits) else '?'}",
            f"name the folder of one, such as {str(folder / str(first))!r}",
        )
    if (folder / STATE).is_file():
        return _saved_data_set(folder)
    files = [
        file
        for file in sorted(folder.iterdir(), key=in_order)
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in SUFFIXES
    ]
    # A .json next to other files describes them.
    files = [file for file in files if file.suffix.lower() != ".json"] or files
    kinds = sorted({kind_of(file) for file in files})
    if len(kinds) != 1:
        complain(
            f"the folder {str(folder)!r} must hold files of one format ({', '.join(SUFFIXES)})",
            f"it holds {' and '.join(kinds) or 'no such file'}",
            "pass a single file, or move each format to its own folder",
        )
    return files


def _saved_data_set(folder: Path) -> list[Path]:
    """Return the files that the description of a data set lists."""
    listed = _json(folder / STATE).get("_data_files")
    names: list[str] = []
    for entry in listed if is_list(listed) else []:
        name = entry.get("filename") if is_object(entry) else None
        # A description from elsewhere must not lead out of its folder.
        if not isinstance(name, str) or Path(name).name != name:
            complain(f"{str(folder / STATE)!r} must list files of its folder", f"it lists {name!r}")
        names.append(name)
    if not names:
        complain(f"{str(folder / STATE)!r} must list the files of the data set", "it lists none")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        complain(
            f"{str(folder)!r} must hold all {len(names)} files of its data set",
            f"{missing[0]!r} is missing",
            "copy the whole folder",
        )
    return [folder / name for name in names]


def _json(path: Path) -> dict[str, Any]:
    """Return the object that a description holds."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        complain(f"{str(path)!r} must be JSON", f"it is not: {str(error)[:200]}")
    if not is_object(content):
        complain(f"{str(path)!r} must hold an object", f"it holds a {type(content).__name__}")
    return content
