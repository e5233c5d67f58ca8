"""Bake: write erasers into the weights, and prove it.

Problem. An edit by hooks is lost where a model is saved, served or converted. Written into plain
weights it goes wherever they go, but where a matrix is forgotten, or a sum cannot be one, the
model is silently another one.

Solution. What reads a state takes the edit before itself, what writes one after itself
(`folds.py`), and both are exact. The stream after a block is a sum that no matrix computes:
`residual_stream.py` tells when it can be done nevertheless. The logits of the baked model are
compared with those of the hooked one before anybody gets it (`proof.py`).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from nullprobe._core import parameters
from nullprobe._core.caller_warnings import warn
from nullprobe._core.validation import complain
from nullprobe.erasers import AffineEraser
from nullprobe.models.baking.biases import as_llama, switch_on, untie, window_slides
from nullprobe.models.baking.families import HEAD, KEEP_HOOK, Family, Sublayer, family_of
from nullprobe.models.baking.folds import Fold, exact, in_float64
from nullprobe.models.baking.proof import Proof, Write
from nullprobe.models.baking.residual_stream import writers
from nullprobe.models.editing.erasing import paired
from nullprobe.models.layer_parts import layers_path

BAKED = re.compile(r"embeddings|final_norm|layers\.\d+\.((attention|mlp)_(in|out)put|output)")


def bake(
    model: PreTrainedModel,
    erasers: Mapping[str, AffineEraser],
    *,
    layers: str | None = None,
    tol: float | None = None,
) -> PreTrainedModel:
    """Return a new model whose plain weights do what ``erase`` does in the forward pass.

    Parameters
    ----------
    model : PreTrainedModel
        GPT-2, GPT-NeoX, Llama, Mistral, Qwen2 or Qwen3 with its language-model head; it is copied
        and stays as it is.
    erasers : mapping of str to AffineEraser
        Site → eraser, as for :func:`erase`.
    layers : str, optional
        Path of the list of layers, as for :func:`sites`; these families need none.
    tol : float, optional
        How far rounding to the dtype of the model may move a logit, as a share of the largest. By
        default eight times as far as it moves those of the hooked model, but at least 1e-5 and at
        most 1e-3 in float32; 16 units of rounding in half precision (0.125 in bfloat16, 0.016 in
        float16). Whether the folds are right does not depend on it.

    Returns
    -------
    PreTrainedModel
        On the same device and in the same dtype. What ``save_pretrained`` writes loads with plain
        transformers. Mistral and Qwen2 become a Llama where they lack a bias that is needed.

    Raises
    ------
    InputError
        If the model is of another family, if there is no eraser, if a site cannot be baked
        exactly, or if the logits of the two differ.

    Notes
    -----
    For an eraser x ↦ x M + b, M = I − R W (rows x):

    - ``attention_input``, ``mlp_input``: a weight K that reads becomes K Mᵀ, its bias grows by K b;
    - ``attention_output``, ``mlp_output``, ``embeddings``: rows k that are written become k M, a
      bias β becomes β M + b;
    - ``final_norm``: the head becomes K Mᵀ. It has no bias; K b goes where a layer norm's output y
      cannot vary, Σ yᵢ / γᵢ. Root-mean-square norms have no such direction: there b must be 0;
    - ``layers.I.output``: where the embeddings and all blocks up to I are asked the same
      idempotent map; see `residual_stream.py`.

    Logits are compared on fixed random tokens, padded left and right. Before anything is rounded
    both models run in float64, where they must agree to 1e-8 of the largest logit: a fold that is
    wrong by a thousandth is refused at any site. Then all is rounded once, and compared again. How
    much that does depends on the model (a relative error of 2⁻²³ of its states became 4e-6 of the
    largest logit in a trained model of 30 layers) and on how oblique the erasers are, since a
    weight K (I − R W)ᵀ that is larger than K is rounded more coarsely (1.4e-4 in the same model).
    Both move the hooked model as well, so the bound is measured there.

    The residual stream goes round the inputs of blocks: erasers at ``attention_input`` and
    ``mlp_input`` alone leave the concept in the stream, where the head reads it. That is a
    warning; :func:`effect` measures what is left.

    Not the same: a model that is training, with dropout; what the states themselves are at sites
    that are read, since they are edited within the weights; ``inputs_embeds``, which go past the
    embeddings. Memory: a second model, and the float64
    of one module.

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
            "leave layers away",
        )
    given = paired(model, erasers, layers)
    if not given:
        complain(
            "baking needs at least one eraser", "there is none", "pass {'layers.3.mlp_input': one}"
        )
    maps = {site.name: Fold.of(eraser) for site, eraser in given.items()}
    maps = {name: fold for name, fold in maps.items() if not fold.changes_nothing}
    other = [name for name in maps if not BAKED.fullmatch(name)]
    if other:
        complain(
            "a site must be one that bake writes into weights: 'embeddings', 'final_norm', or an "
            "input or output of layers, attention and mlps",
            f"{other[0]!r} arrived",
            f"edit there, or {KEEP_HOOK}",
        )
    edits = _edits(model, family, maps)
    baked = _copy(model, family, _lacking(model, family, edits))
    with torch.no_grad():
        if "embeddings" in maps or "final_norm" in maps:
            untie(baked, family)
        writes: list[Write] = [
            (path, partial(_write, reads=reads, fold=fold)) for path, reads, fold in edits
        ]
        if "final_norm" in maps:
            writes += _into_head(baked, family, maps["final_norm"])
        proof = Proof(model, erasers, layers)
        proof.folds(baked, writes)
        for path, write in writes:
            write(baked.get_submodule(path))
        proof.rounding(baked, tol)
    _warn_of_ways_round(maps)
    return baked


