"""The library that holds the data makes no difference."""

import numpy as np
import pytest
import torch
from hypothesis import given
from methods import new, owing, transformed
from support.samples import DTYPES, backed, draw, plain, samples

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


def difference(A, B, X):
    """Return the largest difference, in units of each feature of X."""
    return np.abs((plain(A) - plain(B)) / (np.abs(X).max(axis=0) + 1e-300)).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", owing("numpy equals torch"))
@given(sample=samples(full_rank=True))
def test_numpy_equals_torch(method, dtype, sample):
    X = sample.of(dtype).X
    here = new(method).fit(X, sample.y)
    there = new(method).fit(backed(X, "torch"), torch.from_numpy(sample.y))
    assert here.eraser_.rank == there.eraser_.rank
    assert here.classes_ == there.classes_
    X_ = transformed(there, backed(X, "torch"), sample.y)
    assert isinstance(X_, torch.Tensor)
    assert difference(transformed(here, X, sample.y), X_, sample.X) <= TOLERANCE[dtype]
    # fitted in one library, applied in the other
    assert difference(transformed(there, X, sample.y), X_, sample.X) <= TOLERANCE[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", owing("numpy equals torch"))
def test_many_rows_are_summed_alike(method, dtype):
    sample = draw(2, 3000, 6, 60)
    X = (sample.X + 10.0).astype(dtype)
    here = new(method, "labels").fit(X, sample.y)
    there = new(method, "labels").fit(backed(X, "torch"), sample.y)
    A, B = (transformed(fitted, X, sample.y) for fitted in (here, there))
    assert difference(A, B, X) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("numpy equals torch"))
def test_law_is_broken_for_other_data(method):
    sample = draw(1, 200, 8, 3)
    here = new(method).fit(sample.X, sample.y)
    there = new(method).fit(backed(sample.X[:150], "torch"), sample.y[:150])
    A, B = (transformed(fitted, sample.X, sample.y) for fitted in (here, there))
    assert difference(A, B, sample.X) > 1e-3
