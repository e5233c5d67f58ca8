"""ClassTransport: a fitted map that transports each class, x ↦ t + (x − μ_c) M_c."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from nullprobe._core import arrays, parallel
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept
from nullprobe.erasers.maps.frozen import set_level
from nullprobe.erasers.maps.labelled import LabelledMap

# Rows of one class per piece of work. A piece must fit the cache of a core, but must be long
# enough that the product costs more than reading the map.
PIECE_ELEMENTS = 1 << 18
LEAST_PIECE_ROWS = 512


@dataclass(frozen=True, eq=False, repr=False)
class ClassTransport(LabelledMap):
    """The fitted map x ↦ t + (x − μ_c) M_c for a row x of class c.

    Attributes
    ----------
    means : ndarray of shape (K, d)
        μ_c, the class means.
    maps : ndarray of shape (K, d, d)
        M_c, symmetric up to rounding.
    target : ndarray of shape (d,)
        t, the mean of every class after transport.
    level : ndarray of shape (d,)
        Value of each feature that erasure makes constant; NaN for the others.
    rank : int
        Number of directions in which rows may move; with 0 the map is the identity.
    method : str
        Name of the method that fitted it.
    classes : tuple or None
        Labels of the K classes.
    feature_names : tuple of str or None
        Names of the d features, if X had them.
    details : mapping of str to str
        Versions, rows and fingerprint of the fit; number of shrunk classes, and steps of the
        search for the common covariance.

    Examples
    --------
    >>> import numpy as np
    >>> maps, still = np.array([[[1.0]], [[2.0]]]), [np.nan]
    >>> e = ClassTransport([[0.0], [4.0]], maps, [1.0], still, 1, classes=("a", "b"))
    >>> e.apply(np.array([[0.0], [5.0]]), ["a", "b"]).tolist()
    [[1.0], [3.0]]
    """

    FORMAT: ClassVar[str] = "nullprobe.ClassTransport/1"
    TENSORS: ClassVar[tuple[str, ...]] = ("means", "maps", "target", "level", "rank")

    means: np.ndarray
    maps: np.ndarray
    target: np.ndarray
    level: np.ndarray
    rank: int
    method: str = ""
    classes: tuple | None = None
    feature_names: tuple[str, ...] | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        n_classes = len(self.means) if self.classes is None else len(self.classes)
        d = np.size(self.target)
        shapes: Any = {"means": (n_classes, d), "maps": (n_classes, d, d)}
        self._freeze(**shapes, target=(d,), level=(d,))
        object.__setattr__(self, "rank", int(np.asarray(self.rank).item()))

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.target)

    def _move(self, X_: Array, block: Array, z: Concept) -> None:
        order = np.argsort(z.data, kind="stable")
        ends = np.cumsum(np.bincount(z.data, minlength=len(self.means)))
        step = max(LEAST_PIECE_ROWS, PIECE_ELEMENTS // self.d)
        pieces = []
        for code in np.unique(z.data):
            move = self._of_class(code, block)
            member = order[ends[code - 1] if code else 0 : ends[code]]
            pieces += [(member[i : i + step], *move) for i in range(0, len(member), step)]

        memory = parallel.Workspace()
        arrays.on_cores(
            lambda rows, *maps: arrays.transport_rows(X_, block, rows, maps, memory), pieces, block
        )
        set_level(X_, self.level)

    def _of_class(self, code: int, block: Array) -> tuple[Array, Array, Array]:
        """Return μ, M − I and t − μ of a class, in the library and dtype of the block.

        x + ((x − μ) (M − I) + t − μ): a row that does not move keeps all its bits, and in float32
        the move is rounded at its own scale, not at the scale of the mean.
        """
        move = self.maps[code] - np.eye(self.d)
        mean = arrays.like(self.means[code], block)
        # The rounding of μ would move all rows of a class equally: a probe could read it.
        rounding = arrays.host(mean) - self.means[code]
        shift = self.target - self.means[code] + rounding @ move
        return mean, arrays.like(move, block), arrays.like(shift, block)
