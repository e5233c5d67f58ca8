"""Bake: write erasers into the weights, and prove it.

Problem. An edit by hooks is lost when a model is saved, served or converted. An edit of plain
weights stays. But if one matrix is forgotten, the model is silently wrong.

Solution. A weight that reads a state applies the edit before itself, and a weight that writes a
state applies it after itself (`folds.py`); both are exact. The stream after a block is a sum, which
no matrix computes: `residual_stream.py` shows when it can be baked nevertheless. Before the baked
model is returned, its logits are compared with the logits of the hooked model (`proof.py`).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import partial

import torch
from torch import nn
from transformers import PreTrainedModel

from nullprobe._core import parameters
from nullprobe._core.caller_warnings import warn
from nullprobe._core.validation import complain
from nullprobe.erasers import AffineEraser
from nullprobe.models.baking.biases import as_llama, switch_on, untie, window_slides
from nullprobe.models.baking.folds import Fold
from nullprobe.models.baking.proof import Proof, Write
from nullprobe.models.baking.residual_stream import writers
from nullprobe.models.baking.writing import into_head, write_map
from nullprobe.models.editing.erasing import paired
from nullprobe.models.families import KEEP_HOOK, Family, Sublayer, family_of
from nullprobe.models.layer_parts import layers_path

BAKED = re.compile(r"embeddings|final_norm|layers\.\d+\.((attention|mlp)_(in|out)put|output)")


def bake(
    model: PreTrainedModel,
    erasers: Mapping[str, AffineEraser],
    *,
    layers: str | None = None,
    tol: float | None = None,
) -> PreTrainedModel:
    """Return a new model whose plain weights have the effect of ``erase`` in the forward pass.

    Parameters
    ----------
    model : PreTrainedModel
        GPT-2, GPT-NeoX, Llama, Mistral, Qwen2 or Qwen3 with its language-model head; it is copied
        and does not change.
    erasers : mapping of str to AffineEraser
        Site → eraser, as for :func:`erase`.
    layers : str, optional
        Path of the list of layers, as for :func:`sites`; these families need none.
    tol : float, optional
        Largest change of a logit by rounding to the dtype of the model, as a share of the largest
        logit. By default eight times the change in the hooked model, but at least 1e-5 and at most
        1e-3 in float32; in half precision 16 units of rounding (0.125 in bfloat16, 0.016 in
        float16). The check of the algebra does not depend on it.

    Returns
    -------
    PreTrainedModel
        On the same device and in the same dtype. ``save_pretrained`` writes a folder that plain
        transformers can load. Mistral and Qwen2 become a Llama if they lack a bias that is needed.

    Raises
    ------
    InputError
        If the model has another family, if no eraser is passed, if a site cannot be baked exactly,
        or if the logits of the baked and the hooked model differ.

    Notes
    -----
    For an eraser x ↦ x M + b, M = I − R W (rows x):

    - ``attention_input``, ``mlp_input``: a weight K that reads x becomes K Mᵀ, and K b is added to
      its bias;
    - ``attention_output``, ``mlp_output``, ``embeddings``: rows k that are written become k M, and
      a bias β becomes β M + b;
    - ``final_norm``: the head becomes K Mᵀ. The head has no bias, so K b uses the direction in
      which the output y of a layer norm is constant, Σ yᵢ / γᵢ. Root-mean-square norms have no such
      direction: they need b = 0;
    - ``layers.I.output``: only if the embeddings and all blocks up to I have the same idempotent
      map; see `residual_stream.py`.

    Logits are compared on fixed random tokens, padded left and right. Before rounding, both models
    run in float64 and must agree to 1e-8 of the largest logit: an error of a thousandth in the
    algebra is refused at any site. Then weights are rounded once, and logits compared again. The
    effect of rounding depends on the model: a relative error of 2⁻²³ of its states became 4e-6 of
    the largest logit in a trained model of 30 layers. It also depends on the erasers: if they are
    oblique, a weight K (I − R W)ᵀ is larger than K, and is rounded more coarsely (1.4e-4 in the
    same model). Both effects change the hooked model, too, so they are measured there to set the
    bound.

    The residual stream bypasses the inputs of blocks: with erasers only at ``attention_input`` and
    ``mlp_input``, the head may still read the concept from the stream. This raises a warning;
    :func:`effect` measures how much of the concept is left.

    The baked and the hooked model differ in training with dropout, in the states at sites that are
    read (their edit is inside the weights), and with ``inputs_embeds``, which bypass the
    embeddings. Memory: a second model, and one module in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> model = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1))
    >>> axis = np.eye(8)[:, :1]
    >>> baked = bake(model, {"layers.0.mlp_output": AffineEraser(np.zeros(8), axis, axis.T)})
    >>> baked.transformer.h[0].mlp.c_proj.weight[:, 0].any().item()
    False
    """
    family = family_of(model)
    if tol is not None:
        tol = parameters.real_number("tol", tol, least=0.0)
    _refuse_hooks(model)
    if layers_path(model, layers) != family.layers:
        complain(
            f"the layers of a {type(model).__name__} are {family.layers!r}",
            f"layers={layers!r} arrived",
            "leave layers out",
        )
    by_site = paired(model, erasers, layers)
    if not by_site:
        complain(
            "at least one eraser is needed",
            "none was passed",
            "pass {'layers.3.mlp_input': eraser}",
        )
    maps = {site.name: Fold.of(eraser) for site, eraser in by_site.items()}
    maps = {name: fold for name, fold in maps.items() if not fold.changes_nothing}
    unsupported = [name for name in maps if not BAKED.fullmatch(name)]
    if unsupported:
        complain(
            "bake needs sites whose edits fit into weights: 'embeddings', 'final_norm', or inputs "
            "or outputs of layers, attention and mlps",
            f"{unsupported[0]!r} arrived",
            f"choose one of these sites, or {KEEP_HOOK}",
        )
    edits = _edits(model, family, maps)
    baked = _copy(model, family, _kinds_without_bias(model, family, edits))
    with torch.no_grad():
        if "embeddings" in maps or "final_norm" in maps:
            untie(baked, family)
        writes: list[Write] = [
            (path, partial(write_map, reads=reads, fold=fold)) for path, reads, fold in edits
        ]
        if "final_norm" in maps:
            writes += into_head(baked, family, maps["final_norm"])
        proof = Proof(model, erasers, layers)
        proof.folds(baked, writes)
        for path, write in writes:
            write(baked.get_submodule(path))
        proof.rounding(baked, tol)
    _warn_of_bypass(maps)
    return baked


Edit = tuple[str, bool, Fold]  # path of a module, whether it reads or writes, the map


def _edits(model: PreTrainedModel, family: Family, maps: Mapping[str, Fold]) -> list[Edit]:
    """Return the edits of modules; raise InputError if they cannot be exact."""
    edits: list[Edit] = []
    if "embeddings" in maps:
        *most, last = family.embeddings
        edits += [(path, False, maps["embeddings"].linear) for path in most]
        edits += [(last, False, maps["embeddings"])]
    n_layers, config = model.config.num_hidden_layers, model.config
    parallel = getattr(config, "use_parallel_residual", False)
    written = writers(maps, n_layers, config.hidden_size, parallel=parallel)
    for (i, part), fold in written.items():
        edits.append((f"{family.layers}.{i}.{getattr(family, part).writer}", False, fold))
    for i in range(n_layers):
        for part in ("attention", "mlp"):
            fold = maps.get(f"layers.{i}.{part}_input")
            if fold is not None:
                for name in getattr(family, part).readers:
                    edits.append((f"{family.layers}.{i}.{name}", True, fold))
    if "final_norm" in maps:
        _refuse_constant_logits(model, family, maps["final_norm"])
    return edits


def _refuse_constant_logits(model: PreTrainedModel, family: Family, fold: Fold) -> None:
    norm = model.get_submodule(family.final_norm)
    if not fold.has_bias or (
        isinstance(norm, nn.LayerNorm) and bool(norm.weight.all()) and norm.bias is not None
    ):
        return
    why = (
        "a weight of the norm is zero"
        if isinstance(norm, nn.LayerNorm)
        else "a root-mean-square norm has no direction in which its output is constant"
    )
    complain(
        "an eraser at 'final_norm' adds a constant to the logits, which needs a bias",
        f"the head of a {type(model).__name__} has none, and {why}",
        "pass an eraser with mean and offset zero, edit 'layers.I.attention_input' or "
        f"'layers.I.mlp_input' of the last layers, or {KEEP_HOOK}",
    )


def _kinds_without_bias(
    model: PreTrainedModel, family: Family, edits: list[Edit]
) -> list[Sublayer]:
    """Return the kinds of sublayer that lack biases; raise InputError if they cannot have them."""
    paths = [
        path
        for path, _, fold in edits
        if fold.has_bias and getattr(model.get_submodule(path), "bias", path) is None
    ]
    kinds = []
    for sublayer in (family.attention, family.mlp):
        of_kind = [path for path in paths if path.endswith((*sublayer.readers, sublayer.writer))]
        if not of_kind:
            continue
        kinds.append(sublayer)
        if family.as_llama and window_slides(model):
            window = "it cannot become a Llama with biases because it has a sliding window"
            _refuse_lack(model, of_kind[0], window)
        elif not family.as_llama and sublayer.switch is None:
            _refuse_lack(model, of_kind[0], "its configuration has no switch for biases")
    return kinds


def _copy(model: PreTrainedModel, family: Family, lacking: list[Sublayer]) -> PreTrainedModel:
    """Return a copy of the model in which these kinds of sublayer have biases."""
    new = copy.deepcopy(model)
    if lacking and family.as_llama:
        return as_llama(new)
    for sublayer in lacking:
        switch_on(new, family, sublayer)
    return new


def _refuse_lack(model: PreTrainedModel, path: str, why: str) -> None:
    complain(
        f"an eraser with a mean needs a bias in {path!r}",
        f"a {type(model).__name__} has none there, and {why}",
        "pass an eraser with mean and offset zero, choose sites of the other sublayer "
        f"(attention or mlp), or {KEEP_HOOK}",
    )


def _warn_of_bypass(maps: Mapping[str, Fold]) -> None:
    if maps and all(name.endswith(("attention_input", "mlp_input")) for name in maps):
        warn(
            "only inputs of blocks were edited. The residual stream bypasses them, so the head may "
            "still read the concept. nullprobe.models.effect measures how much is left."
        )


def _refuse_hooks(model: PreTrainedModel) -> None:
    for path, module in reversed(list(model.named_modules())):
        hooks = [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
        if any(getattr(hook, "__module__", "").startswith("nullprobe.") for hook in hooks):
            complain(
                "bake needs a model without active edits",
                f"{path!r} is being edited",
                "call bake outside the block of erase or scrub",
            )
