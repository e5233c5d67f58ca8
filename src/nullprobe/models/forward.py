"""Run batches through a model up to its last hidden state, and collect rows at sites.

Problem. A forward pass in training mode, through the head, or with a cache does more work than
needed, and may change the model. Whole hidden states, stored until the end, take more memory.
Solution. The base model runs in evaluation mode, without gradients and cache. At each site, only
the rows that a token rule reads are copied as they pass. The model is left as it was.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe.models.encoding import Encoder
from nullprobe.models.hooks import reading
from nullprobe.models.site import Site
from nullprobe.models.token_rules import Rule
from nullprobe.models.tokens import NO_LIMIT, Batch

Run = Callable[[Batch], dict[str, Tensor]]


@contextmanager
def running(model: nn.Module, part: nn.Module, sites: Sequence[Site]) -> Iterator[Run]:
    """Yield a function that runs a batch and returns rows (m, d) by site, on their devices.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode within the block, and as it was afterwards.
    part : torch.nn.Module
        The part of the model to call; see :func:`reached`.
    sites : sequence of Site
        Sites to read. Rows are in the order of ``batch.texts``.
    """
    device = input_device(model)
    passed: dict[str, Tensor] = {}
    batch: Batch
    positions: dict[torch.device, Tensor]

    def read(site: Site, states: Tensor) -> None:
        if site.name in passed:
            validation.complain(
                f"states must pass {site.name!r} once in a forward pass",
                f"{site.path!r} is called more than once",
                "choose another site: a model with shared layers has no states of one layer",
            )
        if states.device not in positions:
            positions[states.device] = positions[device].to(states.device)
        passed[site.name] = batch.read(by_token(site, states, batch), positions[states.device])

    def run(next_batch: Batch) -> dict[str, Tensor]:
        nonlocal batch, positions
        batch = next_batch
        positions = {device: torch.from_numpy(next_batch.positions).to(device)}
        passed.clear()
        part(**inputs(part, next_batch, device))
        missed = [site for site in sites if site.name not in passed]
        if missed:
            validation.complain(
                f"states must pass {missed[0].name!r} in a forward pass",
                f"{missed[0].path!r} is not called",
            )
        for name, rows in passed.items():
            need_finite(name, rows, next_batch.texts_of_rows)
        return dict(passed)

    # Not inference_mode: no gradients could flow through tensors that a model stores for later.
    with evaluating(model), torch.no_grad(), reading(model, sites, read):
        yield run


def need_finite(site: str, rows: Tensor, texts: np.ndarray) -> None:
    """Check that rows (m, d) of a site are finite; ``texts`` (m,) are the numbers of their texts.

    Raises
    ------
    InputError
        If a row is not finite; the message names the site and the text.
    """
    # A sum with a term that is not finite is not finite, and seldom otherwise. A mask costs more.
    if bool(torch.isfinite(rows.sum())):
        return
    finite = torch.isfinite(rows).all(dim=1)
    if not finite.all():
        text = int(texts[int((~finite).nonzero()[0, 0])])
        validation.complain(
            f"hidden states at {site!r} must be finite",
            f"the states of text {text} (counted from 0) are not",
            "run the model in bfloat16 or float32 if it overflows in float16, or leave such "
            "texts out",
        )


def reached(model: nn.Module, sites: Sequence[Site]) -> nn.Module:
    """Return the smallest part of the model that contains all sites: no head, if possible."""
    paths = {id(module): path for path, module in model.named_modules()}
    parts: list[Any] = [getattr(model, "base_model", None), model]
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        parts = [cast(Any, model).get_encoder()]
    for part in parts:
        path = paths.get(id(part))
        if path is not None and all(
            f"{s.path}.".startswith(f"{path}." if path else "") for s in sites
        ):
            return part
    validation.complain(
        "sites of an encoder-decoder model must be in its encoder",
        f"{sites[0].path!r} is outside",
        "pass the path of the layers of the encoder, such as layers='encoder.block'",
    )
    return None


def encoder_for(
    model: nn.Module,
    tokenizer: Any,
    rule: Rule,
    max_length: int | None,
    add_generation_prompt: bool = False,
) -> Encoder:
    """Return an encoder of texts for a model, with the longest text that the model can read."""
    config = getattr(model, "config", None)
    if config is not None and hasattr(config, "get_text_config"):
        config = config.get_text_config()
    table = embedding(model)
    return Encoder(
        tokenizer,
        rule,
        _limit(model, config, tokenizer, max_length),
        getattr(table, "num_embeddings", None),
        getattr(config, "pad_token_id", None),
        add_generation_prompt,
    )


def takes_mask(part: nn.Module) -> bool:
    """Whether a model takes a mask of padding."""
    return _accepts(part, "attention_mask")


def input_device(model: nn.Module) -> torch.device:
    """Return the device of token ids: the first device of a model that is spread over many."""
    weights = [getattr(embedding(model), "weight", None), *model.parameters()]
    for weight in weights:
        # Weights that are loaded on demand have no device before.
        if isinstance(weight, Tensor) and weight.device.type != "meta":
            return weight.device
    return torch.device("cpu")


def _limit(model: nn.Module, config: Any, tokenizer: Any, max_length: int | None) -> int | None:
    """Return the longest text in tokens: ``max_length``, or the limit of model and tokenizer."""
    positions = getattr(config, "max_position_embeddings", None)
    positions = positions if isinstance(positions, int) and positions > 0 else NO_LIMIT
    for path, module in model.named_modules():
        # RoBERTa and similar models reserve the first positions of their table for padding.
        if isinstance(module, nn.Embedding) and re.search(r"position_embeddings$", path):
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            positions = min(positions, module.num_embeddings - unused)
    if max_length is not None:
        if parameters.whole_number("max_length", max_length, least=1) > positions:
            validation.complain(
                f"max_length may be at most {positions}, the context of the model",
                f"it is {max_length}",
            )
        return max_length
    of_tokenizer = getattr(tokenizer, "model_max_length", NO_LIMIT)
    limit = min(positions, of_tokenizer if isinstance(of_tokenizer, int) else NO_LIMIT)
    return limit if limit < NO_LIMIT else None


def by_token(site: Site, states: Tensor, batch: Batch) -> Tensor:
    """Return hidden states as (b, t, d)."""
    b, t = batch.ids.shape
    if states.ndim == 3 and states.shape[:2] == (b, t):
        return states
    if states.ndim == 2 and len(states) == b * t:  # OPT flattens before its feed-forward part
        return states.view(b, t, -1)
    validation.complain(
        f"site {site.name!r} must have one state per token, of shape ({b}, {t}, d)",
        f"states of shape {tuple(states.shape)} arrived",
    )
    return None


def inputs(part: nn.Module, batch: Batch, device: torch.device) -> dict[str, Any]:
    """Return the arguments with which a model runs a batch once."""
    arguments: dict[str, Any] = {"input_ids": batch.ids.to(device)}
    if takes_mask(part):
        arguments["attention_mask"] = batch.mask.to(device)
    if _accepts(part, "use_cache"):
        arguments["use_cache"] = False
    return arguments


def _accepts(part: nn.Module, name: str) -> bool:
    """Whether a module's forward takes an argument; a wrapper without named arguments takes all."""
    parameters = inspect.signature(part.forward).parameters
    return name in parameters or "input_ids" not in parameters


def embedding(model: nn.Module) -> Any:
    """Return the table of input embeddings, or None."""
    try:
        return cast(Any, model).get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode within the block; then restore the mode of each module."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
