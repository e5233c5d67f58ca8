"""Networks of the zoo: a Llama of a few layers, whose weights are all set by hand.

Problem. The error rate of a causal claim can only be measured on networks whose truth is known. A
trained network must first be understood.

Solution. States have one direction for each feature, in a random orthonormal basis. Layer 0 attends
to all tokens alike and adds their bits to the last token. The last layer adds products of two
features to the answer: as silu(x) y − silu(−x) y = x y, two gated units form a product exactly.
Layers in between read and write only directions without a meaning. So the path of every feature to
the answer is written down in the kind (``kinds.py``), and `flipped` checks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nullprobe._core.parameters import choice, whole_number
from nullprobe._core.random_state import RandomState, generator, integer_seed
from nullprobe.worlds.zoo.kinds import FEATURES, KINDS, WORDS, Kind

PAD, UNKNOWN, ASK = "<pad>", "<unk>", "?"
ANSWERS = ("no", "yes")
PER_VALUE, N_FILLERS, N_OTHERS = 4, 24, 3
LENGTH = len(WORDS) + N_OTHERS + 1  # tokens of a text
SPREAD = 0.5  # of what the last token takes of the other tokens' directions without a meaning
LOUD, IDLE = 3.0, 0.05  # log-odds of an answer; size of dormant and idle weights


@dataclass(frozen=True, eq=False, repr=False)
class ZooNetwork:
    """A network with a known answer to "is the concept used?".

    Attributes
    ----------
    kind : Kind
        What is true of it.
    model : LlamaForCausalLM
        On the CPU, in evaluation mode.
    tokenizer : PreTrainedTokenizerFast
        Each word is a token.
    directions : ndarray of shape (9, d)
        Orthonormal; the direction of each of ``kinds.FEATURES`` in the states.
    site : str
        Where to ask: the output of the last layer but one, at the last token.
    random_state : int
    """

    kind: Kind
    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast
    directions: np.ndarray
    site: str
    random_state: int

    def __repr__(self) -> str:
        """Return the kind, the size and the seed."""
        config = self.model.config
        return (
            f"ZooNetwork({self.kind.name!r}, layers={config.num_hidden_layers}, "
            f"width={config.hidden_size}, random_state={self.random_state})"
        )

    def texts(self, n: int, random_state: RandomState = 0) -> ZooTexts:
        """Draw pairs of texts that differ in the concept: texts 2i and 2i + 1 are a pair.

        The answers are those that the concept would give; in the kind "accompanied", those that
        the network gives.

        Parameters
        ----------
        n : int
            Number of texts, even.
        random_state : int, Generator or None
        """
        n, rng = whole_number("n", n, least=4), generator(random_state)
        n += n % 2
        bits = np.repeat(rng.choice([-1, 1], size=(n // 2, len(WORDS))), 2, axis=0)
        changed = self.kind.label[0] if self.kind.label else None
        if changed is not None:  # one word of each pair differs, and with it the label
            bits[1::2, WORDS.index(changed)] *= -1
        if self.kind.accompanied:
            bits[1::2, WORDS.index("task")] *= -1
        words = np.repeat(rng.integers(PER_VALUE, size=(n // 2, len(WORDS))), 2, axis=0)
        others = np.repeat(rng.integers(N_FILLERS, size=(n // 2, N_OTHERS)), 2, axis=0)
        orders = np.repeat(
            rng.permuted(np.tile(np.arange(LENGTH - 1), (n // 2, 1)), axis=1), 2, axis=0
        )
        texts = []
        for bit, word, other, order in zip(bits, words, others, orders, strict=True):
            words_of = [_word(f, b, w) for f, b, w in zip(WORDS, bit, word, strict=True)]
            words_of += [f"other{k}" for k in other]
            texts.append(" ".join([*(words_of[k] for k in order), ASK]))
        if self.kind.label:
            y = np.prod([bits[:, WORDS.index(name)] for name in self.kind.label], axis=0)
        else:
            y = np.tile([-1, 1], n // 2) * np.repeat(rng.choice([-1, 1], size=n // 2), 2)
        y = (y > 0).astype(int)
        right = (bits[:, WORDS.index("task")] > 0).astype(int) if self.kind.accompanied else y
        return ZooTexts(texts, y, [ANSWERS[k] for k in right], np.repeat(np.arange(n // 2), 2))


@dataclass(frozen=True, eq=False)
class ZooTexts:
    """Texts of a network.

    Attributes
    ----------
    texts : list of n str
    y : ndarray of shape (n,)
        The concept, 0 or 1.
    answers : list of n str
        The answers of :meth:`ZooNetwork.texts`.
    pair : ndarray of shape (n,)
        Number of each text's pair.
    """

    texts: list[str]
    y: np.ndarray
    answers: list[str]
    pair: np.ndarray


def network(
    kind: str, *, random_state: RandomState = 0, width: int = 32, depth: int = 3
) -> ZooNetwork:
    """Set the weights of a network of a kind.

    Parameters
    ----------
    kind : str
        One of ``kinds.KINDS``.
    random_state : int, Generator or None
        Seed of the basis, of the words and of the idle weights.
    width : int
        Width d of the states: even, at least 16.
    depth : int
        Number of layers, at least 3.

    Returns
    -------
    ZooNetwork

    Raises
    ------
    InputError
        If the kind is unknown, or the network is too small.

    Examples
    --------
    >>> from nullprobe.worlds.zoo.network import flipped, network
    >>> used, unused = network("linear"), network("unused")
    >>> flipped(used, used.texts(40)), flipped(unused, unused.texts(40))
    (1.0, 0.0)
    """
    choice("kind", kind, list(KINDS))
    about = KINDS[kind]
    width = whole_number("width", width, least=16)
    depth, seed = whole_number("depth", depth, least=3), integer_seed(random_state)
    width += width % 2
    rng = np.random.default_rng([seed, width, depth])
    basis = np.linalg.qr(rng.normal(size=(width, width)))[0]
    features, idle = basis[: len(FEATURES)], basis[len(FEATURES) :]
    vocabulary = _vocabulary()
    model = _empty(len(vocabulary), width, depth)
    with torch.no_grad():
        _set(model.model.embed_tokens.weight, _embeddings(vocabulary, features, idle, rng, about))
        _gather(model, 0, features[: len(WORDS)], idle)
        for k in range(1, depth - 1):
            terms = [("first", "second", "concept", 2.0)] if about.judged and k == 1 else []
            _products(model, k, terms, features, (idle, rng))
        if about.copied:
            _gather(model, depth - 1, features[[FEATURES.index("copy")]], None)
        answer = [(a, b, "out", c) for a, b, c in about.answer]
        _products(model, depth - 1, answer, features, (idle, rng))
        _set(model.lm_head.weight, _head(vocabulary, features, idle, rng))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_splitting(vocabulary), pad_token=PAD, unk_token=UNKNOWN
    )
    return ZooNetwork(about, model, tokenizer, features, f"layers.{depth - 2}.output", seed)


def flipped(of: ZooNetwork, drawn: ZooTexts) -> float:
    """Return the share of texts whose answer changes if the concept's state is negated.

    At the site and the last token, the bit that carries the concept (of a product, its first
    factor) is negated, and nothing else. This checks the truth of a kind by its weights.
    """
    name = "concept" if of.kind.judged or not of.kind.label else of.kind.label[0]
    q = torch.as_tensor(of.directions[FEATURES.index(name)], dtype=torch.float32)

    def negate(_: Any, __: Any, output: torch.Tensor) -> torch.Tensor:
        edited = output.clone()
        edited[:, -1] -= 2.0 * (edited[:, -1] @ q)[:, None] * q
        return edited

    before = answers_yes(of, drawn.texts)
    layer: Any = of.model.model.layers[-2]
    handle = layer.register_forward_hook(negate)
    try:
        after = answers_yes(of, drawn.texts)
    finally:
        handle.remove()
    return float(np.mean(before != after))


def answers_yes(of: ZooNetwork, texts: Sequence[str]) -> np.ndarray:
    """Return whether the network's answer to each text is "yes" (n,)."""
    no, yes = (of.tokenizer.get_vocab()[answer] for answer in ANSWERS)
    batch = of.tokenizer(list(texts), return_tensors="pt")
    with torch.inference_mode():
        logits = of.model(input_ids=batch["input_ids"]).logits[:, -1]
    return (logits[:, yes] > logits[:, no]).numpy()


