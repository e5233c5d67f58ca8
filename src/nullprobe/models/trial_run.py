"""A trial run: run a model once on three tokens, and record the states at its modules.

Problem. Names do not show which norm the head reads, which of two lists of layers runs, or how wide
the input of a module is. A wrong guess edits the wrong module.
Solution. One short forward pass shows which modules run, in which order, how wide their states are,
and which states share memory. It runs once for each model and leaves no traces: foreign hooks do
not run. A model without weights is traced, as by a compiler.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from nullprobe.models.forward import embedding, evaluating, input_device, inputs
from nullprobe.models.hooks import eager, entering, leaving
from nullprobe.models.site import INPUT, OUTPUT
from nullprobe.models.tokens import Batch

TOKENS = 3
# Hooks of these libraries must run: they move or gather weights, or collect outputs.
LIBRARIES = ("torch.", "transformers.", "accelerate.", "peft.", "bitsandbytes.")


@dataclass
class Passage:
    """A record of one module in a trial run.

    Attributes
    ----------
    calls : int
        Number of calls of the module.
    order : int
        Number of calls, of any module, that ended before its last call.
    widths : dict of {"input", "output"} to int
        Number d of features on a side, if one state per token passed.
    memory : dict of {"input", "output"} to int
        Address of the memory of the states, equal for states that share it.
    """

    calls: int = 0
    order: int = -1
    widths: dict[str, int] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """The result of a trial run.

    Attributes
    ----------
    passages : dict of int to Passage
        ``id`` of a module → its record, for modules that ran.
    error : str
        Why the run failed; empty if it succeeded.
    sites : dict
        A cache of sites, by the argument ``layers``.
    """

    passages: dict[int, Passage]
    error: str = ""
    sites: dict[str | None, Any] = field(default_factory=dict)

    def of(self, module: nn.Module) -> Passage:
        """Return the record of a module, without calls if it did not run."""
        return self.passages.get(id(module), Passage())


_trials: WeakKeyDictionary[nn.Module, tuple[Any, Trial]] = WeakKeyDictionary()


def trial_run(model: nn.Module) -> Trial:
    """Return the result of a trial run of a model; a second call returns the first result.

    Notes
    -----
    If the whole model fails, its base model or encoder runs. Errors are not raised: if all of these
    fail, the trial has an error and no records.
    """
    # A changed module, or a changed forward of a module, makes a trial out of date.
    built = _is_empty(model), *((id(m), id(vars(m).get("forward"))) for m in model.modules())
    known = _trials.get(model)
    if known is None or known[0] != built:
        _trials[model] = known = built, _run(model)
    return known[1]


def _run(model: nn.Module) -> Trial:
    parts: list[Any] = [model, getattr(model, "base_model", None)]
    if hasattr(model, "get_encoder"):
        parts.append(_or_none(cast(Any, model).get_encoder))
    error = ""
    for part in dict.fromkeys(parts):
        if isinstance(part, nn.Module):
            try:
                return Trial(_passages(model, part))
            except Exception as raised:  # the code of a model can raise any exception
                error = error or f"{type(raised).__name__}: {raised}".split("\n")[0]
    return Trial({}, error)


def _or_none(get: Any) -> Any:
    try:
        return get()
    except Exception:  # a family without this part can raise any exception
        return None


def _passages(model: nn.Module, part: nn.Module) -> dict[int, Passage]:
    passages: dict[int, Passage] = {}
    pictures = _reads_pictures(model)
    ended = [0]
    # References keep memory from being reused while its addresses are compared.
    tensors: list[tuple[int, str, Tensor]] = []

    def note(module: nn.Module, side: str, states: Any) -> None:
        passage = passages.setdefault(id(module), Passage())
        for record in (passage.widths, passage.memory):
            record.pop(side, None)
        if isinstance(states, Tensor) and states.is_floating_point():
            tensors.append((id(module), side, states))
            passage.memory[side] = states.untyped_storage()._cdata
            # The model determines the number of tokens of a picture.
            if states.shape[:-1] in ((1, TOKENS), (TOKENS,)) or (pictures and states.ndim == 3):
                passage.widths[side] = states.shape[-1]

    def before(module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        note(module, INPUT, entering(module, args, kwargs))

    def after(module: nn.Module, _: tuple, output: Any) -> None:
        note(module, OUTPUT, leaving(output))
        passages[id(module)].calls += 1
        passages[id(module)].order = ended[0]
        ended[0] += 1

    with ExitStack() as stack:
        for block in (evaluating(model), torch.no_grad(), eager(), _without_foreign_hooks(model)):
            stack.enter_context(block)
        stack.enter_context(torch.random.fork_rng(devices=[]))
        if _is_empty(model):
            stack.enter_context(_without_values(model))
        for module in model.modules():
            handles = (
                module.register_forward_pre_hook(before, with_kwargs=True),
                module.register_forward_hook(after),
            )
            for handle in handles:
                stack.callback(handle.remove)
        part(**_inputs(model, part))
    _match_head_input(model, passages, tensors)
    return {key: one for key, one in passages.items() if one.calls}


@contextmanager
def _without_values(model: nn.Module) -> Iterator[None]:
    """Let a model without weights run within the block: it is traced, as by a compiler."""
    configs = [c for c in (getattr(m, "config", None) for m in model.modules()) if c is not None]
    before = [
        (config, config._experts_implementation)
        for config in {id(config): config for config in configs}.values()
        if isinstance(getattr(config, "_experts_implementation", None), str)
    ]
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    disabled, logger.disabled = logger.disabled, True
    try:
        for config, _ in before:  # the only implementation of experts that needs no values
            config._experts_implementation = "batched_mm"
        with FakeTensorMode(allow_non_fake_inputs=True):
            yield
    finally:
        logger.disabled = disabled
        for config, how in before:
            config._experts_implementation = how


def _match_head_input(
    model: nn.Module, passages: dict[int, Passage], tensors: list[tuple[int, str, Tensor]]
) -> None:
    """Give the head's input the address of the states that it scales, as in T5 and MiniCPM."""
    head = id(output_embeddings(model))
    read = next((x for key, side, x in reversed(tensors) if (key, side) == (head, INPUT)), None)
    if read is None or _is_empty(model):
        return
    memory = passages[head].memory[INPUT]
    if any(one.memory.get(OUTPUT) == memory for one in passages.values()):
        return
    x = read.detach().double().flatten()
    for key, side, states in reversed(tensors):
        if side == OUTPUT and states.shape == read.shape and key != head:
            y = states.detach().to(x.device).double().flatten()
            if x @ y > (1.0 - 1e-4) * x.norm() * y.norm() > 0.0:
                passages[head].memory[INPUT] = passages[key].memory[OUTPUT]
                return


