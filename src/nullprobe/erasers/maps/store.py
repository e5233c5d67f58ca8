"""Eraser files: safetensors, written completely or not at all; equal maps give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
from safetensors.numpy import load_file
from safetensors.numpy import save as serialise

from nullprobe._core import validation
from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import InputError

REQUIRED = "an eraser must be a file that nullprobe wrote"


def write(  # noqa: PLR0913  the parts of a file
    path: str | Path,
    mark: str,
    tensors: Mapping[str, np.ndarray],
    *,
    method: str,
    classes: tuple | None,
    feature_names: tuple[str, ...] | None,
    details: Mapping[str, str],
) -> None:
    """Write an eraser to a .safetensors file under a format mark, such as "nullprobe.X/1"."""
    metadata = {
        "format": mark,
        "method": method,
        "classes": _labels_as_json(classes),
        "feature_names": json.dumps(feature_names),
        "details": json.dumps(dict(details)),
    }
    flat = {name: np.ascontiguousarray(a, dtype=np.float64) for name, a in tensors.items()}
    with whole_file(path) as temporary:
        # save_file would replace the file by one that only its owner may read.
        temporary.write_bytes(_sorted_header(serialise(flat, metadata)))


def mark_of(path: str | Path) -> str:
    """Return the format mark of a file, or complain that it is not an eraser file."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"File not found: {str(path)!r}")
    try:
        with safetensors.safe_open(path, framework="numpy") as f:
            return (f.metadata() or {}).get("format", "none")
    except (safetensors.SafetensorError, OSError) as error:
        if path.suffix != ".safetensors":
            validation.complain(
                REQUIRED, f"{str(path)!r} is not one", "pass a file that `nullprobe fit` wrote"
            )
        _complain_unreadable(path, error)


def read(path: str | Path, mark: str, tensors: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of an eraser's constructor from a file that :func:`write` wrote.

    Raises
    ------
    InputError
        If the file is missing or damaged, or has another format mark.
    """
    file_mark = mark_of(path)
    if file_mark != mark:
        validation.complain(
            REQUIRED,
            f"{str(path)!r} has the format mark {file_mark!r}, not {mark!r}",
            "pass a file from `nullprobe fit`, or from the save method of such an eraser",
        )
    try:
        with safetensors.safe_open(path, framework="numpy") as f:
            metadata = f.metadata()
        arrays = load_file(path)
        classes, names, details = (
            json.loads(metadata[key]) for key in ("classes", "feature_names", "details")
        )
        return {
            **{name: arrays[name] for name in tensors},
            "method": metadata["method"],
            "classes": None if classes is None else tuple(classes),
            "feature_names": None if names is None else tuple(names),
            "details": details,
        }
    except (safetensors.SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        _complain_unreadable(path, error)


def _complain_unreadable(path: str | Path, error: Exception) -> NoReturn:
    validation.complain(
        REQUIRED, f"{str(path)!r} cannot be read ({error})", "save the eraser again"
    )


def _labels_as_json(classes: tuple | None) -> str:
    try:
        return json.dumps(classes)
    except TypeError as error:
        validation.complain(
            "the labels of a saved eraser must be strings, numbers or booleans",
            f"{error}",
            "convert y to strings before fitting",
        )


def _sorted_header(content: bytes) -> bytes:
    """Sort the header of a safetensors file: its metadata are in random order."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the tensors are aligned to 8 bytes
    return len(header).to_bytes(8, "little") + header + content[end:]
