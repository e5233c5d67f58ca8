"""Files of moments: safetensors, exact to the bit, and checked when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core import arrays, checked_files, validation
from nullprobe._core.checked_files import Content
from nullprobe._core.marked_files import FileKind
from nullprobe.moments.concept_sums import ConceptSums
from nullprobe.moments.scatter import Spread

MOMENTS = FileKind(
    "the moments",
    "moments must be a file that nullprobe wrote",
    "pass a file from `nullprobe moments`, or from the save method of moments",
)


def write(
    path: str | Path,
    mark: str,
    tensors: Mapping[str, np.ndarray],
    described: Mapping[str, Any],
) -> None:
    """Write arrays, and their description as JSON, to a file; complain about no rows."""
    if not tensors or tensors.get("weight") == 0:
        validation.complain(
            "moments in a file must have rows", "these have none", "pass rows to update first"
        )
    checked_files.write(MOMENTS, path, mark, tensors, described)


def read(path: str | Path, mark: str) -> Content:
    """Return the content of a file of moments with this format mark."""
    return Content.read(MOMENTS, path, mark)


def spread_tensors(spread: Spread, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the arrays of a spread on the host, by their names in a file."""
    return {
        f"{prefix}weight": np.array([spread.weight]),
        f"{prefix}rows": np.array([spread.rows], dtype=np.int64),
        f"{prefix}mean": spread.mean,
        f"{prefix}scatter": arrays.host(spread.scatter),
        f"{prefix}eps": np.array([spread.eps]),
    }


def read_spread(content: Content, prefix: str = "", d: int | None = None) -> Spread:
    """Return a spread of d features, or of any number of them."""
    mean = content.array(f"{prefix}mean", (d,))
    weight, eps = (float(content.array(f"{prefix}{name}", (1,))[0]) for name in ("weight", "eps"))
    rows = int(content.array(f"{prefix}rows", (1,), np.int64)[0])
    if not (weight > 0 and rows > 0 and eps >= 0):
        content.complain(f"its weight is {weight:g}, of {rows} rows")
    scatter = content.array(f"{prefix}scatter", (len(mean), len(mean)))
    return Spread(weight, rows, mean, scatter, eps)


def sums_tensors(sums: ConceptSums, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the arrays of the sums of a concept, by their names in a file."""
    tensors = {f"{prefix}concept_mean": sums.mean, f"{prefix}cross": sums.cross}
    return (
        tensors if sums.scatter is None else {**tensors, f"{prefix}concept_scatter": sums.scatter}
    )


def described_sums(sums: ConceptSums, prefix: str = "") -> dict[str, Any]:
    """Return what describes the sums of a concept in a file."""
    return {f"{prefix}classes": sums.classes, f"{prefix}levels": sums.levels}


def read_sums(content: Content, d: int, prefix: str = "") -> ConceptSums:
    """Return the sums of a concept with d features."""
    classes = content.labels(f"{prefix}classes")
    k = None if classes is None else len(classes)
    mean = content.array(f"{prefix}concept_mean", (k,))
    k = len(mean)
    scatter = content.array(f"{prefix}concept_scatter", (k, k)) if classes is None else None
    cross = content.array(f"{prefix}cross", (d, k))
    return ConceptSums(mean, cross, scatter, classes, content.labels_of_each(f"{prefix}levels"))


def read_origin(content: Content, d: int) -> dict[str, Any]:
    """Return the names of d features and the details, as arguments of moments."""
    return {"feature_names": content.feature_names(d), "details": content.strings("details")}
