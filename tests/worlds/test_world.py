import dataclasses
import inspect

import numpy as np
import pytest

from nullprobe import worlds
from nullprobe._core.validation import InputError
from nullprobe.worlds.world import frame, normal_cdf, squared_correlation

NAMES = sorted(worlds.WORLDS)
GROUPED = ("rotating", "shared")
SMALL = {"two_features": {"n_per_class": 20}, "rare": {"n": 500, "d": 3}}


def draw(name, **arguments):
    return worlds.WORLDS[name](**(SMALL.get(name, {"n": 40}) | arguments))


@pytest.mark.parametrize("name", NAMES)
def test_a_world_has_its_name_and_fitting_shapes(name):
    world = draw(name)
    assert world.name == name
    assert worlds.WORLDS[name] is getattr(worlds, name)
    assert world.X.ndim == 2
    assert world.X.dtype == np.float64
    assert world.y.shape == (len(world.X),)
    assert np.unique(world.y).tolist() == list(range(4 if name == "multiclass" else 2))
    if name in GROUPED:
        assert np.bincount(world.groups).tolist() == [len(world.X) // 4] * 4
    else:
        assert world.groups is None
    assert str(world.X.shape[1]) in world.description


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_bytes_and_another_does_not(name):
    one, same, other = draw(name), draw(name), draw(name, random_state=1)
    assert one.X.tobytes() == same.X.tobytes()
    assert one.y.tobytes() == same.y.tobytes()
    assert one.X.tobytes() != other.X.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_is_drawn_from_and_moves_on(name):
    rng = np.random.default_rng(0)
    first, second = draw(name, random_state=rng), draw(name, random_state=rng)
    assert first.X.tobytes() == draw(name).X.tobytes()
    assert first.X.tobytes() != second.X.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_truth_is_yes_or_no_or_a_number(name):
    truth = draw(name).truth
    assert truth["one_direction"] == "yes"  # of every data set, K − 1 of K classes: algebra
    assert all(value in ("yes", "no") or 0 <= value <= 1 for value in truth.values())


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_keywords_with_defaults(name):
    for parameter in inspect.signature(worlds.WORLDS[name]).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [0, 2.0, True])
def test_columns_that_cannot_be_are_refused(name, d):
    with pytest.raises(InputError, match="d must be a whole number"):
        draw(name, d=d)


@pytest.mark.parametrize("name", ["multiclass", "heteroscedastic", "copies", "rotating", "shared"])
def test_directions_are_orthonormal(name):
    found = draw(name, d=12).directions
    np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-12)


def test_drawn_directions_favour_no_octant():
    rng = np.random.default_rng(0)
    drawn = np.array([frame(rng, 2, 3) for _ in range(4000)])
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=4 * 0.58 / 4000**0.5)
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / 3, atol=4 * 0.3 / 4000**0.5)


def test_a_world_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        draw("null").X = None


def test_normal_cdf_knows_its_quantiles():
    assert normal_cdf(1.959963984540054) == pytest.approx(0.975)
    assert normal_cdf(-np.inf) == 0


def test_squared_correlation_is_the_explained_share_of_variance():
    rng = np.random.default_rng(0)
    y = rng.random(200_000) < 0.2
    x = rng.standard_normal(len(y)) + 3 * y
    assert squared_correlation(0.2, 3.0) == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, abs=0.01)
