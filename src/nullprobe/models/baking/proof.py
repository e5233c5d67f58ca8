"""Check that a baked model is equal to the hooked model: in float64, and after rounding.

Problem. An error of a thousandth in the algebra may change logits by less than rounding to float32.
Correct folds at sixty sites, or of an oblique eraser, may change them by more than a fixed bound.

Solution. Two checks. The algebra is checked in float64, where rounding hides nothing: both models
run on float64 copies of their weights, one module at a time, before folded weights are rounded.
Then the effect of rounding on the returned model is compared with its effect on the hooked model,
whose states are rounded to the same dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from nullprobe._core.validation import complain
from nullprobe.erasers import AffineEraser
from nullprobe.models.baking.folds import exact, float64_device
from nullprobe.models.editing.erasing import erase
from nullprobe.models.families import KEEP_HOOK
from nullprobe.models.forward import evaluating, input_device

Write = tuple[str, Callable[[Any], None]]  # path of a module, and its edit in place

ROWS, TOKENS = 4, 24  # shape of the random tokens on which models are compared
# The following bounds are shares of the largest logit.
EXACT = 1e-8  # largest difference in float64
# Least and largest bound on the effect of rounding. LEAST is 84 units in the last place (2⁻²³) of
# float32, and 16 units of half precision.
LEAST = {torch.float64: 1e-11, torch.float32: 1e-5, torch.bfloat16: 2**-3, torch.float16: 2**-6}
MOST = LEAST | {torch.float64: 1e-3, torch.float32: 1e-3}
TIMES = 8  # between these, the bound is this multiple of the effect in the hooked model


class Proof:
    """The logits that a baked model must have.

    Parameters
    ----------
    model : PreTrainedModel
        The model to edit.
    erasers : mapping of str to AffineEraser
    layers : str or None
    """

    def __init__(
        self, model: PreTrainedModel, erasers: Mapping[str, AffineEraser], layers: str | None
    ) -> None:
        self.ids, self.mask = _text(model)
        with erase(model, erasers, layers=layers):
            self.rounded = self._logits(model)
            with _in_float64(model) as device:
                self.exact = self._logits(model, device)
        self.largest = float(self.exact.abs().max())

    def folds(self, baked: PreTrainedModel, writes: Sequence[Write]) -> None:
        """Raise InputError if a model with edits in float64 has other logits."""
        with _in_float64(baked, writes) as device:
            logits = self._logits(baked, device)
        difference = _distance(logits, self.exact)
        if not difference <= EXACT * self.largest:
            complain(
                "in float64, logits of the baked and the hooked model must agree to "
                f"{EXACT * self.largest:.2g}",
                f"they differ by {difference:.2g} (largest logit: {self.largest:.2g})",
                KEEP_HOOK,
            )

    def rounding(self, baked: PreTrainedModel, tol: float | None) -> None:
        """Raise InputError if rounding changes the logits of the baked model too much."""
        difference = _distance(self._logits(baked), self.exact)
        hooked = _distance(self.rounded, self.exact)
        least, most = LEAST[baked.dtype] * self.largest, MOST[baked.dtype] * self.largest
        bound = min(max(TIMES * hooked, least), most) if tol is None else tol * self.largest
        if not difference <= bound:
            name = str(baked.dtype).removeprefix("torch.")
            complain(
                f"rounding to {name} may change logits of the baked model by at most {bound:.2g}",
                f"it changes them by {difference:.2g}, and the hooked model's by {hooked:.2g} "
                f"(largest logit: {self.largest:.2g})",
                f"pass tol={1.01 * difference / self.largest:.2g} to accept this, bake a copy in a "
                f"finer dtype (model.float(), model.double()), or {KEEP_HOOK}",
            )

    def _logits(self, model: PreTrainedModel, device: torch.device | None = None) -> Tensor:
        """Return the logits of all tokens that are not padding, (n, vocabulary)."""
        device = device or input_device(model)
        text = {"input_ids": self.ids, "attention_mask": self.mask}
        with evaluating(model), torch.no_grad():
            logits = model(**{k: v.to(device) for k, v in text.items()}, use_cache=False).logits
        return exact(logits).cpu()[self.mask.bool()]


def _text(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Return ids and a mask (ROWS, t): the first row is padded left, the second right."""
    generator = torch.Generator().manual_seed(0)
    tokens = min(TOKENS, int(getattr(model.config, "max_position_embeddings", TOKENS)))
    ids = torch.randint(model.config.vocab_size, (ROWS, tokens), generator=generator)
    mask = torch.ones_like(ids)
    mask[0, : tokens // 3], mask[1, tokens - tokens // 3 :] = 0, 0
    return ids, mask


def _distance(logits: Tensor, expected: Tensor) -> float:
    return float((logits - expected).abs().max())


@contextmanager
def _in_float64(model: PreTrainedModel, writes: Sequence[Write] = ()) -> Iterator[torch.device]:
    """Let each module run on float64 copies of its weights, made and edited when it is called.

    Norms do not convert to float32, and attention does not use kernels for half precision only.
    Yields the device for token ids.
    """
    originals: dict[nn.Module, tuple[dict[str, Any], dict[str, Any]]] = {}
    handles, attention = [], model.config._attn_implementation

    def enter(path: str, module: nn.Module, _: Any) -> None:
        originals[module] = dict(module._parameters), dict(module._buffers)
        for name, weight in originals[module][0].items():
            if weight is not None:
                module._parameters[name] = nn.Parameter(exact(weight), requires_grad=False)
        for name, buffer in originals[module][1].items():
            if buffer is not None:
                module._buffers[name] = buffer.to(float64_device(buffer.device))
        for where, write in writes:
            if where == path:
                write(module)

    def leave(module: nn.Module, *_: Any) -> None:
        if module in originals:
            weights, buffers = originals.pop(module)
            module._parameters.update(weights)
            module._buffers.update(buffers)

    norms = []
    try:
        model.config._attn_implementation = "sdpa"
        for path, module in model.named_modules():
            if module._parameters or module._buffers:
                handles.append(module.register_forward_pre_hook(partial(enter, path)))
                handles.append(module.register_forward_hook(leave))
            if type(module).__name__.endswith("RMSNorm"):
                norms.append((module, vars(module).get("forward")))
                module.forward = partial(_norm, module)
        yield float64_device(input_device(model))
    finally:
        for handle in handles:
            handle.remove()
        for module in list(originals):
            leave(module)
        for module, forward in norms:
            del module.forward
            if forward is not None:
                module.forward = forward
        model.config._attn_implementation = attention


def _norm(module: Any, states: Tensor) -> Tensor:
    """Return the output of a root-mean-square norm, without its conversion to float32."""
    square = states.square().mean(dim=-1, keepdim=True)
    return module.weight * states * torch.rsqrt(square + module.variance_epsilon)
