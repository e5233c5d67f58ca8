"""Contrasts: how much more probable one answer to a text is than another, under each edit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nullprobe._core.progress import Report, silent
from nullprobe.models.behaviour import Texts, log_probabilities
from nullprobe.models.scored_tokens import Edits, Pass, wide
from nullprobe.models.tokens import Batch


def contrasts(
    texts: Texts,
    toward: Sequence[str],
    away: Sequence[str],
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    report: Report = silent,
) -> np.ndarray:
    """Return by how many nats one answer is more probable than another, under each edit.

    Parameters
    ----------
    texts : Texts
    toward, away : sequences of n str
        Two continuations of each text.
    edits, layers, report
        As for :func:`nullprobe.models.behaviour.log_probabilities`.

    Returns
    -------
    ndarray of shape (m, n)
        For answers of one token this is the difference of their logits.

    Notes
    -----
    If all answers have one token, a text runs once under each edit, otherwise twice.
    """
    first, second = (texts.answered(each)[1] for each in (toward, away))
    if any(len(ids) > 1 for ids in (*first, *second)):
        high, low = (
            log_probabilities(texts, each, edits, layers=layers, report=report)
            for each in (toward, away)
        )
        return high - low
    ids = torch.from_numpy(np.stack([np.concatenate(first), np.concatenate(second)], axis=1))

    def score(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        rows = torch.from_numpy(batch.texts[piece])
        each = wide(logits).gather(1, ids[rows].to(logits.device, torch.int64))
        return each[:, 0] - each[:, 1]

    def last(text: int) -> np.ndarray:
        return np.array([len(texts.ids[text]) - 1])

    return Pass(texts, texts.ids, last, layers, report).under(edits, score)
