"""Contrast-consistent search: its loss, its slopes, its minima, what it follows."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from support.published_ccs import loss_of, published

from nullprobe import CCS, CRC, InputError, LogisticProbe, RandomProbe, worlds
from nullprobe.probes.base.pairs import Normaliser, as_pairs
from nullprobe.probes.pairs.contrast_loss import Problem, loss_parts

RNG = np.random.default_rng(0)


def sides(world, rows=slice(None)):
    return world.negative[rows], world.positive[rows]


def normal(negative, positive):
    normaliser = Normaliser.of(as_pairs(negative, positive, None, None))
    return normaliser.apply(negative, 0, None), normaliser.apply(positive, 1, None)


def loss_at(fitted, negative, positive):
    """Return the loss of a fitted probe, from its probabilities."""
    below, above = (1 / (1 + np.exp(-u)) for u in fitted.probe_.logits(negative, positive))
    return loss_of(below, above)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_slopes_of_the_loss_are_its_derivatives(smoothing):
    p = RNG.uniform(0.05, 0.95, (2, 7, 1))

    def value(q):
        consistency, confidence, _ = loss_parts(q.reshape(2, 7, 1), smoothing=smoothing)
        return (consistency + confidence)[0]

    slopes = loss_parts(p, smoothing=smoothing)[2] / 7
    expected = approx_fprime(p.ravel(), value, 1e-7)
    np.testing.assert_allclose(slopes.ravel(), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(30, 4), (8, 40)])  # more rows than features, and fewer
@pytest.mark.parametrize("bias", [True, False])
def test_slopes_of_the_problem_are_its_derivatives(shape, bias):
    negative, positive = normal(*RNG.standard_normal((2, *shape)))
    problem = Problem(negative, positive, bias=bias, dtype=np.float64)
    V = problem.coordinates(RNG.standard_normal((shape[1], 1)))
    V[-1] = 0.3 * bias

    def value(v):
        return problem(v[:, None], smoothing=0.1, ridge=0.01)[0][0]

    _, slopes = problem(V, smoothing=0.1, ridge=0.01)
    expected = approx_fprime(V[:, 0], value, 1e-7)
    if not bias:
        expected[-1] = 0.0  # b stays where it is
    np.testing.assert_allclose(slopes[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(30, 4), (8, 40)])
def test_ridge_is_on_weights_in_units_of_the_standard_deviations(shape):
    negative, positive = normal(*RNG.standard_normal((2, *shape)))
    problem = Problem(negative, positive, dtype=np.float64)
    V = problem.coordinates(RNG.standard_normal((shape[1], 2)))
    plain, held = problem(V)[0], problem(V, ridge=0.5)[0]
    W = problem.ends(V).weights
    np.testing.assert_allclose(held - plain, 0.25 * (W * W).sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(problem.ends(V).losses, plain, rtol=1e-6)


def test_pairs_shared_among_threads_are_the_pairs_as_one():
    class Three:
        n, map = 3, staticmethod(map)

    negative, positive = normal(*RNG.standard_normal((2, 700, 4)))
    one, shared = (
        Problem(negative, positive, dtype=np.float64, workers=workers)
        for workers in (None, Three())
    )
    assert (len(one.parts), len(shared.parts)) == (1, 3)
    V = one.coordinates(RNG.standard_normal((4, 5)))
    for found, expected in zip(
        shared(V, smoothing=0.1, ridge=0.01), one(V, smoothing=0.1, ridge=0.01), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(shared.ends(V).losses, one.ends(V).losses, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("bias", [True, False])
def test_what_is_told_of_the_probe_is_its_loss_on_the_training_pairs(bias):
    pairs = sides(worlds.contrast(n=120, d=6, signal=1.0))
    ccs = CCS(bias=bias).fit(*pairs)
    assert ccs.loss_ == pytest.approx(loss_at(ccs, *pairs), rel=1e-9)
    assert ccs.loss_ == pytest.approx(ccs.consistency_ + ccs.confidence_)
    assert ccs.restarts_.weights.shape == (6, 10)
    assert ccs.loss_ <= ccs.restarts_.losses.min() * (1 + 1e-9)
    assert (ccs.probe_.bias == 0) == (not bias)
    if not bias:
        assert not ccs.restarts_.bias.any()


WORLDS = {
    "plain": lambda seed: worlds.contrast(n=150, d=10, signal=2.0, random_state=seed),
    "noisy": lambda seed: worlds.contrast(n=150, d=20, signal=0.7, random_state=seed),
    "nothing to find": lambda seed: worlds.contrast(n=150, d=15, signal=0.0, random_state=seed),
    "more features than pairs": lambda seed: worlds.contrast(n=60, d=80, random_state=seed),
    "distractor": lambda seed: worlds.distractor(n=150, d=10, random_state=seed),
}


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_loss_is_no_higher_than_that_of_the_published_search(world):
    pairs = sides(WORLDS[world](0))
    theirs = published(*normal(*pairs), 0, tries=4).min()
    assert CCS(n_init=4, random_state=0).fit(*pairs).loss_ <= theirs


@pytest.mark.slow
def test_truth_is_recovered_as_well_as_with_labels():
    world = worlds.contrast(n=1200, d=24, random_state=0)
    train, new = slice(600), slice(600, None)
    ccs = CCS().fit(*sides(world, train), world.y[train])
    difference = world.positive - world.negative
    supervised = LogisticProbe().fit(difference[train], world.y[train])
    best = np.mean(supervised.predict(difference[new]) == world.y[new])
    assert ccs.score(*sides(world, new), world.y[new]) > best - 0.02


def test_a_salient_distractor_is_followed_and_so_do_readers_that_know_nothing_of_consistency():
    world = worlds.distractor(n=1000, d=32)
    train, new = slice(500), slice(500, None)
    random = RandomProbe().fit(*sides(world, train))
    for probe in (CCS(), CRC()):
        fitted = probe.fit(*sides(world, train), world.y[train])
        assert abs(fitted.score(*sides(world, new), world.y[new]) - 0.5) < 0.1
        accuracy = np.mean(fitted.predict(*sides(world, new)) == world.distractor[new])
        assert max(accuracy, 1 - accuracy) > 0.98
    of_truth, of_distractor = (
        random.accuracies(*sides(world, new), z[new]) for z in (world.y, world.distractor)
    )
    assert of_distractor.percentile(50) > of_truth.percentile(50) + 0.05


@pytest.mark.slow
def test_the_same_seed_gives_the_same_probe():
    pairs = sides(worlds.contrast(n=100, d=8, signal=0.5))
    first, second, other = (CCS(random_state=seed).fit(*pairs) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.probe_.weights, second.probe_.weights)
    assert not np.array_equal(first.restarts_.weights, other.restarts_.weights)


@pytest.mark.parametrize("d", [1, 2])
def test_few_features_will_do(d):
    pairs = sides(worlds.contrast(n=40, d=d, signal=3.0, shared=0.5))
    assert CCS(n_init=2).fit(*pairs).loss_ < 0.2


def test_two_pairs_are_read_for_certain():
    assert CCS().fit(*RNG.standard_normal((2, 2, 5))).loss_ < 1e-4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_init": 0}, "n_init"),
        ({"ridge": -1.0}, "ridge"),
        ({"random_state": "a"}, "random_state"),
        ({"positive_fraction": 2}, "positive_fraction"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        CCS(**parameters).fit(*RNG.standard_normal((2, 9, 3)))
