"""Rows moved by an affine eraser, in any layout, and rounded no more than they move."""

import numpy as np
import pytest
import torch

from nullprobe._core import arrays, parallel
from nullprobe.erasers.maps.affine import move_block

RNG = np.random.default_rng(0)


def array(values, dtype):
    """Return values in the library and dtype that a dtype belongs to."""
    if isinstance(dtype, torch.dtype):
        return torch.from_numpy(np.asarray(values, dtype=np.float64)).to(dtype)
    return np.asarray(values).astype(dtype)


def moved(X, centre, reading, offset, writing):
    return X - ((X - centre) @ reading - offset) @ writing


@pytest.mark.parametrize("dtype", [np.float64, np.float32, torch.float64, torch.float32])
@pytest.mark.parametrize("layout", ["C", "F", "strided"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (30, 4)])
def test_moving_a_block_is_the_formula_in_any_layout(shape, layout, dtype):
    n, d = shape
    A = RNG.standard_normal((n, d)) + 100
    parts = [RNG.standard_normal(s) for s in ((d,), (d, 2), (2,), (2, d))]
    expected = moved(A, *parts)
    X = array(A, dtype)
    out = arrays.empty_like(X)
    if layout == "F" and isinstance(out, np.ndarray):
        out = np.asfortranarray(out)
    if layout == "strided":
        out = array(np.zeros((n, 2 * d)), dtype)[:, ::2]
    maps = tuple(arrays.like(a, X) for a in parts)
    move_block(out, X, maps, parallel.Workspace())
    rtol = 1e-12 if "64" in str(dtype) else 1e-4
    np.testing.assert_allclose(out, expected, rtol=rtol, atol=100 * rtol)


def test_moving_keeps_what_is_not_moved_to_the_last_bit():
    X = RNG.standard_normal((100, 3)).astype(np.float32) * 1e-6 + np.float32(1)
    parts = (np.ones(3), np.eye(3)[:, :1], np.zeros(1), np.eye(3)[:1])
    maps = tuple(arrays.like(a, X) for a in parts)
    out = np.empty_like(X)
    move_block(out, X, maps, parallel.Workspace())
    np.testing.assert_array_equal(out[:, 1:], X[:, 1:])
