"""Descent of many columns: each as if it were alone."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from nullprobe.probes.solvers.descent import descend


def valleys(W):
    """Rosenbrock's valley in each column."""
    values = np.array([rosen(w) for w in W.T])
    return values, np.stack([rosen_der(w) for w in W.T], axis=1)


def test_columns_reach_the_minimum_of_a_curved_valley():
    starts = np.random.default_rng(0).uniform(-1, 1, (2, 12))
    W, values = descend(valleys, starts, steps=300, tolerance=1e-16)
    np.testing.assert_allclose(W, 1.0, atol=1e-4)
    assert values.max() < 1e-9


def test_evaluations_are_no_more_than_a_single_quasi_newton_search_needs():
    start = np.array([[-1.2], [1.0]])
    calls = []

    def counted(W):
        calls.append(W)
        return valleys(W)

    descend(counted, start, steps=300, tolerance=1e-12)
    theirs = minimize(rosen, start[:, 0], jac=rosen_der, method="L-BFGS-B")
    assert len(calls) < 2.5 * theirs.nfev


def test_no_column_knows_of_another():
    starts = np.random.default_rng(1).uniform(-1, 1, (2, 5))
    together, _ = descend(valleys, starts, steps=25, tolerance=0.0)
    for j in range(5):
        alone, _ = descend(valleys, starts[:, [j]], steps=25, tolerance=0.0)
        np.testing.assert_allclose(alone[:, 0], together[:, j], rtol=1e-9)


def test_values_never_rise_and_are_those_of_the_place():
    W = np.random.default_rng(2).uniform(-1, 1, (2, 4))
    before = valleys(W)[0]
    for steps in (1, 2, 5, 10):
        end, values = descend(valleys, W, steps=steps, tolerance=0.0)
        assert (values <= before + 1e-12).all()
        np.testing.assert_allclose(values, valleys(end)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_a_minimum_is_not_left(dtype):
    def bowl(W):
        return (W * W).sum(axis=0), 2 * W

    W, values = descend(bowl, np.zeros((3, 2), dtype), steps=5, tolerance=0.0)
    assert W.dtype == dtype
    assert not W.any()
    assert not values.any()
