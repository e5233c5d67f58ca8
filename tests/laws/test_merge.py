"""Moments of pieces, added in any order, give the eraser of the whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import from_moments, moments_of, new, owing, transformed
from support.samples import BACKENDS, DTYPES, backed, draw, samples

# Products of float32 are float32 whether they are formed in one piece or in many.
TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


def difference(a, b, X, y):
    """Return the largest difference of what two erasers make of X, in its own units."""
    # Rows beside the sample, too: there the maps may differ though they agree on the sample.
    A = np.vstack([X, X + X.std(axis=0) * np.random.default_rng(0).standard_normal(X.shape)])
    one, other = (transformed(fitted, A, np.tile(y, 2)) for fitted in (a, b))
    return np.abs((one - other) / X.std(axis=0)).max()


def pieces(method, X, y, cuts, backend):
    """Return the moments of the rows between the cuts."""
    ends = [0, *sorted(cuts), len(X)]
    found = []
    for start, end in itertools.pairwise(ends):
        if end > start:
            found.append(moments_of(method, backed(X[start:end], backend), y[start:end]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("merge equals one pass"))
@given(sample=samples(full_rank=True), seed=st.integers(0, 999))
def test_merge_equals_one_pass(method, backend, dtype, sample, seed):
    X, rng = sample.of(dtype).X, np.random.default_rng(seed)
    order = np.argsort(sample.y) if seed % 2 else rng.permutation(len(X))
    cuts = rng.integers(0, len(X), 4).tolist()
    parts = pieces(method, X[order], sample.y[order], cuts, backend)
    rng.shuffle(parts)
    merged = from_moments(method, sum(parts))
    whole = new(method).fit(backed(X, backend), sample.y)
    assert merged.eraser_.rank == whole.eraser_.rank
    assert merged.classes_ == whole.classes_
    assert difference(merged, whole, sample.X, sample.y) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("merge equals one pass"))
def test_law_is_broken_where_a_piece_is_missing(method):
    sample = draw(1, 200, 8, 3)
    parts = pieces(method, sample.X, sample.y, [50, 100, 150], "numpy")
    merged = from_moments(method, sum(parts[1:]))
    whole = new(method).fit(sample.X, sample.y)
    assert difference(merged, whole, sample.X, sample.y) > 1e-2
