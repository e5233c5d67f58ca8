import numpy as np
import pytest

from nullprobe.corpora.values import Values
from nullprobe.studies import goal_readings, many_shifts
from nullprobe.studies.goal_readings import Scenes, follow, goal_states, outcomes
from nullprobe.studies.steer import Nearest, steered
from nullprobe.worlds.language_models.cached_training import train
from nullprobe.worlds.language_models.corpus_training import Lessons

pytestmark = pytest.mark.slow  # models are trained and edited


@pytest.fixture(scope="module")
def made():
    return train(Values(), Lessons(steps=20), cache=False)


@pytest.fixture(scope="module")
def parts(made):
    return many_shifts.Cut(made)


def scenes_of(made, n):
    return Scenes.draw(made.corpus, "max", n, np.random.default_rng(0))


def test_the_first_part_has_the_states_of_the_model(made, parts):
    ids = made.corpus.sample(7, np.random.default_rng(1)).ids
    np.testing.assert_allclose(parts.states(ids), made.states(ids, layer=1), atol=1e-5)
    others = parts.words.copy()
    others[ids[0, 1]] += 1
    moved = np.abs(parts.states(ids, others) - parts.states(ids)).max(axis=(1, 2)) > 0.01
    assert moved.tolist() == (ids == ids[0, 1]).any(axis=1).tolist()


@pytest.mark.parametrize("n", [1, 5])
def test_many_shifts_at_once_give_what_each_gives_alone(made, parts, monkeypatch, n):
    monkeypatch.setattr(many_shifts, "AT_ONCE", 2)
    scenes, shifts = scenes_of(made, n), np.random.default_rng(2).normal(size=(5, 64)) * 2
    together = parts.shares(scenes, shifts)
    for row, shift in zip(together, shifts, strict=True):
        with steered(made, shift, by=1.0):
            np.testing.assert_allclose(row, outcomes(made, scenes).mean(axis=0), atol=1e-6)
    assert np.ptp(together, axis=0).max() > 1e-3


def test_a_direction_lands_where_a_path_along_it_does(made, parts, monkeypatch):
    scenes, strengths = scenes_of(made, 3), [0.0, -1.0, -2.0, -3.0]
    lda = Nearest(*goal_states(made, 60, np.random.default_rng(3)))
    directions = np.random.default_rng(4).normal(size=(8, 64))
    first = [follow(made, scenes, v, lda, strengths).shares[:, 0] for v in directions]
    left = float(np.median(np.min(first, axis=1)))  # half of the directions leave the goal
    for module in (many_shifts, goal_readings):
        monkeypatch.setattr(module, "LEFT", left)
    at, landed = parts.landings(scenes, directions, strengths)
    for k, v in enumerate(directions):
        path = follow(made, scenes, v, lda, strengths)
        assert at[k] == path.strength
        np.testing.assert_allclose(landed[k], path.shares[path.landing], atol=1e-6)
    assert len(set(at)) > 1
