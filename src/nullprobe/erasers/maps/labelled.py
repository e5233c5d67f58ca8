"""Base class of the fitted maps that need the concept of the rows they transform.

Both maps, `ConceptShift` and `ClassTransport`, are frozen and run block by block: in addition to
input and output, memory holds one block. A dask array is read block by block; the result is a
NumPy array.
"""

from __future__ import annotations

import json
from typing import Any

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept, concept
from nullprobe.erasers.maps.frozen import FrozenMap


class LabelledMap(FrozenMap):
    """Base class of both maps: check the input, and apply the map in blocks."""

    def _move(self, X_: Array, block: Array, z: Concept) -> None:
        """Write the erased block (m, d) into ``X_``, which may be the block itself."""
        raise TypeError(f"{type(self).__name__} does not implement _move")

    def _width(self) -> int:
        """Return the number of columns of a numeric concept."""
        raise TypeError(f"{type(self).__name__} has no numeric concept")

    def __call__(self, X: Array, y: Any) -> Array:
        """Apply the eraser to X (n, d); y is the concept of its rows."""
        return self.apply(X, y)

    def apply(self, X: Array, y: Any, *, out: Array | None = None) -> Array:
        """Return the erased X, of the same shape, library, device and floating dtype.

        Parameters
        ----------
        X : array of shape (n, d)
            NumPy array, torch tensor or data frame of numbers; a dask array is computed block
            by block into a NumPy array.
        y : array-like of shape (n,) or (n, k)
            Concept of each row: labels of the fit, or as many columns of numbers as the fit had.
        out : array of shape (n, d), optional
            Array for the result, with the type and dtype of X; may be X itself.

        Raises
        ------
        InputError
            If X, ``y`` or ``out`` has the wrong shape or kind, or if a label is unknown.
        """
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        z = self.concept_of(y, X.shape[0])
        X_ = arrays.empty_like(X) if out is None else out
        if out is not None:
            validation.same_form(X_, X)
        for where, block in arrays.row_blocks(X):
            if self.rank:
                self._move(X_[where], block, z.take(where))
            else:
                X_[where] = block
        return X_

    def concept_of(self, y: Any, n: int) -> Concept:
        """Return the concept of n rows, with codes in the order of ``classes``."""
        if y is None:
            validation.complain(
                "this eraser needs the concept y of the rows it transforms",
                "no y arrived",
                "call transform(X, y), or use an eraser without y, such as LEACE",
            )
        kind = "numeric" if self.classes is None else "labels"
        z = concept(y, n=n, kind=kind, like=self)
        if z.is_classes and self.classes is not None:
            return z.among(self.classes, "y")
        if z.is_classes or self.classes is not None or z.n_columns != self._width():
            form = f"{self._width()} columns of numbers" if self.classes is None else "labels (n,)"
            validation.complain(
                f"y must be {form}, as in the fit of the eraser",
                "it holds labels" if z.is_classes else f"it has {z.n_columns} columns of numbers",
                "pass the concept that the eraser was fitted on",
            )
        return z

    @property
    def levels(self) -> tuple | None:
        """The labels of each column of y, if several columns of labels were encoded together."""
        columns = json.loads(self.details.get("levels", "null"))
        return columns and tuple(labels and tuple(labels) for labels in columns)
