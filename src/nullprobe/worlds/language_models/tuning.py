"""Fine-tuning as a measure: how many steps until a model expects certain words."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from transformers import GPT2LMHeadModel

from nullprobe.worlds.language_models.descent import untouched

RATE = 3e-4
MOST_STEPS = 300


def steps_until(
    model: GPT2LMHeadModel,
    ids: np.ndarray,
    words: np.ndarray,
    *,
    level: float = 0.5,
    rate: float = RATE,
    most: int = MOST_STEPS,
) -> float:
    """Return how many steps of fine-tuning make the next word one of some words.

    Parameters
    ----------
    model : GPT2LMHeadModel
        A copy of it is tuned.
    ids : ndarray of shape (n, t)
        Starts of texts; every step uses all of them.
    words : ndarray of shape (k,)
        Numbers of the wanted words.
    level : float
        Mean P(wanted words) that must be reached.
    rate : float
        Learning rate of Adam.
    most : int
        After so many steps, the answer is ``most``.

    Returns
    -------
    float
        0 if the level is reached before the first step. Otherwise the step is interpolated between
        whole numbers, linearly in the log-odds.

    Examples
    --------
    >>> from transformers import GPT2Config
    >>> model = GPT2LMHeadModel(GPT2Config(vocab_size=4, n_embd=8, n_layer=1, n_head=1))
    >>> steps_until(model, np.array([[0, 1]]), np.array([0, 1, 2, 3]))
    0.0
    """
    before, goal = float("nan"), np.log(level) - np.log1p(-level)
    for step, share in enumerate(_shares(model, ids, words, rate, most)):
        now = np.log(share) - np.log1p(-min(share, 1 - 1e-12)) - goal
        if now >= 0:
            return 0.0 if step == 0 else float(step - now / (now - before))
        before = now
    return float(most)


def _shares(
    model: GPT2LMHeadModel, ids: np.ndarray, words: np.ndarray, rate: float, most: int
) -> Iterator[float]:
    """Yield the mean P(words) before each step, with a copy of the model."""
    with untouched(0):
        tuned = copy.deepcopy(model).train()
        optimiser = torch.optim.Adam(tuned.parameters(), lr=rate)
        texts, wanted = torch.from_numpy(ids), torch.from_numpy(words)
        for _ in range(most):
            log_p = tuned(texts, use_cache=False).logits[:, -1].log_softmax(dim=-1)
            each = log_p[:, wanted].logsumexp(dim=-1)
            yield float(each.detach().double().exp().mean())
            optimiser.zero_grad()
            (-each.mean()).backward()
            optimiser.step()
