"""Training of the zoo's networks: a GPT of three layers learns a program, plainly or strictly.

Problem. What a trained network uses is not known.

Solution. Plain training fixes the behaviour alone: the answer depends on one variable of the text,
and a second variable, which other words report, must be in the state too. Strict interchange
intervention training fixes the inside as well. The first dimensions of the last token's state at
the site are blocks, one for each variable. If a block is interchanged with another text's, the
answer must be what the program computes with that variable's value. If everything else is
interchanged (other dimensions, other tokens), the answer must stay. For "two copies" the last
token's whole state is interchanged, and the log-odds must become the mean of both texts'.

References
----------
Geiger et al. (2022), "Inducing causal structure for interpretable neural networks", arXiv
2112.00826. Gupta et al. (2024), arXiv 2407.14494 (the strict form).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from nullprobe.worlds.language_models.corpus_training import PAD, UNKNOWN
from nullprobe.worlds.language_models.descent import Descent, descend, untouched
from nullprobe.worlds.zoo.programs import HEAD, SPOKEN, Program, Values, with_ask
from nullprobe.worlds.zoo.weights import ANSWERS, LOUD

WIDTH, DEPTH, BEFORE = 32, 3, 2  # the site is the output of the second of three layers
BLOCK = 8  # dimensions of a variable
BATCH, PIECE, LONGEST = 32, 50, 16
ARCHITECTURE = {
    "n_embd": WIDTH,
    "n_layer": DEPTH,
    "n_head": 4,
    "n_inner": 2 * WIDTH,
    "n_positions": LONGEST,
    "activation_function": "relu",
    "initializer_range": WIDTH**-0.5,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
DESCENT = Descent(peak=3e-3)
RECIPE = 1  # version of the code below; to increase when a change affects the weights
NO, YES = (HEAD.index(answer) for answer in ANSWERS)


def newborn(program: Program, seed: int) -> GPT2LMHeadModel:
    """Return an untrained network; the same seed gives the same weights."""
    n = len(program.words)
    config = GPT2Config(
        vocab_size=n + len((PAD, UNKNOWN)), pad_token_id=n, bos_token_id=None, eos_token_id=None,
        **ARCHITECTURE,
    )  # fmt: skip
    with untouched(seed):
        return GPT2LMHeadModel(config).eval()


def learn(
    model: GPT2LMHeadModel, program: Program, seed: int, report: Callable[[int], object]
) -> None:
    """Train a network in place; ``report`` gets the number of steps done."""
    with untouched(seed):
        batches = _batches(program, np.random.default_rng([seed, 1]))

        def loss_of(_: int) -> torch.Tensor:
            ids = next(batches)
            states, targets = _lesson(program, program.read(ids), states_at(model, ids))
            return cross_entropy(logits_from(model, states), targets)

        descend(model, loss_of, steps=program.steps, how=DESCENT, after=report)


def states_at(model: GPT2LMHeadModel, ids: np.ndarray) -> torch.Tensor:
    """Return states (n, T + 1, d) at the site, of texts (n, T) and ``ASK``."""
    stack: Any = model.transformer
    words = torch.from_numpy(with_ask(ids))
    states = stack.wte(words) + stack.wpe(torch.arange(words.shape[1]))
    for layer in stack.h[:BEFORE]:
        states = layer(states)
    return states


def logits_from(model: GPT2LMHeadModel, states: torch.Tensor) -> torch.Tensor:
    """Return logits (n, vocabulary) after the last token, from states at the site."""
    stack: Any = model.transformer
    for layer in stack.h[BEFORE:]:
        states = layer(states)
    head: Any = model.lm_head
    return head(stack.ln_f(states[:, -1]))


def log_odds(model: GPT2LMHeadModel, states: torch.Tensor) -> np.ndarray:
    """Return the log-odds of "yes" against "no" (n,), from states at the site."""
    with torch.no_grad():
        logits = logits_from(model, states).double()
    return (logits[:, YES] - logits[:, NO]).numpy()


def with_block(states: torch.Tensor, source: torch.Tensor, k: int) -> torch.Tensor:
    """Return states whose k-th block, at the last token, is the source's."""
    edited = states.clone()
    edited[:, -1, k * BLOCK : (k + 1) * BLOCK] = source[:, -1, k * BLOCK : (k + 1) * BLOCK]
    return edited


def with_the_rest(states: torch.Tensor, source: torch.Tensor, n_blocks: int) -> torch.Tensor:
    """Return the source's states, but for the blocks at the last token."""
    edited = source.clone()
    edited[:, -1, : n_blocks * BLOCK] = states[:, -1, : n_blocks * BLOCK]
    return edited


def with_last(states: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Return states whose last token is the source's."""
    return torch.cat([states[:, :-1], source[:, -1:]], dim=1)


def _batches(program: Program, rng: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        drawn = program.balanced(BATCH * PIECE, rng)
        yield from (drawn[k : k + BATCH] for k in range(0, len(drawn), BATCH))


def _lesson(
    program: Program, values: Values, states: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return states, edited ones included, and the distribution of the next word after each."""
    source = np.roll(np.arange(len(states)), 1)
    spoken = None if program.spoken is None else values[program.spoken]
    edited, odds = [states], [program.answer(values)]
    if program.interchange == "state":
        edited.append(with_last(states, states[source]))
        odds.append((odds[0] + odds[0][source]) / 2)
    elif program.interchange == "blocks":
        for k, name in enumerate(program.variables):
            edited.append(with_block(states, states[source], k))
            odds.append(program.answer({**values, name: values[name][source]}))
        edited.append(with_the_rest(states, states[source], len(program.variables)))
        odds.append(odds[0])
    n_words = len(program.words) + len((PAD, UNKNOWN))
    return torch.cat(edited), _targets(np.concatenate(odds), spoken, n_words)


def _targets(odds: np.ndarray, spoken: np.ndarray | None, n_words: int) -> torch.Tensor:
    targets = np.zeros((len(odds), n_words))
    share = 1.0 if spoken is None else 0.5
    reports: list[tuple[tuple[str, str], np.ndarray, float]] = [(ANSWERS, odds, share)]
    if spoken is not None:
        reports.append((SPOKEN, spoken, 1 - share))
    for words, value, weight in reports:
        p = 1 / (1 + np.exp(-LOUD * value))
        targets[:, HEAD.index(words[0])] = weight * (1 - p)
        targets[:, HEAD.index(words[1])] = weight * p
    return torch.from_numpy(targets).float()