def output_embeddings(model: nn.Module) -> nn.Module | None:
    """Return the head of a model, which turns states into logits, or None."""
    return _or_none(getattr(model, "get_output_embeddings", lambda: None))


def _inputs(model: nn.Module, part: nn.Module) -> dict[str, Any]:
    """Return three tokens, or an empty picture, as arguments of a part of a model."""
    device = torch.device("meta") if _is_empty(model) else input_device(model)
    config = getattr(model, "config", None)
    if _reads_pictures(model):
        size = getattr(config, "image_size", 32)
        sides = size if isinstance(size, tuple | list) else (size, size)
        shape = (1, getattr(config, "num_channels", 3), *sides)
        dtype = next(model.parameters()).dtype
        return {"pixel_values": torch.zeros(shape, dtype=dtype, device=device)}
    table = getattr(embedding(model), "num_embeddings", TOKENS + 1)
    ids = torch.arange(1, TOKENS + 1)[None] % table
    one = np.arange(1)
    batch = Batch(ids, torch.ones_like(ids), one, np.array([TOKENS]), one[:0], 0 * one)
    arguments = inputs(part, batch, device)
    if getattr(config, "is_encoder_decoder", False) and part is not _or_none(
        getattr(model, "get_encoder", lambda: None)
    ):
        arguments["decoder_input_ids"] = arguments["input_ids"]
    return arguments


def _reads_pictures(model: nn.Module) -> bool:
    return getattr(model, "main_input_name", "") == "pixel_values"


def _is_empty(model: nn.Module) -> bool:
    """Whether a model has no weights; weights that accelerate loads on demand count."""
    weights = list(model.parameters())
    brought = any(hasattr(module, "_hf_hook") for module in model.modules())
    return bool(weights) and all(w.device.type == "meta" for w in weights) and not brought


@contextmanager
def _without_foreign_hooks(model: nn.Module) -> Iterator[None]:
    """Remove foreign hooks from a model within the block, and restore them in their order."""
    removed = []
    for module in model.modules():
        for hooks in (module._forward_pre_hooks, module._forward_hooks):
            before = dict(hooks)
            for key, hook in before.items():
                if not _is_of_a_library(hook):
                    del hooks[key]
            if len(hooks) < len(before):
                removed.append((hooks, before))
    try:
        yield
    finally:
        for hooks, before in removed:
            added = {key: hook for key, hook in hooks.items() if key not in before}
            hooks.clear()
            hooks.update(before | added)


def _is_of_a_library(hook: Any) -> bool:
    while isinstance(hook, partial):
        hook = hook.func
    return f"{getattr(hook, '__module__', '')}.".startswith(LIBRARIES)
