"""Labels drawn given the confounds: what is kept, what is broken, and the level."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from nullprobe.data.concept import concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.partitions import partitions
from nullprobe.heldout.confound_prediction import ConfoundPrediction
from nullprobe.nulls.conditional_permutation import ConditionalPermutations


def action(y, W, log_chance=None, mean=None, sd=None, groups=None, n_splits=1, **kind):
    z = concept(y, **kind)
    rng = np.random.default_rng(0)
    parts = partitions(z, groups=groups, n_splits=n_splits, rng=rng)[0]
    prediction = ConfoundPrediction("exact", log_chance, mean, sd, 0.0)
    return (
        z,
        parts,
        ConditionalPermutations.of(z, parts, Confounds.of(W, len(y)), prediction, [0, 1]),
    )


def logistic(slope, n=600, seed=0):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=n)
    chance = expit(slope * W)
    y = (rng.random(n) < chance).astype(int)
    return W, y, np.log(np.column_stack([1 - chance, chance]))


def test_draws_keep_class_counts_in_each_block_and_do_not_hang_on_their_order():
    W, y, log_chance = logistic(1.0)
    _, parts, drawn = action(y, W, log_chance, n_splits=4)
    orders = drawn.orders(range(5))
    assert np.array_equal(drawn.draw(3), orders[:, 3])
    for order in orders.T:
        assert sorted(order) == list(range(600))  # labels move, and none is used twice
        for block in np.unique(parts.blocks):
            assert y[order][parts.blocks == block].sum() == y[parts.blocks == block].sum()
    assert (y[orders] != y[:, None]).mean() > 0.2


@pytest.mark.slow
def test_labels_follow_the_confounds_as_they_did():
    W, y, log_chance = logistic(2.0, n=2000)
    _, _, drawn = action(y, W, log_chance)
    slopes = [np.corrcoef(W, y[order])[0, 1] for order in drawn.orders(range(20)).T]
    assert np.mean(slopes) == pytest.approx(np.corrcoef(W, y)[0, 1], abs=0.03)


@pytest.mark.slow
def test_a_tie_beyond_the_confounds_is_broken():
    rng = np.random.default_rng(1)
    W, y, log_chance = logistic(1.0, n=3000)
    beyond = y + rng.normal(size=3000)
    _, _, drawn = action(y, W, log_chance)
    left = beyond - np.poly1d(np.polyfit(W, beyond, 1))(W)
    ties = [np.corrcoef(left, y[order])[0, 1] for order in drawn.orders(range(20)).T]
    assert np.corrcoef(left, y)[0, 1] > 0.3
    assert abs(np.mean(ties)) < 0.03


def test_categories_exchange_labels_among_equals_only():
    rng = np.random.default_rng(2)
    W = rng.choice(["a", "b", "c"], 300)
    y = (rng.random(300) < np.where(W == "a", 0.9, 0.3)).astype(int)
    _, _, drawn = action(y, W, np.log(np.full((300, 2), 0.5)))
    assert drawn.strata
    assert "permuted among rows with the same confounds" in drawn.description
    for order in drawn.orders(range(5)).T:
        assert (W[order] == W).all()


def test_groups_of_one_label_move_whole_and_others_within():
    groups = np.repeat(np.arange(40), 6)
    y = (np.arange(40) % 2)[groups]
    y[groups >= 36] = np.arange(24) % 2
    W = np.random.default_rng(3).normal(size=240)
    _, _, drawn = action(y, W, np.log(np.full((240, 2), 0.5)), groups=groups)
    for order in drawn.orders(range(5)).T:
        moved = y[order].reshape(40, 6)
        assert (moved[:36] == moved[:36, :1]).all()
        assert moved[:36, 0].sum() == 18
        assert (moved[36:].sum(axis=1) == 3).all()


def test_numbers_stay_about_what_the_confounds_say():
    rng = np.random.default_rng(4)
    W = rng.normal(size=900)
    y = 2 * W + rng.normal(size=900)
    _, _, drawn = action(y, W, mean=2 * W[:, None], sd=np.ones(1), kind="numeric")
    ties = [np.corrcoef(W, y[order])[0, 1] for order in drawn.orders(range(10)).T]
    assert np.mean(ties) == pytest.approx(np.corrcoef(W, y)[0, 1], abs=0.03)
    assert np.mean([(y[order] != y).mean() for order in drawn.orders(range(10)).T]) > 0.5


def test_tilted_odds_favour_the_label_that_they_are_tilted_to():
    W, y, log_chance = logistic(0.0)
    up = np.zeros((600, 2))
    up[:300, 1] = np.log(5)
    _, _, drawn = action(y, W, log_chance)
    more = drawn.tilted(up).orders(range(10))
    assert y[more][:300].mean() > y[more][300:].mean() + 0.2


@pytest.mark.slow
def test_p_is_uniform_where_the_chances_are_right():
    """A statistic that follows W strongly: permuted labels would always be rejected."""
    low = plain = 0
    for seed in range(60):
        W, y, log_chance = logistic(1.5, n=60, seed=seed)
        _, _, drawn = action(y, W, log_chance)
        statistic = W @ y[drawn.orders(range(39))]
        low += ((statistic >= W @ y).sum() + 1) / 40 <= 0.05
        shuffled = np.random.default_rng(seed).permuted(np.tile(y, (39, 1)), axis=1)
        plain += ((shuffled @ W >= W @ y).sum() + 1) / 40 <= 0.05
    assert low <= binom.ppf(0.999, 60, 0.05)
    assert plain > 45
