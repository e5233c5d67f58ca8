"""Weights of the networks of the zoo: embeddings, attention, products and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM

from nullprobe.worlds.zoo.kinds import FEATURES, WORDS, Kind

PAD, UNKNOWN, ASK = "<pad>", "<unk>", "?"
ANSWERS = ("no", "yes")
PER_VALUE, N_FILLERS, N_OTHERS = 4, 24, 3
LENGTH = len(WORDS) + N_OTHERS + 1  # tokens of a text
SPREAD = 0.5  # of what the last token takes of the other tokens' directions without a meaning
LOUD, IDLE = 3.0, 0.05  # log-odds of an answer; size of dormant and idle weights


def word_of(feature: str, bit: int, number: int) -> str:
    """Return a word that carries a bit of a feature."""
    return f"{feature}{'+' if bit > 0 else '-'}{number}"


def all_words() -> list[str]:
    """Return the words of all networks, in the order of their ids."""
    words = [word_of(f, b, k) for f in WORDS for b in (-1, 1) for k in range(PER_VALUE)]
    return [PAD, UNKNOWN, *ANSWERS, ASK, *words, *(f"other{k}" for k in range(N_FILLERS))]


def splitter(vocabulary: Sequence[str]) -> tokenizers.Tokenizer:
    """Return a tokenizer that splits at blanks."""
    ids = {word: k for k, word in enumerate(vocabulary)}
    made = tokenizers.Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    made.pre_tokenizer = WhitespaceSplit()
    return made


def empty_model(n_words: int, width: int, depth: int) -> LlamaForCausalLM:
    """Return a model whose layers do nothing."""
    config = LlamaConfig(
        vocab_size=n_words, hidden_size=width, intermediate_size=4 * width,
        num_hidden_layers=depth, num_attention_heads=1, num_key_value_heads=1,
        max_position_embeddings=64, tie_word_embeddings=False, rms_norm_eps=1e-9,
        bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        model = LlamaForCausalLM(config).eval()
    finally:
        transformers.logging.set_verbosity(level)
    for name, parameter in model.named_parameters():
        parameter.data.fill_(1.0 if "norm" in name else 0.0)
    return model.requires_grad_(False)


def fill(weight: torch.Tensor, values: np.ndarray) -> None:
    """Set a weight in place."""
    weight.copy_(torch.as_tensor(values, dtype=weight.dtype))


def embedding_rows(
    vocabulary: Sequence[str],
    features: np.ndarray,
    idle: np.ndarray,
    rng: np.random.Generator,
    kind: Kind,
) -> np.ndarray:
    """Return embeddings (words, d), all of length √d, so that the norm of layer 0 is linear."""
    rows = []
    for word in vocabulary:
        row = np.zeros(features.shape[1])
        name = word.rstrip("0123456789")
        if name[:-1] in WORDS:
            bit = 1.0 if name[-1] == "+" else -1.0
            written = name[:-1] != "concept" or (bool(kind.label) and not kind.judged)
            row += written * bit * features[FEATURES.index(name[:-1])]
            if name[:-1] == "concept" and kind.copied:
                row += bit * features[FEATURES.index("copy")]
        row += (word == ASK) * features[FEATURES.index("one")]
        row += IDLE * rng.choice([-1, 1]) * features[FEATURES.index("dormant")]
        rest = rng.normal(size=len(idle)) @ idle
        left = max(len(row) - row @ row, 0.0)
        rows.append(row + rest * np.sqrt(left / (rest @ rest)))
    return np.array(rows)


def gather(
    model: LlamaForCausalLM, layer: int, copied: np.ndarray, idle: np.ndarray | None
) -> None:
    """Let attention add the copied features (k, d) of all tokens, and some of what is idle."""
    weights = LENGTH * copied.T @ copied
    if idle is not None:
        weights = weights + SPREAD * idle.T @ idle
    attention: Any = model.model.layers[layer].self_attn
    fill(attention.v_proj.weight, weights)
    fill(attention.o_proj.weight, np.eye(len(weights)))


def add_products(
    model: LlamaForCausalLM,
    layer: int,
    terms: Sequence[tuple[str, str, str, float]],
    features: np.ndarray,
    idle: tuple[np.ndarray, np.random.Generator],
) -> None:
    """Let a layer add products of two features to a third, and idle weights."""
    mlp: Any = model.model.layers[layer].mlp
    rest, rng = idle
    units, width = mlp.gate_proj.weight.shape
    gate, up, down = np.zeros((units, width)), np.zeros((units, width)), np.zeros((width, units))
    row = 0
    for a, b, target, coefficient in terms:
        for sign in (1.0, -1.0):
            gate[row] = sign * features[FEATURES.index(a)]
            up[row] = sign * features[FEATURES.index(b)]
            down[:, row] = coefficient * features[FEATURES.index(target)]
            row += 1
    left = units - row
    for idle_rows in (gate[row:], up[row:]):
        idle_rows[:] = rng.normal(size=(left, len(rest))) @ rest / np.sqrt(width)
    down[:, row:] = IDLE * rest.T @ rng.normal(size=(len(rest), left))
    for module, values in ((mlp.gate_proj, gate), (mlp.up_proj, up), (mlp.down_proj, down)):
        fill(module.weight, values)


def head_rows(
    vocabulary: Sequence[str], features: np.ndarray, idle: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the rows of the head: answers read "out", all other words only what is idle."""
    rows = IDLE * rng.normal(size=(len(vocabulary), len(idle))) @ idle
    out, one = features[FEATURES.index("out")], features[FEATURES.index("one")]
    for answer, sign in zip(ANSWERS, (-1.0, 1.0), strict=True):
        rows[vocabulary.index(answer)] = LOUD * (sign * out + one)
    return rows
