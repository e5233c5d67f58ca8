"""Reading matrices: which directions at a site later matrices read, and where the head begins.

Problem. A subspace can mix a direction that is read from with a direction that no later matrix
reads but that the concept moves. Then an interchange looks causal through a path that the model
does not use (Makelov et al. 2024).

Solution. At a site right before one matrix, and in the residual stream of the families whose
weights are known, the rows of all later matrices span what is read. The scale of a norm reads all
directions, and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from nullprobe._core import validation
from nullprobe.models.families import HEAD, Family, family_of
from nullprobe.models.finding import available
from nullprobe.models.hooks import plain
from nullprobe.models.site import INPUT, OF_LAYER, Site

ROUNDING = 1e-12  # eigenvalues below this share of the largest are rounding
WRITERS = ("output", "mlp_output", "attention_output")


def last_output(model: nn.Module, site: str, layers: str | None) -> str | None:
    """Return the site of the residual stream before the last norm, if a site adds to the stream.

    None for a site that does not, and for families whose blocks are not known.
    """
    model = plain(model)
    match = OF_LAYER.fullmatch(site)
    adds = site == "embeddings" or (match is not None and match[2] in WRITERS)
    if not adds or _family(model) is None:
        return None
    sites = available(model, [site], layers)
    outputs = [name for name in sites if (m := OF_LAYER.fullmatch(name)) and m[2] == "output"]
    return outputs[-1] if outputs else None


def read_at(model: nn.Module, site: str, layers: str | None) -> np.ndarray | None:
    """Return an orthonormal basis (d, q) of what later matrices read at a site.

    None if the matrices are not known, or if they read every direction.
    """
    model = plain(model)
    at = available(model, [site], layers)[site]
    total = np.zeros((at.width, at.width))
    for gram in _grams_after(model, at):
        if gram is None:
            return None
        total += gram
        basis = _span(total)
        if basis.shape[1] == at.width:  # the rest cannot read more
            return None
    return _span(total) if total.any() else None


def _span(gram: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(gram)
    return vectors[:, values > values.max(initial=0.0) * ROUNDING]


def _grams_after(model: nn.Module, site: Site) -> Iterator[np.ndarray | None]:
    """Yield AᵀA (d, d) of each matrix A (q, d) that reads the states at a site, or None."""
    if site.side == INPUT:
        weight = _weight(model.get_submodule(site.path))
        if weight is not None:
            first = site.first or 0
            part = weight[:, first : first + site.width]
            yield part.T @ part
            return
    match, family = OF_LAYER.fullmatch(site.name), _family(model)
    if family is None or (site.name != "embeddings" and (match is None or match[2] != "output")):
        yield None
        return
    yield from _grams_of_stream(model, family, -1 if match is None else int(match[1]))


def _grams_of_stream(model: Any, family: Family, after: int) -> Iterator[np.ndarray | None]:
    """Yield AᵀA of every matrix that reads the stream after a layer, the head first."""
    yield _gram(model.get_submodule(HEAD), model.get_submodule(family.final_norm))
    for block in list(model.get_submodule(family.layers).children())[after + 1 :]:
        norms = [child for child in block.children() if _is_norm(child)]
        if len(norms) != 2:
            yield None
            return
        for norm, sublayer in zip(norms, (family.attention, family.mlp), strict=True):
            for name in sublayer.readers:
                yield _gram(block.get_submodule(name), norm)


def _gram(module: nn.Module, norm: Any) -> np.ndarray | None:
    """Return AᵀA of a matrix that reads the output of a norm."""
    weight = _weight(module)
    if weight is None:
        return None
    scaled = weight * _array(norm.weight)
    if isinstance(norm, nn.LayerNorm):  # it subtracts the mean over features
        scaled = scaled - scaled.mean(axis=1, keepdims=True)
    return scaled.T @ scaled


def _is_norm(module: nn.Module) -> bool:
    return "norm" in type(module).__name__.lower()


def _family(model: nn.Module) -> Family | None:
    try:
        return family_of(plain(model))
    except (validation.InputError, AttributeError):
        return None


def _weight(module: nn.Module) -> np.ndarray | None:
    """Return the weights of a linear map as (out, in), or None for another module."""
    weight = getattr(module, "weight", None)
    if not isinstance(weight, torch.Tensor) or weight.ndim != 2 or weight.is_meta:
        return None
    if isinstance(module, nn.Linear):
        return _array(weight)
    return _array(weight).T if type(module).__name__ == "Conv1D" else None


def _array(weight: torch.Tensor) -> np.ndarray:
    return weight.detach().to("cpu", torch.float64).numpy()
