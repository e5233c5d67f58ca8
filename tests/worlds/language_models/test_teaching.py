import numpy as np
import pytest
import torch

from nullprobe.corpora import Mess3
from nullprobe.worlds.language_models.corpus_training import untrained
from nullprobe.worlds.language_models.teaching import teach

CORPUS = Mess3()


def weights_after(last, weight, seed=0):
    """Return all weights after lessons whose last word is ``last``."""

    def draw(rng):
        ids = CORPUS.sample(4, rng).ids
        ids[:, -1] = last
        weights = np.ones(ids.shape)
        weights[:, -1] = weight
        return ids, weights

    model = untrained(CORPUS, 0)
    teach(model, draw, steps=3, rate=1e-3, seed=seed)
    assert not model.training
    return torch.cat([one.detach().ravel() for one in model.parameters()])


def test_words_of_weight_zero_are_not_learned_and_others_are():
    assert torch.equal(weights_after(1, 0), weights_after(2, 0))
    assert not torch.equal(weights_after(1, 1), weights_after(2, 1))


def test_the_same_seed_gives_the_same_bytes():
    assert torch.equal(weights_after(1, 1), weights_after(1, 1))
    assert not torch.equal(weights_after(1, 1), weights_after(1, 1, seed=1))


def test_steps_are_counted_from_one():
    steps = []

    def draw(rng):
        return CORPUS.sample(2, rng).ids, np.ones((2, CORPUS.length))

    teach(untrained(CORPUS, 0), draw, steps=2, rate=1e-3, seed=0, after=steps.append)
    assert steps == [1, 2]


@pytest.mark.slow
def test_teaching_lowers_the_loss_of_what_it_teaches():
    model = untrained(CORPUS, 0)
    ids = torch.from_numpy(np.tile(CORPUS.sample(1, np.random.default_rng(0)).ids, (8, 1)))

    def loss():
        with torch.inference_mode():
            log_p = model(ids, use_cache=False).logits.log_softmax(-1)[:, :-1]
        return -log_p.gather(2, ids[:, 1:, None]).mean().item()

    before = loss()
    teach(model, lambda rng: (ids.numpy(), np.ones(ids.shape)), steps=30, rate=3e-3, seed=0)
    assert loss() < before - 0.3
