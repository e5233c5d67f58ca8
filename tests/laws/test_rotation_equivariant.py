"""Erasing rotated data is rotating erased data, where the covariance is not singular."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import erased, new, owing, transformed
from support.samples import BACKENDS, DTYPES, backed, draw, plain, samples

# In float32 a feature that keeps less than 1/300 of its spread is set to its mean, and which
# feature that is depends on the axes.
TOLERANCE = {"float64": 1e-9, "float32": 1e-2}


def rotation(d, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def difference(A, B, X):
    """Return the largest difference, in units of the spread of X."""
    return np.abs(plain(A) - plain(B)).max() / np.abs(X).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("rotation-equivariant"))
@given(sample=samples(full_rank=True, least_classes=2), seed=st.integers(0, 999))
def test_rotated_data_give_the_rotated_result(method, backend, dtype, sample, seed):
    Q = rotation(sample.X.shape[1], seed)
    here = erased(method, backed(sample.of(dtype).X, backend), sample.y)
    there = erased(method, backed((sample.X @ Q).astype(dtype), backend), sample.y)
    assert difference(there, plain(here) @ Q, sample.X) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("rotation-equivariant"))
def test_law_is_broken_by_an_eraser_of_data_not_rotated(method):
    sample, Q = draw(1, 200, 8, 3), rotation(8, 0)
    eraser = new(method).fit(sample.X, sample.y)
    here, there = (transformed(eraser, X, sample.y) for X in (sample.X, sample.X @ Q))
    assert difference(there, here @ Q, sample.X) > 0.1
