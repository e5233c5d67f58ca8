"""The mean of the representation stays where it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from methods import LABELLED, new, owing, transformed
from support.reference import EPS
from support.samples import BACKENDS, DTYPES, backed, draw, plain, samples


def shift(X_, X):
    """Return how far the mean moved, relative to the size of the values."""
    X = plain(X)
    size = np.abs(X).max(axis=0) + 1e-300
    return np.abs((plain(X_).mean(axis=0) - X.mean(axis=0)) / size).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("mean kept"))
@given(sample=samples())
def test_mean_is_kept(method, backend, dtype, sample):
    X = backed(sample.of(dtype).X, backend)
    assert shift(transformed(new(method).fit(X, sample.y), X, sample.y), X) <= 100 * EPS[dtype]


@pytest.mark.parametrize("method", owing("mean kept"))
def test_weighted_mean_is_kept(method):
    sample = draw(1, 200, 8, 3)
    w = np.random.default_rng(0).uniform(0, 3, 200)
    fitted = new(method).fit(sample.X, sample.y, sample_weight=w)
    X_ = transformed(fitted, sample.X, sample.y)
    kept = np.average(sample.X, axis=0, weights=w)
    np.testing.assert_allclose(np.average(X_, axis=0, weights=w), kept, atol=1e-12)


@pytest.mark.parametrize("method", [m for m in owing("mean kept") if m not in LABELLED])
def test_law_is_broken_by_a_map_about_the_origin(method):
    sample = draw(2, 200, 8, 3)
    X = sample.X + 10
    about_origin = replace(new(method).fit(X, sample.y).eraser_, mean=np.zeros(8))
    assert shift(about_origin.apply(X), X) > 0.01
