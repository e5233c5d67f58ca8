"""The head of a model, run for some tokens of a batch at a time.

Problem. The logits of a batch are thousands of times larger than its hidden states: one number for
each token of the vocabulary.
Solution. The body runs once. The head runs again and again, each time on the last hidden states of
a few tokens, which are picked right before it. What a model makes of its logits after the head,
such as a cap or a scale, it does to these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor, nn

from nullprobe._core import validation

LogitsAt = Callable[[np.ndarray, np.ndarray], Tensor]


@contextmanager
def logits_at(model: nn.Module, given: Mapping[str, Any]) -> Iterator[LogitsAt]:
    """Yield a function from texts (k,) and positions (k,) of a batch to logits (k, vocabulary).

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens; it is left as it was.
    given : mapping
        What the model is called with: the batch.

    Notes
    -----
    In the dtype of the model. Logits of all tokens are formed, once, only where a model does not
    call its head as a module on states (b, t, d), or has no body apart from the head.
    """
    head, whole = head_of(model), None
    with _running_once(_body(model, head)) as has_run:

        def at(texts: np.ndarray, positions: np.ndarray) -> Tensor:
            nonlocal whole
            picked = False

            def pick(_: nn.Module, args: tuple[Any, ...]) -> Any:
                nonlocal picked
                picked = has_run() and bool(args) and args[0].ndim == 3
                return (args[0][texts, positions][None], *args[1:]) if picked else None

            if whole is None:
                handle = head.register_forward_pre_hook(pick)
                try:
                    logits = model(**given).logits
                finally:
                    handle.remove()
                if picked:
                    return logits[0]
                whole = logits
            return whole[texts, positions]

        yield at


def head_of(model: nn.Module) -> nn.Module:
    """Return the module that predicts tokens, or complain that there is none."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    if head is None:
        validation.complain(
            "the model must predict tokens",
            f"{type(model).__name__} has no head that does",
            "load it with AutoModelForCausalLM",
        )
    return head


def _body(model: nn.Module, head: nn.Module) -> nn.Module | None:
    """Return the part of a model that its head reads, or None if it is not apart from the head."""
    body = getattr(model, "get_decoder", lambda: None)()
    return None if body is None or any(one is head for one in body.modules()) else body


@contextmanager
def _running_once(body: nn.Module | None) -> Iterator[Callable[[], bool]]:
    """Let a part of a model return what it returned the first time; yield whether it has."""
    if body is None:
        yield lambda: False
        return
    forward, own, kept = body.forward, vars(body).get("forward"), []

    def once(*args: Any, **kwargs: Any) -> Any:
        if not kept:
            kept.append(forward(*args, **kwargs))
        return kept[0]

    body.forward = once
    try:
        yield lambda: bool(kept)
    finally:
        if own is None:
            del body.forward
        else:
            body.forward = own
