"""Worlds of contrast pairs: what is said of them is true of them."""

import numpy as np
import pytest

from nullprobe import ContrastPairs, InputError, worlds


def accuracy(world, direction, y):
    D = world.positive - world.negative
    for g in np.unique(world.groups):
        D[world.groups == g] -= D[world.groups == g].mean(axis=0)
    return np.mean((D @ direction > 0) == (y == 1))


@pytest.mark.parametrize("draw", [worlds.contrast, worlds.distractor])
@pytest.mark.parametrize("signal", [0.3, 1.0])
def test_the_direction_of_truth_is_as_accurate_as_is_said(draw, signal):
    world = draw(n=20_000, d=12, signal=signal, n_prompts=2)
    expected = world.truth["best_accuracy"]
    error = np.sqrt(expected * (1 - expected) / 20_000)
    assert abs(accuracy(world, world.direction, world.y) - expected) < 4 * error
    assert np.linalg.norm(world.direction) == pytest.approx(1)


def test_nothing_but_truth_flips_within_pairs():
    world = worlds.contrast(n=20_000, d=12)
    D = world.positive - world.negative
    D -= D.mean(axis=0)
    covariance = D.T @ D / len(D)
    expected = 2 * np.eye(12) + 16 * np.outer(world.direction, world.direction)
    np.testing.assert_allclose(covariance, expected, atol=0.5)
    assert world.distractor is None


@pytest.mark.slow
def test_the_distractor_is_plainer_and_unrelated_to_truth():
    world = worlds.distractor(n=4000, d=12)
    D = world.positive - world.negative
    direction = np.linalg.svd(D - D.mean(axis=0))[2][0]
    assert abs(direction @ world.direction) < 0.1
    right = accuracy(world, direction, world.distractor)
    assert max(right, 1 - right) > 0.999
    assert abs(np.corrcoef(world.y, world.distractor)[0, 1]) < 1e-12


def test_prompts_shift_whole_sides():
    world = worlds.contrast(n=3000, d=5, prompt=50.0, n_prompts=3, shared=0.0, signal=0.0)
    for side in (world.negative, world.positive):
        means = np.array([side[world.groups == g].mean(axis=0) for g in range(3)])
        assert np.ptp(means, axis=0).max() > 20
        for g in range(3):
            np.testing.assert_allclose(side[world.groups == g].std(axis=0), 1, atol=0.15)
    apart = world.positive - world.negative  # what a prompt adds to one side it does not to both
    assert all(abs(apart[world.groups == g].mean(axis=0)).max() > 20 for g in range(3))


def test_questions_differ_along_ten_directions_and_both_sides_alike():
    world = worlds.contrast(n=20_000, d=30, signal=0.0, shared=5.0, prompt=0.0)
    middle = (world.positive + world.negative) / 2
    spread = np.linalg.eigvalsh(np.cov(middle.T))[::-1]
    assert spread[:10].sum() == pytest.approx(10 * 5.0**2 + 10 / 2, rel=0.05)
    np.testing.assert_allclose(spread[10:], 0.5, atol=0.1)


@pytest.mark.parametrize("salience", [1.0, 4.0])
def test_the_distractor_lies_as_far_apart_as_is_said(salience):
    world = worlds.distractor(n=20_000, d=12, signal=0.0, salience=salience)
    spread = np.linalg.eigvalsh(np.cov((world.positive - world.negative).T))
    assert spread[-1] == pytest.approx(2 + (2 * salience) ** 2, rel=0.05)
    np.testing.assert_allclose(spread[:-1], 2, atol=0.2)


@pytest.mark.parametrize("draw", [worlds.contrast, worlds.distractor])
def test_the_same_seed_draws_the_same_pairs(draw):
    first, second, other = (draw(n=20, d=4, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.positive, second.positive)
    assert not np.array_equal(first.positive, other.positive)
    assert first.y.sum() == 10


@pytest.mark.parametrize(
    "arguments", [{"n": 3}, {"d": 0}, {"signal": -1.0}, {"n_prompts": 0}, {"shared": np.nan}]
)
def test_arguments_that_make_no_sense_are_refused(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        worlds.contrast(**arguments)
    with pytest.raises(InputError, match="d must"):
        worlds.distractor(d=1)


@pytest.mark.parametrize("draw", [worlds.contrast, worlds.distractor])
def test_a_world_hands_its_pairs_over_whole(draw):
    world = draw(n=20, d=4, n_prompts=2)
    assert isinstance(world.pairs, ContrastPairs)
    for name in ("negative", "positive", "y", "groups"):
        np.testing.assert_array_equal(getattr(world.pairs, name), getattr(world, name))


def test_worlds_are_shown_on_one_line():
    assert repr(worlds.distractor(n=20, d=4)) == "PairWorld('distractor', n=20, d=4)"
    assert repr(worlds.xor(n=20, d=4)) == "World('xor', n=20, d=4)"
