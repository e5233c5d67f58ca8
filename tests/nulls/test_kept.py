"""What each action on rows keeps, to rounding where it promises that, and what it breaks."""

import numpy as np
import pytest
from support.null_actions import classes, grouped, made, noise, numbers, residuals, world

from nullprobe.data.quarters import quarters
from nullprobe.nulls.shape import real_share


def class_moments(X, y):
    return [(X[y == c].mean(axis=0), np.cov(X[y == c].T, bias=True)) for c in np.unique(y)]


def regression(X, Y):
    """Return the coefficients of X on [1, Y], and the covariance of what is left."""
    A = np.column_stack([np.ones(len(X)), Y])
    slopes = np.linalg.lstsq(A, X, rcond=None)[0]
    rest = X - A @ slopes
    return slopes, rest.T @ rest / len(X)


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(expected).max())


# Rotations


@pytest.mark.parametrize("where", ["two classes", "three classes", "fewer rows than features"])
def test_rotations_keep_class_means_and_covariances_exactly(where):
    X, y, _ = world(where)
    action = made("rotations", X, y)
    for k in range(3):
        for found, kept in zip(class_moments(action.draw(k), y), class_moments(X, y), strict=True):
            close(found[0], kept[0])
            close(found[1], kept[1])


@pytest.mark.parametrize("d", [4, 150])
@pytest.mark.parametrize("k", [1, 2])
def test_rotations_keep_the_regression_on_numbers_and_its_residual_covariance(k, d):
    X, y, _ = numbers(np.random.default_rng(0), d=d, k=k)
    drawn = made("rotations", X, y).draw(1)
    for found, kept in zip(regression(drawn, y), regression(X, y), strict=True):
        close(found, kept)
    assert np.abs(drawn - X).max() > 0.5


@pytest.mark.parametrize("d", [4, 150])
def test_rotations_keep_a_spread_that_follows_a_number(d):
    X, y, _ = numbers(np.random.default_rng(0), d=d, k=1)
    X = X * (0.5 + np.abs(y))[:, None] if y.ndim == 1 else X * (0.5 + np.abs(y))
    drawn = made("rotations", X, y).draw(1)
    for quarter in range(4):
        own = quarters(y.ravel()) == quarter
        close(np.cov(drawn[own].T), np.cov(X[own].T))


@pytest.mark.parametrize("label", ["constant", "mixed"])
def test_rotations_among_groups_keep_what_rows_of_a_group_have_in_common(label):
    """Groups are long rows: also the covariance of a group's first row with its second is kept."""
    X, y, groups = grouped(np.random.default_rng(0), label=label)
    drawn = made("rotations", X, y, groups).draw(0)
    order = np.lexsort((y, groups)).reshape(-1, 4)
    pattern = y[order] @ [1, 2, 4, 8]
    for one in np.unique(pattern):
        own = order[pattern == one]
        long, again = (A[own].reshape(len(own), -1) for A in (X, drawn))
        close(np.cov(again.T), np.cov(long.T))
        close(again.mean(axis=0), long.mean(axis=0))


@pytest.mark.parametrize("where", ["two classes", "groups of one label", "a number"])
def test_rotations_leave_no_row_as_it_was(where):
    X, y, groups = world(where)
    action = made("rotations", X, y, groups)
    same = np.isclose(action.draw(0), X).all(axis=1)
    assert not same.any()


def test_rotations_break_heavy_tails():
    X, y, _ = classes(np.random.default_rng(0), n=400, tails="t3")
    X[0] += 300.0
    drawn = made("rotations", X, y).draw(0)

    def furthest(A):
        own = A[y == y[0]]
        radius = np.linalg.norm(own - own.mean(axis=0), axis=1)
        return radius.max() / np.median(radius)

    assert furthest(drawn) < 10 < furthest(X)


def test_float32_rotations_keep_means_that_are_far_away():
    X, y, _ = classes(np.random.default_rng(0), n=400)
    far = (X + 1e4).astype(np.float32)
    drawn = made("rotations", far, y).draw(0).astype(np.float64)
    for found, kept in zip(
        class_moments(drawn, y), class_moments(far.astype(np.float64), y), strict=True
    ):
        np.testing.assert_allclose(found[0], kept[0], atol=2e-3)
        np.testing.assert_allclose(found[1], kept[1], atol=2e-2)


# Flips


@pytest.mark.parametrize(
    "where", ["two classes", "three classes", "fewer rows than features", "a number", "two numbers"]
)
def test_flips_keep_every_residual_but_for_its_sign(where):
    X, y, _ = world(where)
    action = made("flips", X, y)
    rest = residuals(X, y)[0]
    signs = []
    for k in range(5):
        moved = action.draw(k) - rest.fitted(action.scale, action.slopes)
        sign = np.sign((moved * rest.rest).sum(axis=1))
        np.testing.assert_allclose(moved * sign[:, None], action.rest, atol=1e-9)
        signs.append(sign)
    assert 0.35 < (np.array(signs) > 0).mean() < 0.65
    # At full size: a row is a part of its own mean.
    factor = np.linalg.norm(action.rest, axis=1) / np.linalg.norm(rest.rest, axis=1)
    if rest.z.codes is not None:
        np.testing.assert_allclose(factor**-2, 1 - 1 / np.bincount(y)[y])
    else:
        A = np.column_stack([np.ones(len(X)), y])
        leverage = np.einsum("ij,ji->i", A, np.linalg.pinv(A))
        np.testing.assert_allclose(factor**-2, 1 - leverage)


