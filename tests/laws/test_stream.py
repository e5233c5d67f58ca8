"""partial_fit over pieces gives the eraser of one fit."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import new, owing, transformed
from support.samples import BACKENDS, DTYPES, backed, draw, samples

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


def stream(method, X, y, cuts, backend, weights):
    """Return the method after partial_fit on the rows between the cuts."""
    ends = [0, *sorted({int(cut) for cut in cuts} - {0, len(X)}), len(X)]
    fitted = new(method)
    for start, end in itertools.pairwise(ends):
        piece = backed(X[start:end], backend)
        fitted.partial_fit(piece, y[start:end], sample_weight=weights[start:end])
    return fitted


def difference(a, b, X, y):
    """Return the largest difference of what two erasers make of X, in its own units."""
    one, other = (transformed(fitted, X, y) for fitted in (a, b))
    return np.abs((one - other) / X.std(axis=0)).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("batch equals stream"))
@given(sample=samples(full_rank=True), seed=st.integers(0, 999))
def test_batch_equals_stream(method, backend, dtype, sample, seed):
    X, rng = sample.of(dtype).X, np.random.default_rng(seed)
    weights = rng.uniform(0.1, 3.0, len(X))
    streamed = stream(method, X, sample.y, rng.integers(0, len(X), 5), backend, weights)
    whole = new(method).fit(backed(X, backend), sample.y, sample_weight=weights)
    assert streamed.classes_ == whole.classes_
    assert streamed.eraser_.rank == whole.eraser_.rank
    assert difference(streamed, whole, sample.X, sample.y) <= TOLERANCE[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("method", owing("batch equals stream"))
def test_row_by_row_equals_batch(method):
    sample = draw(1, 60, 4, 3)
    streamed = stream(method, sample.X, sample.y, range(60), "numpy", np.ones(60))
    whole = new(method).fit(sample.X, sample.y)
    assert difference(streamed, whole, sample.X, sample.y) <= 1e-9


@pytest.mark.parametrize("method", owing("batch equals stream"))
def test_law_is_broken_where_the_stream_ends_early(method):
    sample = draw(2, 200, 8, 3)
    streamed = stream(method, sample.X[:150], sample.y[:150], [50, 100], "numpy", np.ones(150))
    whole = new(method).fit(sample.X, sample.y)
    assert difference(streamed, whole, sample.X, sample.y) > 1e-2
