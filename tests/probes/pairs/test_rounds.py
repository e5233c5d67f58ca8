"""Successive directions of pairs: recursive CCS, and what it finds second."""

from dataclasses import replace

import numpy as np
import pytest

from nullprobe import CCS, CRC, VINC, ContrastPairs, InputError, LDAProbe, successive, worlds
from nullprobe.probes.base.pairs import PairEstimator
from nullprobe.probes.pairs.rounds import rounds

WORLD = worlds.distractor(n=900, d=12, n_prompts=2)
PAIRS = WORLD.pairs


@pytest.mark.slow
@pytest.mark.parametrize("probe", [CCS(n_init=2), CRC(), VINC()])
def test_truth_is_found_second_where_a_distractor_is_found_first(probe):
    found = successive(probe, 4, PAIRS)
    np.testing.assert_allclose(found.basis.T @ found.basis, np.eye(4), atol=1e-9)
    first, second, *rest = found.readings
    assert first < 0.75  # what it says of the truth is chance, or luck within the distractor
    assert second > 0.95
    assert max(rest) < 0.8
    assert found.ranks.tolist() == [0, 1, 2, 3]
    assert (found.intervals[:, 0] <= found.readings).all()
    assert (found.readings <= found.intervals[:, 1]).all()


def test_the_first_direction_is_that_of_the_probe_itself():
    found = successive(CRC(), 1, PAIRS, random_state=3)
    train = np.setdiff1d(np.arange(len(PAIRS)), found.held_out)
    w = CRC().fit(PAIRS.take(train)).probe_.weights
    assert abs(w @ found.basis[:, 0]) / np.linalg.norm(w) == pytest.approx(1)


def test_labels_have_no_say_in_the_directions():
    found = successive(VINC(), 3, PAIRS)
    again = successive(VINC(), 3, replace(PAIRS, y=np.roll(PAIRS.y, 7)))
    np.testing.assert_array_equal(found.basis, again.basis)
    np.testing.assert_array_equal(found.held_out, again.held_out)
    swapped = successive(VINC(), 3, replace(PAIRS, y=1 - PAIRS.y))
    np.testing.assert_allclose(swapped.readings, found.readings)


def test_labels_of_scored_pairs_settle_no_sign():
    """Were they to, no reading would be below one half, whatever those labels are."""
    found = successive(VINC(), 3, PAIRS)
    y = PAIRS.y.copy()
    y[found.held_out] = 1 - y[found.held_out]
    turned = successive(VINC(), 3, replace(PAIRS, y=y))
    np.testing.assert_allclose(turned.readings, 1 - found.readings)


def test_scored_pairs_have_no_say_in_what_is_read_of_each_other():
    train, held = PAIRS.take(slice(600)), PAIRS.take(slice(600, None))
    basis, scores = rounds(VINC(), 3, train, held)
    few, of_few = rounds(VINC(), 3, train, held.take(slice(2)))
    np.testing.assert_array_equal(few, basis)
    for (_, whole), (_, part) in zip(scores, of_few, strict=True):
        np.testing.assert_allclose(part, whole[:2])


def test_no_more_directions_come_than_there_are():
    world = worlds.contrast(n=60, d=3)
    found = successive(CRC(), 9, world.pairs)
    assert found.basis.shape == (3, 3)
    assert found.ended == "nothing is left of X"
    assert successive(CRC(), 3, world.pairs).ended == "r is reached"


class Silent(PairEstimator):
    """Finds a direction in sides of three features, and none in what is left."""

    def read(self, negative, positive):
        d = negative.shape[1]
        return np.arange(1.0, d + 1) * (d == 3), 0.0


def test_rounds_end_where_the_probe_finds_nothing():
    found = successive(Silent(), 3, worlds.contrast(n=60, d=3).pairs)
    assert found.basis.shape == (3, 1)
    assert found.ended == "the probe finds nothing more"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((CCS(), 2, WORLD.positive, WORLD.y), "ContrastPairs with labels need a probe of pairs"),
        ((LDAProbe(), 2, PAIRS), "ContrastPairs with labels need a probe of pairs"),
        ((CCS(), 2, PAIRS, WORLD.y), "ContrastPairs with labels need a probe of pairs"),
        ((CCS(), 2, replace(PAIRS, y=None)), "y to be passed"),
        ((CCS(), 0, PAIRS), "n_directions must be"),
    ],
)
def test_what_cannot_go_together_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        successive(*arguments)


def test_pairs_whose_training_labels_are_of_one_class_are_refused():
    world = worlds.contrast(n=30, d=4, signal=3.0)
    order = np.random.default_rng(1).permutation(30)
    y = np.zeros(30, dtype=int)
    y[order[:3]] = 1  # the first third is held out
    turned = (world.y != y)[:, None]
    sides = (world.negative, world.positive), (world.positive, world.negative)
    negative, positive = (np.where(turned, there, here) for here, there in zip(*sides, strict=True))
    with pytest.raises(InputError, match="two classes"):
        successive(CRC(), 3, ContrastPairs(negative, positive, y), random_state=1)
