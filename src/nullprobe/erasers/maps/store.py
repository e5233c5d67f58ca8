"""Files that hold an eraser: safetensors, whole or not at all, the same bytes for the same map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
from safetensors.numpy import load_file
from safetensors.numpy import save as serialise

from nullprobe._core import validation
from nullprobe._core.atomic_files import whole_file

LONGEST_LABELS = 40  # letters that all labels may take in one line
REQUIRED = "an eraser file that nullprobe wrote is required"


@dataclass(frozen=True)
class Record:
    """What a file holds of an eraser.

    Attributes
    ----------
    tensors : mapping of str to ndarray
        Its arrays, float64.
    method : str
        Name of the method that fitted it.
    classes : tuple or None
        Labels of the concept; None for a numeric one.
    feature_names : tuple of str or None
    details : mapping of str to str
        Versions, rows and fingerprint of the fit.
    """

    tensors: Mapping[str, np.ndarray]
    method: str
    classes: tuple | None
    feature_names: tuple[str, ...] | None
    details: Mapping[str, str]


def one_line(eraser: Any) -> str:
    """Return an eraser in one line, where its arrays would fill the screen.

    Parameters
    ----------
    eraser : AffineEraser, ConceptShift or ClassTransport
    """
    said = [repr(eraser.method), f"d={eraser.d}", f"rank={eraser.rank}"]
    if eraser.classes is not None:
        labels = repr(eraser.classes)
        many = len(labels) > LONGEST_LABELS
        said.append(f"classes=<{len(eraser.classes)}>" if many else f"classes={labels}")
    return f"{type(eraser).__name__}({', '.join(said)})"


def write(path: str | Path, mark: str, record: Record) -> None:
    """Write a record to a .safetensors file under a format mark, such as "nullprobe.X/1"."""
    metadata = {
        "format": mark,
        "method": record.method,
        "classes": _labels_as_json(record.classes),
        "feature_names": json.dumps(record.feature_names),
        "details": json.dumps(dict(record.details)),
    }
    flat = {name: np.ascontiguousarray(a) for name, a in record.tensors.items()}
    with whole_file(path) as temporary:
        # Not save_file: it replaces the file by one that only its owner may read.
        temporary.write_bytes(_sorted_header(serialise(flat, metadata)))


def mark_of(path: str | Path) -> str:
    """Return the format mark of a file, or complain that it holds no eraser."""
    path = Path(path)
    if not path.is_file():
        validation.complain(REQUIRED, f"there is no file {str(path)!r}", "check the path")
    try:
        with safetensors.safe_open(path, framework="numpy") as f:
            return (f.metadata() or {}).get("format", "none")
    except (safetensors.SafetensorError, OSError) as error:
        _complain_unreadable(path, error)


def read(path: str | Path, mark: str, tensors: Sequence[str]) -> Record:
    """Read the record that :func:`write` wrote under this mark.

    Raises
    ------
    InputError
        If the file is missing, damaged, or of another format.
    """
    found = mark_of(path)
    if found != mark:
        validation.complain(
            REQUIRED,
            f"{str(path)!r} has the format mark {found!r}, not {mark!r}",
            "pass a file that `nullprobe fit` or the save method of such an eraser wrote",
        )
    try:
        with safetensors.safe_open(path, framework="numpy") as f:
            metadata = f.metadata()
        arrays = load_file(path)
        classes, names, details = (
            json.loads(metadata[key]) for key in ("classes", "feature_names", "details")
        )
        return Record(
            {name: arrays[name] for name in tensors},
            metadata["method"],
            None if classes is None else tuple(classes),
            None if names is None else tuple(names),
            details,
        )
    except (safetensors.SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        _complain_unreadable(path, error)


def _complain_unreadable(path: str | Path, error: Exception) -> NoReturn:
    validation.complain(REQUIRED, f"{str(path)!r} cannot be read ({error})", "save it again")


def _labels_as_json(classes: tuple | None) -> str:
    try:
        return json.dumps(classes)
    except TypeError as error:
        validation.complain(
            "labels of a saved eraser must be strings, numbers or booleans",
            f"{error}",
            "convert y to strings before fitting",
        )


def _sorted_header(content: bytes) -> bytes:
    """Sort the header of a safetensors file, whose metadata come in random order otherwise."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the tensors are aligned to 8 bytes
    return len(header).to_bytes(8, "little") + header + content[end:]
