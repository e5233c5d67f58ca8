"""The game of R-LACE under log loss: slopes, gaps, bounds, and brute force where it can be had."""

from dataclasses import FrozenInstanceError
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.least_loss import RIDGE, entropy, least_loss, subspace, whitened, without
from support.samples import draw, feature_units

from nullprobe import RLACE, Game
from nullprobe.erasers.rlace.game import Rules, ascend, join, mergers, play, reply_to_span, starts
from nullprobe.erasers.rlace.predictors import Predictors

SAMPLE = draw(0, 300, 4, 4, gap=1.5)
X, Y = SAMPLE.X, SAMPLE.y


def predictors(X, y, ridge=RIDGE):
    n = len(X)
    return Predictors(whitened(X), y, np.full(n, 1 / n), ridge)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gap", [0.3, 1.0, 3.0])
def test_game_of_two_features_is_won_as_well_as_by_trying_every_angle(seed, gap):
    shares = [None, [0.8, 0.1, 0.1], [0.1, 0.3, 0.6], [0.02, 0.49, 0.49]][seed]
    sample = draw(seed, 150, 2, 3, gap=gap, shares=shares)
    angles = np.linspace(0, np.pi, 180, endpoint=False)
    F = whitened(sample.X) @ np.array([np.cos(angles), np.sin(angles)])
    best = max(least_loss(F[:, i : i + 1], sample.y) for i in range(180))
    game = RLACE(rank=1).fit(sample.X, sample.y).game_
    assert not game.exact
    assert best - 1e-5 <= game.lower <= best + 1e-3
    assert best <= game.upper <= game.trivial
    assert game.trivial == pytest.approx(entropy(sample.y), abs=1e-12)


@pytest.mark.slow
def test_game_of_three_features_is_won_as_well_as_by_trying_many_planes():
    sample, rng = draw(5, 150, 3, 4, gap=1.0), np.random.default_rng(0)
    kept = rng.standard_normal((3, 400))
    F = whitened(sample.X) @ (kept / np.linalg.norm(kept, axis=0))
    best = max(least_loss(F[:, i : i + 1], sample.y) for i in range(400))
    game = RLACE(rank=2).fit(sample.X, sample.y).game_
    assert game.lower >= best - 1e-6
    assert best <= game.upper


@pytest.mark.slow
def test_game_of_many_maxima_is_won_as_well_as_by_trying_many_directions():
    sample, rng = draw(0, 60, 3, 5, gap=2.0), np.random.default_rng(0)
    game, F = predictors(sample.X, sample.y), whitened(sample.X)
    gone = (subspace(3, 1, rng) for _ in range(300))
    best = max(least_loss(F - F @ a @ a.T, sample.y) for a in gone)
    rules = Rules(1, RIDGE, 50, 1e-6)
    ends = [ascend(game, A, rules)[0].certain for A in starts(game, 1, rng)]
    lower = play(game, rules, rng)[1].lower
    assert lower == pytest.approx(max(ends), abs=1e-6)
    assert lower >= best - 1e-6
    assert min(ends) < lower - 0.01


@pytest.mark.parametrize("rank", [1, 2])
def test_starts_solve_squared_loss_and_reach_the_upper_bound(rank):
    sample = draw(1, 300, 4, 4, shares=[0.05, 0.15, 0.3, 0.5])
    game, F = predictors(sample.X, sample.y), whitened(sample.X)
    bohning, squared = islice(starts(game, rank, np.random.default_rng(0)), 2)
    left = ((game.cross - bohning @ (bohning.T @ game.cross)) ** 2).sum()
    bound = game.trivial - left / (1 + 2 * RIDGE)
    assert game.bound(rank) == pytest.approx(bound, abs=1e-12)
    expected = RLACE(rank=rank, loss="squared").fit(F, sample.y).eraser_.matrix
    np.testing.assert_allclose(np.eye(4) - squared @ squared.T, expected, atol=1e-9)
    assert np.abs(squared @ squared.T - bohning @ bohning.T).max() > 0.01


@given(n_classes=st.integers(1, 30), seed=st.integers(0, 999))
def test_joining_leaves_so_many_groups_fewer_each_named_after_its_first_class(n_classes, seed):
    rng = np.random.default_rng(seed)
    times = int(rng.integers(0, n_classes))
    groups = join(np.arange(n_classes), times, rng)
    assert len(np.unique(groups)) == n_classes - times
    np.testing.assert_array_equal(groups[groups], groups)
    assert (groups <= np.arange(n_classes)).all()


