"""Files of moments: safetensors, exact to the bit, and checked when they are read.

Sums are float64. A fingerprint of all arrays detects a file that was changed after it was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe._core.tensor_files import FileKind, labels_as_json
from nullprobe._version import __version__
from nullprobe.moments.scatter import Spread

MOMENTS = FileKind(
    "the moments",
    "moments must be a file that nullprobe wrote",
    "pass a file from `nullprobe moments`, or from the save method of moments",
)
FINGERPRINT = "fingerprint"


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
    metadata = {key: labels_as_json(value) for key, value in described.items()}
    metadata |= {"nullprobe": __version__, FINGERPRINT: _fingerprint(tensors)}
    MOMENTS.write(path, mark, tensors, metadata)


def spread_tensors(spread: Spread, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the arrays of a spread on the host, by their names in a file."""
    return {
        f"{prefix}weight": np.array([spread.weight]),
        f"{prefix}rows": np.array([spread.rows], dtype=np.int64),
        f"{prefix}mean": spread.mean,
        f"{prefix}scatter": arrays.host(spread.scatter),
        f"{prefix}eps": np.array([spread.eps]),
    }


@dataclass(frozen=True, eq=False)
class Content:
    """Content of a file of moments; whatever is taken from it is checked.

    Attributes
    ----------
    path : str or Path
    arrays : dict of str to ndarray
    metadata : dict of str to str
    """

    path: str | Path
    arrays: dict[str, np.ndarray]
    metadata: dict[str, str]

    @classmethod
    def read(cls, path: str | Path, mark: str) -> Content:
        """Return the content of a file with this format mark; complain about a damaged file."""
        content = cls(path, *MOMENTS.read(path, mark))
        if content.metadata.get(FINGERPRINT) != _fingerprint(content.arrays):
            content.complain("its arrays were changed after they were written")
        return content

    def complain(self, reason: str) -> NoReturn:
        """Raise an error about the file."""
        MOMENTS.complain_unreadable(self.path, reason)

    def array(
        self, name: str, shape: tuple[int | None, ...], dtype: type = np.float64
    ) -> np.ndarray:
        """Return an array of finite numbers; None stands for any length but 0."""
        a = self.arrays.get(name)
        if a is None:
            self.complain(f"it has no array {name!r}")
        fits = len(a.shape) == len(shape) and all(
            length == (wanted or max(length, 1))
            for length, wanted in zip(a.shape, shape, strict=True)
        )
        if not fits or a.dtype != dtype:
            self.complain(f"its array {name!r} has shape {a.shape} and dtype {a.dtype}")
        if not np.isfinite(a).all():
            self.complain(f"its array {name!r} has values that are not finite")
        return a

    def value(self, key: str) -> Any:
        """Return a value that describes the arrays; lists become tuples."""
        try:
            return _as_tuples(json.loads(self.metadata[key]))
        except (KeyError, json.JSONDecodeError):
            self.complain(f"its metadata have no {key!r} in JSON")

    def spread(self, prefix: str = "", d: int | None = None) -> Spread:
        """Return a spread of d features, or of any number of them."""
        mean = self.array(f"{prefix}mean", (d,))
        weight, eps = (float(self.array(f"{prefix}{name}", (1,))[0]) for name in ("weight", "eps"))
        rows = int(self.array(f"{prefix}rows", (1,), np.int64)[0])
        if not (weight > 0 and rows > 0 and eps >= 0):
            self.complain(f"its weight is {weight:g}, of {rows} rows")
        scatter = self.array(f"{prefix}scatter", (len(mean), len(mean)))
        return Spread(weight, rows, mean, scatter, eps)

    def origin(self, d: int) -> dict[str, Any]:
        """Return the names of d features and the details, as arguments of moments."""
        names, details = self.value("feature_names"), self.value("details")
        if names is not None and not (_are_strings(names) and len(names) == d):
            self.complain(f"the names of its {d} features are no {d} strings")
        if not isinstance(details, dict) or not _are_strings(tuple(details.values())):
            self.complain("its details are no strings")
        return {"feature_names": names, "details": details}

    def classes(self) -> tuple | None:
        """Return the labels; None for a numeric concept."""
        return self._labels(self.value("classes"))

    def levels(self) -> tuple | None:
        """Return the labels of each column; None if the concept is not columns of labels."""
        levels = self.value("levels")
        if not (levels is None or isinstance(levels, tuple)):
            self.complain("the labels of its columns are no list")
        return None if levels is None else tuple(map(self._labels, levels))

    def _labels(self, labels: Any) -> tuple | None:
        if labels is None:
            return None
        if not (isinstance(labels, tuple) and labels and _are_different_labels(labels)):
            self.complain("its labels are no list of different labels")
        return labels


def _fingerprint(tensors: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _are_different_labels(values: tuple) -> bool:
    are_labels = all(isinstance(one, str | int | float) for one in values)
    return are_labels and len({*values}) == len(values)


def _are_strings(values: Any) -> bool:
    return isinstance(values, tuple) and all(isinstance(one, str) for one in values)
