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
        self._hashes = np.zeros(0, dtype=np.uint64)  # ascending
        self._counts = np.zeros(0, dtype=np.int64)
        self._places = np.zeros(0, dtype=np.int64)  # of their rows in the memory
        self._memory = np.zeros((0, 0))

    def add(self, rows: np.ndarray) -> None:
        """Add rows (b, d)."""
        hashes = row_hashes(rows)
        if not self.n:
            self._memory = np.empty((SIZE, rows.shape[1]), rows.dtype)
        self.n += len(rows)
        low = np.arange(len(rows))
        if len(self._hashes) == SIZE:
            low = np.flatnonzero(hashes <= self._hashes[-1])
        new, first, counts = np.unique(hashes[low], return_index=True, return_counts=True)
        is_known = np.isin(new, self._hashes, assume_unique=True)
        self._counts[np.searchsorted(self._hashes, new[is_known])] += counts[is_known]
        self._take(new[~is_known], counts[~is_known], rows, low[first[~is_known]])

    def _take(
        self, hashes: np.ndarray, counts: np.ndarray, rows: np.ndarray, positions: np.ndarray
    ) -> None:
        """Store new rows at positions (m,) of ``rows``, where their hashes (m,) are small enough.

        A new row takes the memory of a row that is no longer stored.
        """
        joint = np.concatenate([self._hashes, hashes])
        order = np.argsort(joint)[:SIZE]
        places = np.concatenate([self._places, np.full(len(hashes), -1)])[order]
        is_new = places < 0
        is_free = np.ones(SIZE, dtype=bool)
        is_free[places[~is_new]] = False
        places[is_new] = np.flatnonzero(is_free)[: is_new.sum()]
        self._memory[places[is_new]] = rows[positions[order[is_new] - len(self._hashes)]]
        self._hashes, self._places = joint[order], places
        self._counts = np.concatenate([self._counts, counts])[order]

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
        stored = self._memory[self._places]
        codes = copies(np.repeat(stored, repeats, axis=0), 0).codes
        first = np.cumsum(repeats) - repeats
        is_common = self._counts >= ATOM * self.n  # a value of the distribution, not copies
        is_copy = (repeats > 1) & ~is_common
        is_copy[is_copy] = codes[first[is_copy]] == codes[first[is_copy] + 1]
        share = self._counts[is_copy].sum() / max(1, self._counts[~is_common].sum())
        return float(share * (1.0 - self._counts[is_common].sum() / max(1, self.n)))
