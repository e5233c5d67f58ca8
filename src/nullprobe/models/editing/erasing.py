"""Erase in the forward pass: hidden states are edited as they pass, for as long as a block.

Problem. An eraser is NumPy and float64; a model runs in its own dtype, on one device or several,
and may be trained while it is edited.
Solution. The eraser's few numbers are cast once for each device and dtype that turns up, and
x − ((x − μ) R − c) W is formed out of place with two thin products, through which gradients flow.
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
    """Edit a model's hidden states within the block: forward passes and ``generate`` alike.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, anywhere and in any dtype; its weights are not touched.
    erasers : mapping of str to AffineEraser
        Site (see :func:`sites`) → eraser, or an estimator that was fitted, such as ``LEACE``.
        It edits every position of every row of the batch.
    layers : str, optional
        Path of the list of layers, where the structure does not tell.

    Yields
    ------
    torch.nn.Module
        The model itself.

    Raises
    ------
    InputError
        If a site does not exist, an eraser is of another width than its site, or needs labels.

    Notes
    -----
    Blocks nest: the inner one edits what the outer one has edited. Hooks that record, whenever
    they were registered, see the edited states. float16 and bfloat16 states are edited in
    float32 and rounded once. Gradients flow through the edit; with gradient checkpointing the
    backward pass belongs inside the block, too, since it runs the layers again.

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
    """Return the eraser of each site, checked to fit, in the order in which states pass them."""
    if not isinstance(erasers, Mapping):
        validation.complain(
            "erasers must be given as a mapping from sites to erasers",
            f"{type(erasers).__name__} arrived",
            "pass {'layers.3.output': eraser}",
        )
    named = {str(site): one for site, one in parameters.by_name("site", erasers).items()}
    there = available(model, list(named), layers)
    for name in named:
        matched = [] if name in there else fnmatch.filter(there, name)
        if matched:
            validation.complain(
                "every eraser must be given for one site, by its name",
                f"{name!r} is a pattern, which is not allowed here; it matches {listed(matched)}",
                "name each of these, with the eraser that was fitted there",
            )
        known(name, there)
    if not named:
        return {}
    chosen = choose(there, [name for name in there if name in named])
    return {site: affine(named[site.name], site) for site in chosen}


def affine(eraser: Any, site: Site) -> AffineEraser:
    """Return the affine eraser that was given for a site, or complain."""
    parameters.instance("eraser", site.name, eraser)
    found = getattr(eraser, "eraser_", eraser)
    if not isinstance(found, AffineEraser):
        if found is eraser and hasattr(eraser, "fit"):
            arrived, advice = f"{type(found).__name__} has not been fitted", "call its fit first"
        else:
            arrived = f"{type(found).__name__} arrived"
            advice = (
                "fit one that needs no labels, such as LEACE: a map that moves a row by its label "
                "cannot run inside a model, which has no labels"
            )
        validation.complain(f"the eraser at {site.name!r} must be an AffineEraser", arrived, advice)
    if found.d != site.width:
        _complain_width(found.d, site.width, site.name)
    return found


class Map:
    """An affine eraser as a function of tensors (..., d), ready on every device it has met."""

    def __init__(self, eraser: AffineEraser, site: Site) -> None:
        self.eraser = eraser
        self.site = site
        self._ready: dict[tuple[torch.device, torch.dtype], dict[str, Tensor]] = {}

    def on(self, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
        """Return the eraser's tensors on a device, in a dtype; cast once."""
        key = device, dtype
        if key not in self._ready:
            e = self.eraser
            gone = np.flatnonzero(~np.isnan(e.level))
            arrays = {
                "mean": e.mean,
                "reading": e.reading,
                "offset": e.offset,
                "writing": e.writing,
                "level": e.level[gone],
            }
            # Outside of inference mode, or gradients could not flow through them later.
            with torch.inference_mode(False):
                ready = {
                    name: torch.tensor(a, dtype=dtype, device=device) for name, a in arrays.items()
                }
                ready["gone"] = torch.tensor(gone, dtype=torch.int64, device=device)
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
        with _full_precision(states.device.type):
            x = states.to(dtype).reshape(-1, states.shape[-1])
            # The mean first: the score of a large mean less another has no digits left.
            scores = (x - t["mean"]) @ t["reading"] - t["offset"]
            # x − s W in one pass; what comes in may be needed as it was by autograd or a residual.
            moved = torch.addmm(x, scores, t["writing"], alpha=-1.0)
            if len(t["gone"]):
                moved[:, t["gone"]] = t["level"]
        return moved.view(states.shape).to(states.dtype)


def _full_precision(kind: str) -> Any:
    """Return a block without autocasting, which would form the products in half precision."""
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return nullcontext()


def _complain_width(arrived: int, required: int, name: str) -> None:
    validation.complain(
        f"an eraser at {name!r} must be as wide as the states there, {required}",
        f"this one is for {arrived} features",
        "fit it on states captured at this site",
    )
