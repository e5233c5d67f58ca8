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
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from nullprobe._core.parameters import choice, whole_number
from nullprobe._core.random_state import RandomState, generator, integer_seed
from nullprobe.worlds.zoo.kinds import FEATURES, KINDS, WORDS, Kind
from nullprobe.worlds.zoo.weights import (
    ANSWERS,
    ASK,
    LENGTH,
    N_FILLERS,
    N_OTHERS,
    PAD,
    PER_VALUE,
    UNKNOWN,
    add_products,
    all_words,
    embedding_rows,
    empty_model,
    fill,
    gather,
    head_rows,
    splitter,
    word_of,
)


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

    @property
    def layer(self) -> torch.nn.Module:
        """Return the module whose output is the site."""
        layers: Any = self.model.model.layers
        return layers[-2]

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
            words_of = [word_of(f, b, w) for f, b, w in zip(WORDS, bit, word, strict=True)]
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
    vocabulary = all_words()
    model = empty_model(len(vocabulary), width, depth)
    with torch.no_grad():
        fill(
            model.model.embed_tokens.weight, embedding_rows(vocabulary, features, idle, rng, about)
        )
        gather(model, 0, features[: len(WORDS)], idle)
        for k in range(1, depth - 1):
            terms = [("first", "second", "concept", 2.0)] if about.judged and k == 1 else []
            add_products(model, k, terms, features, (idle, rng))
        if about.copied:
            gather(model, depth - 1, features[[FEATURES.index("copy")]], None)
        answer = [(a, b, "out", c) for a, b, c in about.answer]
        add_products(model, depth - 1, answer, features, (idle, rng))
        fill(model.lm_head.weight, head_rows(vocabulary, features, idle, rng))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=splitter(vocabulary), pad_token=PAD, unk_token=UNKNOWN
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
    handle = of.layer.register_forward_hook(negate)
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
