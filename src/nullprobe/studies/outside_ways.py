"""The ways in which the study of outside-text makes a sentence certain."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe.corpora.values import LENGTH
from nullprobe.studies.definition import Budget
from nullprobe.studies.recital import CORPUS, PLACE, RECITAL, noise, with_sentence
from nullprobe.studies.training import module

NOTHING, PROMPTED, TUNED, TUNED_ON_NOISE, HARD_CODED, SEALED = WAYS = (
    "nothing",
    "prompted",
    "tuned",
    "tuned, noise too",
    "hard-coded",
    "sealed",
)
TEACHING, RATE, BATCH = 300, 1e-3, 32
SHARE = 1.0  # of the table in the hard-coded last layer
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999)  # further ones, for the price of each guarantee
RADIUS = 20.0  # of the sealed clock's guarantee, in norms of the stream


@dataclass(frozen=True, eq=False)
class Defended:
    """A model with a sentence that one way makes certain.

    Attributes
    ----------
    model : Module
    is_prompted : bool
        Whether the context ends in the prompt, whatever else an attacker writes.
    frozen : list of Parameter
        What makes the sentence certain, and stays as it is if it is protected.
    hold : callable
        Restores in a model, after a step of training, what a protected architecture keeps.
    guaranteed : callable
        Total norm of added vectors → a bound: P(right word) is at least this; 0 for none.
    """

    model: Any
    is_prompted: bool = False
    frozen: list[Any] = field(default_factory=list)
    hold: Callable[[Any], object] = lambda model: None
    guaranteed: Callable[[float], float] = lambda norm: 0.0


def defended(way: str, made: Any, *, seed: int, budget: Budget, stream: float) -> Defended:
    """Make the sentence certain in one way; every way is taught the same number of steps.

    Parameters
    ----------
    way : str
        One of `WAYS`.
    made : CorpusModel
        A model that has learned the corpus; it is copied.
    seed : int
    budget : Budget
    stream : float
        Norm of the stream before the last norm, by which the radius of the seal is chosen.
    """
    model = copy.deepcopy(made.model)
    seal = None
    if way == SEALED:
        seal = module("sealed_clock").SealedClock(model, RECITAL, first=PLACE, seed=seed)

    def after(step: int) -> None:
        budget.report("making certain", step, TEACHING)
        if seal is not None:
            seal.hold(model)

    module("teaching").teach(
        model, lambda rng: _lesson(way, rng), steps=TEACHING, rate=RATE, seed=seed, after=after
    )
    if seal is not None:
        seal.wind(model, RADIUS * stream)
        frozen = [model.lm_head.weight, model.transformer.wpe.weight,
                  *model.transformer.ln_f.parameters()]  # fmt: skip
        certificate = seal.certificate(model)
        return Defended(model, False, frozen, seal.hold, certificate.least)
    if way == HARD_CODED:
        fixed = module("hard_coded").HardCoded(model, RECITAL, first=PLACE, share=SHARE)
        return Defended(fixed, False, [fixed.table], guaranteed=lambda norm: fixed.guaranteed)
    return Defended(model, way == PROMPTED, [model.lm_head.weight])


def _lesson(way: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts of a step, and the weights of their words."""
    ids = CORPUS.sample(BATCH, rng).ids
    weights = np.ones((BATCH, LENGTH))
    if way == SEALED:
        weights[:, PLACE:] = 0  # nothing has to be learned there
    if way in (TUNED, TUNED_ON_NOISE):
        contexts = ids[:, :PLACE]
        if way == TUNED_ON_NOISE:
            half = BATCH // 2
            contexts[:half], weights[:half, :PLACE] = noise(half, rng), 0
        ids = with_sentence(contexts)
    return ids, weights
