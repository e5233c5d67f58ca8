"""Defaults guard: no eraser, as it comes, leaves a concept linearly readable on its sample."""

from dataclasses import replace

import numpy as np
import pytest
from methods import transformed
from support.reference import EPS, largest_canonical_correlation
from support.samples import DTYPES, draw

from nullprobe.erasers import ERASERS, INLP

N, D = 800, 6
SAMPLES = {
    "two classes": draw(1, N, D, 2),
    "four classes": draw(2, N, D, 4),
    "four classes, one of them rare": draw(3, N, D, 4, shares=[0.5, 0.3, 0.18, 0.02]),
    "more classes than features": draw(4, N, D, 12),
}


def correlation(X_, sample):
    eps = EPS[str(sample.X.dtype)]
    return largest_canonical_correlation(X_, sample.y, eps=eps, before=sample.X)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("method", [m for m in ERASERS.values() if m is not INLP])
def test_default_leaves_nothing(method, name, dtype):
    sample = SAMPLES[name].of(dtype)
    X_ = transformed(method().fit(sample.X, sample.y), sample.X, sample.y)
    assert correlation(sample.X, sample) > 0.5
    assert correlation(X_, sample) <= {"float64": 1e-8, "float32": 1e-4}[dtype]
    means = np.array([X_[sample.y == c].mean(axis=0, dtype=float) for c in np.unique(sample.y)])
    apart = np.abs(means - means[0]).max() / sample.X.std()
    assert apart <= {"float64": 1e-10, "float32": 1e-5}[dtype]


@pytest.mark.parametrize("name", SAMPLES)
def test_default_of_inlp_leaves_no_more_than_permuted_labels_do(name):
    """It ends on held-out rows, so that it promises less."""
    sample, rng = SAMPLES[name], np.random.default_rng(0)
    left = correlation(INLP().fit_transform(sample.X, sample.y), sample)
    permuted = [replace(sample, y=rng.permutation(sample.y)) for _ in range(39)]
    assert left <= max(correlation(sample.X, other) for other in permuted)
