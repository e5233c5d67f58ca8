"""AffineEraser: the fitted map of every linear eraser, small and frozen.

An affine eraser is x ↦ x − ((x − μ) R − c) W. It reads r scores with R (d, r), and subtracts r
directions W (r, d) in proportion to the scores. Applying and composing cost O(d r) per row: no
d × d matrix is formed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from nullprobe._core import arrays, parallel, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._version import __version__
from nullprobe.erasers.maps.frozen import FrozenMap, set_level


@dataclass(frozen=True, eq=False, repr=False)
class AffineEraser(FrozenMap):
    """The fitted map x ↦ x − ((x − μ) R − c) W; frozen, small, independent of the data.

    Attributes
    ----------
    mean : ndarray of shape (d,)
        μ. Subtracting it first keeps float32 accurate when means are large.
    reading : ndarray of shape (d, r)
        R, which reads the scores.
    writing : ndarray of shape (r, d)
        W, the removed directions.
    offset : ndarray of shape (r,)
        c; zero unless the eraser was composed.
    level : ndarray of shape (d,)
        Value of each feature that erasure makes constant; NaN for the others. Otherwise such a
        feature would keep rounding errors of the subtraction, and a probe that standardises
        features could read these.
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
    >>> e = AffineEraser(np.zeros(2), np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))
    >>> e.apply(np.array([[3.0, 4.0]])).tolist()
    [[0.0, 4.0]]
    """

    FORMAT: ClassVar[str] = "nullprobe.AffineEraser/1"
    TENSORS: ClassVar[tuple[str, ...]] = ("mean", "reading", "writing", "offset", "level")

    mean: np.ndarray
    reading: np.ndarray
    writing: np.ndarray
    offset: np.ndarray = None  # type: ignore[assignment]
    level: np.ndarray = None  # type: ignore[assignment]
    method: str = ""
    classes: tuple | None = None
    feature_names: tuple[str, ...] | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        if self.offset is None:
            object.__setattr__(self, "offset", np.zeros(self.rank))
        if self.level is None:
            object.__setattr__(self, "level", np.full(self.d, np.nan))
        d, r = np.size(self.mean), np.size(self.offset)
        self._freeze(mean=(d,), reading=(d, r), writing=(r, d), offset=(r,), level=(d,))

    @classmethod
    def shift(cls, direction: np.ndarray, *, by: float = 1.0) -> AffineEraser:
        """Return the map x ↦ x + α v, which steers: it reads nothing and writes one direction.

        Parameters
        ----------
        direction : ndarray of shape (d,)
            v.
        by : float
            α.

        Raises
        ------
        InputError
            If v is not one row of finite numbers, or α is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> AffineEraser.shift(np.array([1.0, 2.0]), by=-2).apply(np.array([[3.0, 4.0]])).tolist()
        [[1.0, 0.0]]
        """
        v = np.asarray(direction, dtype=np.float64)
        if v.ndim != 1 or not v.size or not np.isfinite(v).all():
            validation.complain(
                "direction must be one row of finite numbers, of shape (d,)",
                f"an array of shape {v.shape} arrived" if v.ndim != 1 or not v.size else
                "some are not finite",
            )  # fmt: skip
        alpha = parameters.real_number("by", by)
        return cls(
            np.zeros(v.size), np.zeros((v.size, 1)), v[None], np.array([alpha]), method="shift"
        )

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.mean)

    @property
    def rank(self) -> int:
        """Number r of removed directions; with 0 the map is the identity."""
        return len(self.writing)

    @property
    def matrix(self) -> np.ndarray:
        """P (d, d) such that x ↦ P (x − μ) + constant for a column x; needs d² memory."""
        return np.eye(self.d) - (self.reading @ self.writing).T

    @property
    def bias(self) -> np.ndarray:
        """Offset b (d,) such that x ↦ P x + b."""
        return (self.mean @ self.reading + self.offset) @ self.writing

    def __call__(self, X: Array) -> Array:
        """Apply the eraser to X (n, d)."""
        return self.apply(X)

    def apply(self, X: Array, *, out: Array | None = None) -> Array:
        """Return the erased X, of the same shape, library, device and floating dtype.

        Parameters
        ----------
        X : array of shape (n, d)
            NumPy array, torch tensor or data frame of numbers; a dask array stays lazy.
        out : array of shape (n, d), optional
            Array for the result, with the type and dtype of X; may be X itself.

        Raises
        ------
        InputError
            If X or ``out`` has the wrong shape or kind.
        """
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        if arrays.is_dask(X) and out is None:
            return arrays.map_rows(self.apply, X)
        X_ = arrays.empty_like(X) if out is None else out
        validation.same_form(X_, X)
        if not self.rank:
            X_[...] = X
            return X_
        parts = (self.mean, self.reading, self.offset, self.writing)
        maps, memory = tuple(arrays.like(a, X) for a in parts), parallel.Workspace()
        arrays.on_cache_blocks(lambda at, block: move_block(X_[at], block, maps, memory), X)
        set_level(X_, self.level)
        return X_

    def compose(self, first: AffineEraser) -> AffineEraser:
        """Return the one eraser that applies ``first`` and then this one."""
        validation.width(first.d, self.d)
        overlap = first.writing @ self.reading
        reading = self.reading - first.reading @ overlap
        offset = self.offset - first.offset @ overlap + (self.mean - first.mean) @ self.reading
        return AffineEraser(
            first.mean,
            np.hstack([first.reading, reading]),
            np.vstack([first.writing, self.writing]),
            np.hstack([first.offset, offset]),
            self.level,
            f"{first.method}, then {self.method}",
            self.classes,
            self.feature_names or first.feature_names,
            {"nullprobe": __version__},
        )


def move_block(
    out: Array, X: Array, maps: tuple[Array, Array, Array, Array], memory: parallel.Workspace
) -> None:
    """Write ``X - ((X - centre) @ reading - offset) @ writing`` (n, d) into ``out``."""
    centre, reading, offset, writing = maps
    if arrays.is_torch(X) or X.dtype != out.dtype or X.dtype != arrays.working_dtype(X):
        out[...] = arrays.working(X) - ((arrays.working(X) - centre) @ reading - offset) @ writing
        return
    deviation, move = memory.take(X.shape, arrays.working_dtype(X))
    scores = np.subtract(X, centre, out=deviation) @ reading
    scores -= offset
    # For an outer product, multiply is faster than BLAS.
    product = np.multiply if len(writing) == 1 else np.matmul
    product(scores, writing, out=move)
    # X - s W, not (X - c) - s W + c, which would round at the scale of the mean.
    np.subtract(X, move, out=out)
