"""Tiny random models of many families, made from configs, and a tokenizer of words to match.

Weights are large, so that a wrong position or a missing mask shows far above rounding.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WORDS = [f"w{i}" for i in range(40)]
VOCABULARY = 48
CONTEXT = 24


@dataclass(frozen=True)
class Family:
    """How a family is made, and what it calls its modules."""

    config: dict
    layers: str
    attention: tuple[str, str]
    mlp: tuple[str, str]
    final_norm: str | None
    causal: bool = True


def _gpt(**more):
    return {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": CONTEXT, **more}


def _plain(**more):
    return {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": CONTEXT,
        **more,
    }


def _llama(config, *, layers="model.layers", norm="model.norm"):
    return Family(config, layers, ("self_attn",) * 2, ("mlp",) * 2, norm)


FEW = {"num_key_value_heads": 1}
FAMILIES = {
    "gpt2": Family(_gpt(), "transformer.h", ("attn",) * 2, ("mlp",) * 2, "transformer.ln_f"),
    "gpt_neox": Family(
        _plain(),
        "gpt_neox.layers",
        ("attention",) * 2,
        ("mlp",) * 2,
        "gpt_neox.final_layer_norm",
    ),
    "llama": _llama(_plain(**FEW)),
    "qwen2": _llama(_plain(**FEW)),
    "qwen3": _llama(_plain(**FEW, head_dim=8)),
    "mistral": _llama(_plain(**FEW)),
    "mixtral": _llama(_plain(**FEW, num_local_experts=2)),
    "gemma": _llama(_plain(**FEW, head_dim=8)),
    "gemma2": _llama(_plain(**FEW, head_dim=8)),
    "opt": Family(
        _plain(ffn_dim=24, word_embed_proj_dim=16),
        "model.decoder.layers",
        ("self_attn",) * 2,
        ("fc1", "fc2"),
        "model.decoder.final_layer_norm",
    ),
    "bloom": Family(
        {"hidden_size": 16, "n_layer": 2, "n_head": 2},
        "transformer.h",
        ("self_attention",) * 2,
        ("mlp",) * 2,
        "transformer.ln_f",
    ),
    "falcon": Family(
        {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2},
        "transformer.h",
        ("self_attention",) * 2,
        ("mlp",) * 2,
        "transformer.ln_f",
    ),
    "phi": _llama(_plain(), norm="model.final_layernorm"),
    "bert": Family(
        _plain(),
        "bert.encoder.layer",
        ("attention",) * 2,
        ("intermediate", "output"),
        None,
        causal=False,
    ),
    "roberta": Family(
        _plain(max_position_embeddings=CONTEXT + 2, pad_token_id=1, bos_token_id=0),
        "roberta.encoder.layer",
        ("attention",) * 2,
        ("intermediate", "output"),
        None,
        causal=False,
    ),
    "distilbert": Family(
        {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24}
        | {"max_position_embeddings": CONTEXT},
        "distilbert.transformer.layer",
        ("attention",) * 2,
        ("ffn",) * 2,
        None,
        causal=False,
    ),
}
# Of attention, the output projection; of all others, "self_attn.o_proj".
PROJECTIONS = {
    "gpt2": "attn.c_proj",
    "gpt_neox": "attention.dense",
    "opt": "self_attn.out_proj",
    "bloom": "self_attention.dense",
    "falcon": "self_attention.dense",
    "phi": "self_attn.dense",
    "bert": "attention.output.dense",
    "roberta": "attention.output.dense",
    "distilbert": "attention.out_lin",
}
CAUSAL = [name for name, family in FAMILIES.items() if family.causal]


def make(name, *, seed=0, **changes):
    """Return a fresh model of a family in evaluation mode."""
    family = FAMILIES[name]
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = transformers.AutoConfig.for_model(
        name, **{"vocab_size": VOCABULARY, **special, **family.config, **changes}
    )
    kind = transformers.AutoModelForCausalLM if family.causal else transformers.AutoModelForMaskedLM
    return loud(kind.from_config(config, trust_remote_code=False).eval(), seed)


def loud(model, seed=0):
    """Return a model with random weights that are large enough for every part to matter."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(0.2 * noise + (1.0 if weight.ndim == 1 else 0.0))
    return model


@cache
def model_of(name):
    """Return one shared model of a family; whoever changes it makes a copy."""
    return make(name)


def save(folder, model=None):
    """Save a model, the tiny GPT-2 if none is given, beside the tokenizer of words."""
    (model_of("gpt2") if model is None else model).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


@cache
def vit():
    """Return a tiny vision transformer and pixels (3, 3, 8, 8) for it."""
    config = transformers.AutoConfig.for_model(
        "vit",
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        image_size=8,
        patch_size=4,
    )
    model = loud(transformers.AutoModel.from_config(config, trust_remote_code=False).eval())
    return model, torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def word_tokenizer(*, pad=True, side="right", special=False):
    """Return a tokenizer of words at blanks; with [CLS] and [SEP] around a text if ``special``."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    names = ["[CLS]", "[PAD]", "[SEP]", "[UNK]"]
    vocabulary = {word: i for i, word in enumerate(names + WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if special:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 2)]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        padding_side=side,
        unk_token="[UNK]",
        **({"pad_token": "[PAD]"} if pad else {}),
    )


def texts(n=11, *, shortest=3, longest=12, seed=0):
    """Return texts of different lengths in no order."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, longest + 1, n)
    lengths[: min(n, 2)] = [longest, shortest][: min(n, 2)]
    return [" ".join(rng.choice(WORDS, size=m)) for m in lengths]


def ids_of(tokenizer, text):
    """Return the ids of one text as a batch of one."""
    return torch.tensor([tokenizer(text)["input_ids"]])


def close(a, b):
    """Complain unless states are equal to 1e-5."""
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


def naive(model, name, tokenizer, all_texts):
    """Return site → states (t, d) of each text, one text at a time, with plain hooks."""
    family, found = FAMILIES[name], {}

    def leaves(site):
        def hook(module, args, output):
            states = output if isinstance(output, torch.Tensor) else output[0]
            found.setdefault(site, []).append(states.reshape(-1, states.shape[-1]).clone())

        return hook

    def enters(site):
        def hook(module, args, kwargs):
            states = args[0] if args else kwargs["hidden_states"]
            found.setdefault(site, []).append(states.reshape(-1, states.shape[-1]).clone())

        return hook

    def watch(path, site, inward):
        module = model.get_submodule(path)
        if inward:
            return module.register_forward_pre_hook(enters(site), with_kwargs=True)
        return module.register_forward_hook(leaves(site))

    places = [(f"{family.layers}.0", "embeddings", True)]
    for i in range(len(model.get_submodule(family.layers))):
        layer = f"{family.layers}.{i}"
        for part, (first, last) in {"attention": family.attention, "mlp": family.mlp}.items():
            places.append((f"{layer}.{first}", f"layers.{i}.{part}_input", True))
            places.append((f"{layer}.{last}", f"layers.{i}.{part}_output", False))
        projection = PROJECTIONS.get(name, "self_attn.o_proj")
        places.append((f"{layer}.{projection}", f"layers.{i}.attention_heads", True))
        places.append((layer, f"layers.{i}.output", False))
    if family.final_norm:
        places.append((family.final_norm, "final_norm", False))
    handles = [watch(*place) for place in places]
    try:
        with torch.no_grad():
            for text in all_texts:
                model(input_ids=ids_of(tokenizer, text))
    finally:
        for handle in handles:
            handle.remove()
    return found
