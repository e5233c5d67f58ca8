"""Copy sketch: which rows it stores, and how often each occurred."""

from collections import Counter

import numpy as np
import pytest

from nullprobe.data.row_sketch import SIZE, RowSketch, row_hashes
from nullprobe.stats.copy_sketch import CopySketch


@pytest.mark.parametrize("distinct", [3, 900, 6_000])
@pytest.mark.parametrize("step", [1_000, 333, 6_000])
def test_the_rows_with_the_smallest_hashes_are_stored_and_all_their_copies_counted(distinct, step):
    rng = np.random.default_rng(distinct)
    X = rng.standard_normal((distinct, 4)).astype(np.float32)[rng.integers(distinct, size=6_000)]
    sketch = CopySketch()
    for start in range(0, len(X), step):
        sketch.add(X[start : start + step])
    counted = Counter(row_hashes(X).tolist())
    smallest = sorted(counted)[:SIZE]
    assert sketch.n == len(X)
    assert sketch.rows.hashes.tolist() == smallest == RowSketch.of(X).hashes.tolist()
    assert sketch._counts.tolist() == [counted[h] for h in smallest]
    # each hash is stored with its row, whichever rows were stored before it
    assert row_hashes(sketch._memory[sketch._places]).tolist() == smallest
