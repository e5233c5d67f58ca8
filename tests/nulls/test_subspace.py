"""Random subspaces: as many directions, as much variance, and otherwise anywhere."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from nullprobe import InputError, Moments, leace
from nullprobe.nulls.subspace import random_maps, random_subspaces

SPECTRA = {
    "geometric": np.geomspace(10.0, 0.01, 12),
    "one large": np.array([100.0, *np.linspace(2.0, 1.0, 11)]),
    "equal": np.ones(12),
    "two levels": np.repeat([5.0, 1.0], 6),
    "singular": np.array([4.0, 3.0, 2.0, 1.0, 0.5, 0.2, 0, 0, 0, 0, 0, 0]),
}


def rows(values, n=40, seed=0):
    """Return rows (n, d) whose second moment has exactly these eigenvalues, in a random basis."""
    rng = np.random.default_rng(seed)
    d = len(values)
    left, right = (np.linalg.qr(rng.standard_normal((m, d)))[0] for m in (n, d))
    return np.sqrt(n) * left * np.sqrt(values) @ right.T


def drawn(X, rank, removed, n_draws=20, seed=1):
    rng = np.random.default_rng(seed)
    return random_subspaces(X, rank=rank, removed=removed, n_draws=n_draws, rng=rng)


def variance(X, Q):
    return np.square(X @ Q).sum(axis=(1, 2)) / len(X)


def bounds(X, rank):
    values = np.sort(np.linalg.eigvalsh(X.T @ X / len(X)))
    values = values[values > 1e-9 * values[-1]]
    return values[:rank].sum(), values[-rank:].sum()


@pytest.mark.slow
@pytest.mark.parametrize("n", [40, 14])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_rank_and_removed_variance_are_met_exactly(spectrum, rank, share, n):
    X = rows(SPECTRA[spectrum], n)
    least, most = bounds(X, rank)
    target = least + share * (most - least)
    Q = drawn(X, rank, target)
    assert Q.shape == (20, 12, rank)
    np.testing.assert_allclose(Q.transpose(0, 2, 1) @ Q, [np.eye(rank)] * 20, atol=1e-10)
    np.testing.assert_allclose(variance(X, Q), target, rtol=1e-8)


@pytest.mark.parametrize("rank", [1, 3])
def test_subspaces_are_spread(rank):
    """Of the directions in which as much varies, none is drawn again and again."""
    X = rows(SPECTRA["two levels"])
    Q = drawn(X, rank, rank * 2.0, n_draws=3000)
    P = (Q @ Q.transpose(0, 2, 1)).mean(axis=0)
    S = X.T @ X / len(X)
    values, vectors = np.linalg.eigh(S)
    shares = np.diag(vectors.T @ P @ vectors)
    # variance 2 of levels 5 and 1: a quarter in the six directions of 5, alike in each
    np.testing.assert_allclose(shares[values > 3], rank * 0.25 / 6, atol=0.02)
    np.testing.assert_allclose(shares[values < 3], rank * 0.75 / 6, atol=0.02)
    overlap = np.linalg.norm(Q[0].T @ Q[1])
    assert overlap < 0.95 * np.sqrt(rank)


def test_draws_that_need_no_tilt_are_uniform():
    X = rows(np.ones(6), 50)
    Q = drawn(X, 1, 1.0, n_draws=4000)[:, :, 0]
    np.testing.assert_allclose(Q.T @ Q / 4000, np.eye(6) / 6, atol=0.02)


def test_a_tilt_leans_to_what_varies_much_or_little():
    X = rows(SPECTRA["geometric"])
    _values, vectors = np.linalg.eigh(X.T @ X / len(X))
    for target, end in ((8.0, -1), (0.02, 0)):
        share = np.square(drawn(X, 1, target)[:, :, 0] @ vectors).mean(axis=0)
        assert share.argmax() == end % 12 or share[end] > 0.2


def test_singular_rows_lose_only_directions_in_which_they_vary():
    X = rows(SPECTRA["singular"])
    Q = drawn(X, 2, 3.0)
    values, vectors = np.linalg.eigh(X.T @ X / len(X))
    assert np.abs(vectors[:, values < 1e-9].T @ Q).max() < 1e-7


def test_fewer_rows_than_columns():
    X = np.random.default_rng(0).standard_normal((20, 60))
    X -= X.mean(axis=0)
    Q = drawn(X, 3, 4.0)
    np.testing.assert_allclose(variance(X, Q), 4.0, rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_centred_rows_in_either_width(dtype):
    X = np.random.default_rng(0).standard_normal((20, 60)).astype(dtype)
    X -= X.mean(axis=0)
    Q = drawn(X, 1, 2.0)
    np.testing.assert_allclose(variance(X.astype(float), Q), 2.0, rtol=1e-5)


def test_as_many_directions_as_there_are_leave_one_subspace():
    X = rows(SPECTRA["singular"])
    Q = drawn(X, 6, 10.7)
    np.testing.assert_allclose(variance(X, Q), 10.7, rtol=1e-9)
    projections = Q @ Q.transpose(0, 2, 1)
    np.testing.assert_allclose(projections, projections[:1].repeat(20, axis=0), atol=1e-9)


def test_no_direction_is_an_empty_basis():
    assert drawn(rows(np.ones(4)), 0, 0.0).shape == (20, 4, 0)
    assert drawn(np.zeros((5, 3)), 0, 0.0).shape == (20, 3, 0)


def test_largest_and_smallest_possible_variance_are_met():
    X = rows(SPECTRA["geometric"])
    for target in bounds(X, 2):
        np.testing.assert_allclose(variance(X, drawn(X, 2, target)), target, rtol=1e-6)


@pytest.mark.parametrize("removed", [0.5, 200.0])
def test_variance_that_no_subspace_removes_is_refused(removed):
    with pytest.raises(InputError) as caught:
        drawn(rows(SPECTRA["one large"]), 2, removed)
    assert "removed" in caught.value.required
    assert f"{removed:g} " in caught.value.received


def test_more_directions_than_rows_vary_in_are_refused():
    with pytest.raises(InputError) as caught:
        drawn(rows(SPECTRA["singular"]), 7, 10.0)
    assert "7 directions" in caught.value.required
    assert caught.value.received.endswith("6")


def test_same_generator_draws_the_same():
    X = rows(SPECTRA["geometric"])
    np.testing.assert_array_equal(drawn(X, 2, 3.0), drawn(X, 2, 3.0))
    assert not np.allclose(drawn(X, 2, 3.0), drawn(X, 2, 3.0, seed=2))


SIZES = np.array([8.0, 4.0, 2.0, 1.0, 0.5, 0.1])


def test_random_maps_are_orthogonal_where_all_varies_alike():
    """As LEACE is: with rows brought to covariance 1, R W is an orthogonal projection."""
    X = rows(SIZES, 400)
    R, W = random_maps(X, rank=2, removed=3.0, n_draws=50, rng=np.random.default_rng(0))
    values, vectors = np.linalg.eigh(X.T @ X / len(X))
    root = vectors * np.sqrt(values) @ vectors.T
    white = root @ R @ W @ np.linalg.inv(root)
    np.testing.assert_allclose(white, white.swapaxes(1, 2), atol=1e-10)
    np.testing.assert_allclose(white @ white, white, atol=1e-10)
    moved = np.square(X @ R @ W).sum(axis=(1, 2)) / len(X)
    np.testing.assert_allclose(moved, 3.0, rtol=1e-8)


@pytest.mark.slow
def test_random_maps_are_like_erasers_of_labels_that_mean_nothing():
    """Of the same mean squared distance, how they read and write has the same distribution."""
    rng, X = np.random.default_rng(1), rows(SIZES, 400)
    X -= X.mean(axis=0)
    erasers = [leace(Moments.of(X, rng.integers(0, 2, 400))) for _ in range(400)]
    drawn = []
    for eraser in erasers:
        lost = float(np.square(X - eraser.apply(X)).sum() / len(X))
        R, W = random_maps(X, rank=1, removed=lost, n_draws=1, rng=rng)
        drawn.append(np.linalg.norm(R[0]) * np.linalg.norm(W[0]))
    own = [np.linalg.norm(e.reading) * np.linalg.norm(e.writing) for e in erasers]
    assert ks_2samp(own, drawn).pvalue > 1e-3
    assert max(own) > 1.2  # an orthogonal projection has 1


def test_random_maps_stay_where_rows_vary():
    X = np.hstack([rows(SIZES[:3], 30), np.zeros((30, 2))])
    R, W = random_maps(X, rank=1, removed=2.0, n_draws=20, rng=np.random.default_rng(0))
    assert np.abs(R[:, 3:]).max() < 1e-9
    assert np.abs(W[:, :, 3:]).max() < 1e-9
