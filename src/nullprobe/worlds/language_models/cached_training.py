"""A small GPT that learns a corpus, and the same model untrained; from training or from a cache.

Every step draws new texts, so the model never sees a text twice and its loss on new texts is its
training loss. The floor of that loss is what the corpus's full observer expects.
"""

from __future__ import annotations

import copy
import hashlib
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import GPT2LMHeadModel

from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.corpora.corpus import Corpus
from nullprobe.worlds.language_models import checkpoints
from nullprobe.worlds.language_models.corpus_model import CorpusModel
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

SAMPLE = 500  # texts by which a cache knows a corpus
RECIPE = 1  # version of the code of training; to increase when a change affects the weights


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
