"""Moments of pieces, added in any order, give the eraser of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import owing
from samples import BACKENDS, DTYPES, backed, draw, samples

from nullprobe import Moments

# Products of float32 are float32 whether they are formed in one piece or in many.
TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


def difference(a, b, scale):
    """Return the largest difference of two erasers' maps, features in their own units."""
    matrix = (a.matrix - b.matrix) * scale / scale[:, None]
    return max(np.abs(matrix).max(), np.abs((a.mean - b.mean) / scale).max())


def pieces(X, y, cuts, backend):
    """Return the moments of the rows between the cuts."""
    ends = [0, *sorted(cuts), len(X)]
    found = []
    for start, end in zip(ends[:-1], ends[1:], strict=True):
        if end > start:
            found.append(Moments.of(backed(X[start:end], backend), y[start:end]))
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("merge equals one pass"))
@given(sample=samples(full_rank=True), seed=st.integers(0, 999))
def test_merge_equals_one_pass(method, backend, dtype, sample, seed):
    X, rng = sample.of(dtype).X, np.random.default_rng(seed)
    order = np.argsort(sample.y) if seed % 2 else rng.permutation(len(X))
    parts = pieces(X[order], sample.y[order], rng.integers(0, len(X), 4).tolist(), backend)
    rng.shuffle(parts)
    merged = method.from_moments(sum(parts)).eraser_
    whole = method().fit(backed(X, backend), sample.y).eraser_
    assert merged.rank == whole.rank
    assert merged.classes == whole.classes
    assert difference(merged, whole, sample.X.std(axis=0)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("merge equals one pass"))
def test_law_is_broken_where_a_piece_is_missing(method):
    sample = draw(1, 200, 8, 3)
    parts = pieces(sample.X, sample.y, [50, 100, 150], "numpy")
    merged = method.from_moments(sum(parts[1:])).eraser_
    whole = method().fit(sample.X, sample.y).eraser_
    assert difference(merged, whole, sample.X.std(axis=0)) > 1e-2