@pytest.mark.parametrize(
    "where", ["groups of one label", "groups of one pattern", "uneven groups", "groups of numbers"]
)
def test_flips_give_rows_of_a_group_one_sign(where):
    X, y, groups = world(where)
    action = made("flips", X, y, groups)
    moved = action.acted(np.random.default_rng(0))
    sign = np.sign((moved * action.rest).sum(axis=1))
    np.testing.assert_allclose(moved * sign[:, None], action.rest)
    of_group = [np.unique(sign[groups == g]) for g in np.unique(groups)]
    assert all(len(each) == 1 for each in of_group)
    assert len(np.unique(np.concatenate(of_group))) == 2


def test_full_size_counts_the_rows_of_a_group_as_one():
    """A class of two groups of ten: each group is half of the mean, whatever its rows."""
    groups, y = np.repeat(np.arange(24), 5), np.repeat(np.arange(24) % 2, 5)
    X = np.random.default_rng(0).normal(size=(120, 2))
    np.testing.assert_allclose(residuals(X, y, groups)[0].share, 1 / 12)


def test_flips_break_skewness():
    X, y, _ = classes(np.random.default_rng(0), n=2000, tails="log-normal")
    X = np.exp(np.random.default_rng(0).normal(size=X.shape)) + y[:, None]
    action = made("flips", X, y)

    def above(A):
        return np.mean([(A[y == c] > A[y == c].mean(axis=0)).mean() for c in (0, 1)])

    assert above(X) < 0.35
    assert abs(above(action.draw(0)) - 0.5) < 0.03


# Common shape


def two_shapes(rng, n=4000, ratio=1.0):
    """Two classes of one covariance (but for a ratio): one of signs, one Gaussian."""
    y = np.arange(n) % 2
    E = np.where(y[:, None] > 0, rng.choice([-1.0, 1.0], size=(n, 3)), rng.normal(size=(n, 3)))
    return E * np.where(y[:, None] > 0, ratio, 1.0) + y[:, None], y


def fourth(X, y):
    """Return the fourth moment of each class, in units of its variance."""
    centred = [X[y == c] - X[y == c].mean(axis=0) for c in (0, 1)]
    return np.array([((own / own.std(axis=0)) ** 4).mean() for own in centred])


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_common_shape_breaks_shape_that_differs_from_class_to_class(ratio):
    X, y = two_shapes(np.random.default_rng(0), ratio=ratio)
    before, after = fourth(X, y), fourth(made("shape", X, y).draw(0), y)
    assert before[0] - before[1] > 1.8
    assert abs(after[0] - after[1]) < 0.25
    assert after.mean() == pytest.approx(before.mean(), abs=0.15)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_common_shape_keeps_the_pooled_covariance_and_real_differences_of_covariances(ratio):
    X, y = two_shapes(np.random.default_rng(0), ratio=ratio)
    action = made("shape", X, y)
    before = class_moments(X, y)
    after = np.mean(
        [[own for _, own in class_moments(action.draw(k), y)] for k in range(20)], axis=0
    )
    for found, (_, kept) in zip(after, before, strict=True):
        np.testing.assert_allclose(found, kept, atol=0.06 * ratio**2)
    pooled = np.mean([own for _, own in before], axis=0)
    np.testing.assert_allclose(after.mean(axis=0), pooled, rtol=0.02, atol=0.02 * ratio**2)


def test_sampled_differences_of_covariances_do_not_count_as_real():
    """Of one covariance, 60 rows a class have two that differ; draws need not differ more."""
    found, drawn = [], []
    for seed in range(30):
        X, y, _ = classes(np.random.default_rng([1, seed]), n=120, d=6)
        apart = [
            np.linalg.norm(np.subtract(*(own for _, own in class_moments(A, y))))
            for A in (X, made("shape", X, y, None, (seed,)).draw(0))
        ]
        found.append(apart[0])
        drawn.append(apart[1])
    assert np.mean(drawn) == pytest.approx(np.mean(found), rel=0.3)


def test_common_shape_moves_groups_of_one_size_with_their_rows_in_order():
    X, y, groups = world("groups of numbers")
    action = made("shape", X, y, groups)
    moved = action.acted(np.random.default_rng(0))
    source = np.array(
        [np.flatnonzero(np.isclose(action.rest, row).all(axis=1))[0] for row in moved]
    )
    np.testing.assert_array_equal(np.sort(source), np.arange(len(X)))
    for g in np.unique(groups):
        mine = source[groups == g]
        assert len(np.unique(groups[mine])) == 1
        assert (np.diff(mine) > 0).all()
    assert (groups[source] != groups).mean() > 0.8


@pytest.mark.slow
def test_share_of_real_differences_is_that_of_the_population():
    """Two covariances of known distance, the sampled one of which is larger."""
    rng, n, d = np.random.default_rng(0), 240, 8
    y = np.arange(n) % 2
    sd = np.where(np.arange(d) < 4, [[1.0], [1.6]], 1.0)
    common = np.sqrt((sd**2).mean(axis=0))
    true = ((((sd[0] / common) ** 2) - 1) ** 2).sum()
    found = []
    for _ in range(60):
        V = rng.standard_normal((n, d)) * sd[y] / common
        own = [np.cov(V[y == c].T, bias=True) for c in (0, 1)]
        squared = (((own[0] - own[1]) / 2) ** 2).sum()
        found.append(real_share(V, y) ** 2 * squared)
    assert np.mean(found) == pytest.approx(true, rel=0.15)


@pytest.mark.parametrize("tails", ["gaussian", "t3"])
def test_share_of_real_differences_is_small_where_there_are_none(tails):
    found = []
    for seed in range(20):
        rng = np.random.default_rng([2, seed])
        found.append(real_share(noise(rng, 400, 3, tails), rng.permutation(np.arange(400) % 2)))
    assert np.median(np.square(found)) < 0.25
