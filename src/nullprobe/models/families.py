"""Families of language models: the weights that read and write the states at each site.

Problem. To write an edit into weights, one must know all weights that read a hidden state and all
that write it. If one is forgotten, the model is wrong but looks right.

Solution. A literal table of classes whose code was checked by hand; other classes are refused. Each
of their blocks adds the outputs of attention and mlp to the stream, and both read the stream
through a separate norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from nullprobe._core.validation import complain

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Sublayer:
    """Attention or mlp of a block.

    Attributes
    ----------
    readers : tuple of str
        Paths, within the block, of modules that read its input.
    writer : str
        Path of the module that writes its output.
    switch : str or None
        Name of the entry in the configuration that gives all of these modules a bias.
    """

    readers: tuple[str, ...]
    writer: str
    switch: str | None = None


@dataclass(frozen=True)
class Family:
    """Paths of modules in models of one class.

    Attributes
    ----------
    layers, final_norm : str
        Paths of the blocks and of the norm after them.
    embeddings : tuple of str
        Paths of tables that are summed. Each token uses exactly one row of the last table.
    attention, mlp : Sublayer
        The two parts of a block.
    as_llama : bool
        Whether a Llama with biases computes the same, without a sliding window.
    """

    layers: str
    final_norm: str
    embeddings: tuple[str, ...]
    attention: Sublayer
    mlp: Sublayer
    as_llama: bool = False


def _like_llama(attention: str | None, mlp: str | None, *, as_llama: bool = False) -> Family:
    query, key, value, out = (f"self_attn.{name}_proj" for name in "qkvo")
    return Family(
        "model.layers",
        "model.norm",
        ("model.embed_tokens",),
        Sublayer((query, key, value), out, attention),
        Sublayer(("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj", mlp),
        as_llama,
    )


FAMILIES = {
    "GPT2LMHeadModel": Family(
        "transformer.h",
        "transformer.ln_f",
        ("transformer.wte", "transformer.wpe"),
        Sublayer(("attn.c_attn",), "attn.c_proj"),
        Sublayer(("mlp.c_fc",), "mlp.c_proj"),
    ),
    "GPTNeoXForCausalLM": Family(
        "gpt_neox.layers",
        "gpt_neox.final_layer_norm",
        ("gpt_neox.embed_in",),
        Sublayer(("attention.query_key_value",), "attention.dense", "attention_bias"),
        Sublayer(("mlp.dense_h_to_4h",), "mlp.dense_4h_to_h"),
    ),
    "LlamaForCausalLM": _like_llama("attention_bias", "mlp_bias"),
    "MistralForCausalLM": _like_llama(None, None, as_llama=True),
    "Qwen2ForCausalLM": _like_llama(None, None, as_llama=True),
    # Not as_llama: attention contains norms.
    "Qwen3ForCausalLM": _like_llama("attention_bias", None),
}
HEAD = "lm_head"
KEEP_HOOK = "edit the model at run time with nullprobe.models.erase"


def family_of(model: PreTrainedModel) -> Family:
    """Return the paths of modules in ``model``; raise InputError, with the reason, if unknown."""
    name = type(model).__name__
    family = FAMILIES.get(name) if type(model).__module__.startswith("transformers.") else None
    known = f"bake supports {', '.join(FAMILIES)}"
    if family is None:
        complain(known, f"{name} arrived{_obstacle(model)}", KEEP_HOOK)
    quantization = getattr(model.config, "quantization_config", None)
    if quantization is not None or getattr(model, "hf_quantizer", None) is not None:
        complain(
            "bake needs plain floating-point weights",
            f"this {name} is quantised, so edited weights would be rounded again",
            f"bake the original model and quantise the result, or {KEEP_HOOK}",
        )
    if getattr(model.config, "add_cross_attention", False):
        complain(
            known, f"this {name} has cross-attention, which also writes to the stream", KEEP_HOOK
        )
    for path, module in weights(model, family):
        _refuse_unusual_weight(path, module)
    return family


def weights(model: PreTrainedModel, family: Family) -> Iterator[tuple[str, Any]]:
    """Yield every module whose weights an edit may change, with its path."""
    for path in (*family.embeddings, HEAD):
        yield path, model.get_submodule(path)
    for i in range(model.config.num_hidden_layers):
        for sublayer in (family.attention, family.mlp):
            for name in (*sublayer.readers, sublayer.writer):
                path = f"{family.layers}.{i}.{name}"
                yield path, model.get_submodule(path)


def _obstacle(model: torch.nn.Module) -> str:
    """Return the reason why a model is not supported, if its modules show it."""
    kinds = {type(module).__name__.lower() for module in model.modules()}
    if any("expert" in kind or "moe" in kind for kind in kinds):
        return ", a mixture of experts, whose weights are fused and differ between tokens"
    if hasattr(model, "peft_config"):
        return ", an adapter around a model (merge_and_unload makes a plain model)"
    if any(path.endswith("post_feedforward_layernorm") for path, _ in model.named_modules()):
        return ": a norm follows each sublayer, so no matrix writes into the stream"
    if type(model).__name__.removesuffix("Model") in {"GPT2", "GPTNeoX", "Llama", "Mistral"}:
        return ", which has no language-model head"
    return ""


def _refuse_unusual_weight(path: str, module: Any) -> None:
    if type(module) not in (nn.Linear, nn.Embedding, Conv1D):
        complain(
            "bake needs plain linear layers and embeddings",
            f"{path!r} is a {type(module).__name__}, as with adapters or quantisation",
            f"merge or undo these first, or {KEEP_HOOK}",
        )
    dtype, is_meta = module.weight.dtype, module.weight.is_meta
    if dtype not in DTYPES or is_meta:
        complain(
            "bake needs floating-point weights in memory",
            f"the weights of {path!r} are {'not in memory' if is_meta else dtype}",
            f"load the whole model as float32 or bfloat16, or {KEEP_HOOK}",
        )
