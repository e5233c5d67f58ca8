"""Training on texts of any kind, where each word of each text has a weight in the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from nullprobe.worlds.language_models.descent import Descent, descend, untouched

Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


def teach(
    model: Any, draw: Draw, *, steps: int, rate: float, seed: int,
    after: Callable[[int], object] = lambda step: None,
) -> None:  # fmt: skip
    """Train a model in place; it ends in evaluation mode.

    Parameters
    ----------
    model : GPT2LMHeadModel
    draw : callable
        Generator → texts (n, t) of a step, and the weight (n, t) of each word; the first word of
        a text is not predicted.
    steps : int
    rate : float
        Highest learning rate.
    seed : int
        Of the texts.
    after : callable
        Called with the number of steps done, after each step.
    """
    rng = np.random.default_rng([seed, 1])
    with untouched(seed):

        def loss_of(_: int) -> torch.Tensor:
            texts, weights = (torch.from_numpy(rows) for rows in draw(rng))
            logits = model(texts, use_cache=False).logits[:, :-1]
            loss = cross_entropy(logits.transpose(1, 2), texts[:, 1:], reduction="none")
            weights = weights[:, 1:].float()
            return (weights * loss).sum() / weights.sum()

        descend(model, loss_of, steps=steps, how=Descent(peak=rate), after=after)
