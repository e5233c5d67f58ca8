"""Run the head of a model for a few tokens of a batch at a time.

Problem. The logits of a batch are much larger than its hidden states: each token has one number for
each entry of the vocabulary.
Solution. The body runs once. The head runs many times, each time on the last hidden states of a few
tokens, which are selected right before it. Operations of the model after the head, such as a cap or
a scale, apply to these logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor, nn

from nullprobe._core import validation


class LogitsAt:
    """A function from texts (k,) and positions (k,) of a batch to logits (k, vocabulary).

    Attributes
    ----------
    whole : Tensor of shape (b, t, vocabulary) or None
        Logits of all tokens, if the head cannot run for a few.
    """

    def __init__(
        self, model: nn.Module, arguments: Mapping[str, Any], has_run: Callable[[], bool]
    ) -> None:
        self._model, self._arguments, self._has_run = model, arguments, has_run
        self._head = head_of(model)
        self.whole: Tensor | None = None

    def __call__(self, texts: np.ndarray, positions: np.ndarray) -> Tensor:
        """Return logits (k, vocabulary)."""
        picked = False

        def pick(_: nn.Module, args: tuple[Any, ...]) -> Any:
            nonlocal picked
            picked = self._has_run() and bool(args) and args[0].ndim == 3
            return (args[0][texts, positions][None], *args[1:]) if picked else None

        if self.whole is None:
            handle = self._head.register_forward_pre_hook(pick)
            try:
                logits = self._model(**self._arguments).logits
            finally:
                handle.remove()
            if picked:
                return logits[0]
        else:
            logits = self.whole
        self.whole = logits
        return logits[texts, positions]


@contextmanager
def logits_at(
    model: nn.Module, arguments: Mapping[str, Any], outputs: list[Any] | None = None
) -> Iterator[LogitsAt]:
    """Yield a function from texts (k,) and positions (k,) of a batch to logits (k, vocabulary).

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens; it is left as it was.
    arguments : mapping
        Arguments with which the model runs the batch.
    outputs : list, optional
        Gets the output of the body. If it holds one, the body does not run.

    Notes
    -----
    Logits have the dtype of the model. If a model does not call its head as a module on states
    (b, t, d), or has no body outside the head, logits of all tokens are computed, once.
    """
    body = _body(model, head_of(model))
    with _running_once(body, [] if outputs is None else outputs) as has_run:
        yield LogitsAt(model, arguments, has_run)


def head_of(model: nn.Module) -> nn.Module:
    """Return the module that predicts tokens; raise InputError if the model has none."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    if head is None:
        validation.complain(
            "the model must have a head that predicts tokens",
            f"{type(model).__name__} has none",
            "load it with AutoModelForCausalLM",
        )
    return head


def _body(model: nn.Module, head: nn.Module) -> nn.Module | None:
    """Return the part of a model whose output the head reads; None if it contains the head."""
    body = getattr(model, "get_decoder", lambda: None)()
    return None if body is None or any(one is head for one in body.modules()) else body


@contextmanager
def _running_once(body: nn.Module | None, outputs: list[Any]) -> Iterator[Callable[[], bool]]:
    """Make a part of a model run once and then repeat its output; yield whether it has run."""
    if body is None:
        yield lambda: False
        return
    forward, override = body.forward, vars(body).get("forward")

    def once(*args: Any, **kwargs: Any) -> Any:
        if not outputs:
            outputs.append(forward(*args, **kwargs))
        return outputs[0]

    body.forward = once
    try:
        yield lambda: bool(outputs)
    finally:
        if override is None:
            del body.forward
        else:
            body.forward = override
