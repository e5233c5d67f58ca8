"""Plain documents: values as JSON holds them, and files of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.atomic_files import whole_file


def plain(value: Any) -> Any:
    """Return plain Python values; six digits of a float, and None for one that is not finite."""
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def write_json(path: str | Path, documents: Sequence[Mapping[str, Any]]) -> None:
    """Write one document, or a list of several, whole or not at all."""
    content = documents[0] if len(documents) == 1 else list(documents)
    with whole_file(path) as temporary:
        Path(temporary).write_text(
            json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8"
        )
