"""Erasing in a study's model: an observer's posterior, and random maps of the same size.

This file needs torch, so a study imports it when it measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nullprobe import models
from nullprobe.data.concept import concept
from nullprobe.erasers.leace import leace
from nullprobe.models.scored_tokens import Edits
from nullprobe.usage.edits import edits_of
from nullprobe.worlds.language_models.corpus_model import CorpusModel


def states_at(made: CorpusModel, ids: np.ndarray, positions: np.ndarray, site: str) -> np.ndarray:
    """Return the states (n, m, d) at m words of texts (n, T)."""
    states = models.capture(made.model, made.tokenizer, made.texts(ids), site, tokens="all")
    return states[site].reshape(*ids.shape, -1)[:, positions]


def edits(
    X: np.ndarray, posterior: np.ndarray, site: str, *, n_maps: int, seed: int
) -> list[Edits]:
    """Return an eraser of a posterior, then random maps of its rank and size.

    Parameters
    ----------
    X : ndarray of shape (..., d)
        States at a site.
    posterior : ndarray of shape (..., k)
        What an observer believes there.
    site : str
    n_maps, seed : int
    """
    rows = X.reshape(-1, X.shape[-1])
    z = concept(posterior.reshape(len(rows), -1))
    return edits_of({site: rows}, z, leace, n_maps, seed)[0][site]


def under(
    made: CorpusModel,
    every: list[Edits],
    measure: Callable[[], dict[str, float]],
) -> Iterator[dict[str, float]]:
    """Yield what is measured of the model under each edit."""
    for edit in every:
        with models.erase(made.model, edit):  # type: ignore[arg-type]  erasers alone
            yield measure()
