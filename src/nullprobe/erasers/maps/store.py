"""Eraser files: safetensors, written completely or not at all; equal maps give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.marked_files import FileKind, labels_as_json

ERASER = FileKind(
    "the eraser",
    "an eraser must be a file that nullprobe wrote",
    "pass a file from `nullprobe fit`, or from the save method of an eraser",
)


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
        "method": method,
        "classes": labels_as_json(classes),
        "feature_names": json.dumps(feature_names),
        "details": json.dumps(dict(details)),
    }
    flat = {name: np.asarray(a, dtype=np.float64) for name, a in tensors.items()}
    ERASER.write(path, mark, flat, metadata)


def read(path: str | Path, mark: str, tensors: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of an eraser's constructor from a file that :func:`write` wrote.

    Raises
    ------
    InputError
        If the file is missing or damaged, or has another format mark.
    """
    arrays, metadata = ERASER.read(path, mark)
    try:
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
    except (KeyError, json.JSONDecodeError) as error:
        ERASER.complain_unreadable(path, error)
