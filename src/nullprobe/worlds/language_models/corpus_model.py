"""A small GPT that learns a corpus, and the same model untrained.

Every step draws new texts, so the model never sees a text twice and its loss on new texts is its
training loss. The floor of that loss is what the corpus's full observer expects.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import DynamicCache, GPT2LMHeadModel, PreTrainedTokenizerFast

from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.corpora.corpus import Corpus, checked_texts
from nullprobe.worlds.language_models import checkpoints
from nullprobe.worlds.language_models.corpus_training import (
    ARCHITECTURE,
    PAD,
    PIECE,
    UNKNOWN,
    Lessons,
    learn,
    untrained,
)
from nullprobe.worlds.language_models.words import word_tokenizer

BLOCK = 32  # texts after which every word is tried at once
SAMPLE = 500  # texts by which a cache knows a corpus
RECIPE = 1  # version of the code below; to increase when a change affects the weights


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


def train(
    corpus: Corpus,
    lessons: Lessons | None = None,
    *,
    random_state: RandomState = 0,
    cache: str | os.PathLike[str] | bool | None = None,
    progress: Progress = False,
) -> CorpusModel:
    """Train a language model on a corpus, or load it from the cache.

    Parameters
    ----------
    corpus : Corpus
    lessons : Lessons, optional
    random_state : int, Generator or None
        Seed of the initial weights and of the texts.
    cache : path or bool, optional
        Folder for trained weights, as for ``worlds.language``. False for no cache.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Raises
    ------
    InputError
        If an argument is out of range, or the cache is not writable.

    Notes
    -----
    A run that is cut off leaves nothing, and starts again.

    Examples
    --------
    >>> from nullprobe.corpora import Mess3
    >>> made = train(Mess3(), Lessons(steps=1), cache=False)
    >>> made
    CorpusModel(random_state=0, words=4, layers=2, width=64)
    >>> made.log_p(np.array([[0, 1, 2]])).shape
    (1, 3, 4)
    """
    seed, lessons = integer_seed(random_state), lessons or Lessons()
    bars, folder = reporting(progress), checkpoints.cache_folder(cache)
    begun = Begun(corpus, lessons, seed, folder)
    if not begun.done:
        model = copy.deepcopy(begun.twin)
        with bars as report:

            def watch(step: int) -> None:
                report("training", step, lessons.steps)
                begun.take(step, model)

            learn(model, corpus, lessons, seed=seed, watch=watch)
        begun.keep()
    return begun.made()


class Begun:
    """A training that is to be done, or that the cache has done.

    Parameters
    ----------
    corpus : Corpus
    lessons : Lessons
    seed : int
    folder : Path or None
        The cache.
    **facts
        What else the weights depend on, as JSON values: nothing, for those of `train`.
    """

    def __init__(
        self, corpus: Corpus, lessons: Lessons, seed: int, folder: Path | None, **facts: object
    ) -> None:
        self.corpus, self.lessons, self.seed = corpus, lessons, seed
        words = (*corpus.words, PAD, UNKNOWN)
        self.tokenizer = word_tokenizer(words, corpus.length, pad=PAD, unknown=UNKNOWN)
        self.twin = untrained(corpus, seed)
        self.steps = sorted({*lessons.snapshots, lessons.steps})
        self.name = checkpoints.fingerprint(self.twin, _recipe(corpus, seed, lessons) | facts)
        self._places = (
            {} if folder is None else {s: folder / f"corpus-{self.name}-{s}" for s in self.steps}
        )
        fetched = {s: checkpoints.fetch(place, self.twin) for s, place in self._places.items()}
        self.models = {step: model for step, model in fetched.items() if model is not None}

    @property
    def done(self) -> bool:
        """Whether the model after every step that is asked for is there."""
        return len(self.models) == len(self.steps)

    def take(self, step: int, model: GPT2LMHeadModel) -> None:
        """Copy a model after a step, if it is asked for."""
        if step in self.steps:
            self.models[step] = copy.deepcopy(model).eval()

    def keep(self) -> None:
        """Write the models to the cache."""
        for step, place in self._places.items():
            checkpoints.keep(place, self.models[step], self.tokenizer)

    def made(self) -> CorpusModel:
        """Return the trained model."""
        return CorpusModel(
            self.models[self.lessons.steps], self.twin, self.tokenizer, self.corpus, self.models,
            self.seed,
        )  # fmt: skip


def _recipe(corpus: Corpus, seed: int, lessons: Lessons) -> dict[str, object]:
    """Return everything that the trained weights depend on, except for the initial weights."""
    sample = corpus.sample(SAMPLE, np.random.default_rng([seed, 2])).ids
    return {
        "corpus": repr(corpus),
        "sample": hashlib.sha256(sample.tobytes()).hexdigest(),
        "words": list(corpus.words),
        "seed": seed,
        "steps": lessons.steps,
        "batch": lessons.batch,
        "weights": lessons.weights(corpus).tolist(),
        "descent": asdict(lessons.descent),
        "constants": [ARCHITECTURE, PIECE, RECIPE],
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
