"""The Gaussian surrogate: the moments asked for, the gap without its bias, and calibration."""

import numpy as np
import pytest

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.nulls import gaussian_surrogate, surrogate


def mixed(n, counts=2, d=5, seed=0):
    """Return classes of means and covariances of their own, in units of their own."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % counts)
    turns = rng.normal(size=(counts, d, d)) / np.sqrt(d) + np.eye(d)
    X = np.einsum("ni,nij->nj", rng.normal(size=(n, d)), turns[y])
    return (X + rng.normal(size=(counts, d))[y] + 7.0) * 10.0 ** np.arange(d), y


def one_draw(X, y, seed=0):
    return gaussian_surrogate(X, concept(y)).draw(np.random.default_rng(seed))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_draw_has_the_class_means_and_covariances(n_classes):
    X, y = mixed(30_000, n_classes)
    drawn, sd = one_draw(X, y), X.std(axis=0)
    for c in range(n_classes):
        asked, got = X[y == c] / sd, drawn[y == c] / sd
        np.testing.assert_allclose(got.mean(axis=0), asked.mean(axis=0), atol=0.05)
        np.testing.assert_allclose(np.cov(got.T), np.cov(asked.T), atol=0.07)
    assert np.abs(np.cov((X[y == 0] / sd).T) - np.cov((X[y == 1] / sd).T)).max() > 0.3


def test_draw_of_numbers_has_slopes_and_covariance():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(30_000, 2)) @ [[1, 0.5], [0, 2]]
    X = Y @ rng.normal(size=(2, 4)) + rng.normal(size=(30_000, 4)) * [1, 2, 3, 4] + 5
    drawn = one_draw(X, Y)
    for A in (X, drawn):
        A -= A.mean(axis=0)
    Y = Y - Y.mean(axis=0)
    slopes, again = (np.linalg.lstsq(Y, A, rcond=None)[0] for A in (X, drawn))
    np.testing.assert_allclose(again, slopes, atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(X.T), atol=0.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_float32_data_are_drawn_in_float32_and_all_others_in_float64(dtype):
    X, y = mixed(3_000)
    drawn = one_draw((np.clip(X, -3e4, 3e4)).astype(dtype), y)
    assert drawn.dtype == (np.float32 if dtype is np.float32 else np.float64)


def test_float32_draws_have_moments_that_are_far_away():
    """A mean of 10,000 standard deviations, of which float32 keeps three more digits."""
    X, y = mixed(30_000)
    sd = X.std(axis=0)
    drawn = one_draw((X + 1e4 * sd).astype(np.float32), y).astype(np.float64)
    for c in (0, 1):
        asked, got = X[y == c] / sd, drawn[y == c] / sd - 1e4
        np.testing.assert_allclose(got.mean(axis=0), asked.mean(axis=0), atol=0.05)
        np.testing.assert_allclose(np.cov(got.T), np.cov(asked.T), atol=0.07)


def test_nothing_but_the_moments_is_drawn():
    w = worlds.skewed(n=20_000, d=2, random_state=0)
    cubes = [
        np.mean((A[w.y == 1, 0] - A[w.y == 1, 0].mean()) ** 3) for A in (w.X, one_draw(w.X, w.y))
    ]
    assert cubes[0] > 50
    assert abs(cubes[1]) < 5


def test_covariance_is_shared_where_classes_of_their_own_need_too_much_memory(monkeypatch):
    X, y = mixed(30_000)
    monkeypatch.setattr(surrogate, "CLASS_COVARIANCE_ELEMENTS", 0)
    drawn, sd = one_draw(X, y), X.std(axis=0)
    within = sum(np.cov((X[y == c] / sd).T) for c in (0, 1)) / 2
    for c in (0, 1):
        np.testing.assert_allclose(np.cov((drawn[y == c] / sd).T), within, atol=0.07)
        np.testing.assert_allclose(
            (drawn[y == c] / sd).mean(axis=0), (X[y == c] / sd).mean(axis=0), atol=0.05
        )


def test_same_seed_gives_the_same_draw():
    X, y = mixed(60)
    np.testing.assert_array_equal(one_draw(X, y, 3), one_draw(X, y, 3))
    assert not np.allclose(one_draw(X, y, 3), one_draw(X, y, 4))


# The gap: what the surrogate puts between the classes, in the covariance that it draws with.


@pytest.fixture
def shared(monkeypatch):
    """Let all classes share one covariance, so that the gap has one unit."""
    monkeypatch.setattr(surrogate, "CLASS_COVARIANCE_ELEMENTS", 0)


def squared_gaps(source):
    """Return tr(H½ B Σ⁻¹ Bᵀ H½): for two classes of m rows, D² m / 2."""
    (triangle,) = source.triangles
    scores = np.linalg.lstsq(triangle, (source.gap * source.slopes).T, rcond=None)[0].T
    return np.sum((source.design @ scores) ** 2)


def squared_gaps_of_sample(X, y):
    """Return the same of the sample's own moments."""
    z = concept(y)
    Z = z.matrix - z.matrix.mean(axis=0)
    slopes = np.linalg.lstsq(Z, X - X.mean(axis=0), rcond=None)[0]
    rest = X - X.mean(axis=0) - Z @ slopes
    within = rest.T @ rest / (len(y) - 1 - np.linalg.matrix_rank(Z))
    return np.trace(Z @ slopes @ np.linalg.solve(within, (Z @ slopes).T))


