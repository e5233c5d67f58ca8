"""Untrained networks: the same architecture with random weights.

Problem. Random networks keep much of their inputs: a probe of an untrained network may read as much
as a probe of the trained one. Such a reading comes from the architecture.

Solution. A twin has the configuration of the model, and weights from its own initialisation. With
``embeddings=True`` it keeps the trained embeddings: what a probe reads then comes from the inputs.

Reference. Untrained controls: K. Zhang, S. Bowman, "Language modeling teaches you more than
translation does", 2018; J. Wieting, D. Kiela, "No training required", 2019.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
import transformers
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe.models.hooks import plain
from nullprobe.models.progress_bars import without_bars


def untrained(model: nn.Module, seed: int = 0, *, embeddings: bool = False) -> nn.Module:
    """Return a network of the architecture of a model, with random weights.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        It does not change.
    seed : int
        Same seed, same weights on the same kind of device.
    embeddings : bool
        Whether to copy the trained embeddings (of tokens, positions and types) from the model.

    Returns
    -------
    transformers.PreTrainedModel
        In evaluation mode, in the dtype and on the device of the model.

    Raises
    ------
    InputError
        If the model is not a model of transformers, or its weights are quantised.

    Notes
    -----
    Weights are drawn on the CPU, as the library initialises them for training. A model that was
    trained from other initial weights may differ.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> twin = untrained(organism.model, seed=3, embeddings=True)
    >>> same = [torch.equal(a, b) for a, b in zip(
    ...     twin.state_dict().values(), organism.model.state_dict().values())]
    >>> 0 < sum(same) < len(same)
    True
    """
    seed = parameters.whole_number("seed", seed, least=0)
    model = plain(model)
    if not isinstance(model, transformers.PreTrainedModel):
        validation.complain(
            "an untrained network needs a model of transformers",
            f"{type(model).__name__} arrived",
            "build the network yourself, and pass its states as untrained=",
        )
    config: Any = deepcopy(model.config)
    if getattr(model, "hf_quantizer", None) is not None:
        validation.complain(
            "an untrained network needs a model whose weights are not quantised",
            "those of this model are",
            "load it without quantization",
        )
    if hasattr(config, "quantization_config"):  # of a GGUF file, which was dequantised
        del config.quantization_config
    with torch.random.fork_rng(devices=[]), without_bars():
        torch.manual_seed(seed)
        twin: Any = type(model)(config)
    if embeddings:
        _copy_embeddings(model, twin)
    twin.to(device=model.device, dtype=model.dtype)
    return twin.eval()


def _copy_embeddings(model: nn.Module, twin: nn.Module) -> None:
    """Copy all embeddings that are not inside a list of layers."""
    layers = [name for name, one in model.named_modules() if isinstance(one, nn.ModuleList)]
    twins = dict(twin.named_modules())
    for name, one in model.named_modules():
        if isinstance(one, nn.Embedding) and not any(name.startswith(f"{x}.") for x in layers):
            twins[name].load_state_dict(one.state_dict())
