"""Eraser files: safetensors, written completely or not at all; equal maps give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Json, ValidationError

from nullprobe._core.marked_files import FileKind, labels_as_json

LEVEL = "level"  # the array that may hold NaN
Label = str | bool | int | float

ERASER = FileKind(
    "the eraser",
    "an eraser must be a file that nullprobe wrote",
    "pass a file from `nullprobe fit`, or from the save method of an eraser",
)


class _About(BaseModel):
    """Metadata of a file, each as JSON except the method."""

    model_config = ConfigDict(strict=True)

    method: str
    classes: Json[tuple[Label, ...] | None]
    feature_names: Json[tuple[str, ...] | None]
    details: Json[dict[str, str]]


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
        about = _About.model_validate({key: metadata[key] for key in _About.model_fields})
        chosen = {name: arrays[name] for name in tensors}
    except (KeyError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        reason = error if first is None else f"its {first['loc'][0]}: {first['msg']}"
        ERASER.complain_unreadable(path, reason)
    for name, a in chosen.items():
        # Features that erasure does not make constant have no level.
        is_finite = np.isfinite(a) if name != LEVEL else ~np.isinf(a)
        if a.dtype != np.float64 or not is_finite.all():
            ERASER.complain_unreadable(path, f"its array {name!r} must hold finite 64-bit floats")
    return {**chosen, **dict(about)}
