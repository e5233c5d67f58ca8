"""What tests of editing share: an eraser, tokens, and how many hooks a model has."""

import numpy as np
from support.tiny_models import torch

from nullprobe import AffineEraser

D = 16


def eraser(*, seed=0, d=D, rank=2, mean=0.0, level=False):
    """Return an eraser of random directions that are not orthogonal to what is read."""
    rng = np.random.default_rng(seed)
    levels = np.full(d, np.nan)
    if level:
        levels[[1, d - 1]] = [0.5, -2.0]
    return AffineEraser(
        mean + rng.standard_normal(d),
        0.4 * rng.standard_normal((d, rank)),
        0.4 * rng.standard_normal((rank, d)),
        rng.standard_normal(rank),
        levels,
    )


def ids(rows=3, length=5, seed=0):
    return torch.tensor(np.random.default_rng(seed).integers(4, 40, (rows, length)))


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())