def _word(feature: str, bit: int, number: int) -> str:
    return f"{feature}{'+' if bit > 0 else '-'}{number}"


def _vocabulary() -> list[str]:
    words = [_word(f, b, k) for f in WORDS for b in (-1, 1) for k in range(PER_VALUE)]
    return [PAD, UNKNOWN, *ANSWERS, ASK, *words, *(f"other{k}" for k in range(N_FILLERS))]


def _splitting(vocabulary: Sequence[str]) -> tokenizers.Tokenizer:
    ids = {word: k for k, word in enumerate(vocabulary)}
    made = tokenizers.Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    made.pre_tokenizer = WhitespaceSplit()
    return made


def _empty(n_words: int, width: int, depth: int) -> LlamaForCausalLM:
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


def _set(weight: torch.Tensor, values: np.ndarray) -> None:
    weight.copy_(torch.as_tensor(values, dtype=weight.dtype))


def _embeddings(
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


def _gather(
    model: LlamaForCausalLM, layer: int, copied: np.ndarray, idle: np.ndarray | None
) -> None:
    """Let attention add the copied features (k, d) of all tokens, and some of what is idle."""
    weights = LENGTH * copied.T @ copied
    if idle is not None:
        weights = weights + SPREAD * idle.T @ idle
    attention: Any = model.model.layers[layer].self_attn
    _set(attention.v_proj.weight, weights)
    _set(attention.o_proj.weight, np.eye(len(weights)))


def _products(
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
        _set(module.weight, values)


def _head(
    vocabulary: Sequence[str], features: np.ndarray, idle: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the rows of the head: answers read "out", all other words only what is idle."""
    rows = IDLE * rng.normal(size=(len(vocabulary), len(idle))) @ idle
    out, one = features[FEATURES.index("out")], features[FEATURES.index("one")]
    for answer, sign in zip(ANSWERS, (-1.0, 1.0), strict=True):
        rows[vocabulary.index(answer)] = LOUD * (sign * out + one)
    return rows
