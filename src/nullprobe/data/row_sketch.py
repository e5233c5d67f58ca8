"""Row sketch: which rows something was fitted to, in eight kilobytes.

Problem. An eraser leaves nothing on the rows that it was fitted to, whatever it does elsewhere. A
fingerprint of all rows together is dodged by leaving one row out.

Solution. Each row has a hash, and the 1,024 smallest hashes are kept. Of other rows, those whose
hash is as small are looked up: the share that is found is the share of rows that were seen.
Sketches of pieces add up, in any order.

Reference. A. Broder, "On the resemblance and containment of documents", 1997 (bottom-k sketches).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self

import numpy as np

KEPT = 1024  # hashes
BLOCK = 256  # rows that are hashed together: as many as a cache holds
LEAST = 10  # rows that are looked up: of fewer, no share is said


@dataclass(frozen=True, eq=False)
class RowSketch:
    """The smallest hashes of the rows, ascending; all of them where there are fewer.

    Attributes
    ----------
    hashes : ndarray of shape (k,), uint64
        Of different rows.
    """

    hashes: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> Self:
        """Return the sketch of rows X (n, d).

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(5000, 8))
        >>> found = RowSketch.of(X[:2500])
        >>> found.share_of(X[:2000]), found.share_of(X[3000:]), 0.4 < found.share_of(X) < 0.6
        (1.0, 0.0, True)
        """
        return cls(np.unique(_hashes(X))[:KEPT])

    def __add__(self, other: RowSketch) -> RowSketch:
        """Return the sketch of the rows of both."""
        return RowSketch(np.union1d(self.hashes, other.hashes)[:KEPT])

    def share_of(self, X: np.ndarray) -> float | None:
        """Return the share of rows X (n, d) that were seen, or None where too few say anything.

        Rows that stand in X several times say nothing: where values are few, new rows equal old
        ones.
        """
        found, counts = np.unique(_hashes(X), return_counts=True)
        found = found[counts == 1]
        if len(self.hashes) == KEPT:
            found = found[found <= self.hashes[-1]]
        if len(found) < LEAST:
            return None
        return float(np.isin(found, self.hashes).mean())

    @property
    def text(self) -> str:
        """The sketch as a file holds it."""
        return base64.b64encode(self.hashes.astype("<u8").tobytes()).decode()

    @classmethod
    def of_text(cls, text: str) -> Self | None:
        """Return the sketch that a file holds, or None where it holds none that can be read."""
        try:
            raw = base64.b64decode(text, validate=True)
            return cls(np.frombuffer(raw, dtype="<u8").astype(np.uint64)) if raw else None
        except ValueError:
            return None


def _hashes(X: np.ndarray) -> np.ndarray:
    """Return a hash of each row (n,), uint64: of its values as float32, so that files may round."""
    pairs = (X.shape[1] + 1) // 2
    weights = np.random.default_rng(0).integers(2**63, size=pairs, dtype=np.uint64) * 2 + 1
    found = np.empty(len(X), dtype=np.uint64)
    values = np.zeros((min(BLOCK, len(X)), 2 * pairs), dtype=np.float32)
    for start in range(0, len(X), BLOCK):
        block = X[start : start + BLOCK]
        own = values[: len(block)]
        with np.errstate(over="ignore"):  # beyond float32 all is infinite, and says little
            own[:, : X.shape[1]] = block
        own += np.float32(0)  # 0 and −0 alike
        found[start : start + BLOCK] = np.einsum("ij,j->i", own.view(np.uint64), weights)
    # Sums of products are even for even values: mixed, all bits are as good (splitmix64).
    found ^= found >> np.uint64(30)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(27)
    found *= np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))
