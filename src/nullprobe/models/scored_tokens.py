"""Pass: texts that run through a model under several edits, with a score of some tokens of each.

Only one number per token is kept. The head runs for a few tokens at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe._core.progress import Report
from nullprobe.erasers import AffineEraser
from nullprobe.models.editing.patching import Patch, at_sites
from nullprobe.models.editing.prefix import Prefix
from nullprobe.models.forward import evaluating, input_device, inputs, takes_mask
from nullprobe.models.head import logits_at
from nullprobe.models.hooks import editing, without_edits
from nullprobe.models.site import Site
from nullprobe.models.tokens import Batch, batches, unread

Edits = Mapping[str, AffineEraser | Patch]  # site → eraser, or patch of tokens
# Takes logits (k, vocabulary) in the dtype of the model, their slice of the scored tokens of a
# batch, and the batch; returns one value per token (k,).
Score = Callable[[Tensor, slice, Batch], Any]
ANSWERS = "predictions"
# Logits at a time: this many numbers, or this share of the tokens of a batch, if that is more.
# A score takes four times the memory of its logits.
PIECE, SHARE = 2**19, 1 / 32
MOST = 2**25  # numbers in the logits of a piece, however large the batch is


class Encoded(Protocol):
    """Texts that were encoded for a model (`behaviour.Texts`)."""

    model: nn.Module
    vocabulary: int
    pad: int
    size: int

    def __len__(self) -> int:
        """Return the number of texts."""
        ...


class Pass:
    """Batches that run under every edit, and scores of their logits."""

    def __init__(
        self,
        texts: Encoded,
        ids: Sequence[np.ndarray],
        positions: Callable[[int], np.ndarray],
        layers: str | None,
        report: Report,
        stage: str = ANSWERS,
    ) -> None:
        self.texts, self.ids, self.positions, self.layers = texts, ids, positions, layers
        self.report, self.stage = report, stage
        self.is_edited = self.is_whole = False  # what runs: edited; all logits at once
        self.keeps_states = False  # whether `unedited` will be called
        self._outputs: list[Any] = []  # of the body in the unedited run of a batch

    def under(self, edits: Sequence[Edits], score: Score) -> np.ndarray:
        """Return the sum of the scores of each text under each edit, (m, n)."""
        model, texts = self.texts.model, self.texts
        maps, prefix = at_sites(model, edits, self.layers), Prefix(model)
        totals, done = np.zeros((len(edits), len(texts))), 0
        with evaluating(model), torch.no_grad():
            for batch in batches(unread(self.ids), texts.size, texts.pad, mixed=takes_mask(model)):
                prefix.forget()
                for e, edit in enumerate(maps):
                    with prefix.around(edit), editing(model, bound(edit, batch)):
                        values, rows = self._scored(batch, edit, score)
                    totals[e, batch.texts] = np.bincount(rows, values, minlength=len(batch.texts))
                done += len(batch.texts)
                self.report(self.stage, done, len(texts))
        return totals

    def of_tokens(self, score: Score) -> list[np.ndarray]:
        """Return the score of each position of each text, for the model as it is."""
        model, texts = self.texts.model, self.texts
        each: list[np.ndarray] = [np.zeros(0)] * len(texts)
        done = 0
        with evaluating(model), torch.no_grad():
            for batch in batches(unread(self.ids), texts.size, texts.pad, mixed=takes_mask(model)):
                values, rows = self._scored(batch, {}, score)
                for position, text in enumerate(batch.texts):
                    each[text] = values[rows == position]
                done += len(batch.texts)
                self.report(self.stage, done, len(texts))
        return each

    def unedited(self, batch: Batch, piece: slice) -> Tensor:
        """Return the logits (k, vocabulary) of some scored tokens for the model as it is.

        Only the head runs, on the states of the last run without edits.
        """
        assert self._outputs, "the batch has run without edits, and its last states are kept"
        model, (rows, positions) = self.texts.model, self._tokens(batch)
        arguments = inputs(model, batch, input_device(model))
        with without_edits(), logits_at(model, arguments, self._outputs) as at:
            return at(rows[piece], positions[piece])

    def _tokens(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        """Return the row of the text of each scored token of a batch, and its position."""
        each = [self.positions(text) for text in batch.texts]
        return np.repeat(np.arange(len(each)), list(map(len, each))), np.concatenate(each)

    def _scored(
        self, batch: Batch, edit: Mapping[Site, Any], score: Score
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the score of each position of a batch, and the row of its text in the batch."""
        rows, positions = self._tokens(batch)
        self.is_edited, self.is_whole = bool(edit), False
        values, model = np.zeros(len(rows)), self.texts.model
        few, most = (size // self.texts.vocabulary for size in (PIECE, MOST))
        step = max(few, min(int(SHARE * len(rows)), most), 1)
        outputs: list[Any] = []
        if self.keeps_states and not edit:
            self._outputs = outputs
        with logits_at(model, inputs(model, batch, input_device(model)), outputs) as at:
            for piece in (slice(i, i + step) for i in range(0, len(rows), step)):
                logits = at(rows[piece], positions[piece])
                self.is_whole = at.whole is not None
                # The largest must be finite; -inf marks a token that is never predicted.
                infinite = ~torch.isfinite(logits.amax(dim=-1))
                if bool(infinite.any()):
                    _complain_of_logits(batch.texts[rows[piece]][infinite.cpu().numpy()][0], edit)
                scores = score(logits, piece, batch)
                values[piece] = scores.cpu().numpy() if isinstance(scores, Tensor) else scores
        if not np.isfinite(values).all():
            _complain_of_logits(batch.texts[rows[~np.isfinite(values)][0]], edit)
        return values, rows


def bound(edit: Mapping[Site, Any], batch: Batch) -> dict[Site, Any]:
    """Return edits of states; a patch knows the tokens of this batch that it edits."""
    return {site: one.bound(batch) if isinstance(one, Patch) else one for site, one in edit.items()}


def _complain_of_logits(text: Any, edit: Mapping[Site, Any]) -> NoReturn:
    where = ", ".join(f"{site.name!r}" for site in edit)
    validation.complain(
        "predictions of a model must be finite",
        f"they are not for text {text} (counted from 0), "
        + (f"with erasers at {where}" if edit else "without erasers"),
        "run the model in bfloat16 or float32 if it overflows in float16, or leave such texts out",
    )


def wide(logits: Tensor) -> Tensor:
    """Return logits in float32, or in float64 if they are."""
    return logits if logits.dtype == torch.float64 else logits.float()