Edit = tuple[str, bool, Fold]  # path of a module, whether it reads or writes, the map


def _edits(model: PreTrainedModel, family: Family, maps: Mapping[str, Fold]) -> list[Edit]:
    """Return what is to be written where, or refuse it."""
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
        else "a root-mean-square norm has no direction that is constant"
    )
    complain(
        "an eraser at 'final_norm' adds a constant to the logits, which needs a bias",
        f"the head of a {type(model).__name__} has none, and {why}",
        "pass one whose mean and offset are zero, edit 'layers.I.attention_input' or "
        f"'layers.I.mlp_input' of the last layers, or {KEEP_HOOK}",
    )


def _lacking(model: PreTrainedModel, family: Family, edits: list[Edit]) -> list[Sublayer]:
    """Return the kinds of sublayer that need biases which they do not have, or refuse."""
    paths = [
        path
        for path, _, fold in edits
        if fold.has_bias and getattr(model.get_submodule(path), "bias", path) is None
    ]
    found = []
    for sublayer in (family.attention, family.mlp):
        here = [path for path in paths if path.endswith((*sublayer.readers, sublayer.writer))]
        if not here:
            continue
        found.append(sublayer)
        if family.as_llama and window_slides(model):
            window = "its window slides, or it could become a Llama with biases"
            _refuse_lack(model, here[0], window)
        elif not family.as_llama and sublayer.switch is None:
            _refuse_lack(model, here[0], "its configuration can switch none on")
    return found


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
        "pass one whose mean and offset are zero, choose sites of the other sublayer "
        f"(attention or mlp), or {KEEP_HOOK}",
    )


def _write(module: Any, reads: bool, fold: Fold) -> None:
    """Write the map before what a module reads, or after what it writes; in place."""
    # Weights as rows of d features: a Linear is (out, in), a Conv1D (in, out).
    across = isinstance(module, Conv1D) if reads else isinstance(module, nn.Linear)
    rows = module.weight.T if across else module.weight
    bias = getattr(module, "bias", None)
    if isinstance(module, nn.Embedding):
        rows.copy_(in_float64(fold.rows, rows))
        return
    if bias is not None and reads:
        moved = in_float64(lambda k: k @ fold.bias.to(k.device), rows, torch.float64)
        bias.copy_(moved + exact(bias))
    elif bias is not None:
        bias.copy_(fold.rows(exact(bias)[None])[0])
    rows.copy_(in_float64(fold.readers if reads else fold.linear.rows, rows))


def _into_head(model: PreTrainedModel, family: Family, fold: Fold) -> list[Write]:
    """Return what puts the map before the head; its constant goes through the layer norm."""
    if not fold.has_bias:
        return [(HEAD, partial(_write, reads=True, fold=fold))]
    norm: Any = model.get_submodule(family.final_norm)
    # y = γ n + β with Σ nᵢ = 0, so Σ yᵢ / γᵢ is constant; β moves along γ until it is d.
    gamma, beta = exact(norm.weight), exact(norm.bias)
    # Rounded first, so that the head knows how far β has moved.
    new_beta = exact((beta + (1.0 - (beta / gamma).mean()) * gamma).to(norm.bias.dtype))
    moved, constant = new_beta - beta, (new_beta / gamma).sum()

    def with_constant(rows: Tensor) -> Tensor:
        bias, new = fold.bias.to(rows.device), fold.readers(rows)
        wanted = rows @ bias - new @ moved.to(rows.device)
        return new + (wanted / constant.to(rows.device))[:, None] / gamma.to(rows.device)

    def move(module: Any) -> None:
        module.bias.copy_(new_beta)

    def write(module: Any) -> None:
        module.weight.copy_(in_float64(with_constant, module.weight))

    return [(family.final_norm, move), (HEAD, write)]


def _warn_of_ways_round(maps: Mapping[str, Fold]) -> None:
    if maps and all(name.endswith(("attention_input", "mlp_input")) for name in maps):
        warn(
            "only what blocks read was edited: the residual stream goes round them, and the head "
            "may still read there what was erased. nullprobe.models.effect measures what is left."
        )


def _refuse_hooks(model: PreTrainedModel) -> None:
    for path, module in reversed(list(model.named_modules())):
        hooks = [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
        if any(getattr(hook, "__module__", "").startswith("nullprobe.") for hook in hooks):
            complain(
                "bake copies a model as it is",
                f"this one is being edited at {path!r}",
                "leave the block of erase or scrub first",
            )
