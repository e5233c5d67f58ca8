"""Behaviour: what a model predicts after each text, as it is and with something erased from it.

Problem. An edit counts by what the model does, and what it does must be compared over a hundred
edits of the same texts.
Solution. Each batch is run as it is and then under every edit, so that nothing but one number a
text and edit is kept. Of all logits only those are formed that are read, where the model lets us
say so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe.erasers import AffineEraser
from nullprobe.models.editing.erasing import Map, paired
from nullprobe.models.forward import (
    Progress,
    encoder_for,
    evaluating,
    input_device,
    inputs,
    takes_mask,
)
from nullprobe.models.hooks import editing, plain
from nullprobe.models.site import Site
from nullprobe.models.tokens import Batch, Rule, batches, checked_texts, cut_in_words

Edits = Mapping[str, AffineEraser]  # site → eraser
Metric = Callable[[Tensor, np.ndarray], Any]  # logits (b, vocabulary), texts (b,) → (b,)
ANSWERS, NEUTRAL = "predictions", "neutral texts"


class Texts:
    """Token ids of texts, ready to be run through a model again and again.

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str
    batch_size : int
    max_length : int or None
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        max_length: int | None = None,
    ) -> None:
        model = plain(model)
        _need_head(model)
        texts = checked_texts(texts)
        encoder = encoder_for(model, tokenizer, Rule("last"), max_length)
        # What is predicted follows the text itself, not the sign that a text has ended.
        ending = _ending(tokenizer, texts[0])
        self.ids = [ids[: len(ids) - ending] for ids in encoder.encode(texts)]
        if encoder.cut:
            validation.complain(
                f"texts must fit into the context of the model, {encoder.limit} tokens",
                cut_in_words(encoder.cut, len(texts)),
                "shorten them: what is cut off is what comes right before the prediction",
            )
        self.model, self.tokenizer, self.limit = model, tokenizer, encoder.limit
        self.pad, self.size = (
            encoder.padding,
            parameters.whole_number("batch_size", batch_size, least=1),
        )

    def __len__(self) -> int:
        """Return the number n of texts."""
        return len(self.ids)

    def answered(self, answers: Sequence[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the ids of each text with its answer, and those of the answer alone."""
        answers = checked_texts(answers, "answer")
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

    def read(logits: Tensor, rows: np.ndarray, batch: Batch) -> np.ndarray:
        ids = torch.from_numpy(np.concatenate([alone[text] for text in batch.texts]))
        said = torch.log_softmax(logits, dim=-1)
        chosen = said.gather(1, ids.to(said.device, torch.int64)[:, None])[:, 0]
        return np.bincount(rows, chosen.cpu().numpy(), minlength=len(batch.texts))

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
        to one value for each (b,).
    texts, edits, layers, progress
        As for :func:`log_probabilities`.
    """

    def read(logits: Tensor, _: np.ndarray, batch: Batch) -> np.ndarray:
        values = metric(logits, batch.texts)
        values = np.asarray(values.cpu() if isinstance(values, Tensor) else values, dtype=float)
        right = values.shape == (len(batch.texts),)
        if not right or not np.isfinite(values).all():
            bad = batch.texts[~np.isfinite(values)][:1] if right else []
            validation.complain(
                f"the metric must return one finite number for each of {len(batch.texts)} texts",
                f"that of text {bad[0]} (counted from 0) is {values[batch.texts == bad[0]][0]}"
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
    before: dict[int, Tensor] = {}

    def read(logits: Tensor, rows: np.ndarray, batch: Batch) -> np.ndarray:
        said = torch.log_softmax(logits, dim=-1)
        if id(batch) not in before:
            before.clear()
            before[id(batch)] = said
        own = before[id(batch)]
        kl = (own.exp() * (own - said)).nan_to_num(0.0).sum(dim=-1).cpu().numpy()
        return np.bincount(rows, kl, minlength=len(batch.texts)) / batch.lengths

    return run.under([{}, *edits], read)[1:]


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

    def under(
        self,
        edits: Sequence[Edits],
        read: Callable[[Tensor, np.ndarray, Batch], np.ndarray],
    ) -> np.ndarray:
        """Return what is read of each text under each edit, (m, n)."""
        model, texts = self.texts.model, self.texts
        maps = [
            {site: Map(one, site) for site, one in paired(model, edit, self.layers).items()}
            for edit in edits
        ]
        found, done = np.zeros((len(edits), len(texts))), 0
        with evaluating(model), torch.no_grad():
            for batch in batches(self.ids, texts.size, texts.pad, mixed=takes_mask(model)):
                each = [self.places(text) for text in batch.texts]
                rows = np.repeat(np.arange(len(each)), [len(one) for one in each])
                kept, where = np.unique(np.concatenate(each), return_inverse=True)
                for e, edit in enumerate(maps):
                    with editing(model, edit):
                        logits = _logits(model, batch, kept)
                    kept_logits = logits[rows, where]
                    _need_finite_logits(kept_logits, batch.texts[rows], edit)
                    found[e, batch.texts] = read(kept_logits, rows, batch)
                done += len(batch.texts)
                self.progress(self.stage, done, len(texts))
        return found


def _logits(model: nn.Module, batch: Batch, kept: np.ndarray) -> Tensor:
    """Return the logits (b, places, vocabulary) at some places of a batch."""
    told = inputs(model, batch, input_device(model))
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        logits = model(**told).logits[:, kept]
    else:
        places = torch.from_numpy(kept).to(told["input_ids"].device)
        logits = model(**told, logits_to_keep=places).logits
    return logits if logits.dtype == torch.float64 else logits.float()


def _need_finite_logits(logits: Tensor, texts: np.ndarray, edit: Mapping[Site, Any]) -> None:
    """Refuse logits (m, vocabulary) with no largest one; -inf is a token that never comes."""
    bad = ~torch.isfinite(logits.amax(dim=-1))
    if bool(bad.any()):
        under = f" with {', '.join(site.name for site in edit)} edited" if edit else ""
        validation.complain(
            "logits must be finite",
            f"those of text {int(texts[int(bad.nonzero()[0, 0])])} (counted from 0){under} are not",
            "run the model in bfloat16 or float32 if it overflows in float16, or leave such "
            "texts out",
        )


def _ending(tokenizer: Any, text: str) -> int:
    """Return how many tokens of its own a tokenizer puts after a text."""
    special = tokenizer(text, return_special_tokens_mask=True)["special_tokens_mask"]
    return special[::-1].index(0)


def _need_head(model: nn.Module) -> None:
    head = getattr(model, "get_output_embeddings", lambda: None)()
    if head is None:
        validation.complain(
            "the model must predict tokens",
            f"{type(model).__name__} has no head that does",
            "load it with AutoModelForCausalLM",
        )
