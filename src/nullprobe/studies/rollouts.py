"""Rollouts: how a model goes on from the beginnings of texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe.corpora.continuing import Prefix, Rollout, positions_of_names, sampled


def rollout(
    model: Any, prefix: Prefix, *, temperature: float = 1.0, seed: int = 0, edited: Any = None
) -> Rollout:
    """Return how a model continues beginnings to the end of the text.

    Parameters
    ----------
    model : CorpusModel
        From `train`.
    prefix : Prefix
        From ``corpus.beginnings``.
    temperature : float
        0 takes the most probable word. Names are always drawn at temperature 1.
    seed : int
    edited : GPT2LMHeadModel, optional
        Another network in place of the trained one: the twin, or an edited copy.

    Examples
    --------
    >>> from nullprobe.studies.training import train
    >>> from nullprobe.studies.definition import Budget
    >>> from nullprobe.corpora import Chains
    >>> corpus = Chains(
    ...     states=("good", "bad"), emits={"good": {"helps": 1.0}, "bad": {"lies": 1.0}},
    ...     authors={"steady": {"start": (0.5, 0.5)}}, characters=("knight", "wizard"), lines=4)
    >>> model = train(corpus, seed=0, steps=1, budget=Budget(cache=False))
    >>> prefix = corpus.beginnings("knight", "bad", lines=3, n=5)
    >>> rollout(model, prefix).ids.shape, corpus.rollout(prefix).share("bad")
    ((5, 10), 1.0)
    """
    ids = sampled(
        model.continuing(edited),
        prefix.ids,
        prefix.corpus.length,
        temperature=temperature,
        rng=np.random.default_rng(seed),
        names=positions_of_names(prefix.corpus),
    )
    return Rollout(prefix.corpus, ids, prefix)
