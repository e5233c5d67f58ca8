"""Writing: put the map of an eraser into plain weights, before or after a module."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from nullprobe.models.baking.folds import Fold, exact, in_float64
from nullprobe.models.baking.proof import Write
from nullprobe.models.families import HEAD, Family


def write_map(module: Any, reads: bool, fold: Fold) -> None:
    """Put a map before a module that reads states, or after a module that writes them; in place."""
    # Weights as rows of d features: a Linear is (out, in), a Conv1D is (in, out).
    across = isinstance(module, Conv1D) if reads else isinstance(module, nn.Linear)
    rows = module.weight.T if across else module.weight
    bias = getattr(module, "bias", None)
    if isinstance(module, nn.Embedding):
        rows.copy_(in_float64(fold.rows, rows))
        return
    if bias is not None and reads:
        moved = in_float64(lambda k: k @ fold.bias.to(k.device), rows, torch.float64)
        bias.copy_(moved + exact(bias))
    elif bias is not None:
        bias.copy_(fold.rows(exact(bias)[None])[0])
    rows.copy_(in_float64(fold.readers if reads else fold.linear.rows, rows))


def into_head(model: PreTrainedModel, family: Family, fold: Fold) -> list[Write]:
    """Return the writes that put the map before the head; the layer norm takes its constant."""
    if not fold.has_bias:
        return [(HEAD, partial(write_map, reads=True, fold=fold))]
    norm: Any = model.get_submodule(family.final_norm)
    # y = γ n + β with Σ nᵢ = 0, so Σ yᵢ / γᵢ is constant; β moves along γ until it is d.
    gamma, beta = exact(norm.weight), exact(norm.bias)
    # Rounded first, so that the head compensates the exact change of β.
    new_beta = exact((beta + (1.0 - (beta / gamma).mean()) * gamma).to(norm.bias.dtype))
    moved, constant = new_beta - beta, (new_beta / gamma).sum()

    def with_constant(rows: Tensor) -> Tensor:
        bias, new = fold.bias.to(rows.device), fold.readers(rows)
        wanted = rows @ bias - new @ moved.to(rows.device)
        return new + (wanted / constant.to(rows.device))[:, None] / gamma.to(rows.device)

    def move(module: Any) -> None:
        module.bias.copy_(new_beta)

    def write(module: Any) -> None:
        module.weight.copy_(in_float64(with_constant, module.weight))

    return [(family.final_norm, move), (HEAD, write)]
