"""Behaviour: the predictions of a model after each text, unedited and with concepts erased.

Problem. The effect of an edit is a change of predictions, which must be compared over a hundred
edits of the same texts.
Solution. Each batch runs under every edit in turn, and only one number per text and edit is stored.
The head runs for a few tokens at a time, in the dtype of the model. These logits are evaluated in
float32 or float64, and discarded. A divergence needs the logits of the unedited model as well. If
those of a batch are many, its last states are kept, and the head runs again for the same tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe._core.progress import Report, silent
from nullprobe.models.encoding import cut_in_words
from nullprobe.models.forward import encoder_for
from nullprobe.models.head import head_of
from nullprobe.models.hooks import plain
from nullprobe.models.scored_tokens import Edits, Pass, wide
from nullprobe.models.texts import as_texts, strings
from nullprobe.models.token_rules import EVERY, Rule
from nullprobe.models.tokens import Batch

Metric = Callable[[Tensor, np.ndarray], Any]  # logits (b, vocabulary), texts (b,) → (b,)
NEUTRAL = "neutral texts"
STORED = 2**26  # logits of the unedited model that are kept for a batch


class Texts:
    """Token ids of texts, which can run through a model many times.

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str, chats, token ids, or pairs (prompt, continuation)
        The chat template adds the start of an answer to chats.
    batch_size : int
    max_length : int or None
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,
        texts: Sequence[Any],
        *,
        batch_size: int = 32,
        max_length: int | None = None,
    ) -> None:
        model = plain(model)
        head_of(model)
        texts = as_texts(texts)
        encoder = encoder_for(model, tokenizer, Rule(EVERY), max_length, True)
        # The prediction follows the text, so no token that ends a text may stand between.
        self.ids = [one.ids for one in encoder.encode(texts, with_ending=False)]
        if encoder.cut:
            validation.complain(
                f"texts must fit into the context of the model, {encoder.limit} tokens",
                cut_in_words(encoder.cut, len(texts)).rstrip("."),
                "shorten them: a cut would remove the tokens right before the prediction",
            )
        self.model, self.tokenizer, self.limit = model, tokenizer, encoder.limit
        self.vocabulary = encoder.vocabulary or 1
        self.pad, self.size = (
            encoder.padding,
            parameters.whole_number("batch_size", batch_size, least=1),
        )

    def __len__(self) -> int:
        """Return the number n of texts."""
        return len(self.ids)

    def answered(self, answers: Sequence[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the token ids of each text with its answer, and of the answer alone."""
        answers = strings(answers, "answer")
        if len(answers) != len(self):
            validation.complain(
                f"each of {len(self)} texts needs an answer",
                f"{len(answers)} arrived",
            )
        encoded = self.tokenizer(list(answers), add_special_tokens=False)["input_ids"]
        unknown = getattr(self.tokenizer, "unk_token_id", None)
        for i, ids in enumerate(encoded):
            if unknown is not None and unknown in ids:
                validation.complain(
                    "the tokenizer must know every token of an answer",
                    f"the answer {answers[i]!r} to text {i} (counted from 0) has an unknown token",
                )
            if not ids:
                validation.complain(
                    "every answer needs at least one token",
                    f"the answer {answers[i]!r} to text {i} (counted from 0) has none",
                    "leave such texts out",
                )
            if self.limit is not None and len(self.ids[i]) + len(ids) > self.limit + 1:
                validation.complain(
                    f"a text and its answer must fit into {self.limit} tokens",
                    f"text {i} (counted from 0) has {len(self.ids[i])}, and its answer {len(ids)}",
                    "shorten the text",
                )
        answer_ids = [np.asarray(ids, dtype=np.int32) for ids in encoded]
        return [np.concatenate(both) for both in zip(self.ids, answer_ids, strict=True)], answer_ids


def log_probabilities(
    texts: Texts,
    answers: Sequence[str],
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    report: Report = silent,
) -> np.ndarray:
    """Return the log-probability, in nats, of each text's answer under each edit.

    Parameters
    ----------
    texts : Texts
    answers : sequence of n str
        The continuation of each text; log-probabilities of its tokens are added.
    edits : sequence of m mappings of str to AffineEraser
        Site → eraser; an empty one leaves the model as it is.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.
    report : callable
        Called with the stage, the texts done and all texts.

    Returns
    -------
    ndarray of shape (m, n)
    """
    with_answer, answer_ids = texts.answered(answers)

    def positions(text: int) -> np.ndarray:
        first = len(texts.ids[text]) - 1  # the token before the answer predicts its first token
        return np.arange(first, first + len(answer_ids[text]))

    def score(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        ids = torch.from_numpy(np.concatenate([answer_ids[text] for text in batch.texts])[piece])
        log_p = torch.log_softmax(wide(logits), dim=-1)
        return log_p.gather(1, ids.to(log_p.device, torch.int64)[:, None])[:, 0]

    # The prediction after the last token of an answer is not needed.
    input_ids = [ids[:-1] for ids in with_answer]
    return Pass(texts, input_ids, positions, layers, report).under(edits, score)


def token_log_probabilities(texts: Texts, *, report: Report = silent) -> list[np.ndarray]:
    """Return the log-probability of each token of each text but the first, in nats.

    Parameters
    ----------
    texts : Texts
        Each has at least two tokens, special ones counted.
    report : callable
        Called with the stage, the texts done and all texts.

    Returns
    -------
    list of n ndarray of shape (t - 1,)
        Entry j is the log-probability of token j + 1 after all tokens before it.
    """
    for i, ids in enumerate(texts.ids):
        if len(ids) < 2:
            validation.complain(
                "a text needs two tokens to have a log-probability",
                f"text {i} (counted from 0) has {len(ids)}",
                "leave such texts out",
            )

    def positions(text: int) -> np.ndarray:
        return np.arange(len(texts.ids[text]) - 1)

    def score(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        ids = torch.from_numpy(np.concatenate([texts.ids[text][1:] for text in batch.texts])[piece])
        log_p = torch.log_softmax(wide(logits), dim=-1)
        return log_p.gather(1, ids.to(log_p.device, torch.int64)[:, None])[:, 0]

    return Pass(texts, texts.ids, positions, None, report).of_tokens(score)


def metrics(
    texts: Texts,
    metric: Metric,
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    report: Report = silent,
) -> np.ndarray:
    """Return a metric of the prediction after each text under each edit, (m, n).

    Parameters
    ----------
    metric : callable
        Takes logits (b, vocabulary), float32 or float64, and the numbers of their texts (b,), and
        returns one value per text (b,). A batch may be passed in several pieces.
    texts, edits, layers, report
        As for :func:`log_probabilities`.
    """

    def score(logits: Tensor, piece: slice, batch: Batch) -> np.ndarray:
        which = batch.texts[piece]
        values = metric(wide(logits), which)
        values = np.asarray(values.cpu() if isinstance(values, Tensor) else values, dtype=float)
        has_shape = values.shape == which.shape
        if not has_shape or not np.isfinite(values).all():
            infinite = np.flatnonzero(~np.isfinite(values))[:1] if has_shape else []
            validation.complain(
                f"the metric must return one finite number for each of {len(which)} texts",
                f"for text {which[infinite[0]]} (counted from 0) it is {values[infinite[0]]}"
                if has_shape
                else f"it returned shape {values.shape}",
                "return an array of shape (b,) from logits (b, vocabulary)",
            )
        return values

    def last(text: int) -> np.ndarray:
        return np.array([len(texts.ids[text]) - 1])

    return Pass(texts, texts.ids, last, layers, report).under(edits, score)


def divergences(
    texts: Texts,
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    report: Report = silent,
) -> np.ndarray:
    """Return KL(unedited ‖ edited) of the next token, in nats, averaged over each text, (m, n)."""

    def every(text: int) -> np.ndarray:
        return np.arange(len(texts.ids[text]))

    run = Pass(texts, texts.ids, every, layers, report, NEUTRAL)
    run.keeps_states = True
    before: dict[int, Tensor] = {}  # logits of the unedited model, by the first token of a piece
    current: Batch | None = None

    def score(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        nonlocal current
        if batch is not current:
            before.clear()
            current = batch
        # Logits that are few, or that the model computes at once anyway, are kept.
        if run.is_whole or int(batch.lengths.sum()) * texts.vocabulary <= STORED:
            log_p = before.setdefault(piece.start, logits)
        elif run.is_edited:
            log_p = run.unedited(batch, piece)
        else:
            return torch.zeros(len(logits))
        log_p = torch.log_softmax(wide(log_p), dim=-1)
        log_q = torch.log_softmax(wide(logits), dim=-1)
        # p * (log p - log q), in place; tokens of probability 0 add nothing.
        terms = torch.sub(log_p, log_q, out=log_q).masked_fill_(log_p == -torch.inf, 0.0)
        return terms.mul_(log_p.exp_()).sum(dim=-1)

    lengths = np.array([len(ids) for ids in texts.ids])
    return run.under([{}, *edits], score)[1:] / lengths
