"""What erasers share that must be told the concept of the rows that they erase.

Both kinds of map, `ConceptShift` and `ClassTransport`, are frozen and applied block by block:
beyond input and output, memory is that of one block. A dask array is read block by block, and
its result is a NumPy array.
"""

from __future__ import annotations

import json
from typing import Any

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept, concept
from nullprobe.erasers.maps.frozen import FrozenMap


class LabelledMap(FrozenMap):
    """What both maps do alike: check, and apply in blocks."""

    def _move(self, X_: Array, block: Array, z: Concept) -> None:
        """Write a block (m, d), erased, into ``X_``, which may be the block itself."""
        raise TypeError(f"{type(self).__name__} does not say how it moves rows")

    def _width(self) -> int:
        """Return the number of columns of a numeric concept."""
        raise TypeError(f"{type(self).__name__} has no numeric concept")

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
