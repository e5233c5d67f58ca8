"""The association of rows and concept: what it equals, what leaves it alone, and its level."""

import numpy as np
import pytest
from scipy.stats import binom, rankdata

from nullprobe.data.concept import concept
from nullprobe.measures.association import REFERENCE, SHARES, Association, _weights
from nullprobe.moments import Moments


def orders(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(n) for _ in range(m)], axis=1)


def held(X, y, drawn, **kind):
    z = concept(y, **kind)
    return Association(X, z, Moments.summed(X, z), drawn)


def p_value(X, y, m=99, seed=0, **kind):
    drawn = orders(len(X), REFERENCE + m, seed)
    found = held(X, y, drawn[:, :REFERENCE], **kind)
    read = found.read(drawn[:, REFERENCE:])
    observed = found.read(np.arange(len(X))[:, None])
    return (int((read >= observed - 1e-9).sum()) + 1) / (m + 1)


def test_without_shrinkage_it_orders_labellings_as_hotelling_does():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 6)) * [1, 10, 100, 1, 1, 1], np.arange(80) % 2
    found, several = held(X, y, orders(80, 50)), orders(80, 200, 1)
    first = found._strength(several)[SHARES.index(1.0)]
    t2 = []
    for order in several.T:
        a, b = (X[y[order] == v] for v in (0, 1))
        gap, pooled = a.mean(0) - b.mean(0), np.cov(a.T) + np.cov(b.T)
        t2.append(gap @ np.linalg.solve(pooled, gap))
    assert np.array_equal(np.argsort(first), np.argsort(t2))


@pytest.mark.parametrize("n_less", [False, True])
def test_units_offsets_and_dtype_change_nothing(n_less):
    rng = np.random.default_rng(1)
    n, d = (40, 60) if n_less else (80, 6)
    X, y, drawn = rng.normal(size=(n, d)), np.arange(n) % 2, orders(n, 99)
    plain = held(X, y, drawn).read(drawn)
    other = held(X * 10.0 ** rng.integers(-9, 9, d) + 0.0, y, drawn).read(drawn)
    assert other == pytest.approx(plain, abs=1e-6)
    assert held(X + 1e5, y, drawn).read(drawn) == pytest.approx(plain, abs=1e-4)
    assert held(X.astype(np.float32), y, drawn).read(drawn) == pytest.approx(plain, abs=1e-3)


def test_a_concept_in_directions_of_low_variance_is_found():
    """Rotated massive activations: unshrunk, the gap is as plain as before the rotation."""
    rng = np.random.default_rng(2)
    y = np.arange(600) % 2
    X = rng.normal(size=(600, 64))
    X[:, 5] += 3 * y
    X[:, :3] *= 1000
    turn = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    assert p_value(X @ turn, y) == 0.01
    assert p_value((X @ turn).astype(np.float32), y) == 0.01


def test_features_without_variance_are_no_axes_and_nothing_is_found_in_none():
    rng = np.random.default_rng(3)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 3))
    drawn = orders(60, 99)
    padded = np.column_stack([X, np.full(60, 7.0), X[:, 0]])  # a constant, and a copy
    assert len(held(padded, y, drawn)._axes.T) == 3
    assert p_value(np.ones((60, 2)), y) == 1.0


def test_numbers_are_judged_by_values_and_by_ranks():
    """A few wild numbers decide a product of values, and ranks see through them."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 4))
    y = X[:, 0] + 0.5 * rng.normal(size=200)
    y[:3] = [1e6, -1e6, 1e6]
    assert p_value(X, y, kind="numeric") == 0.01
    ranks = held(X, rankdata(y), orders(200, 50), kind="numeric")
    both = held(X, y, orders(200, 50), kind="numeric")
    assert both._strength(orders(200, 9))[len(SHARES) :] == pytest.approx(
        ranks._strength(orders(200, 9))[: len(SHARES)]
    )


def test_each_class_counts_by_its_share():
    """Of K classes T is Pillai's trace: the variance of the classes that the rows explain."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(90, 4)), np.repeat([0, 1, 2, 2, 2], 18)
    found = held(X, y, orders(90, 9))
    own = found._strength(np.arange(90)[:, None])[SHARES.index(1.0), 0] ** 3
    Z, centred = np.eye(3)[y] - np.eye(3)[y].mean(0), X - X.mean(0)
    fitted = centred @ np.linalg.lstsq(centred, Z, rcond=None)[0]
    assert own == pytest.approx(np.trace(np.linalg.pinv(Z.T @ Z, 1e-9) @ Z.T @ fitted) * 90)


@pytest.mark.parametrize("share", SHARES)
def test_weights_count_as_many_axes_as_they_are_to(share):
    variances = np.array([1e-9, 0.1, 1.0, 30.0])
    weights = _weights(variances, share)
    if share:
        assert weights.mean() == pytest.approx(share, abs=1e-6)
    assert (np.diff(weights) >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("d", [3, 80])
def test_its_level_is_exact(d):
    """Also where features outnumber rows. Binomial bounds at 1 in 1,000 on either side."""
    rng = np.random.default_rng(6)
    count = sum(
        p_value(rng.standard_t(2, size=(40, d)), rng.permutation(np.arange(40) % 2), m=39, seed=s)
        <= 0.05
        for s in range(300)
    )
    assert binom.ppf(0.001, 300, 0.05) <= count <= binom.ppf(0.999, 300, 0.05)
