"""More classes than features, or than rows: the dense formula's answer, without its matrices."""

import tracemalloc

import numpy as np
import pytest
from support.reference import covariances, leace_matrix, one_hot
from support.samples import DTYPES, backed

from nullprobe import ClassMoments, Moments, largest_correlation
from nullprobe.data.concept import concept
from nullprobe.erasers import LEACE, SPLINCE, MeanProjection, OracleLEACE

# Integers of more than 20 values are labels, with a warning: here they are meant.
pytestmark = pytest.mark.filterwarnings("ignore:(y|task). integers are taken as labels")


def data(n, d, K, seed=0):
    """Return rows (n, d) whose class means differ, and labels (n,): all K occur if n >= K."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(min(n, K)), rng.integers(0, K, max(n - K, 0))]
    return rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((K, d))[y], y


SHAPES = {
    "more classes than features": (3000, 12, 1000),
    "more classes than a block of one-hot columns": (400, 8, 60),
    "fewer rows than features": (40, 60, 8),
    "more classes than features, fewer rows than either": (30, 40, 25),
    "every row a class": (50, 6, 50),
    "half of the classes of one row": (90, 6, 60),
}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_those_of_indicator_columns(shape, backend):
    X, y = data(*SHAPES[shape])
    Sxx, Sxz, Szz = covariances(X, one_hot(y))
    A = backed(X, backend)
    streamed = Moments.of(A[:20], y[:20]).update(A[20:], y[20:])
    for m in (Moments.of(A, y), streamed, ClassMoments.of(A, y).pooled()):
        np.testing.assert_allclose(m.covariance, Sxx, atol=1e-12)
        np.testing.assert_allclose(m.cross_covariance, Sxz, atol=1e-12)
        np.testing.assert_allclose(m.concept_covariance, Szz, atol=1e-15)
        np.testing.assert_allclose(m.concept_times(Sxz.T), Szz @ Sxz.T, atol=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
def test_concept_axes_are_uncorrelated_and_of_unit_variance(shape):
    X, y = data(*SHAPES[shape])
    n, d, _K = SHAPES[shape]
    basis, Z = Moments.of(X, y).concept_basis(), one_hot(y)
    variables = (Z - Z.mean(axis=0)) @ basis.axes
    assert basis.rank == min(d, len(np.unique(y)) - 1)
    np.testing.assert_allclose(variables.T @ variables / n, np.eye(basis.rank), atol=1e-9)
    known = (X - X.mean(axis=0)).T @ variables / n / X.std(axis=0)[:, None]
    np.testing.assert_allclose(known, basis.correlation, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", [LEACE, MeanProjection, SPLINCE, lambda: MeanProjection(rank=3)])
def test_eraser_is_that_of_indicator_columns(method, shape):
    X, y = data(*SHAPES[shape])
    columns = concept(one_hot(y), kind="numeric")
    one, other = method().fit(X, y).eraser_, method().fit(X, columns).eraser_
    assert one.rank == other.rank
    np.testing.assert_allclose(one.matrix, other.matrix, atol=1e-8)
    np.testing.assert_array_equal(np.isnan(one.level), np.isnan(other.level))


@pytest.mark.slow
def test_leace_of_1000_classes_is_the_published_formula():
    X, y = data(1500, 1010, 1000)
    X[:, 1005:] = X[:, :5]  # repeated features, so that the covariance is singular
    found = LEACE().fit(X, y).transform(X)
    expected = X - (X - X.mean(axis=0)) @ (np.eye(1010) - leace_matrix(X, one_hot(y))).T
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("task", [None, "numeric", "classes"])
def test_a_task_is_kept_beside_many_classes(task, dtype):
    X, y = data(2000, 80, 60)
    rng = np.random.default_rng(1)
    t = {"numeric": X[:, 0] + rng.standard_normal(2000), "classes": np.arange(2000) % 3}.get(task)
    if task == "classes":
        X[:, :3] += one_hot(t)
    X = X.astype(dtype)
    X_ = SPLINCE().fit(X, y, task=t).transform(X)
    assert largest_correlation(X_, y) <= {"float64": 1e-7, "float32": 1e-3}[dtype]
    if t is not None:
        T = t[:, None] if t.dtype.kind == "f" else one_hot(t)
        before, after = ((A - A.mean(0)).T @ (T - T.mean(0)) / 2000 for A in (X, X_))
        np.testing.assert_allclose(after, before, atol=1e-4 if dtype == "float32" else 1e-10)


@pytest.mark.parametrize("method", [LEACE, MeanProjection, SPLINCE, OracleLEACE])
def test_no_matrix_of_classes_by_classes_or_rows_by_classes_is_formed(method):
    X, y = data(8000, 8, 4000)
    method().fit(X[:100], y[:100])  # imports
    tracemalloc.start()
    try:
        fitted = method().fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fitted.eraser_.rank == 8
    assert peak < 0.1 * 4000 * 4000 * 8
