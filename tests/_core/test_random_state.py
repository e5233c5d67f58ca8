"""Seeds: numbers, generators and None are taken, and what else arrives is refused in words."""

import numpy as np
import pytest

from nullprobe import (
    HalfspaceProbe,
    InputError,
    MLPProbe,
    NeighboursProbe,
    QuadraticProbe,
    RBFProbe,
    StrongestProbe,
    pipeline_null,
    worlds,
)
from nullprobe._core import random_state
from nullprobe.nulls.permutation import permutation_null


def test_a_number_gives_the_same_generator_each_time():
    for seed in (0, 7, np.int32(7), 2**70):
        assert random_state.generator(seed).random() == np.random.default_rng(seed).random()
    assert random_state.generator(None).random() != random_state.generator(None).random()


def test_a_generator_is_used_as_it_is():
    rng = np.random.default_rng(3)
    assert random_state.generator(rng) is rng


def test_what_scikit_learn_takes_too_is_a_number_or_none():
    assert (
        random_state.integer_seed(np.int64(4)),
        random_state.integer_seed(None),
        random_state.integer_seed(random_state.MOST),
    ) == (
        4,
        None,
        random_state.MOST,
    )


@pytest.mark.parametrize("wrong", ["a", -1, 1.0, True, [0, 1], np.random.RandomState(0)])
def test_what_cannot_seed_is_refused(wrong):
    said = "random_state must be a whole number .* cannot be used to seed a generator; pass"
    for function in (random_state.generator, random_state.integer_seed):
        with pytest.raises(InputError, match=said):
            function(wrong)


@pytest.mark.parametrize("wrong", [2**32, np.random.default_rng(0)])
def test_what_only_numpy_takes_is_refused_where_scikit_learn_needs_it(wrong):
    with pytest.raises(InputError, match="from 0 to 4294967295, or None"):
        random_state.integer_seed(wrong)


X = np.random.default_rng(0).standard_normal((40, 2))
Y = np.arange(40) % 2


@pytest.mark.parametrize(
    "use",
    [
        *(
            lambda wrong, probe=probe: probe(random_state=wrong).fit(X, Y)
            for probe in (
                HalfspaceProbe,
                QuadraticProbe,
                RBFProbe,
                NeighboursProbe,
                MLPProbe,
                StrongestProbe,
            )
        ),
        *(lambda wrong, world=world: world(random_state=wrong) for world in worlds.WORLDS.values()),
        lambda wrong: permutation_null(X, Y, n_permutations=39, random_state=wrong),
        lambda wrong: pipeline_null(X, Y, QuadraticProbe(), random_state=wrong),
    ],
)
def test_wherever_a_seed_is_taken_it_is_looked_at(use):
    with pytest.raises(InputError, match="random_state must be a whole number"):
        use("a")
