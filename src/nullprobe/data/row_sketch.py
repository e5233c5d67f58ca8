"""Row sketch: a record, in eight kilobytes, of the rows that an estimator was fitted to.

Problem. On its fitting rows, an eraser always removes the concept, so they are not a test. A
fingerprint of all rows together does not match if one row is left out.

Solution. Each row has a hash, and the sketch holds the 1,024 smallest hashes. Rows of a new sample
whose hashes are in the same range are looked up in the sketch. The share of them that is in the
sketch estimates the share of fitting rows in the sample. Sketches of pieces can be added in any
order.

Reference. A. Broder, "On the resemblance and containment of documents", 1997 (bottom-k sketches).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self

import numpy as np

SIZE = 1024  # hashes in a sketch
BLOCK = 256  # rows that are hashed together; they fit into a cache
LEAST = 10  # rows to look up; with fewer, the share is not estimated


@dataclass(frozen=True, eq=False)
class RowSketch:
    """The 1,024 smallest hashes of the rows, in ascending order; all hashes of fewer rows.

    Attributes
    ----------
    hashes : ndarray of shape (k,), uint64
        Hashes of different rows.
    """

    hashes: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> Self:
        """Return the sketch of rows X (n, d).

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(5000, 8))
        >>> sketch = RowSketch.of(X[:2500])
        >>> sketch.share_of(X[:2000]), sketch.share_of(X[3000:]), 0.4 < sketch.share_of(X) < 0.6
        (1.0, 0.0, True)
        """
        return cls(np.unique(row_hashes(X))[:SIZE])

    def __add__(self, other: RowSketch) -> RowSketch:
        """Return the sketch of the rows of both sketches."""
        return RowSketch(np.union1d(self.hashes, other.hashes)[:SIZE])

    def has_rows_of(self, other: RowSketch) -> bool:
        """Return whether both sketches have a row in common; small overlaps may go undetected.

        Examples
        --------
        >>> X = np.random.default_rng(0).normal(size=(5000, 8))
        >>> a, b, c = RowSketch.of(X[:3000]), RowSketch.of(X[2000:]), RowSketch.of(X[3000:])
        >>> a.has_rows_of(b), a.has_rows_of(c)
        (True, False)
        """
        return bool(np.isin(self.hashes, other.hashes).any())

    def share_of(self, X: np.ndarray) -> float | None:
        """Return the share of rows of X (n, d) that are in the sketch, or None if too few count.

        Rows that occur more than once in X do not count: if there are few distinct values, new
        rows can equal fitting rows.
        """
        hashes, counts = np.unique(row_hashes(X), return_counts=True)
        hashes = hashes[counts == 1]
        if len(self.hashes) == SIZE:
            hashes = hashes[hashes <= self.hashes[-1]]
        if len(hashes) < LEAST:
            return None
        return float(np.isin(hashes, self.hashes).mean())

    @property
    def text(self) -> str:
        """The sketch as text, for a file."""
        return base64.b64encode(self.hashes.astype("<u8").tobytes()).decode()

    @classmethod
    def of_text(cls, text: str) -> Self | None:
        """Return the sketch from the text of a file, or None if the text is not a valid sketch."""
        try:
            raw = base64.b64decode(text, validate=True)
            return cls(np.frombuffer(raw, dtype="<u8").astype(np.uint64)) if raw else None
        except ValueError:
            return None


def row_hashes(X: np.ndarray) -> np.ndarray:
    """Return a hash of each row as float32 (n,), uint64: rounding in files does not change it."""
    pairs = (int(X.shape[1]) + 1) // 2
    weights = np.random.default_rng(0).integers(2**63, size=pairs, dtype=np.uint64) * 2 + 1
    hashes = np.empty(len(X), dtype=np.uint64)
    values = np.zeros((min(BLOCK, len(X)), 2 * pairs), dtype=np.float32)
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        single = values[: len(block)]
        with np.errstate(over="ignore"):  # larger values become infinite; −0 becomes 0
            np.add(block, 0, out=single[:, : X.shape[1]], dtype=np.float32, casting="unsafe")
        hashes[start : start + BLOCK] = np.einsum("ij,j->i", single.view(np.uint64), weights)
    # The low bits of sums of products are not random; splitmix64 mixes all bits.
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
