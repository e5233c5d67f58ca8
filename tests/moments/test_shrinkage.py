"""Shrinkage: the oracle-approximating weight, and directions that stand out from noise."""

import numpy as np
import pytest

from nullprobe.moments.shrinkage import oracle_shrinkage, shrink


def noise(n, d, seed=0):
    return np.cov(np.random.default_rng(seed).standard_normal((d, n)), bias=True)


@pytest.mark.parametrize(("n", "d"), [(20, 10), (200, 10), (20, 100)])
def test_shrinkage_comes_near_the_best_of_the_oracle(n, d):
    """Between Gaussian samples: hardly worse than the λ chosen with the truth known."""
    rng, truth = (
        np.random.default_rng(0),
        0.5 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d))),
    )
    root = np.linalg.cholesky(truth)
    found, best = [], []
    for _ in range(10):
        S = np.cov((root @ rng.standard_normal((d, n))), bias=True)
        target = np.eye(d) * np.trace(S) / d
        losses = [
            ((lam * target + (1 - lam) * S - truth) ** 2).sum() for lam in np.linspace(0, 1, 51)
        ]
        lam = oracle_shrinkage(S, n - 1)
        found.append(((lam * target + (1 - lam) * S - truth) ** 2).sum())
        best.append(min(losses))
    assert np.mean(found) < 1.2 * np.mean(best)


def test_shrinkage_of_too_little_is_none():
    assert oracle_shrinkage(np.ones((1, 1)), 5) == 0
    assert oracle_shrinkage(np.eye(3), 0) == 0
    assert oracle_shrinkage(np.eye(3), 50) == 1
    assert oracle_shrinkage(np.diag([1.0, 0.0]), 50) == 0


@pytest.mark.parametrize(("n", "d"), [(200, 5), (60, 40), (20, 100), (100, 300)])
def test_noise_is_shrunk_by_the_formula_as_published(n, d):
    S = noise(n, d)
    lam = oracle_shrinkage(S, n - 1)
    expected = (1 - lam) * S + lam * np.eye(d) * S.trace() / d
    assert shrink(S, n - 1) == pytest.approx(lam)
    np.testing.assert_allclose(S, expected, atol=1e-12)


@pytest.mark.parametrize("size", [1e3, 1e6, 1e9])
@pytest.mark.parametrize(
    ("n", "d", "k"), [(200, 20, 1), (200, 60, 3), (200, 8, 4), (60, 150, 12), (400, 300, 20)]
)
def test_spikes_stay_and_the_rest_is_shrunk_as_if_alone(n, d, k, size):
    rest = noise(n, d - k)
    S = np.zeros((d, d))
    S[:k, :k], S[k:, k:] = size * np.diag(np.arange(k, 0.0, -1) + k), rest
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((d, d)))[0]
    rotated = Q @ S @ Q.T
    lam = shrink(rotated, n - 1)
    found = Q.T @ rotated @ Q
    rounding = 1e-13 * size * k * d
    np.testing.assert_allclose(found[:k, :k], S[:k, :k], atol=rounding)
    np.testing.assert_allclose(found[:k, k:], 0.0, atol=rounding)
    assert lam == pytest.approx(shrink(rest, n - 1 - k), abs=1e-3 if size < 1e9 else 0.1)
    np.testing.assert_allclose(found[k:, k:], rest, atol=max(rounding, 1e-2 * (size == 1e9)))


def test_features_that_do_not_vary_are_left_out():
    S = np.zeros((8, 8))
    S[:6, :6] = noise(50, 6)
    S[0, 0] = 1e6
    alone = S[:6, :6].copy()
    assert shrink(S, 49) == pytest.approx(shrink(alone, 49))
    np.testing.assert_allclose(S[:6, :6], alone)
    assert not S[6:].any()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_too_little_is_shrunk_without_an_error(n, d):
    S = np.diag(1e6 ** np.arange(d))
    assert 0 <= shrink(S, n) <= 1
    assert np.isfinite(S).all()
