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
        texts = with_acts(self.made, scenes)
        n, k = len(scenes.starts), len(texts) // len(scenes.starts)
        stream = torch.from_numpy(self.states(texts).reshape(n, k, texts.shape[1], -1))
        t = scenes.starts.shape[1]
        starts, ends = stream[:, 0, :t], stream[:, :, t:]
        parts = list[np.ndarray]()
        for i in range(0, len(shifts), AT_ONCE):
            by = torch.from_numpy(np.asarray(shifts[i : i + AT_ONCE], np.float32))
            shifted = starts + by[:, None, None]
            longer = ends + by[:, None, None, None]
            on_thing, on_person = self._read(shifted.flatten(0, 1), longer.flatten(0, 2), k)
            m = len(by)
            read = combined(on_thing.reshape(m, n, k), on_person.reshape(m, n, k, k))
            parts.append(read.mean(axis=1))
        return np.concatenate(parts)

    def _read(
        self, starts: torch.Tensor, ends: torch.Tensor, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return P of acts after starts (n, t, d), and after each of k ends (n·k, 2, d)."""
        past: Any = DynamicCache(config=self._rest.config)
        kept = {"use_cache": True, cache_name(self._rest): past}
        with torch.inference_mode():
            thing = self._rest(inputs_embeds=starts, **kept).logits[:, -1].double().numpy()
            past.batch_repeat_interleave(k)
            person = self._rest(inputs_embeds=ends, **kept).logits[:, -1].double().numpy()
        acts = of_acts(self.made)
        return tuple(np.exp(self.made.normalised(one)[:, acts]) for one in (thing, person))  # type: ignore[return-value]

    def landings(
        self,
        scenes: Scenes,
        directions: np.ndarray,
        strengths: Sequence[float] | np.ndarray = STRENGTHS,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return at which strength (m,) each direction (m, d) lands, and P (m, 5) there.

        A direction lands at the first strength at which P(max) is below 5 %, or at the last one, as
        in `goal_readings.Path`. One that has landed is followed no further.
        """
        at = np.full(len(directions), float(strengths[-1]))
        landed = np.zeros((len(directions), 5))
        left = np.arange(len(directions))
        for alpha in strengths:
            landed[left] = self.shares(scenes, float(alpha) * directions[left])
            now = landed[left, 0] < LEFT
            at[left[now]] = alpha
            left = left[~now]
            if not len(left):
                break
        return at, landed
