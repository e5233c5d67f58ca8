"""ConceptShift: a fitted map that moves each row by its concept, x ↦ x − (z − c) A W."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from nullprobe._core import arrays
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept
from nullprobe.erasers.maps.frozen import set_level
from nullprobe.erasers.maps.labelled import LabelledMap


@dataclass(frozen=True, eq=False, repr=False)
class ConceptShift(LabelledMap):
    """The fitted map x ↦ x − (z − c) A W: each row moves by its concept z.

    Attributes
    ----------
    centre : ndarray of shape (k,)
        c: rows with this concept stay in place. For labels, z is one-hot.
    reading : ndarray of shape (k, r)
        A, which maps the concept to r scores.
    writing : ndarray of shape (r, d)
        W, the directions of the moves.
    level : ndarray of shape (d,)
        Value of each feature that erasure makes constant; NaN for the others.
    method : str
        Name of the method that fitted it.
    classes : tuple or None
        Labels of the concept; None for a numeric one.
    feature_names : tuple of str or None
        Names of the d features, if X had them.
    details : mapping of str to str
        Versions, rows and fingerprint of the fit.

    Examples
    --------
    >>> import numpy as np
    >>> e = ConceptShift([0.5], [[1.0]], [[2.0, 0.0]], [np.nan, np.nan])
    >>> e.apply(np.array([[3.0, 4.0], [3.0, 4.0]]), [[0.5], [1.5]]).tolist()
    [[3.0, 4.0], [1.0, 4.0]]
    """

    FORMAT: ClassVar[str] = "nullprobe.ConceptShift/1"
    TENSORS: ClassVar[tuple[str, ...]] = ("centre", "reading", "writing", "level")

    centre: np.ndarray
    reading: np.ndarray
    writing: np.ndarray
    level: np.ndarray
    method: str = ""
    classes: tuple | None = None
    feature_names: tuple[str, ...] | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        k = np.size(self.centre) if self.classes is None else len(self.classes)
        r, d = len(self.writing), np.size(self.level)
        self._freeze(centre=(k,), reading=(k, r), writing=(r, d), level=(d,))

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.level)

    @property
    def rank(self) -> int:
        """Number r of directions in which rows move; with 0 the map is the identity."""
        return len(self.writing)

    def _width(self) -> int:
        return len(self.centre)

    def _move(self, X_: Array, block: Array, z: Concept) -> None:
        if z.codes is not None:
            # One row of a (K, d) table for each row: no (n, K) matrix, however many classes.
            table = arrays.like((self.reading - self.centre @ self.reading) @ self.writing, block)
            for rows, part in arrays.cache_blocks(block):
                X_[rows] = arrays.working(part) - arrays.take(table, z.codes[rows])
        else:
            scores = (z.data - self.centre) @ self.reading
            writing = arrays.like(self.writing, block)
            for rows, part in arrays.cache_blocks(block):
                X_[rows] = arrays.working(part) - arrays.like(scores[rows], part) @ writing
        set_level(X_, self.level)
