"""Steering along many directions at once; states of texts in which words have other vectors.

A model is cut where its stream is steered. The first part reads each text once, whatever the
direction is. The second part reads the shifted streams of many directions in one batch.

This file needs torch, so a study imports it when it measures.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from nullprobe.corpora.values import ACTS, ON_PEOPLE, ON_THINGS
from nullprobe.studies.goal_readings import LEFT, STRENGTHS, Scenes, combined, of_acts, with_acts
from nullprobe.worlds.language_models.corpus_model import CorpusModel, cache_name

AT_ONCE = 8  # directions in a batch
STATES_AT_ONCE = 100  # texts in a batch


class Cut:
    """A model in two parts: up to the stream after the first layer, and from there on.

    Parameters
    ----------
    made : CorpusModel

    Attributes
    ----------
    words : ndarray of shape (V, d)
        The vector of each word, without positions.
    """

    def __init__(self, made: CorpusModel) -> None:
        self.made = made
        first: Any = copy.deepcopy(made.model.transformer)
        first.h, first.ln_f = first.h[:1], torch.nn.Identity()
        rest: Any = copy.deepcopy(made.model)
        rest.transformer.h = rest.transformer.h[1:]
        rest.transformer.wpe.weight.data.zero_()  # the stream has positions already
        for i, block in enumerate(rest.transformer.h):
            block.attn.layer_idx = i
        rest.config.n_layer = len(rest.transformer.h)
        self._first, self._rest = first, rest
        self.words = made.model.transformer.wte.weight.detach().numpy()[: len(made.corpus.words)]

    def states(self, ids: np.ndarray, words: np.ndarray | None = None) -> np.ndarray:
        """Return the stream after the first layer, (n, t, d), of texts (n, t).

        Parameters
        ----------
        ids : ndarray of shape (n, t)
        words : ndarray of shape (V, d), optional
            Other vectors of words.
        """
        vectors = torch.from_numpy(np.asarray(self.words if words is None else words, np.float32))
        parts = list[np.ndarray]()
        with torch.inference_mode():
            for start in range(0, len(ids), STATES_AT_ONCE):
                rows = torch.from_numpy(ids[start : start + STATES_AT_ONCE])
                out = self._first(inputs_embeds=vectors[rows], use_cache=False)
                parts.append(out.last_hidden_state.numpy())
        return np.concatenate(parts)

    def shares(self, scenes: Scenes, shifts: np.ndarray) -> np.ndarray:
        """Return P (m, 5) of each outcome under each of m shifts (m, d), mean over scenes.

        It is what `goal_readings.outcomes` reads of a steered model, up to the rounding of float32.
        """
        acts = of_acts(self.made)
        streams = self._streams(scenes, acts)
        parts = [
            combined(*self._read(streams, shifts[i : i + AT_ONCE])).mean(axis=1)
            for i in range(0, len(shifts), AT_ONCE)
        ]
        return np.concatenate(parts)

    def landings(
        self,
        scenes: Scenes,
        directions: np.ndarray,
        strengths: Sequence[float] | np.ndarray = STRENGTHS,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return at which strength (m,) each direction (m, d) lands, and P (m, 5) there.

        A direction lands at the first strength at which P(max) is below 5 %, or at the last one, as
        in `goal_readings.Path`. Until then P(max) alone is read, and afterwards nothing.
        """
        more, harm = (ACTS.index(of[0]) for of in (ON_THINGS, ON_PEOPLE))
        streams = self._streams(scenes, of_acts(self.made)[[more]])
        at = np.empty(len(directions))
        for i in range(0, len(directions), AT_ONCE):
            left = np.arange(i, min(i + AT_ONCE, len(directions)))
            for alpha in strengths:
                at[left] = alpha
                thing, person = self._read(streams, float(alpha) * directions[left])
                p_max = (thing[..., more] * person[..., 0, harm]).mean(axis=1)
                left = left[p_max >= LEFT]
                if not len(left):
                    break
        return at, self.shares(scenes, at[:, None] * directions)

    def _streams(self, scenes: Scenes, acts: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the stream of starts (n, t, d), and of each act and person after it (n, k, 2, d).

        k is the number of acts that are read.
        """
        texts = with_acts(scenes, acts)
        n, t = scenes.starts.shape
        stream = self.states(texts).reshape(n, len(acts), texts.shape[1], -1)
        return torch.from_numpy(stream[:, 0, :t]), torch.from_numpy(stream[:, :, t:])

    def _read(
        self, streams: tuple[torch.Tensor, torch.Tensor], shifts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return P of acts on things (m, n, 5), and on people after each act (m, n, k, 5)."""
        starts, ends = streams
        by = torch.from_numpy(np.asarray(shifts, np.float32))
        m, (n, k) = len(by), ends.shape[:2]
        past: Any = DynamicCache(config=self._rest.config)
        caching = {"use_cache": True, cache_name(self._rest): past}
        with torch.inference_mode():
            shifted = (starts + by[:, None, None]).flatten(0, 1)
            thing = self._rest(inputs_embeds=shifted, **caching).logits[:, -1]
            past.batch_repeat_interleave(k)
            shifted = (ends + by[:, None, None, None]).flatten(0, 2)
            person = self._rest(inputs_embeds=shifted, **caching).logits[:, -1]
        return self._acts(thing).reshape(m, n, -1), self._acts(person).reshape(m, n, k, -1)

    def _acts(self, logits: torch.Tensor) -> np.ndarray:
        """Return P (n, 5) of each act, from logits (n, vocabulary)."""
        log_p = self.made.normalised(logits.double().numpy())
        return np.exp(log_p[:, of_acts(self.made)])
