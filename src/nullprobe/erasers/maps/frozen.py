"""Base class of the fitted maps: read-only arrays, a short repr, files, copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe._core.printable import label_list, shortened
from nullprobe.erasers.maps import store
from nullprobe.report.notebook import facts


class FrozenMap:
    """Base class of the dataclasses of arrays that are fitted maps: repr, copies and files.

    Attributes
    ----------
    FORMAT : str
        Format mark in its files.
    TENSORS : tuple of str
        Names of its arrays, in the order of the constructor.
    """

    FORMAT: ClassVar[str]
    TENSORS: ClassVar[tuple[str, ...]]

    d: int
    rank: int
    method: str
    classes: tuple | None
    feature_names: tuple[str, ...] | None
    details: Mapping[str, str]

    def _freeze(self, **required: tuple[int, ...]) -> None:
        """Store read-only float64 copies of arrays; complain about a wrong shape."""
        for name, shape in required.items():
            a = np.array(getattr(self, name), dtype=np.float64)
            if a.shape != shape:
                validation.complain(
                    f"{name} must have shape {shape} to fit the other arrays of the eraser",
                    f"it has shape {a.shape}",
                    "pass the arrays of one eraser",
                )
            a.flags.writeable = False
            object.__setattr__(self, name, a)
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))

    def __repr__(self) -> str:
        """Return method, d, rank and classes in one line, without the arrays."""
        parts = [repr(shortened(self.method, 30)), f"d={self.d}", f"rank={self.rank}"]
        if self.classes is not None:
            parts.append(f"classes={label_list(self.classes)}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """Return what it was fitted to, and its size, as one table for a notebook."""
        about = {
            "method": self.method or None,
            "features": self.d,
            "rank": self.rank,
            "classes": None if self.classes is None else label_list(self.classes),
            "rows of the fit": self.details.get("n"),
        }
        return facts(type(self).__name__, about)

    def __reduce__(self) -> tuple:
        """Pickle the arguments of the constructor, so that copies are read-only, too."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        values["details"] = dict(self.details)
        return type(self), tuple(values.values())

    def named(self, feature_names: Any) -> Self:
        """Return the same eraser with names for its features."""
        return replace(self, feature_names=tuple(map(str, feature_names)))  # type: ignore[type-var]

    def save(self, path: str | Path) -> None:
        """Write the eraser to a .safetensors file. A failed write leaves no partial file.

        The file holds the arrays in float64. Its metadata hold method, labels, feature names,
        versions and the fingerprint of the fitting data, as JSON.
        """
        store.write(
            path,
            self.FORMAT,
            {name: np.atleast_1d(getattr(self, name)) for name in self.TENSORS},
            method=self.method,
            classes=self.classes,
            feature_names=self.feature_names,
            details=self.details,
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an eraser that :meth:`save` wrote.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not such an eraser.
        """
        return cls(**store.read(path, cls.FORMAT, cls.TENSORS))


def set_level(X_: Array, level: np.ndarray) -> None:
    """Set features that erasure makes constant to their level: rounding would be readable."""
    gone = np.flatnonzero(~np.isnan(level))
    if len(gone):
        arrays.put(X_.T, gone, arrays.like(level[gone, None], X_))
