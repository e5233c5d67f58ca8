"""A language model with a known concept: whether a statement is true.

Problem. A method cannot be validated on a model if nobody knows what the model represents and uses.

Solution. A small GPT that is trained from scratch on a small world (``facts.py``). The word after a
statement is usually "true" or "false", so the model must know the truth at the last token of a
statement. The test statements are not in the training data, and a bag of words does not predict
their truth. There are two baselines for claims about training: the untrained model and the bag of
words. There are also two concepts that are in the text but that the task does not need.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import transformers
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from nullprobe._core.parameters import whole_number
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.worlds.language_models import checkpoints, training
from nullprobe.worlds.language_models.facts import (
    ENTITIES,
    VERDICTS,
    Facts,
    StatementPairs,
    Statements,
    deal,
    vocabulary,
)
from nullprobe.worlds.language_models.words import word_tokenizer

STEPS = 1200


@dataclass(frozen=True, eq=False, repr=False)
class Organism:
    """A trained language model, the same model untrained, and the facts of its world.

    Attributes
    ----------
    model, untrained : GPT2LMHeadModel
        The trained model, and the model before training. Both are in evaluation mode, on the CPU.
    tokenizer : PreTrainedTokenizerFast
        Each word is a token; there is a padding token.
    facts : Facts
        The facts of the world.
    random_state : int
        Seed of weights, facts and training.
    """

    model: GPT2LMHeadModel
    untrained: GPT2LMHeadModel
    tokenizer: PreTrainedTokenizerFast
    facts: Facts
    random_state: int

    def __repr__(self) -> str:
        """Return the seed and the size of world and model."""
        config = self.model.config
        return (
            f"Organism(random_state={self.random_state}, entities={len(self.facts.values)}, "
            f"layers={config.n_layer}, width={config.n_embd})"
        )

    def statements(self, n: int, random_state: RandomState = 0) -> Statements:
        """Draw statements that the model was not trained on.

        Parameters
        ----------
        n : int
            Number of statements: at least 4, at most 256 for each entity. All are different.
        random_state : int, Generator or None

        Returns
        -------
        Statements
            Half of them are true and half are negated, as evenly as ``n`` allows.
        """
        return self.facts.statements(n, random_state)

    def pairs(self, n: int, random_state: RandomState = 0) -> StatementPairs:
        """Draw statements that the model was not trained on, each with both verdicts.

        Parameters
        ----------
        n, random_state
            As for :meth:`statements`; the statements are the same.
        """
        drawn = self.statements(n, random_state)
        negative, positive = (
            tuple(f"{text} {verdict}" for text in drawn.texts) for verdict in VERDICTS
        )
        return StatementPairs(negative, positive, drawn.truth, drawn.template)

    def bag_of_words(self, texts: tuple[str, ...] | list[str]) -> np.ndarray:
        """Count the words of each text, a baseline without word order.

        Parameters
        ----------
        texts : sequence of n str

        Returns
        -------
        ndarray of shape (n, vocabulary)
            float64, columns in the order of the tokenizer's ids.
        """
        counts = np.zeros((len(texts), len(self._index)))
        unknown = self._index[training.UNKNOWN]
        for row, text in zip(counts, texts, strict=True):
            for word in text.split():
                row[self._index.get(word, unknown)] += 1
        return counts

    @cached_property
    def _index(self) -> dict[str, int]:
        return self.tokenizer.get_vocab()


def language(
    *,
    random_state: RandomState = 0,
    n_entities: int = len(ENTITIES),
    steps: int = STEPS,
    cache: str | os.PathLike[str] | bool | None = None,
    progress: Progress = False,
) -> Organism:
    """Train a language model that knows a small world, or load it from the cache.

    Parameters
    ----------
    random_state : int, Generator or None
        Seed of the world, of the initial weights and of the training.
    n_entities : int
        Number of entities of the world, 12 or 24.
    steps : int
        Number of training steps; with fewer steps the model learns less.
    cache : path or bool, optional
        Folder for trained weights. By default the folder in the environment variable
        NULLPROBE_CACHE, or else "nullprobe" in the user's cache directory. False for no cache.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    Organism

    Raises
    ------
    InputError
        If ``n_entities`` is not 12 or 24, or the cache is not writable.

    Notes
    -----
    Training takes about a minute on one core. The weights are the same to the byte on the same
    machine with the same versions of torch and transformers; other versions train again.

    Examples
    --------
    >>> organism = language(n_entities=12, steps=1, cache=False)
    >>> organism
    Organism(random_state=0, entities=12, layers=4, width=64)
    >>> drawn = organism.statements(8)
    >>> int(drawn.truth.sum()), organism.bag_of_words(drawn.texts).shape
    (4, (8, 50))
    """
    seed = integer_seed(random_state)
    steps, bars = whole_number("steps", steps, least=1), reporting(progress)
    facts = deal(n_entities, np.random.default_rng([seed, 0]))
    folder = checkpoints.cache_folder(cache)
    words = [*training.SPECIAL, *vocabulary(n_entities)]
    tokenizer = word_tokenizer(
        words,
        training.ARCHITECTURE["n_positions"],
        pad=training.PAD,
        unknown=training.UNKNOWN,
        end=training.END,
    )
    untrained, model = training.newborn(words, seed), None
    if folder is not None:
        folder /= (
            f"language-{checkpoints.fingerprint(untrained, _recipe(facts, words, seed, steps))}"
        )
        model = checkpoints.fetch(folder, untrained)
    if model is None:
        model = training.newborn(words, seed)
        with bars as report:
            training.train(model, facts, words, steps=steps, seed=seed, report=report)
        if folder is not None:
            checkpoints.keep(folder, model, tokenizer)
    return Organism(model, untrained, tokenizer, facts, seed)


def _recipe(facts: Facts, words: list[str], seed: int, steps: int) -> dict[str, object]:
    """Return everything that the trained weights depend on, except for the initial weights."""
    constants = {name: value for name, value in vars(training).items() if name.isupper()}
    sample = facts.learn(
        64, np.random.default_rng([seed, 1]), known=len(facts.values), negations=0.5
    )
    return {
        "seed": seed,
        "steps": steps,
        "words": words,
        "values": facts.values.tolist(),
        "judged": facts.judged.tolist(),
        "sample": sample,
        "constants": constants,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
