"""What every action owes: draws that can be computed alone, of the dtype of the data, exact where
theory says so, and a reason where it cannot act."""

import pickle
from itertools import product

import numpy as np
import pytest
from support.null_actions import (
    ACTIONS,
    WITHOUT,
    WORLDS,
    assert_uniform,
    classes,
    grouped,
    made,
    numbers,
    uneven,
    world,
)

from nullprobe.nulls import Action, Null

CASES = [pair for pair in product(ACTIONS, WORLDS) if pair not in WITHOUT]


@pytest.mark.parametrize(("name", "where"), CASES)
def test_a_draw_is_the_same_alone_in_any_order_and_on_another_worker(name, where):
    data = world(where)
    action = made(name, *data)
    several = [action.draw(k) for k in range(4)]
    sent = pickle.loads(pickle.dumps(made(name, *data)))
    for k in (3, 0, 2):
        np.testing.assert_array_equal(sent.draw(k), several[k])
    for j, k in ((0, 1), (0, 3), (1, 2)):
        assert not np.array_equal(several[j], several[k])
    assert not np.array_equal(made(name, *data, seed=(8,)).draw(0), several[0])


@pytest.mark.parametrize(("name", "where"), CASES)
def test_a_draw_changes_neither_the_action_nor_the_data(name, where):
    X, y, groups = world(where)
    before = X.copy(), y.copy()
    action = made(name, X, y, groups)
    first = action.draw(0)
    kept = first.copy()
    action.draw(1)
    first[:] = 0
    np.testing.assert_array_equal(action.draw(0), kept)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize(("name", "where"), [c for c in CASES if c[0] != "permutations"])
def test_float32_rows_are_drawn_in_float32_and_all_others_in_float64(name, where):
    X, y, groups = world(where)
    exact = made(name, X, y, groups).draw(0)
    assert (exact.dtype, exact.shape) == (np.float64, X.shape)
    single = made(name, X.astype(np.float32), y, groups).draw(0)
    assert single.dtype == np.float32
    assert np.isfinite(single).all()
    np.testing.assert_allclose(single.mean(axis=0), exact.mean(axis=0), atol=0.5)
    whole = np.round(10 * X).astype(np.int16)
    assert made(name, whole, y, groups).draw(0).dtype == np.float64


@pytest.mark.parametrize(("name", "where"), sorted(WITHOUT))
def test_where_an_action_cannot_act_it_says_why(name, where):
    reason = made(name, *world(where))
    assert isinstance(reason, str)
    assert len(reason) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rotations", "flips", "shape"])
@pytest.mark.parametrize("n", [2, 3, 4, 6, 9, 14, 30])
@pytest.mark.parametrize("kind", ["classes", "three classes", "rare class", "number", "groups"])
@pytest.mark.parametrize("d", [1, 5])
def test_few_rows_or_groups_give_draws_or_a_reason(name, n, kind, d):
    rng = np.random.default_rng([32, n])
    y = np.arange(n) % (3 if kind == "three classes" else 2)
    if kind == "rare class":
        y = (np.arange(n) == 0).astype(int)
    if len(np.unique(y)) < min(n, y.max() + 1):
        pytest.skip("a class has no row")
    X, groups = rng.normal(size=(n, d)), None
    if kind == "groups":
        X, y, groups = X.repeat(2, axis=0), y.repeat(2), np.arange(n).repeat(2)
    action = made(name, X, rng.normal(size=n) if kind == "number" else y, groups)
    if isinstance(action, str):
        assert n < 30 or kind == "rare class"
    else:
        drawn = action.draw(0)
        assert drawn.shape == X.shape
        assert np.isfinite(drawn).all()


@pytest.mark.parametrize("name", ["rotations", "flips", "shape"])
@pytest.mark.parametrize("bad", ["constant", "repeated", "concept", "all constant"])
def test_features_without_news_give_finite_draws(name, bad):
    X, y, _ = classes(np.random.default_rng(33))
    if bad == "all constant":
        X = np.full_like(X, 2.5)
    else:
        X[:, 1] = {"constant": 3.7, "repeated": X[:, 0], "concept": y}[bad]
    action = made(name, X, y)
    assert isinstance(action, Action)
    drawn = action.draw(0)
    assert np.isfinite(drawn).all()
    if bad in ("constant", "all constant"):
        np.testing.assert_allclose(drawn[:, 1], X[:, 1])
    if bad == "repeated":
        np.testing.assert_allclose(drawn[:, 1], drawn[:, 0], rtol=1e-6)


# Exactness: many data sets for which the hypothesis of an action is true.
SETS, DRAWS = 100, 39


def held_out(X, Y):
    """Return, for labellings (n, m), what centroids of one half say of the other, (m,)."""
    Y = Y - Y.mean(axis=0)
    odd = np.arange(len(X)) % 2 == 1
    return np.einsum("dm,dm->m", X[odd].T @ Y[odd], X[~odd].T @ Y[~odd])


