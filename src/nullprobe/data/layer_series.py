"""Layer series: arrays of one shape whose names differ in one number, such as "layer 0", "layer 1".

Such arrays are the same site of successive layers of a model, so all of them can be audited, and
none has to be chosen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from nullprobe._core.validation import InputError
from nullprobe.data.formats import holds_one_array, names, sites
from nullprobe.data.readers.reader import RowSource
from nullprobe.data.row_sources import rows_of
from nullprobe.data.usual_names import USUAL

_NUMBER = re.compile(r"(\d+)")


def layer_series(
    path: str | os.PathLike[str], leave_out: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Return the series of layers in a file: their names, in order, by the pattern of the names.

    Parameters
    ----------
    path : str or path
        A file or folder of arrays or columns.
    leave_out : sequence of str
        Names with another role.

    Returns
    -------
    dict of str to list of str
        Empty if an array has a usual name of a representation, such as ``X``, which goes before.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> X = np.eye(3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "states.npz"
    ...     np.savez(path, **{"block 10": X, "block 9": X, "embed": X, "y": [0, 1, 1]})
    ...     layer_series(path)
    {'block *': ['block 9', 'block 10']}
    """
    if holds_one_array(path) or sites(path):
        return {}
    rest = [name for name in names(path) if name not in leave_out]
    candidates = {pattern: group for pattern, group in _by_pattern(rest).items() if len(group) > 1}
    if not candidates or any(name in USUAL for name in rest):
        return {}
    shapes: dict[str, Any] = {}
    with suppress(InputError):  # whoever reads the file reports what is wrong with it
        shapes = _shapes(rows_of(path, only=[n for group in candidates.values() for n in group]))
    return {
        pattern: group
        for pattern, group in candidates.items()
        if all(name in shapes for name in group) and len({shapes[name] for name in group}) == 1
    }


def _by_pattern(every: Sequence[str]) -> dict[str, list[str]]:
    """Return names that differ in one number, in its order, by a pattern that matches them."""
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for name in every:
        parts = _NUMBER.split(name)
        groups.setdefault(tuple(parts[::2]), []).append(parts)
    by_pattern: dict[str, list[str]] = {}
    for group in groups.values():
        varies = [i for i in range(1, len(group[0]), 2) if len({parts[i] for parts in group}) > 1]
        if len(varies) == 1:
            (at,) = varies
            group.sort(key=lambda parts: int(parts[at]))
            pattern = "".join(["*" if i == at else text for i, text in enumerate(group[0])])
            by_pattern[pattern] = ["".join(parts) for parts in group]
    return by_pattern


def _shapes(source: RowSource) -> dict[str, Any]:
    """Return the shape of each representation: a matrix, or rows of tokens; or its list type."""
    if isinstance(source, dict):
        return {
            name: one.shape
            for name, one in source.items()
            if one.dtype.kind == "f" and len(one.shape) in (2, 3)
        }
    schema: Any = source.schema
    return {field.name: str(field.type) for field in schema if _is_list_of_floats(field.type)}


def _is_list_of_floats(kind: Any) -> bool:
    inner = getattr(kind, "value_type", None)
    return inner is not None and (pa.types.is_floating(inner) or _is_list_of_floats(inner))
