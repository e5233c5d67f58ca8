"""Successive directions of pairs: recursive CCS, and what it finds second."""

from dataclasses import replace

import numpy as np
import pytest

from nullprobe import CCS, CRC, VINC, ContrastPairs, InputError, LDAProbe, successive, worlds

WORLD = worlds.distractor(n=900, d=12, n_prompts=2)
PAIRS = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y, WORLD.groups)


@pytest.mark.parametrize("probe", [CCS(n_restarts=4), CRC(), VINC()])
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


def test_no_more_directions_come_than_there_are():
    world = worlds.contrast(n=60, d=3)
    found = successive(CRC(), 9, ContrastPairs(world.negative, world.positive, world.y))
    assert found.basis.shape == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((CCS(), 2, WORLD.positive, WORLD.y), "takes ContrastPairs"),
        ((LDAProbe(), 2, PAIRS), "takes ContrastPairs"),
        ((CCS(), 2, PAIRS, WORLD.y), "takes ContrastPairs"),
        ((CCS(), 2, replace(PAIRS, y=None)), "y to be passed"),
        ((CCS(), 0, PAIRS), "r must be"),
    ],
)
def test_what_cannot_go_together_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        successive(*arguments)