def p_value(values):
    return Null("", "", values[1:]).p_value(float(values[0]))


def permuted(data, seed):
    """Return p of what permuted labels say of rows."""
    X, y, groups = data
    action = made("permutations", X, y, groups, (seed,))
    order = np.column_stack([np.arange(len(X)), action.orders(range(DRAWS))])
    Y = np.asarray(y, dtype=float).reshape(len(X), -1)[:, 0]
    return p_value(held_out(X - X.mean(axis=0), Y[order]))


def on_rows(name, data, seed):
    """Return p of two statistics of rows that an action has drawn: read-out, and fourth moment."""
    X, y, groups = data
    action = made(name, X, y, groups, (seed,))
    Y = np.asarray(y, dtype=float).reshape(len(X), -1)[:, :1]
    values = []
    for A in (X, *(action.draw(k) for k in range(DRAWS))):
        A = A - A.mean(axis=0)
        values.append([held_out(A, Y)[0], (A**4).mean()])
    return [p_value(np.array(column)) for column in zip(*values, strict=True)]


def nothing(rng):
    X, _, _ = classes(rng, k=1, tails="t3")
    return X, rng.permutation(np.arange(60) % 2), None


def rare(rng):
    X, _, _ = classes(rng, n=90, k=1, tails="log-normal")
    return X, rng.permutation(np.arange(90) < 12).astype(int), None


def of_numbers(rng):
    X, _, _ = classes(rng, k=1)
    return X, rng.exponential(size=60), None


def constant_groups(rng):
    X, _, groups = uneven(rng)
    return X, rng.permutation(np.arange(45) % 2)[groups], groups


@pytest.mark.slow
@pytest.mark.parametrize("draw", [nothing, rare, of_numbers, constant_groups, uneven])
def test_p_of_permuted_labels_is_uniform_where_they_say_nothing(draw):
    p = [permuted(draw(np.random.default_rng([34, seed])), seed) for seed in range(SETS)]
    assert_uniform(np.array(p))


def test_p_of_permuted_rows_is_too_small_where_groups_are_not_named():
    """The check of uniformity can fail."""
    p = []
    for seed in range(60):
        X, y, _ = constant_groups(np.random.default_rng([34, seed]))
        p.append(permuted((X, y, None), seed))
    assert (np.array(p) <= 0.1).mean() > 0.25


GAUSSIAN = {
    "two classes": lambda rng: classes(rng, n=40, d=3),
    "three classes": lambda rng: classes(rng, n=45, d=3, k=3),
    "fewer rows than features": lambda rng: classes(rng, n=20, d=50),
    "a number": lambda rng: numbers(rng, n=40, d=3),
    "two numbers, fewer rows than features": lambda rng: numbers(rng, n=20, d=50, k=2),
    "groups of one label": lambda rng: grouped(rng, n_groups=16, size=3, d=3),
    "groups of one pattern": lambda rng: grouped(rng, n_groups=12, size=4, d=3, label="mixed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("where", GAUSSIAN)
def test_p_of_rotations_is_uniform_where_noise_is_gaussian(where):
    p = [
        on_rows("rotations", GAUSSIAN[where](np.random.default_rng([35, seed])), seed)
        for seed in range(SETS)
    ]
    for each in np.array(p).T:
        assert_uniform(each)


@pytest.mark.slow
def test_p_of_rotations_is_small_where_tails_are_heavy():
    p = []
    for seed in range(40):
        data = classes(np.random.default_rng([35, seed]), n=200, d=3, tails="t3")
        p.append(on_rows("rotations", data, seed)[1])
    assert (np.array(p) <= 0.05).mean() > 0.8


def skewness(action, X, y):
    """Return p of the share of values above the means of their classes.

    It is bounded: in a third moment one row may be all, which flips keep but for its sign.
    """
    values = []
    for A in (X, *(action.draw(k) for k in range(DRAWS))):
        means = np.array([A[y == c].mean(axis=0) for c in (0, 1)])
        values.append((A > means[y]).mean())
    return p_value(np.array(values))


@pytest.mark.slow
@pytest.mark.parametrize("tails", ["gaussian", "t3"])
@pytest.mark.parametrize("d", [3, 60])
def test_p_of_flips_is_uniform_where_noise_is_symmetric(tails, d):
    p = []
    for seed in range(SETS):
        X, y, _ = classes(np.random.default_rng([36, seed]), n=100, d=d, tails=tails)
        p.append(skewness(made("flips", X, y, None, (seed,)), X, y))
    assert_uniform(np.array(p))


def test_p_of_flips_is_small_where_noise_is_skewed():
    p = []
    for seed in range(40):
        X, y, _ = classes(np.random.default_rng([36, seed]), n=100, d=3, tails="log-normal")
        p.append(skewness(made("flips", X, y, None, (seed,)), X, y))
    assert (np.array(p) <= 0.05).mean() > 0.5
