"""Prepare a model for edits: untie its head from the embeddings, and add biases of zero.

Problem. An eraser that keeps a mean adds a constant, and many models have no bias for it. A head
that shares the weights of the embeddings cannot be edited alone.

Solution. If the configuration can switch biases on, this is done. Mistral and Qwen2 compute the
same as a Llama with biases, unless they have a sliding window. So they become a Llama, and the
saved folder loads as a Llama.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from nullprobe.models.families import FAMILIES, HEAD, Family, Sublayer, weights

# Entries of a configuration that describe its class, not the computation.
OF_THE_CLASS = {"architectures", "model_type", "transformers_version"}
OF_LLAMA = {"attention_bias", "mlp_bias", "head_dim", "pretraining_tp"}


def untie(model: PreTrainedModel, family: Family) -> None:
    """Give the head a separate weight if it shares the weight of the embeddings; in place."""
    head: Any = model.get_submodule(HEAD)
    tokens: Any = model.get_submodule(family.embeddings[0])
    if head.weight is tokens.weight:
        head.weight = nn.Parameter(tokens.weight.detach().clone(), tokens.weight.requires_grad)
    model.config.tie_word_embeddings = False
    # Otherwise transformers would tie them again, by its initial list.
    model.all_tied_weights_keys = model.get_expanded_tied_weights_keys(all_submodels=True)


def switch_on(model: PreTrainedModel, family: Family, sublayer: Sublayer) -> None:
    """Give all sublayers of a kind biases of zero, and update the configuration; in place."""
    setattr(model.config, str(sublayer.switch), True)
    for block in model.get_submodule(family.layers).children():
        for name in (*sublayer.readers, sublayer.writer):
            module: Any = block.get_submodule(name)
            if module.bias is None:
                weight = module.weight
                module.bias = nn.Parameter(weight.new_zeros(len(weight)), weight.requires_grad)


def window_slides(model: PreTrainedModel) -> bool:
    """Return whether a layer attends to less than the whole context."""
    config = model.config
    window = getattr(config, "sliding_window", None)
    types = getattr(config, "layer_types", None) or ["sliding_attention"]
    return "sliding_attention" in types and (
        window is not None and window < config.max_position_embeddings
    )


def as_llama(model: PreTrainedModel) -> LlamaForCausalLM:
    """Return a Llama with biases of zero that computes the same as ``model``, with its tensors."""
    source = model.config.to_dict()
    known = set(LlamaConfig().to_dict()) - OF_THE_CLASS - OF_LLAMA
    settings = {name: value for name, value in source.items() if name in known}
    settings["head_dim"] = model.get_submodule("model.layers.0.self_attn").head_dim
    config = LlamaConfig(**settings, attention_bias=True, mlp_bias=True)
    config._attn_implementation = model.config._attn_implementation
    # No memory and no random numbers are needed for weights that are replaced at once.
    with torch.device("meta"):
        llama = LlamaForCausalLM(config)
    state = model.state_dict(keep_vars=True)
    for path, module in weights(llama, FAMILIES["LlamaForCausalLM"]):
        if f"{path}.bias" not in state and getattr(module, "bias", None) is not None:
            weight = state[f"{path}.weight"]
            state[f"{path}.bias"] = nn.Parameter(
                weight.new_zeros(len(weight)), weight.requires_grad
            )
    llama.load_state_dict(state, assign=True)
    for path, buffer in model.named_buffers():
        owner, _, name = path.rpartition(".")
        setattr(llama.get_submodule(owner), name, buffer)
    llama.generation_config = model.generation_config
    return llama.train(model.training)
