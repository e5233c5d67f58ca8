"""Behaviour: what a model predicts after each text, as it is and with something erased from it.

Problem. An edit counts by what the model does, and what it does must be compared over a hundred
edits of the same texts.
Solution. Each batch is run as it is and then under every edit, so that nothing but one number a
text and edit is kept. The head runs for a few of the tokens that are read at a time, in the dtype
of the model; these logits are read in float32 or float64, and forgotten. Only for a divergence the
logits of a whole batch are kept, once, in the dtype of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe.erasers import AffineEraser
from nullprobe.models.editing.erasing import Map, paired
from nullprobe.models.encoding import cut_in_words
from nullprobe.models.forward import (
    Progress,
    encoder_for,
    evaluating,
    input_device,
    inputs,
    takes_mask,
)
from nullprobe.models.head import head_of, logits_at
from nullprobe.models.hooks import editing, plain
from nullprobe.models.site import Site
from nullprobe.models.texts import given, strings
from nullprobe.models.token_rules import EVERY, Rule
from nullprobe.models.tokens import Batch, batches, unread

Edits = Mapping[str, AffineEraser]  # site → eraser
Metric = Callable[[Tensor, np.ndarray], Any]  # logits (b, vocabulary), texts (b,) → (b,)
# From logits (k, vocabulary) in the dtype of the model, the piece that they are of all tokens which
# are read of a batch, and the batch, to one value for each (k,).
Read = Callable[[Tensor, slice, Batch], Any]
ANSWERS, NEUTRAL = "predictions", "neutral texts"
# Logits in a piece: so many, or this share of all that are read of a batch, if that is more.
# Reading them takes four times their memory.
PIECE, SHARE = 2**19, 1 / 32


class Texts:
    """Token ids of texts, ready to be run through a model again and again.

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str, chats, token ids, or pairs (prompt, continuation)
        Chats get the start of an answer, which the template writes.
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
        texts = given(texts)
        encoder = encoder_for(model, tokenizer, Rule(EVERY), max_length, True)
        # What is predicted follows the text itself, not the sign that a text has ended.
        self.ids = [one.ids for one in encoder.encode(texts, with_ending=False)]
        if encoder.cut:
            validation.complain(
                f"texts must fit into the context of the model, {encoder.limit} tokens",
                cut_in_words(encoder.cut, len(texts)),
                "shorten them: what is cut off is what comes right before the prediction",
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
        """Return the ids of each text with its answer, and those of the answer alone."""
        answers = strings(answers, "answer")
        if len(answers) != len(self):
            validation.complain(
                f"every one of {len(self)} texts needs an answer",
                f"{len(answers)} arrived",
                "pass them",
            )
        said = self.tokenizer(list(answers), add_special_tokens=False)["input_ids"]
        unknown = getattr(self.tokenizer, "unk_token_id", None)
        for i, ids in enumerate(said):
            if unknown is not None and unknown in ids:
                validation.complain(
                    "every answer must be made of tokens that the tokenizer knows",
                    f"that of text {i} (counted from 0), {answers[i]!r}, is not",
                    "pass other answers",
                )
            if not ids:
                validation.complain(
                    "every answer needs at least one token",
                    f"that of text {i} (counted from 0), {answers[i]!r}, has none",
                    "leave such texts out",
                )
            if self.limit is not None and len(self.ids[i]) + len(ids) > self.limit + 1:
                validation.complain(
                    f"a text and its answer must fit into {self.limit} tokens",
                    f"text {i} (counted from 0) has {len(self.ids[i])} and its answer {len(ids)}",
                    "shorten the text",
                )
        alone = [np.asarray(ids, dtype=np.int32) for ids in said]
        return [np.concatenate(both) for both in zip(self.ids, alone, strict=True)], alone


def log_probabilities(
    texts: Texts,
    answers: Sequence[str],
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the log-probability, in nats, of each text's answer under each edit.

    Parameters
    ----------
    texts : Texts
    answers : sequence of n str
        What follows each text; of several tokens, the sum counts.
    edits : sequence of m mappings of str to AffineEraser
        Site → eraser; an empty one leaves the model as it is.
    layers : str, optional
        Path of the list of layers, where the structure does not tell.
    progress : callable, optional

    Returns
    -------
    ndarray of shape (m, n)
    """
    whole, alone = texts.answered(answers)

    def places(text: int) -> np.ndarray:
        first = len(texts.ids[text]) - 1  # the token before the answer predicts its first one
        return np.arange(first, first + len(alone[text]))

    def read(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        ids = torch.from_numpy(np.concatenate([alone[text] for text in batch.texts])[piece])
        said = torch.log_softmax(_wide(logits), dim=-1)
        return said.gather(1, ids.to(said.device, torch.int64)[:, None])[:, 0]

    # The last token of an answer predicts what nobody asks for.
    asked = [ids[:-1] for ids in whole]
    return _Pass(texts, asked, places, layers, progress).under(edits, read)


def metrics(
    texts: Texts,
    metric: Metric,
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return a metric of what is predicted after each text under each edit, (m, n).

    Parameters
    ----------
    metric : callable
        From logits (b, vocabulary), float32 or float64, after some texts, and their numbers (b,),
        to one value for each (b,). Texts of a batch may come in several pieces.
    texts, edits, layers, progress
        As for :func:`log_probabilities`.
    """

    def read(logits: Tensor, piece: slice, batch: Batch) -> np.ndarray:
        which = batch.texts[piece]
        values = metric(_wide(logits), which)
        values = np.asarray(values.cpu() if isinstance(values, Tensor) else values, dtype=float)
        right = values.shape == which.shape
        if not right or not np.isfinite(values).all():
            odd = np.flatnonzero(~np.isfinite(values))[:1] if right else []
            validation.complain(
                f"the metric must return one finite number for each of {len(which)} texts",
                f"that of text {which[odd[0]]} (counted from 0) is {values[odd[0]]}"
                if right
                else f"it returned shape {values.shape}",
                "return an array of shape (b,) from logits (b, vocabulary)",
            )
        return values

    def last(text: int) -> np.ndarray:
        return np.array([len(texts.ids[text]) - 1])

    return _Pass(texts, texts.ids, last, layers, progress).under(edits, read)


def divergences(
    texts: Texts,
    edits: Sequence[Edits],
    *,
    layers: str | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return KL(as it is ‖ edited) of the next token, in nats, averaged over each text, (m, n)."""

    def every(text: int) -> np.ndarray:
        return np.arange(len(texts.ids[text]))

    run = _Pass(texts, texts.ids, every, layers, progress, NEUTRAL)
    before: dict[int, Tensor] = {}  # by the first token of a piece: logits of the model as it is
    of: Batch | None = None

    def read(logits: Tensor, piece: slice, batch: Batch) -> Tensor:
        nonlocal of
        if batch is not of:
            before.clear()
            of = batch
        own = before.setdefault(piece.start, logits)
        own = torch.log_softmax(_wide(own), dim=-1)
        said = torch.log_softmax(_wide(logits), dim=-1)
        # own.exp() * (own - said), in place; what has no probability adds nothing.
        terms = torch.sub(own, said, out=said).masked_fill_(own == -torch.inf, 0.0)
        return terms.mul_(own.exp_()).sum(dim=-1)

    lengths = np.array([len(ids) for ids in texts.ids])
    return run.under([{}, *edits], read)[1:] / lengths


class _Pass:
    """Batches that are run under every edit, and the logits that are read of them."""

    def __init__(
        self,
        texts: Texts,
        ids: Sequence[np.ndarray],
        places: Callable[[int], np.ndarray],
        layers: str | None,
        progress: Progress | None,
        stage: str = ANSWERS,
    ) -> None:
        self.texts, self.ids, self.places, self.layers = texts, ids, places, layers
        self.progress, self.stage = progress or (lambda *_: None), stage

    def under(self, edits: Sequence[Edits], read: Read) -> np.ndarray:
        """Return the sum of what is read of each text under each edit, (m, n)."""
        model, texts = self.texts.model, self.texts
        maps = [
            {site: Map(one, site) for site, one in paired(model, edit, self.layers).items()}
            for edit in edits
        ]
        found, done = np.zeros((len(edits), len(texts))), 0
        with evaluating(model), torch.no_grad():
            for batch in batches(unread(self.ids), texts.size, texts.pad, mixed=takes_mask(model)):
                for e, edit in enumerate(maps):
                    with editing(model, edit):
                        found[e, batch.texts] = self._read(batch, edit, read)
                done += len(batch.texts)
                self.progress(self.stage, done, len(texts))
        return found

    def _read(self, batch: Batch, edit: Mapping[Site, Map], read: Read) -> np.ndarray:
        """Return the sum of what is read of each text of a batch, (b,)."""
        each = [self.places(text) for text in batch.texts]
        rows, places = np.repeat(np.arange(len(each)), list(map(len, each))), np.concatenate(each)
        values, model = np.zeros(len(rows)), self.texts.model
        step = max(PIECE // self.texts.vocabulary, int(SHARE * len(rows)), 1)
        with logits_at(model, inputs(model, batch, input_device(model))) as at:
            for piece in (slice(i, i + step) for i in range(0, len(rows), step)):
                logits = at(rows[piece], places[piece])
                # No largest one; -inf is a token that never comes.
                odd = ~torch.isfinite(logits.amax(dim=-1))
                if bool(odd.any()):
                    _complain_of_logits(batch.texts[rows[piece]][odd.cpu().numpy()][0], edit)
                found = read(logits, piece, batch)
                values[piece] = found.cpu().numpy() if isinstance(found, Tensor) else found
        if not np.isfinite(values).all():
            _complain_of_logits(batch.texts[rows[~np.isfinite(values)][0]], edit)
        return np.bincount(rows, values, minlength=len(each))


def _complain_of_logits(text: Any, edit: Mapping[Site, Map]) -> NoReturn:
    where = ", ".join(f"{site.name!r}" for site in edit)
    validation.complain(
        "what a model predicts must be finite",
        f"it is not for text {text} (counted from 0), "
        + (f"erased at {where}" if edit else "nothing erased"),
        "run the model in bfloat16 or float32 if it overflows in float16, or leave such texts out",
    )


def _wide(logits: Tensor) -> Tensor:
    return logits if logits.dtype == torch.float64 else logits.float()
