"""No other eraser with the same guarantee moves the data less, in any inner product."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import LABELLED, erased, new, owing
from support.reference import covariances, mean_square_move
from support.samples import DTYPES, draw, plain, samples

from nullprobe.erasers import MeanProjection


def some_guarding_map(X, y, seed):
    """Return X' = X - (X - μ) N (Cᵀ N)⁺ᵀ Cᵀ for random N: range col(C), any kernel."""
    C = covariances(X, y)[1] / X.std(axis=0)[:, None]
    U, size, _ = np.linalg.svd(C, full_matrices=False)
    U = U[:, size > 1e-9 * size[0]]
    N = np.random.default_rng(seed).standard_normal(U.shape) + 3 * U
    Y = (X - X.mean(axis=0)) / X.std(axis=0)
    return X - Y @ N @ np.linalg.inv(U.T @ N) @ U.T * X.std(axis=0)


def inner_products(d, scale, seed):
    """Return some positive definite matrices, in units of the features."""
    A = np.random.default_rng(seed).standard_normal((d, d))
    for M in (np.eye(d), A @ A.T, np.diag(np.abs(A[0]))):
        yield M / np.outer(scale, scale)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", owing("least move"))
@given(sample=samples(full_rank=True, least_classes=2), seed=st.integers(0, 999))
def test_others_move_no_less(method, dtype, sample, seed):
    X, slack = sample.of(dtype).X, 1e-9 if dtype == "float64" else 1e-4
    least = plain(erased(method, X, sample.y))
    others = [
        plain(erased(other, X, sample.y)) for other in owing("guarded") if other not in LABELLED
    ]
    others.append(some_guarding_map(plain(X), sample.y, seed))
    for M in inner_products(X.shape[1], sample.X.std(axis=0), seed):
        for other in others:
            bound = (1 + slack) * mean_square_move(X, other, M) + slack * 1e-3
            assert mean_square_move(X, least, M) <= bound


@pytest.mark.parametrize("method", [MeanProjection])
def test_law_is_broken_by_methods_that_do_not_owe_it(method):
    sample = draw(1, 200, 8, 3, spread=10.0)
    for best in owing("least move"):
        least = mean_square_move(sample.X, erased(best, sample.X, sample.y))
        assert mean_square_move(sample.X, erased(method, sample.X, sample.y)) > 1.1 * least


@pytest.mark.parametrize("method", owing("least move"))
def test_moving_less_leaves_something(method):
    sample = draw(2, 200, 8, 3)
    X_ = erased(method, sample.X, sample.y)
    halfway = 0.5 * (sample.X + X_)
    assert mean_square_move(sample.X, halfway) < mean_square_move(sample.X, X_)
    assert new(method).fit(halfway, sample.y).eraser_.rank == 2
