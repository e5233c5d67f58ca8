"""Agreement on held-out pairs: parts, signs and nulls, exact where labels mean nothing."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.model_selection import KFold

from nullprobe import CRC, ContrastPairs, InputError, worlds
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.nulls import Null
from nullprobe.probes.base.pairs import PairEstimator

SEEDS = 300
LEVELS = (0.05, 0.1, 0.25, 0.5)


class Drawn(PairEstimator):
    """A reader along a direction that was drawn at random, the same whatever it is fitted to."""

    def __init__(self, seed=0):
        self.seed = seed

    def read(self, negative, positive):
        return np.random.default_rng([self.seed, 77]).standard_normal(negative.shape[1]), 0.0


def signs_of(y):
    return 2.0 * y - 1.0


def tail(values, observed):
    return Null("", "", values, upper=True).p_value(observed)


def by_chance(seed, reader, world):
    """Return p of a reader's agreement with labels that were drawn without a look at the pairs."""
    y = np.random.default_rng([seed, 5]).integers(0, 2, len(world.y))
    held_out, signs = HeldOut(world.pairs, seed), signs_of(y)
    read = held_out.read(reader)
    observed = held_out.right(read, signs[:, None])[:, 0].mean()
    return tail(held_out.permuted(read, signs, 99), observed)


def calibrated(p):
    """Whether p is at or below each level no more often than binomial draws are."""
    return all(np.sum(p <= level) <= binom.ppf(0.999, len(p), level) for level in LEVELS)


@pytest.mark.slow
def test_p_is_no_smaller_than_it_should_be_where_labels_say_nothing_about_pairs():
    """In pairs of nothing but noise, and in pairs of one feature that flips for another reason."""
    for signal in (0.0, 2.0):
        p = np.array([
            by_chance(seed, CRC(), worlds.contrast(n=48, d=4, signal=signal, random_state=seed))
            for seed in range(SEEDS)
        ])  # fmt: skip
        assert calibrated(p)
        assert np.mean(p <= 0.6) > 0.4  # nor is it always large


def test_p_is_small_where_labels_say_what_flips():
    world = worlds.contrast(n=48, d=4, random_state=0)
    held_out, signs = HeldOut(world.pairs, 0), signs_of(world.y)
    read = held_out.read(CRC())
    right = held_out.right(read, signs[:, None])[:, 0]
    assert right.mean() > 0.8
    assert tail(held_out.permuted(read, signs, 99), right.mean()) == 0.01


@pytest.mark.slow
def test_one_random_direction_among_others_is_found_as_good_as_it_should_be():
    """Most are far better than one half: to look for nothing is no lower a bar than that."""
    p, typical = [], []
    for seed in range(SEEDS):
        world = worlds.contrast(n=48, d=4, random_state=seed)
        held_out, signs = HeldOut(world.pairs, seed), signs_of(world.y)
        right = held_out.right(held_out.read(Drawn(seed)), signs[:, None]).mean()
        (random,) = held_out.at_random([signs], 99)
        p.append(tail(random, right))
        typical.append(random.mean())
    assert calibrated(np.array(p))
    assert np.mean(np.array(p) <= 0.6) > 0.4
    assert np.mean(typical) > 0.65


def test_permutations_are_the_same_for_all_readers_and_pairs():
    """So that draws of several representations belong together."""
    y = np.arange(40) % 2
    drawn = []
    for seed in range(3):
        sides = np.random.default_rng(seed).standard_normal((2, 40, 2))
        held_out = HeldOut(ContrastPairs(*sides, y), 7)
        read = [np.random.default_rng(i).choice([-1.0, 1.0], (40, 1)) for i in range(3)]
        drawn.append(held_out.permuted(read, signs_of(y), 300))  # more than a block of them
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    other = HeldOut(ContrastPairs(*sides, y), 8)
    other.splits = held_out.splits
    assert (other.permuted(read, signs_of(y), 300) != drawn[0]).any()


def test_every_pair_is_held_out_once_and_is_in_no_fit_then():
    held_out = HeldOut(worlds.contrast(n=50, d=3).pairs, 0)
    tested = np.concatenate([test for _, test in held_out.splits])
    assert sorted(tested) == list(range(50))
    for train, test in held_out.splits:
        assert not set(train) & set(test)
        assert len(train) + len(test) == 50


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        (["a"] * 29 + ["b"], "group 'b' has 0 .*1 in all"),
        (["a"] * 28 + ["b"] * 2, "group 'b' has [01] .*2 in all"),
        ([7] * 28 + [8] * 2, "group 8 has [01] .*2 in all"),
        (
            np.array(["a"] * 28 + ["b"] * 2, dtype=object),
            "group 'b' has [01] .*2 in all",
        ),
    ],
)
def test_a_group_that_could_not_be_normalised_is_named_before_anything_is_fitted(
    templates, message
):
    negative, positive = np.random.default_rng(0).standard_normal((2, 30, 3))
    pairs = ContrastPairs(negative, positive, np.arange(30) % 2, templates)
    with pytest.raises(InputError, match=message):
        HeldOut(pairs, 0)


def refused(work):
    try:
        work()
    except InputError:
        return True
    return False


def test_groups_are_refused_exactly_where_some_part_could_not_be_read():
    negative, positive = np.random.default_rng(0).standard_normal((2, 30, 3))
    templates = np.repeat(["a", "b", "c", "d"], [15, 6, 5, 4])
    pairs = ContrastPairs(negative, positive, np.arange(30) % 2, templates)

    def turn_by_turn(seed):
        for train, test in KFold(3, shuffle=True, random_state=seed).split(templates):
            CRC().fit(pairs.take(train)).predict(pairs.take(test))

    found = [refused(lambda s=seed: HeldOut(pairs, s)) for seed in range(40)]
    assert found == [refused(lambda s=seed: turn_by_turn(s)) for seed in range(40)]
    assert 0 < sum(found) < 40
