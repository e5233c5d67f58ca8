"""Erasing rescaled features is rescaling erased features: a millimetre is as good as a mile."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import erased, owing
from support.samples import BACKENDS, DTYPES, backed, draw, feature_units, plain, samples

from nullprobe.erasers import MeanProjection

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def difference(A, B, X):
    """Return the largest difference, in units of each feature of X."""
    return np.abs((plain(A) - plain(B)) / np.abs(X).max(axis=0)).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("unit-free"))
@given(sample=samples(full_rank=True, least_classes=2), seed=st.integers(0, 999))
def test_rescaled_features_give_the_rescaled_result(method, backend, dtype, sample, seed):
    units = feature_units(sample.X.shape[1], seed)
    here = erased(method, backed(sample.of(dtype).X, backend), sample.y)
    there = erased(method, backed((sample.X * units).astype(dtype), backend), sample.y)
    assert difference(there, plain(here) * units, sample.X * units) <= TOLERANCE[dtype]


@pytest.mark.parametrize("method", owing("guarded", numbers=True))
def test_units_of_a_numeric_concept_make_no_difference(method):
    sample = draw(1, 200, 8, 2)
    Z = np.random.default_rng(0).standard_normal((200, 3)) + sample.X[:, :3]
    here = erased(method, sample.X, Z)
    there = erased(method, sample.X, Z * [1e6, 1.0, 1e-6] + [0.0, 5.0, 1e-3])
    assert difference(there, here, sample.X) <= 1e-9


@pytest.mark.parametrize("method", [MeanProjection])
def test_law_is_broken_by_methods_that_do_not_owe_it(method):
    sample, units = draw(2, 200, 8, 3), feature_units(8, 0)
    there = erased(method, sample.X * units, sample.y)
    here = erased(method, sample.X, sample.y) * units
    assert difference(there, here, sample.X * units) > 0.1
