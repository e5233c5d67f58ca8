"""The training of a small GPT on a corpus: new texts at every step, and what each word weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from nullprobe._core.parameters import whole_number
from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import Corpus
from nullprobe.worlds.language_models.descent import Descent, descend, untouched

PAD, UNKNOWN = "<pad>", "<unk>"  # after the words of the corpus
ARCHITECTURE = {
    "n_embd": 64,
    "n_layer": 2,
    "n_head": 4,
    "activation_function": "relu",
    "initializer_range": 0.125,  # 1/√64
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
BATCH = 32
STEPS = 1000
PIECE = 50  # batches drawn at once
Watch = Callable[[int], object]


@dataclass(frozen=True)
class Lessons:
    """What a model is trained on, and how.

    Attributes
    ----------
    steps : int
        Number of training steps, each of new texts.
    word_weights : tuple of V floats
        Weight of each word in the loss; empty for 1. What is random in a text, and cannot be
        learned, may weigh less.
    snapshots : tuple of int
        Steps after which the model is kept as well.
    descent : Descent
        Learning rate and the like.
    batch : int
        Texts of a step.
    """

    steps: int = STEPS
    word_weights: tuple[float, ...] = ()
    snapshots: tuple[int, ...] = ()
    descent: Descent = field(default_factory=Descent)
    batch: int = BATCH

    def __post_init__(self) -> None:
        """Complain of steps and weights that cannot be."""
        whole_number("steps", self.steps, least=1)
        whole_number("batch", self.batch, least=1)
        for step in self.snapshots:
            whole_number("a snapshot", step, least=1)
            if step > self.steps:
                complain(f"snapshots must be at most steps={self.steps}", f"{step} arrived")
        weights = np.asarray(self.word_weights, dtype=np.float64)
        if len(weights) and not ((weights >= 0).all() and weights.any()):
            complain("word_weights must be numbers of at least 0, not all 0", "others arrived")

    def weights(self, corpus: Corpus) -> np.ndarray:
        """Return the weight of each word of a corpus, of shape (V,), or complain."""
        n = len(corpus.words)
        if len(self.word_weights) not in (0, n):
            complain(
                f"word_weights must be {n} numbers, one for each word",
                f"{len(self.word_weights)} arrived",
            )
        return np.array(self.word_weights) if self.word_weights else np.ones(n)


def untrained(corpus: Corpus, seed: int) -> GPT2LMHeadModel:
    """Return a model of a corpus before training; the same seed gives the same weights."""
    n = len(corpus.words)
    config = GPT2Config(
        vocab_size=n + 2, n_positions=corpus.length, pad_token_id=n, bos_token_id=0,
        eos_token_id=n, **ARCHITECTURE,
    )  # fmt: skip
    with untouched(seed):
        return GPT2LMHeadModel(config).eval()


def learn(
    model: GPT2LMHeadModel,
    corpus: Corpus,
    lessons: Lessons,
    *,
    seed: int,
    watch: Watch = lambda step: None,
) -> None:
    """Train a model in place on new texts of a corpus; it may be trained already.

    Parameters
    ----------
    model : GPT2LMHeadModel
    corpus : Corpus
    lessons : Lessons
        Its snapshots are not taken; ``watch`` may take them.
    seed : int
        Seed of the texts.
    watch : callable
        Called with the number of steps done, after each step.
    """
    of_word = of_words(lessons, corpus)
    with untouched(seed):
        texts = batches(corpus, np.random.default_rng([seed, 1]), lessons)

        def loss_of(_: int) -> torch.Tensor:
            ids = next(texts)
            return weighted_loss(model(ids, use_cache=False).logits, ids, of_word)

        descend(model, loss_of, steps=lessons.steps, how=lessons.descent, after=watch)


def of_words(lessons: Lessons, corpus: Corpus) -> torch.Tensor:
    """Return the weight of each word in the loss, (V,) in float32."""
    return torch.from_numpy(lessons.weights(corpus)).float()


def weighted_loss(logits: torch.Tensor, ids: torch.Tensor, of_word: torch.Tensor) -> torch.Tensor:
    """Return the loss of texts (n, T) under logits (n, T, vocabulary), in nats a word."""
    targets = ids[:, 1:]
    loss = cross_entropy(logits[:, :-1].transpose(1, 2), targets, reduction="none")
    return (of_word[targets] * loss).sum() / of_word[targets].sum()


def batches(corpus: Corpus, rng: np.random.Generator, lessons: Lessons) -> Iterator[torch.Tensor]:
    """Yield the texts of each step, (batch, T)."""
    for start in range(0, lessons.steps, PIECE):
        ids = corpus.sample(lessons.batch * min(PIECE, lessons.steps - start), rng).ids
        yield from torch.from_numpy(ids).split(lessons.batch)
