"""Copy sketch: which share of the rows of a stream are copies, from a bounded number of rows.

Problem. `copies` compares all rows, and those of a stream are not in memory.
Solution. Equal rows have equal hashes. The 1,024 different rows with the smallest hashes are
stored, each with the number of its repetitions: copies of a stored row are all counted, and these
rows are a random sample of all different rows. Near copies have other hashes, so they are missed.
"""

from __future__ import annotations

import numpy as np

from nullprobe.data.row_sketch import SIZE, RowSketch, row_hashes
from nullprobe.stats.copies import ATOM, copies

MOST_REPEATS = 64  # of one row, where rows are compared


class CopySketch:
    """Counts of repetitions of at most 1,024 different rows.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(4000, 8))
    >>> sketch = CopySketch()
    >>> for block in (X, X[:1000]):
    ...     sketch.add(block)
    >>> sketch.n, 0.3 < sketch.share < 0.5
    (5000, True)
    """

    def __init__(self) -> None:
        self.n = 0
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._counts = np.zeros(0, dtype=np.int64)
        self._rows = np.zeros((0, 0))

    def add(self, rows: np.ndarray) -> None:
        """Add rows (b, d)."""
        hashes = row_hashes(rows)
        self._rows = self._rows if self.n else rows[:0]
        self.n += len(rows)
        if len(self._hashes) == SIZE:
            low = np.flatnonzero(hashes <= self._hashes[-1])
            if not len(low):
                return
            hashes, rows = hashes[low], rows[low]
        new, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        new, first, counts = new[:SIZE], first[:SIZE], counts[:SIZE]
        joint = np.union1d(self._hashes, new)[:SIZE]
        merged = np.empty((len(joint), rows.shape[1]), rows.dtype)
        total = np.zeros(len(joint), dtype=np.int64)
        for known, numbers, content in (
            (new, counts, rows[first]),
            (self._hashes, self._counts, self._rows),
        ):
            small = np.isin(known, joint, assume_unique=True)
            at = np.searchsorted(joint, known[small])
            total[at] += numbers[small]
            merged[at] = content[small]
        self._hashes, self._counts, self._rows = joint, total, merged

    @property
    def rows(self) -> RowSketch:
        """The sketch of the rows."""
        return RowSketch(self._hashes)

    @property
    def share(self) -> float:
        """Estimated share of the rows that are exact copies of other rows, from 0 to 1."""
        if not (self._counts > 1).any():
            return 0.0
        repeats = np.minimum(self._counts, MOST_REPEATS)
        codes = copies(np.repeat(self._rows, repeats, axis=0), 0).codes
        first = np.cumsum(repeats) - repeats
        is_common = self._counts >= ATOM * self.n  # a value of the distribution, not copies
        is_copy = (repeats > 1) & ~is_common
        is_copy[is_copy] = codes[first[is_copy]] == codes[first[is_copy] + 1]
        share = self._counts[is_copy].sum() / max(1, self._counts[~is_common].sum())
        return float(share * (1.0 - self._counts[is_common].sum() / max(1, self.n)))