def two_classes(rng, n=120, d=20):
    w = worlds.gaussian(n=n, d=d, gap=2.0, random_state=rng)
    return w.X, w.y, 4.0 * n / 4


def four_classes(rng, n=160, d=20):
    y = np.arange(n) % 4
    means = np.zeros((4, d))
    means[:, :3] = 2.0 * (np.eye(4) - 0.25)[:, :3]
    centred = means - means.mean(axis=0)
    return rng.normal(size=(n, d)) + means[y], y, n / 4 * np.sum(centred**2)


def two_numbers(rng, n=120, d=20):
    Y = rng.normal(size=(n, 2))
    slopes = np.zeros((2, d))
    slopes[:, :2] = [[1.0, 0.3], [0.0, 0.8]]
    return Y @ slopes + rng.normal(size=(n, d)), Y, np.sum(((Y - Y.mean(axis=0)) @ slopes) ** 2)


@pytest.mark.parametrize("draw", [two_classes, four_classes, two_numbers])
def test_gap_is_unbiased_where_that_of_the_sample_is_not(draw, shared):
    """On average over data sets; gaps are so wide that none is clipped at zero."""
    found, naive = [], []
    for seed in range(60):
        X, y, true = draw(np.random.default_rng(seed))
        found.append(squared_gaps(gaussian_surrogate(X, concept(y))) / true)
        naive.append(squared_gaps_of_sample(X, y) / true)
    se = np.std(found) / np.sqrt(60)
    assert abs(np.mean(found) - 1.0) < 3 * se
    assert se < 0.05
    assert np.mean(naive) - 1.0 > 5 * se


def test_each_canonical_direction_is_debiased_on_its_own(shared):
    """One of two numbers is unreadable: its share of the sample's gap is noise and goes."""
    weak = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        Y, X = rng.normal(size=(200, 2)), rng.normal(size=(200, 20))
        X[:, 0] += 2.0 * Y[:, 0]
        source = gaussian_surrogate(X, concept(Y))
        weak.append(200 * source.slopes[1] @ source.slopes[1])
        assert source.slopes[0, 0] == pytest.approx(2.0, abs=0.4)
    assert np.mean(weak) < 8  # 20 in the sample, one for each feature


@pytest.mark.parametrize("extra", ["constant", "repeated"])
def test_features_that_say_nothing_new_leave_the_gap_alone(extra, shared):
    for seed in range(10):
        X, y, _ = two_classes(np.random.default_rng(seed))
        more = {"constant": np.full((120, 30), 3.7), "repeated": X}[extra]
        source = gaussian_surrogate(np.hstack([X, more]), concept(y))
        plain = gaussian_surrogate(X, concept(y))
        assert squared_gaps(source) == pytest.approx(squared_gaps(plain), rel=1e-6)
        if extra == "constant":
            np.testing.assert_allclose(source.draw(np.random.default_rng(0))[:, 20:], 3.7)


@pytest.mark.parametrize("n", [28, 32, 36, 50, 52, 56])
def test_feature_that_is_the_concept_still_tells_the_classes_apart(n):
    """Within the classes it does not vary at all, or by rounding: it still needs a unit."""
    y = np.arange(n) % 2
    X = np.column_stack([y, np.random.default_rng(0).normal(size=(n, 3))])
    drawn = one_draw(X, y)[:, 0]
    assert drawn[y == 1].min() - drawn[y == 0].max() > 0.8
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_fewer_rows_than_columns_keep_a_wide_gap(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(60) % n_classes
    X = rng.normal(size=(60, 150))
    X[:, 0] += 12.0 * y
    source = gaussian_surrogate(X, concept(y))
    drawn = source.draw(rng)
    assert np.isfinite(drawn).all()
    assert source.gap == 1.0
    between = drawn[y == 1, 0].mean() - drawn[y == 0, 0].mean()
    assert between == pytest.approx(12.0, abs=3.0)


def test_class_covariances_are_as_far_from_the_common_one_as_in_truth():
    """Shrunk by an oracle they would be a fifth as far; as they come, further than they are."""
    rng, n, d = np.random.default_rng(0), 240, 8
    y = np.arange(n) % 2
    sd = np.where(np.arange(d) < 4, [[1.0], [1.6]], 1.0)
    common = (sd**2).mean(axis=0)
    true = ((sd[0] ** 2 - common) / common) ** 2
    found = []
    for _ in range(100):
        X = rng.standard_normal((n, d)) * sd[y]
        source = gaussian_surrogate(X, concept(y))
        own = [T @ T.T for T in source.triangles]
        middle = (own[0] + own[1]) / 2
        unit = 1.0 / np.sqrt(middle.diagonal())
        found.append((((own[0] - middle) * np.outer(unit, unit)) ** 2).sum())
    assert np.mean(found) == pytest.approx(true.sum(), rel=0.15)
