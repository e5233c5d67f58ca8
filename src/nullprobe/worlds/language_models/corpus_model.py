"""What a small GPT that has learned a corpus expects, word by word, and its states."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, GPT2LMHeadModel, PreTrainedTokenizerFast

from nullprobe.corpora.corpus import Corpus, checked_texts

BLOCK = 32  # texts after which every word is tried at once


@dataclass(frozen=True, eq=False, repr=False)
class CorpusModel:
    """A language model that has learned a corpus.

    Attributes
    ----------
    model, twin : GPT2LMHeadModel
        The trained model, and the same model before training; in evaluation mode, on the CPU.
    tokenizer : PreTrainedTokenizerFast
        Numbers words as the corpus does.
    corpus : Corpus
    snapshots : dict of int to GPT2LMHeadModel
        The model after so many steps.
    random_state : int
        Seed of weights and texts.
    """

    model: GPT2LMHeadModel
    twin: GPT2LMHeadModel
    tokenizer: PreTrainedTokenizerFast
    corpus: Corpus
    snapshots: dict[int, GPT2LMHeadModel]
    random_state: int

    def __repr__(self) -> str:
        """Return the seed and the size of the model."""
        config = self.model.config
        return (
            f"CorpusModel(random_state={self.random_state}, words={len(self.corpus.words)}, "
            f"layers={config.n_layer}, width={config.n_embd})"
        )

    def texts(self, ids: np.ndarray) -> list[str]:
        """Return texts as strings, for functions that tokenize."""
        return [" ".join(self.corpus.words[i] for i in row) for row in np.asarray(ids)]

    def log_p(self, ids: np.ndarray, model: GPT2LMHeadModel | None = None) -> np.ndarray:
        """Return log P(word at t | words before), (n, t, V) in float64, as observers do.

        Parameters
        ----------
        ids : ndarray of shape (n, t)
        model : GPT2LMHeadModel, optional
            The trained model by default; or ``twin``, or an edited copy.

        Notes
        -----
        Over the words of the corpus: what a model expects of padding is left out. Every text begins
        with the same word, which the model is not asked to predict: its probability is 1.
        """
        texts = checked_texts(ids, self.corpus.words, self.corpus.length)
        logits = self._outputs(texts, model, lambda out: out.logits[:, :-1])
        first = np.full((len(texts), 1, len(self.corpus.words)), -np.inf)
        np.put_along_axis(first, texts[:, :1, None], 0.0, axis=2)
        return np.concatenate([first, self.normalised(logits)], axis=1)

    def continuing(self, model: GPT2LMHeadModel | None = None) -> Continuing:
        """Return a function from texts (n, t) to log P of the next word (n, V)."""
        return Continuing(self, self.model if model is None else model)

    def after_each_word(self, ids: np.ndarray, model: GPT2LMHeadModel | None = None) -> np.ndarray:
        """Return log P of the next word, (n, V, V), after texts (n, t) and then each word.

        Each text is read once, and its keys and values are repeated for all words. Up to the
        rounding of float32, it is what `log_p` has for texts of t + 2 words.
        """
        texts = checked_texts(ids, self.corpus.words, self.corpus.length)
        model = self.model if model is None else model
        name, size, parts = cache_name(model), len(self.corpus.words), list[np.ndarray]()
        for start in range(0, len(texts), BLOCK):
            rows = torch.from_numpy(texts[start : start + BLOCK])
            past: Any = DynamicCache(config=model.config)
            with torch.inference_mode():
                model(rows, use_cache=True, **{name: past})
                past.batch_repeat_interleave(size)
                words = torch.arange(size).repeat(len(rows))[:, None]
                out: Any = model(words, use_cache=True, **{name: past})
            parts.append(out.logits[:, -1].double().numpy().reshape(len(rows), size, -1))
        return self.normalised(np.concatenate(parts))

    def states(
        self, ids: np.ndarray, layer: int = -1, model: GPT2LMHeadModel | None = None
    ) -> np.ndarray:
        """Return the residual stream after a layer, (n, t, d) in float64.

        Parameters
        ----------
        ids : ndarray of shape (n, t)
        layer : int
            0 for embeddings, 1 after the first block; −1 for the last, after its layer norm.
        model : GPT2LMHeadModel, optional
        """
        texts = checked_texts(ids, self.corpus.words, self.corpus.length)
        return self._outputs(texts, model, lambda out: out.hidden_states[layer], hidden=True)

    def _outputs(
        self,
        ids: np.ndarray,
        model: GPT2LMHeadModel | None,
        take: Callable[..., torch.Tensor],
        *,
        hidden: bool = False,
    ) -> np.ndarray:
        model = self.model if model is None else model
        parts: list[np.ndarray] = []
        with torch.inference_mode():
            for start in range(0, len(ids), 256):
                rows = torch.from_numpy(ids[start : start + 256])
                out = model(rows, use_cache=False, output_hidden_states=hidden)
                parts.append(take(out).double().numpy())
        return np.concatenate(parts)

    def normalised(self, logits: np.ndarray) -> np.ndarray:
        """Return log-probabilities of the words of the corpus, from logits (..., vocabulary)."""
        logits = logits[..., : len(self.corpus.words)]
        logits = logits - logits.max(axis=-1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


class Continuing:
    """log P of the next word, (n, V) in float64, after texts (n, t) that grow word by word.

    Keys and values of words that were read are kept, so that each word is read once. The result is
    what `CorpusModel.log_p` has for the next word, up to the rounding of float32.
    """

    def __init__(self, made: CorpusModel, model: GPT2LMHeadModel) -> None:
        self._made, self._model = made, model
        self._texts = np.empty((0, 0), dtype=np.int64)
        self._past: dict[str, Any] = {}
        self._name = cache_name(model)

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Return log P of the next word."""
        texts = checked_texts(ids, self._made.corpus.words, self._made.corpus.length)
        t = self._texts.shape[1]
        if not 0 < t < texts.shape[1] or not np.array_equal(texts[:, :t], self._texts):
            self._past, t = {self._name: DynamicCache(config=self._model.config)}, 0
        with torch.inference_mode():
            out: Any = self._model(torch.from_numpy(texts[:, t:]), use_cache=True, **self._past)
        self._texts = texts
        return self._made.normalised(out.logits[:, -1].double().numpy())


def cache_name(model: GPT2LMHeadModel) -> str:
    """Return what the keyword of a cache is called; versions of transformers differ."""
    known = inspect.signature(model.forward).parameters
    return "cache" if "cache" in known else "past_key_values"
