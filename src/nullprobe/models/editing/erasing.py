"""Erase in the forward pass: edit hidden states as they pass, within a block.

Problem. An eraser is NumPy and float64. A model has its own dtype and one or more devices, and may
be trained while it is edited.
Solution. The arrays of the eraser are cast once for each device and dtype. x − ((x − μ) R − c) W is
computed out of place by two thin products, through which gradients flow.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe.erasers import AffineEraser
from nullprobe.models.finding import available
from nullprobe.models.hooks import editing, plain
from nullprobe.models.site import Site, choose, known, listed


@contextmanager
def erase(
    model: nn.Module, erasers: Mapping[str, AffineEraser], *, layers: str | None = None
) -> Iterator[nn.Module]:
    """Edit a model's hidden states within the block, in forward passes and in ``generate``.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, on any devices and in any dtype; its weights do not change.
    erasers : mapping of str to AffineEraser
        Site (see :func:`sites`) → eraser, or fitted estimator, such as ``LEACE``. It edits every
        token of every text in the batch.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.

    Yields
    ------
    torch.nn.Module
        The model itself.

    Raises
    ------
    InputError
        If a site does not exist, or an eraser needs labels or has another width than its site.

    Notes
    -----
    Blocks nest: an inner block edits the output of an outer block. Hooks that record, registered
    before or within the block, see edited states. float16 and bfloat16 states are edited in
    float32 and rounded once. Gradients flow through the edit. With gradient checkpointing, the
    backward pass must be inside the block, because it runs the layers again.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1)).eval()
    >>> axis = np.eye(8)[:, :1]
    >>> with erase(model, {"final_norm": AffineEraser(np.zeros(8), axis, axis.T)}):
    ...     states = model(torch.tensor([[1, 2, 3]])).last_hidden_state
    >>> states[0, :, 0].abs().max().item()
    0.0
    """
    edits = paired(plain(model), erasers, layers)
    with editing(plain(model), {site: Map(e, site) for site, e in edits.items()}):
        yield model


def paired(
    model: nn.Module, erasers: Mapping[str, Any], layers: str | None = None
) -> dict[Site, AffineEraser]:
    """Return the eraser of each site, after checks, in the order in which states pass the sites."""
    return {site: affine(one, site) for site, one in sites_of(model, erasers, layers).items()}


def sites_of(
    model: nn.Module, erasers: Mapping[str, Any], layers: str | None = None
) -> dict[Site, Any]:
    """Return what edits each site by the site itself, in the order in which states pass them."""
    if not isinstance(erasers, Mapping):
        validation.complain(
            "erasers must be a mapping from sites to erasers",
            f"{type(erasers).__name__} arrived",
            "pass {'layers.3.output': eraser}",
        )
    named = {str(site): one for site, one in parameters.by_name("site", erasers).items()}
    sites = available(model, list(named), layers)
    for name in named:
        matched = [] if name in sites else fnmatch.filter(sites, name)
        if matched:
            validation.complain(
                "each eraser needs the name of one site",
                f"{name!r} is a pattern; it matches {listed(matched)}",
                "pass each of these names, with the eraser that was fitted at this site",
            )
        known(name, sites)
    if not named:
        return {}
    chosen = choose(sites, [name for name in sites if name in named])
    return {site: named[site.name] for site in chosen}


def affine(eraser: Any, site: Site) -> AffineEraser:
    """Return the affine eraser for a site; raise InputError if it does not fit."""
    parameters.instance("eraser", site.name, eraser)
    fitted = getattr(eraser, "eraser_", eraser)
    if not isinstance(fitted, AffineEraser):
        if fitted is eraser and hasattr(eraser, "fit"):
            arrived, advice = f"{type(fitted).__name__} has not been fitted", "call its fit first"
        else:
            arrived = f"{type(fitted).__name__} arrived"
            advice = (
                "fit an eraser that transforms rows without labels, such as LEACE: the states of a "
                "model have no labels"
            )
        validation.complain(f"the eraser at {site.name!r} must be an AffineEraser", arrived, advice)
    if fitted.d != site.width:
        _complain_width(fitted.d, site.width, site.name)
    return fitted


class Map:
    """An affine eraser as a function of tensors (..., d), cached for each device and dtype."""

    def __init__(self, eraser: AffineEraser, site: Site) -> None:
        self.eraser = eraser
        self.site = site
        self._ready: dict[tuple[torch.device, torch.dtype], dict[str, Tensor]] = {}

    def on(self, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
        """Return the eraser's tensors on a device, in a dtype; they are cast once."""
        key = device, dtype
        if key not in self._ready:
            e = self.eraser
            fixed = np.flatnonzero(~np.isnan(e.level))
            arrays = {
                "mean": e.mean,
                "reading": e.reading,
                "offset": e.offset,
                "writing": e.writing,
                "level": e.level[fixed],
            }
            # Outside of inference mode, so that gradients can flow through them later.
            with torch.inference_mode(False):
                ready = {
                    name: torch.tensor(a, dtype=dtype, device=device) for name, a in arrays.items()
                }
                ready["gone"] = torch.tensor(fixed, dtype=torch.int64, device=device)
            self._ready[key] = ready
        return self._ready[key]

    def __call__(self, states: Tensor) -> Tensor:
        """Return the erased states, a tensor of the same shape, dtype and device."""
        if states.shape[-1] != self.eraser.d:
            _complain_width(self.eraser.d, states.shape[-1], self.site.name)
        if not self.eraser.rank:
            return states
        dtype = torch.float64 if states.dtype == torch.float64 else torch.float32
        t = self.on(states.device, dtype)
        with full_precision(states.device.type):
            x = states.to(dtype).reshape(-1, states.shape[-1])
            # The mean is subtracted first: differences of large scores lose all digits.
            scores = (x - t["mean"]) @ t["reading"] - t["offset"]
            # x − s W in one pass, out of place: autograd or a residual may need x.
            moved = torch.addmm(x, scores, t["writing"], alpha=-1.0)
            if len(t["gone"]):
                moved[:, t["gone"]] = t["level"]
        return moved.view(states.shape).to(states.dtype)


def full_precision(kind: str) -> Any:
    """Return a block without autocasting, which would compute the products in half precision."""
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return nullcontext()


def _complain_width(arrived: int, required: int, name: str) -> None:
    validation.complain(
        f"the eraser at {name!r} must have the width of the states, {required}",
        f"it has {arrived}",
        "fit it on states that were captured at this site",
    )
