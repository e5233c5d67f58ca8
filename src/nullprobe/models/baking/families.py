"""Families of language models: which weights stand round each site.

Problem. To write an edit into weights, one must know all that read a hidden state and all that
write it; one that is forgotten makes a wrong model that looks right.

Solution. A literal table by class, of families whose code was read for it; all else is refused.
Every block of theirs adds to the stream what attention and mlp write, and each of the two reads
the stream through a norm of its own.
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
        Paths within the block of what reads its input.
    writer : str
        Path of what writes its output.
    switch : str or None
        Name in the configuration by which all of these get a bias.
    """

    readers: tuple[str, ...]
    writer: str
    switch: str | None = None


@dataclass(frozen=True)
class Family:
    """Where things are in a model of one class.

    Attributes
    ----------
    layers, final_norm : str
        Paths of the blocks and of the norm after them.
    embeddings : tuple of str
        Paths of tables that are summed; exactly one row of the last for each token.
    attention, mlp : Sublayer
        What a block is made of.
    as_llama : bool
        Whether a Llama with biases computes the same where no window slides.
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
    # Not as_llama: it has norms within attention.
    "Qwen3ForCausalLM": _like_llama("attention_bias", None),
}
HEAD = "lm_head"
KEEP_HOOK = "edit it while it runs, with nullprobe.models.erase"


def family_of(model: PreTrainedModel) -> Family:
    """Return where things are in ``model``, or refuse it, with the reason."""
    name = type(model).__name__
    family = FAMILIES.get(name) if type(model).__module__.startswith("transformers.") else None
    known = f"bake must know every weight of a model, and knows those of {', '.join(FAMILIES)}"
    if family is None:
        complain(known, f"{name} arrived{_why_not(model)}", KEEP_HOOK)
    told = getattr(model.config, "quantization_config", None)
    if told is not None or getattr(model, "hf_quantizer", None) is not None:
        complain(
            "bake needs weights as plain floating numbers",
            f"this {name} is quantised, and its weights would be rounded again",
            f"bake the model that it was made from and quantise that, or {KEEP_HOOK}",
        )
    if getattr(model.config, "add_cross_attention", False):
        complain(known, f"this {name} has cross-attention, which writes, too", KEEP_HOOK)
    for path, module in weights(model, family):
        _refuse_odd_weight(path, module)
    return family


def weights(model: PreTrainedModel, family: Family) -> Iterator[tuple[str, Any]]:
    """Yield every module that an edit may be written into, by its path."""
    for path in (*family.embeddings, HEAD):
        yield path, model.get_submodule(path)
    for i in range(model.config.num_hidden_layers):
        for sublayer in (family.attention, family.mlp):
            for name in (*sublayer.readers, sublayer.writer):
                path = f"{family.layers}.{i}.{name}"
                yield path, model.get_submodule(path)


def _why_not(model: torch.nn.Module) -> str:
    """Say why a model of this class is not in the table, where that can be seen."""
    kinds = {type(module).__name__.lower() for module in model.modules()}
    if any("expert" in kind or "moe" in kind for kind in kinds):
        return ", a mixture of experts: their weights are fused, and each token has its own"
    if hasattr(model, "peft_config"):
        return ", an adapter round a model (merge_and_unload makes it a plain one)"
    if any(path.endswith("post_feedforward_layernorm") for path, _ in model.named_modules()):
        return ": a norm stands after each sublayer, so that no matrix writes into the stream"
    if type(model).__name__.removesuffix("Model") in {"GPT2", "GPTNeoX", "Llama", "Mistral"}:
        return ", which has no language-model head"
    return ""


def _refuse_odd_weight(path: str, module: Any) -> None:
    if type(module) not in (nn.Linear, nn.Embedding, Conv1D):
        complain(
            "bake needs plain linear layers and embeddings",
            f"{path!r} is a {type(module).__name__}, as adapters and quantisation leave them",
            f"merge or undo these first, or {KEEP_HOOK}",
        )
    dtype, elsewhere = module.weight.dtype, module.weight.is_meta
    if dtype not in DTYPES or elsewhere:
        complain(
            "bake needs floating weights in memory",
            f"those of {path!r} are {'elsewhere' if elsewhere else dtype}",
            f"load the model whole as float32 or bfloat16, or {KEEP_HOOK}",
        )
