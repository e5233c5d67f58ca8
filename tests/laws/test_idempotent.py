"""Erasing twice is erasing once: the map is a projection about the mean."""

import numpy as np
import pytest
from hypothesis import given
from methods import new, owing
from support.samples import BACKENDS, DTYPES, backed, draw, plain, samples

# In float32 a feature that keeps less than 1/300 of its spread is set to its mean, after which
# the others are read a little differently.
TOLERANCE = {"float64": 1e-10, "float32": 3e-2}


def moved(eraser, X, scale):
    """Return how far the eraser moves X, in standard deviations of the data before."""
    return np.abs((plain(eraser.transform(X)) - plain(X)) / scale).max()


def scale_of(X):
    """Return, for each feature, the size at which it was stored."""
    X = plain(X)
    return X.std(axis=0) + np.abs(X.mean(axis=0)) + 1e-300


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("idempotent"))
@given(sample=samples())
def test_twice_is_once(method, backend, dtype, sample):
    X = backed(sample.of(dtype).X, backend)
    eraser = new(method).fit(X, sample.y)
    assert moved(eraser, eraser.transform(X), scale_of(X)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("idempotent"))
@given(sample=samples(full_rank=True, least_classes=2))
def test_matrix_is_a_projection(method, sample):
    scale = sample.X.std(axis=0)
    P = new(method).fit(sample.X, sample.y).eraser_.matrix * scale / scale[:, None]
    np.testing.assert_allclose(P @ P, P, atol=1e-9)


@pytest.mark.parametrize("method", owing("idempotent"))
def test_law_is_broken_where_nothing_was_erased(method):
    sample = draw(1, 200, 8, 3)
    eraser = new(method).fit(sample.X, sample.y)
    assert moved(eraser, sample.X, scale_of(sample.X)) > 0.1