@pytest.mark.parametrize("rank", [1, 2])
def test_mergers_make_the_means_of_classes_equal(rank):
    game = predictors(X, Y)
    for A in mergers(game, rank, np.random.default_rng(0)):
        np.testing.assert_allclose(A.T @ A, np.eye(rank), atol=1e-12)
        means = (np.eye(4) - A @ A.T) @ (game.cross / game.shares)
        apart = np.linalg.norm(means[:, :, None] - means[:, None], axis=0) > 1e-9
        assert len(np.unique(apart, axis=0)) == 4 - rank


def test_the_best_of_all_pairs_is_merged():
    game = predictors(X, Y)
    means = game.cross / game.shares
    pairs = [means[:, i] - means[:, j] for i in range(4) for j in range(i)]
    F = whitened(X)
    left = [least_loss(F - np.outer(F @ a, a) / (a @ a), Y) for a in pairs]
    A = mergers(game, 1, np.random.default_rng(0))[0]
    assert least_loss(F - F @ A @ A.T, Y) == pytest.approx(max(left), abs=1e-9)


@pytest.mark.slow
@given(
    seed=st.integers(0, 999),
    n_classes=st.integers(3, 4),
    gap=st.sampled_from([0.1, 1.0, 4.0]),
    evenness=st.sampled_from([0.5, 20.0]),
    ridge=st.sampled_from([1e-6, 1e-4, 1e-1]),
)
def test_bounds_hold_and_lower_is_what_the_eraser_leaves(seed, n_classes, gap, evenness, ridge):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(n_classes, evenness))
    sample = draw(seed, 150, 4, n_classes, gap=gap, shares=shares)
    rank = int(rng.integers(1, n_classes - 1))
    fitted = RLACE(rank=rank, ridge=ridge).fit(sample.X, sample.y)
    game = fitted.game_
    assert fitted.eraser_.rank == rank
    assert 0 <= game.lower <= game.upper <= game.trivial
    left = least_loss(whitened(fitted.transform(sample.X)), sample.y, ridge)
    assert game.lower <= left + 1e-12
    assert game.lower == pytest.approx(left, abs=1e-7)
    other = least_loss(whitened(without(sample.X, subspace(4, rank, rng))), sample.y, ridge)
    assert other <= game.upper + 1e-12


@given(seed=st.integers(0, 999), rank=st.integers(0, 3), ridge=st.sampled_from([1e-3, 1.0]))
def test_the_upper_bound_holds_where_a_subspace_is_chosen_to_defy_it(seed, rank, ridge):
    """The bound is closest where classes are near and what is removed is the best of rank r."""
    sample = draw(seed, 100, 5, 4, gap=0.05)
    game = predictors(sample.X, sample.y, ridge)
    A = np.linalg.svd(game.cross)[0][:, :rank]
    F = whitened(sample.X)
    left = least_loss(F - F @ A @ A.T, sample.y, ridge)
    assert left - 1e-12 <= game.bound(rank) <= game.trivial


def test_near_the_trivial_loss_the_bound_knows_a_part_of_the_gain():
    """Near the trivial loss a predictor of balanced classes gains K/2 of what the bound says."""
    rng = np.random.default_rng(0)
    y = np.arange(30_000) % 4
    A = rng.standard_normal((30_000, 3)) + 0.01 * rng.standard_normal((4, 3))[y]
    game = predictors(A, y, 1e-9)
    gains = game.trivial - least_loss(whitened(A), y, 1e-9), game.trivial - game.bound(0)
    assert gains[0] / gains[1] == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("rank", [1, 2])
def test_the_game_ends_no_worse_than_where_it_starts(rank):
    game, rng = predictors(X, Y), np.random.default_rng(0)
    lower = RLACE(rank=rank).fit(X, Y).game_.lower
    for C in (game.cross, game.cross / np.sqrt(game.shares), rng.standard_normal((4, 4))):
        A = np.linalg.svd(C)[0][:, :rank]
        assert lower > least_loss(whitened(X) @ (np.eye(4) - A @ A.T), Y) + 1e-5


