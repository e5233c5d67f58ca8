"""Many small GPTs learn at once: their weights are stacked, and each step serves all of them.

Problem. A study trains cells × seeds of one small network. On a GPU, each alone leaves most of the
device idle.

Solution. `torch.func` runs one program over stacked weights (``vmap``). Every model has the texts,
the loss and the clipped gradient that it has in `corpus_training.learn`, so each step is the same
up to rounding.
The network whose program is run is a copy on the device: on "meta", as recipes often have it, its
buffers are empty and the result is wrong without a warning. So `departure` compares one step with
the loop, and nothing should be trained this way before it did.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from transformers import GPT2LMHeadModel

from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import Corpus
from nullprobe.worlds.language_models.corpus_training import (
    Lessons,
    batches,
    learn,
    of_words,
    weighted_loss,
)
from nullprobe.worlds.language_models.descent import untouched

Tensors = dict[str, torch.Tensor]
DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop")
TINY = 1e-6  # as in torch.nn.utils.clip_grad_norm_


def learn_together(
    models: Sequence[GPT2LMHeadModel],
    corpora: Sequence[Corpus],
    lessons: Sequence[Lessons],
    *,
    seeds: Sequence[int],
    device: str | torch.device = "cpu",
    watch: Callable[[int, Callable[[], None]], object] = lambda step, write: None,
) -> None:
    """Train m models in place, each on new texts of its corpus, all of them at every step.

    Parameters
    ----------
    models : sequence of m GPT2LMHeadModel
        Of one configuration and dtype, on the CPU, where they also end; without dropout.
    corpora : sequence of m Corpus
        With as many words, and texts as long.
    lessons : sequence of m Lessons
        Alike but for the weights of words and the snapshots.
    seeds : sequence of m int
        Of the texts: the same texts as in `learn`.
    device : str or torch.device
    watch : callable
        Called after each step with the number of steps done, and a function that writes the weights
        of that step into the models.

    Raises
    ------
    InputError
        If the models or lessons are not alike.
    """
    need_alike(models, lessons)
    first = lessons[0]
    with untouched(seeds[0]):
        weights, buffers = _stack(models, device)
        program = _program(models[0], device)
        texts = [
            batches(corpus, np.random.default_rng([seed, 1]), one)
            for corpus, one, seed in zip(corpora, lessons, seeds, strict=True)
        ]
        words = torch.stack([of_words(one, c) for one, c in zip(lessons, corpora, strict=True)])
        words = words.to(device)
        optimiser = first.descent.optimiser(weights.values(), matrix=3)

        def write() -> None:
            _write(weights, models)

        for step in range(first.steps):
            for group in optimiser.param_groups:
                group["lr"] = first.descent.rate(step, first.steps)
            ids = torch.stack([next(one) for one in texts]).to(device)
            gradients, _ = program(weights, buffers, ids, words)
            _clip(gradients, first.descent.largest_gradient)
            for name, tensor in weights.items():
                tensor.grad = gradients[name]
            optimiser.step()
            watch(step + 1, write)
        write()
    for model in models:
        model.eval()


def departure(
    models: Sequence[GPT2LMHeadModel],
    corpora: Sequence[Corpus],
    lessons: Sequence[Lessons],
    *,
    seeds: Sequence[int],
    device: str | torch.device = "cpu",
    steps: int = 1,
) -> float:
    """Return how far the first steps of all at once depart from those of one model after another.

    It is the largest, over models, of the norm of the difference of both updates of the weights,
    divided by the norm of the update. The models are not changed; copies of them learn in float64.

    Notes
    -----
    In float32 it would say little: some gradients are 0 but for rounding (those of the biases of
    keys), and the first steps of AdamW are as large for them as for others.
    """
    short = [replace(one, steps=steps, snapshots=()) for one in lessons]
    alone, together = ([copy.deepcopy(one).double() for one in models] for _ in range(2))
    for model, corpus, one, seed in zip(alone, corpora, short, seeds, strict=True):
        learn(model, corpus, one, seed=seed)
    learn_together(together, corpora, short, seeds=seeds, device=device)
    largest = 0.0
    for before, one, other in zip(models, alone, together, strict=True):
        start, expected, learned = (_flat(model) for model in (before, one, other))
        gap = (learned - expected).norm() / (expected - start).norm()
        largest = max(largest, float(gap)) if bool(torch.isfinite(gap)) else float("inf")
    return largest


def need_alike(models: Sequence[GPT2LMHeadModel], lessons: Sequence[Lessons]) -> None:
    """Complain of models that cannot be stacked, and of lessons that cannot be given together."""
    if not models:
        complain("at least one model must learn", "there are none")
    shapes = [{k: (v.shape, v.dtype) for k, v in one.state_dict().items()} for one in models]
    if any(shape != shapes[0] for shape in shapes):
        complain("models that learn together must have weights of one shape", "they differ")
    if any(getattr(one.config, rate) > 0 for one in models for rate in DROPOUTS):
        complain("models that learn together must have no dropout", "one has")
    common = [replace(one, word_weights=(), snapshots=()) for one in lessons]
    if any(one != common[0] for one in common):
        complain("models that learn together must have lessons of one kind", "they differ")


def _program(model: GPT2LMHeadModel, device: str | torch.device) -> Callable[..., Any]:
    """Return the function of stacked weights to gradients and losses of all models."""
    base = copy.deepcopy(model).to(device)  # type: ignore[arg-type]  str will do
    base.config._attn_implementation = "eager"  # the others have no rule for vmap
    base.config.pad_token_id = None  # texts have no padding, and looking for it has no rule either
    base.train()

    def loss(weights: Tensors, buffers: Tensors, ids: torch.Tensor, words: torch.Tensor) -> Any:
        out: Any = functional_call(base, (weights, buffers), (ids,), {"use_cache": False})
        return weighted_loss(out.logits, ids, words)

    return vmap(grad_and_value(loss))


def _stack(
    models: Sequence[GPT2LMHeadModel], device: str | torch.device
) -> tuple[Tensors, Tensors]:
    weights, buffers = stack_module_state(list(models))
    return (
        {name: one.detach().to(device).requires_grad_() for name, one in weights.items()},
        {name: one.to(device) for name, one in buffers.items()},
    )


def _clip(gradients: Mapping[str, torch.Tensor], largest: float) -> None:
    """Clip the gradient of each model by its norm, as torch.nn.utils.clip_grad_norm_ does."""
    norms = torch.stack([one.flatten(1).norm(dim=1) for one in gradients.values()])
    scale = (largest / (norms.norm(dim=0) + TINY)).clamp(max=1.0)
    for one in gradients.values():
        one.mul_(scale.view(-1, *[1] * (one.ndim - 1)))


def _write(weights: Tensors, models: Sequence[GPT2LMHeadModel]) -> None:
    with torch.no_grad():
        for k, model in enumerate(models):
            for name, tensor in model.named_parameters():
                tensor.copy_(weights[name][k])


def _flat(model: GPT2LMHeadModel) -> torch.Tensor:
    return torch.cat([one.detach().double().flatten() for one in model.parameters()])
