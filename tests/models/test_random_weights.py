"""Untrained networks: the architecture of a model, with weights of its own initialisation."""

import pytest
import torch
from support import organisms
from torch import nn

from nullprobe import InputError, models


def weights(model):
    return {name: one.detach() for name, one in model.named_parameters()}


def test_twins_of_a_seed_are_equal_and_unlike_the_model_and_other_seeds():
    model = organisms.brief().model
    before = {name: one.clone() for name, one in weights(model).items()}
    state = torch.random.get_rng_state()
    one, again, other = (weights(models.untrained(model, seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert all(torch.equal(before[name], now) for name, now in weights(model).items())
    matrices = [name for name in one if one[name].ndim == 2]
    assert matrices
    for name in matrices:
        assert not torch.equal(one[name], before[name])
        assert not torch.equal(one[name], other[name])


def test_a_twin_may_keep_the_embeddings_alone():
    model = organisms.brief().model
    twin = models.untrained(model, 0, embeddings=True)
    theirs, ours = weights(model), weights(twin)
    kept = {name for name in ours if ours[name].ndim == 2 and torch.equal(ours[name], theirs[name])}
    embeddings = {name for name in ours if "wte" in name or "wpe" in name}
    assert kept == embeddings


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_twin_has_the_dtype_of_the_model_and_does_not_train(dtype):
    model = organisms.brief().model
    twin = models.untrained(nn.Module.to(model, dtype=dtype))
    assert {one.dtype for one in twin.parameters()} == {dtype}
    assert not twin.training
    model.to(torch.float32)


def test_other_modules_are_refused():
    with pytest.raises(InputError, match="model of transformers"):
        models.untrained(nn.Linear(2, 2))
