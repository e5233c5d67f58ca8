"""An eraser fitted to erased data finds nothing to remove, whichever method it is."""

import pytest
from hypothesis import assume, given
from methods import erased, new, owing, transformed
from support.samples import BACKENDS, DTYPES, backed, draw, plain, samples


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", owing("refit removes nothing"))
@given(sample=samples())
def test_refit_removes_nothing(method, backend, dtype, sample):
    X = backed(sample.of(dtype).X, backend)
    X_ = erased(method, X, sample.y)
    assume(not hardly_anything(X_, X))
    for other in owing("refit removes nothing"):
        assert new(other).fit(X_, sample.y).eraser_.rank == 0


def hardly_anything(X_, X):
    """Return whether a feature keeps so little that its rounding errors are a part of it."""
    kept = plain(X_).std(axis=0) / plain(X).std(axis=0)
    return ((kept > 0) & (kept < 0.05)).any()


@pytest.mark.parametrize("method", owing("refit removes nothing"))
def test_law_is_broken_where_nothing_was_erased(method):
    sample = draw(1, 200, 8, 3)
    assert new(method).fit(sample.X, sample.y).eraser_.rank == 2


@pytest.mark.parametrize("method", owing("refit removes nothing"))
def test_law_is_broken_on_rows_that_were_not_fitted(method):
    sample = draw(2, 400, 8, 3)
    eraser = new(method).fit(sample.X[:200], sample.y[:200])
    X_ = transformed(eraser, sample.X[200:], sample.y[200:])
    assert new(method).fit(X_, sample.y[200:]).eraser_.rank == 2
