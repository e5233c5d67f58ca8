import numpy as np
import pytest
import torch

from nullprobe.corpora import Mess3
from nullprobe.worlds.language_models.cached_training import train
from nullprobe.worlds.language_models.corpus_training import Lessons
from nullprobe.worlds.language_models.tuning import steps_until

TEXTS = np.array([[0, 1, 2], [0, 2, 2]])

pytestmark = pytest.mark.slow  # models are trained and edited


@pytest.fixture(scope="module")
def model():
    return train(Mess3(), Lessons(steps=1), cache=False).model


def test_tuning_takes_more_steps_to_a_higher_level_and_leaves_the_model_alone(model):
    before = {name: one.clone() for name, one in model.state_dict().items()}
    start, half, most = (
        steps_until(model, TEXTS, np.array([3]), level=level) for level in (1e-6, 0.5, 0.9)
    )
    assert start == 0 < half < most < 300
    for name, one in model.state_dict().items():
        torch.testing.assert_close(one, before[name], rtol=0, atol=0)
    assert not model.training


def test_a_smaller_rate_takes_more_steps_and_the_most_is_the_limit(model):
    word = np.array([3])
    assert steps_until(model, TEXTS, word, rate=1e-4) > 2 * steps_until(
        model, TEXTS, word, rate=3e-4
    )
    assert steps_until(model, TEXTS, word, rate=1e-9, most=4) == 4


def test_steps_between_whole_numbers_are_interpolated(model):
    steps = steps_until(model, TEXTS, np.array([3]))
    assert steps != round(steps)
    assert steps == steps_until(model, TEXTS, np.array([3]))
