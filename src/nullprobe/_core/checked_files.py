"""Checked files: tensor files with a fingerprint, whose arrays are checked when they are read.

The fingerprint detects a file that was changed by accident after it was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nullprobe._core.marked_files import FileKind, labels_as_json
from nullprobe._version import __version__

FINGERPRINT = "fingerprint"


def write(
    kind: FileKind,
    path: str | Path,
    mark: str,
    tensors: Mapping[str, np.ndarray],
    described: Mapping[str, Any],
) -> None:
    """Write arrays, and their description as JSON, to a file under a format mark."""
    metadata = {key: labels_as_json(value) for key, value in described.items()}
    metadata |= {"nullprobe": __version__, FINGERPRINT: fingerprint(tensors)}
    kind.write(path, mark, tensors, metadata)


@dataclass(frozen=True, eq=False)
class Content:
    """Content of a file; whatever is taken from it is checked.

    Attributes
    ----------
    kind : FileKind
    path : str or Path
    arrays : dict of str to ndarray
    metadata : dict of str to str
    """

    kind: FileKind
    path: str | Path
    arrays: dict[str, np.ndarray]
    metadata: dict[str, str]

    @classmethod
    def read(cls, kind: FileKind, path: str | Path, mark: str) -> Content:
        """Return the content of a file with this format mark; complain about a damaged file."""
        content = cls(kind, path, *kind.read(path, mark))
        if content.metadata.get(FINGERPRINT) != fingerprint(content.arrays):
            content.complain("its arrays were changed after they were written")
        return content

    def complain(self, reason: str) -> NoReturn:
        """Raise an error about the file."""
        self.kind.complain_unreadable(self.path, reason)

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

    def strings(self, key: str) -> dict[str, str]:
        """Return a mapping of strings to strings."""
        value = self.value(key)
        if not isinstance(value, dict) or not _are_strings(tuple(value.values())):
            self.complain(f"its {key} are no strings")
        return value

    def feature_names(self, d: int) -> tuple[str, ...] | None:
        """Return the names of d features, if the file has them."""
        names = self.value("feature_names")
        if names is not None and not (_are_strings(names) and len(names) == d):
            self.complain(f"the names of its {d} features are no {d} strings")
        return names

    def labels(self, key: str) -> tuple | None:
        """Return the labels of one concept; None for a numeric concept."""
        return self._labels(self.value(key))

    def labels_of_each(self, key: str) -> tuple[tuple | None, ...] | None:
        """Return the labels of several concepts; None if the file says so."""
        each = self.value(key)
        if not (each is None or isinstance(each, tuple)):
            self.complain(f"its {key} are no list")
        return None if each is None else tuple(map(self._labels, each))

    def _labels(self, labels: Any) -> tuple | None:
        if labels is None:
            return None
        if not (isinstance(labels, tuple) and labels and _are_different_labels(labels)):
            self.complain("its labels are no list of different labels")
        return labels


def fingerprint(tensors: Mapping[str, np.ndarray]) -> str:
    """Return the fingerprint of arrays and their names."""
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
