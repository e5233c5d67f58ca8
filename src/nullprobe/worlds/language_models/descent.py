"""Gradient descent on a small language model: the steps that all trainings share.

AdamW with a linear warm-up, half a cosine down to a share of the peak, and clipped gradients. Only
matrices decay. The same seed gives the same weights, to the byte, on the same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Descent:
    """How weights move.

    Attributes
    ----------
    peak : float
        Highest learning rate.
    floor : float
        Final learning rate, as a share of the highest.
    warm_up : int
        Steps of linear warm-up.
    betas : tuple of two floats
        Decays of AdamW's moving averages.
    weight_decay : float
        Of matrices.
    largest_gradient : float
        Norm to which gradients are clipped.
    """

    peak: float = 3e-3
    floor: float = 0.02
    warm_up: int = 50
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.1
    largest_gradient: float = 1.0

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate: linear warm-up, then half a cosine."""
        down = self.floor + (1 - self.floor) * (1 + np.cos(np.pi * step / steps)) / 2
        return float(self.peak * min(1.0, (step + 1) / self.warm_up) * down)

    def optimiser(
        self, weights: Iterable[torch.Tensor], *, matrix: int = 2
    ) -> torch.optim.Optimizer:
        """Return AdamW; only weights of at least ``matrix`` dimensions decay."""
        every = list(weights)
        groups = [
            {"params": [w for w in every if w.ndim >= matrix], "weight_decay": self.weight_decay},
            {"params": [w for w in every if w.ndim < matrix]},
        ]
        return torch.optim.AdamW(groups, lr=self.peak, betas=self.betas, weight_decay=0.0)


@contextmanager
def untouched(seed: int, *, threads: int = 1) -> Iterator[None]:
    """Run a block with seeded random numbers, float32 and few CPU threads; restore all settings.

    Parameters
    ----------
    seed : int
    threads : int
        The order of sums depends on it; two threads are not faster for a small network.

    Notes
    -----
    After the block, the settings of the caller are restored: the state of the generator, the
    number of threads, the default dtype and device, and whether gradients are recorded.
    """
    before, dtype = torch.get_num_threads(), torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.inference_mode(False):
        try:
            torch.set_num_threads(threads)
            torch.set_default_dtype(torch.float32)
            torch.default_generator.manual_seed(seed)
            with torch.enable_grad():
                yield
        finally:
            torch.set_num_threads(before)
            torch.set_default_dtype(dtype)


def descend(
    model: torch.nn.Module,
    loss_of: Callable[[int], torch.Tensor],
    *,
    steps: int,
    how: Descent,
    after: Callable[[int], object],
) -> None:
    """Train a model in place, inside of `untouched`; it ends in evaluation mode.

    Parameters
    ----------
    model : Module
    loss_of : callable
        The number of a step, from 0 → the loss of a new batch.
    steps : int
    how : Descent
    after : callable
        Called after each step with the number of steps done.
    """
    model.train()
    optimiser = how.optimiser(model.parameters())
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = how.rate(step, steps)
        loss = loss_of(step)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), how.largest_gradient)
        optimiser.step()
        after(step + 1)
    optimiser.zero_grad()
    model.eval()
