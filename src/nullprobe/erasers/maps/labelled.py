"""What erasers share that must be told the concept of the rows that they erase.

Both kinds of map, `ConceptShift` and `ClassTransport`, are frozen and applied block by block:
beyond input and output, memory is that of one block. A dask array is read block by block, and
its result is a NumPy array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept, concept
from nullprobe.erasers.maps import store


class LabelledMap:
    """What both maps do alike: check, apply in blocks, save, load."""

    FORMAT: ClassVar[str]
    TENSORS: ClassVar[tuple[str, ...]]

    d: int
    rank: int
    method: str
    classes: tuple | None
    feature_names: tuple[str, ...] | None
    details: Mapping[str, str]

    def _move(self, X_: Array, block: Array, z: Concept) -> None:
        """Write a block (m, d), erased, into ``X_``, which may be the block itself."""
        raise TypeError(f"{type(self).__name__} does not say how it moves rows")

    def _width(self) -> int:
        """Return the number of columns of a numeric concept."""
        raise TypeError(f"{type(self).__name__} has no numeric concept")

    def _freeze(self, **required: tuple[int, ...]) -> None:
        """Hold read-only float64 copies of arrays, which must have the required shapes."""
        for name, shape in required.items():
            a = np.array(getattr(self, name), dtype=np.float64)
            if a.shape != shape:
                validation.complain(
                    f"{name} must have shape {shape} beside the other arrays of the eraser",
                    f"it has shape {a.shape}",
                    "pass arrays that belong together",
                )
            a.flags.writeable = False
            object.__setattr__(self, name, a)
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))

    def __repr__(self) -> str:
        """Return method, d, rank and classes in one line."""
        return store.one_line(self)

    def __reduce__(self) -> tuple:
        """Pickle what the constructor takes, so that a copy is frozen, too."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        values["details"] = dict(self.details)
        return type(self), tuple(values.values())

    def __call__(self, X: Array, y: Any) -> Array:
        """Apply the eraser to X (n, d), whose rows have the concept y."""
        return self.apply(X, y)

    def apply(self, X: Array, y: Any, *, out: Array | None = None) -> Array:
        """Return the erased X, of the same shape, library, device and floating dtype.

        Parameters
        ----------
        X : array of shape (n, d)
            NumPy array, torch tensor or data frame of numbers; a dask array is computed block
            by block into a NumPy array.
        y : array-like of shape (n,) or (n, k)
            Concept of each row: labels that the eraser was fitted on, or as many numbers.
        out : array of shape (n, d), optional
            Where to write the result, as X's kind and dtype; may be X itself.

        Raises
        ------
        InputError
            If X, ``y`` or ``out`` has the wrong shape or kind, or a label is unknown.
        """
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        z = self._read(y, X.shape[0])
        X_ = arrays.empty_like(X) if out is None else out
        if out is not None:
            validation.same_form(X_, X)
        for where, block in arrays.row_blocks(X):
            if self.rank:
                self._move(X_[where], block, z.take(where))
            else:
                X_[where] = block
        return X_

    def _read(self, y: Any, n: int) -> Concept:
        """Return the concept of n rows, with codes that count as ``classes`` does."""
        if y is None:
            validation.complain(
                "this eraser must be told the concept y of the rows that it erases",
                "y is None",
                "pass it: transform(X, y); or choose an eraser that does without, such as LEACE",
            )
        kind = "numeric" if self.classes is None else "labels"
        z = concept(y, n=n, kind=kind, like=self)
        if z.is_classes and self.classes is not None:
            return z.among(self.classes, "y")
        if z.is_classes or self.classes is not None or z.n_columns != self._width():
            wanted = f"{self._width()} columns" if self.classes is None else "labels (n,)"
            validation.complain(
                f"y must have the {wanted} that the eraser was fitted on",
                "it has labels" if z.is_classes else f"it has {z.n_columns}",
                "pass the same concept",
            )
        return z

    @property
    def levels(self) -> tuple | None:
        """The labels of each column of y, where columns of labels were encoded together."""
        found = json.loads(self.details.get("levels", "null"))
        return found and tuple(one and tuple(one) for one in found)

    def named(self, feature_names: Any) -> Self:
        """Return the same eraser with names for its features."""
        return replace(self, feature_names=tuple(map(str, feature_names)))  # type: ignore[type-var]

    def save(self, path: str | Path) -> None:
        """Write the eraser to a .safetensors file, whole or not at all.

        The file holds its arrays in float64 and, as metadata, method, labels, feature names,
        versions and the fingerprint of the fitting data as JSON.
        """
        tensors = {name: np.atleast_1d(getattr(self, name)) for name in self.TENSORS}
        tensors = {name: a.astype(np.float64) for name, a in tensors.items()}
        record = store.Record(tensors, self.method, self.classes, self.feature_names, self.details)
        store.write(path, self.FORMAT, record)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an eraser that :meth:`save` wrote.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not such an eraser.
        """
        kind: Any = cls
        r = store.read(path, cls.FORMAT, cls.TENSORS)
        tensors = (r.tensors[name] for name in cls.TENSORS)
        return kind(*tensors, r.method, r.classes, r.feature_names, r.details)


def set_level(X_: Array, level: np.ndarray) -> None:
    """Set features of which nothing is left to their level: a probe could read their rounding."""
    gone = np.flatnonzero(~np.isnan(level))
    if len(gone):
        arrays.put(X_.T, gone, arrays.like(level[gone, None], X_))
