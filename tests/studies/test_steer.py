import numpy as np
import pytest

from nullprobe.corpora.values import Values
from nullprobe.studies.goal_readings import Scenes, follow, goal_states, outcomes
from nullprobe.studies.steer import Nearest, steered
from nullprobe.worlds.language_models.cached_training import train
from nullprobe.worlds.language_models.corpus_training import Lessons

pytestmark = pytest.mark.slow  # models are trained and edited


@pytest.fixture(scope="module")
def made():
    return train(Values(), Lessons(steps=2), cache=False)


def test_a_block_shifts_the_stream_after_the_first_layer_and_nothing_afterwards(made):
    ids = made.corpus.sample(5, np.random.default_rng(0)).ids
    v = np.random.default_rng(1).normal(size=64)
    before, log_p = made.states(ids, layer=1), made.log_p(ids)
    with steered(made, v, by=-2):
        np.testing.assert_allclose(made.states(ids, layer=1), before - 2 * v, atol=1e-5)
        assert np.abs(made.log_p(ids)[:, 1:] - log_p[:, 1:]).max() > 0.01
    np.testing.assert_array_equal(made.states(ids, layer=1), before)
    np.testing.assert_array_equal(made.log_p(ids), log_p)


def test_a_path_starts_unsteered_and_lda_sees_the_shifted_states(made):
    rng = np.random.default_rng(2)
    X, y = goal_states(made, 60, rng)
    assert X.shape == (360, 64)
    assert set(y.tolist()) == {0, 1, 2, 3}
    lda, scenes = Nearest(X, y), Scenes.draw(made.corpus, "max", 4, rng)
    v = lda.means[0] - lda.means[3]
    path = follow(made, scenes, v, lda, [0.0, -1.0, -1e6])
    np.testing.assert_allclose(path.outcomes[0], outcomes(made, scenes), atol=1e-12)
    states = made.states(scenes.starts, layer=1)[:, -1]
    np.testing.assert_array_equal(path.nearest[1], lda.classes(states - v))
    assert len(set(path.nearest[2].tolist())) == 1