@pytest.mark.parametrize("rank", [1, 2])
def test_slope_of_the_least_loss_is_what_finite_differences_say(rank):
    game, rng = predictors(X, Y), np.random.default_rng(1)
    A, V = subspace(4, rank, rng), np.zeros((5, 4))
    slope = game.reply(A, V, 1e-14).slope
    np.testing.assert_allclose(A.T @ slope, 0, atol=1e-12)
    assert np.abs(slope).max() > 0.01
    for _ in range(3):
        step = rng.standard_normal((4, rank))
        step -= A @ (A.T @ step)
        ends = [game.reply(np.linalg.qr(A + h * step)[0], V, 1e-14).value for h in (1e-4, -1e-4)]
        assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(np.vdot(slope, step), abs=1e-6)


def test_slope_in_any_basis_of_the_span_is_what_finite_differences_say():
    game, V = predictors(X, Y), np.zeros((5, 4))
    M, step = np.random.default_rng(5).standard_normal((2, 4, 2))
    slope = reply_to_span(game, M, V, 1e-14)[1]
    ends = [reply_to_span(game, M + h * step, V, 1e-14)[0].value for h in (1e-4, -1e-4)]
    assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(np.vdot(slope, step), abs=1e-6)


def test_gradient_of_the_loss_is_what_finite_differences_say():
    game, rng = predictors(X, Y), np.random.default_rng(2)
    V, step = rng.standard_normal((2, 5, 4))
    slope = np.vdot(game.loss(V)[1], step)
    ends = [game.loss(V + h * step)[0] for h in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("tol", [1.0, 1e-2, 1e-4, 1e-8])
def test_a_predictor_falls_short_of_the_best_by_no_more_than_its_gap(tol):
    game, A = predictors(X, Y), subspace(4, 1, np.random.default_rng(3))
    reply = game.reply(A, np.zeros((5, 4)), tol)
    best = least_loss(whitened(X) @ (np.eye(4) - A @ A.T), Y)
    assert reply.value - reply.gap <= best + 1e-12
    assert best <= reply.value + 1e-12
    assert reply.gap <= tol
    if tol == 1.0:
        assert reply.value > best + 1e-3


@pytest.mark.slow
def test_more_steps_leave_more():
    game = predictors(X, Y)
    A = subspace(4, 1, np.random.default_rng(4))
    ends = [ascend(game, A, Rules(1, RIDGE, steps, 1e-9))[0].certain for steps in (1, 3, 50)]
    assert ends[0] < ends[1] < ends[2]
    limited = RLACE(rank=1, max_iter=1).fit(X, Y).game_
    assert limited.iterations <= 2 + 3
    assert limited.lower < RLACE(rank=1, max_iter=50).fit(X, Y).game_.lower


def test_of_all_replies_the_one_that_is_certain_of_most_is_kept():
    class Tiring(Predictors):
        """Predictors that leave a large gap after five replies."""

        certain = ()

        def reply(self, A, V, tol):
            found = super().reply(A, V, tol)
            found = found._replace(gap=1.0 if len(self.certain) > 4 else found.gap)
            self.certain += (found.certain,)
            return found

    game = Tiring(whitened(X), Y, np.full(300, 1 / 300), RIDGE)
    end, _ = ascend(game, subspace(4, 1, np.random.default_rng(2)), Rules(1, RIDGE, 50, 1e-6))
    assert len(game.certain) > 6
    assert end.certain == max(game.certain) > game.certain[-1]


@pytest.mark.slow
def test_value_depends_neither_on_units_nor_on_axes_nor_on_the_mean():
    game = RLACE(rank=1).fit(X, Y).game_
    mixed = X @ np.random.default_rng(5).standard_normal((4, 4)) * feature_units(4, 0)
    far = X + 1e6 * X.std(axis=0)
    for other in (mixed, far, np.hstack([X, X[:, :2], np.full((300, 1), 3.7)])):
        found = RLACE(rank=1).fit(other, Y).game_
        assert found.lower == pytest.approx(game.lower, abs=1e-6)
        assert found.upper == pytest.approx(game.upper, abs=1e-6)


def test_fewer_rows_than_features_are_played_in_their_range():
    sample = draw(6, 30, 60, 3)
    fitted = RLACE(rank=1).fit(sample.X, sample.y)
    left = least_loss(whitened(fitted.transform(sample.X)), sample.y)
    assert fitted.game_.lower == pytest.approx(left, abs=1e-6)
    assert 0.01 < fitted.game_.lower <= fitted.game_.upper


def test_a_game_is_frozen():
    game = Game(0.5, 0.75, 1.0, 1, 3, False)
    assert game.gap == 0.25
    with pytest.raises(FrozenInstanceError):
        game.lower = 0.0
