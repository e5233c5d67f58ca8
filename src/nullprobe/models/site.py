"""Where in a model hidden states can be read and edited, found from its structure.

Problem. Every family names its modules in its own way, and new ones appear monthly: a list of
architectures is out of date when it is written.
Solution. Nearly all models keep their layers in one ModuleList, as long as
``config.num_hidden_layers`` says. What enters its first layer, what each layer returns, and the
attention and the feed-forward part among a layer's children are found from there. Where this
fails, the path of the list is an argument.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from nullprobe._core import parameters, validation

INPUT, OUTPUT = "input", "output"
# A feed-forward part that is no module of its own: its first and its last child in the layer.
OPEN_MLPS = (("fc1", "fc2"), ("lin1", "lin2"), ("intermediate", "output"))
MLP = re.compile(r"mlp|ffn|feed_?forward|^ff$|moe$")
ATTENTION = re.compile(r"attn|attention")
# What is called after attention or the feed-forward part without being it.
BESIDE = re.compile(r"norm|^ln|drop|scale|cross|encoder|embed")
NORM = re.compile(r"norm|^ln_|layrnorm")
OF_LAYER = re.compile(r"layers\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Site:
    """One place in a model where hidden states pass.

    Attributes
    ----------
    name : str
        What it is called here: the same in every family.
    path : str
        The module of this model that the states enter or leave.
    side : {"input", "output"}
        Whether they are what the module is given or what it returns.
    width : int
        Number d of features.
    """

    name: str
    path: str
    side: str
    width: int


def sites(model: nn.Module, layers: str | None = None) -> dict[str, Site]:
    """Return the sites of a model by name, in the order in which states pass them.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, or any module with a ``config`` that says ``hidden_size``.
    layers : str, optional
        Path of the ModuleList of layers, such as ``"model.layers"``, where the structure does
        not tell.

    Returns
    -------
    dict of str to Site
        ``embeddings`` (what enters layer 0); for each layer I ``layers.I.output`` and, where
        the layer has such parts, ``layers.I.attention_input``, ``layers.I.attention_output``,
        ``layers.I.mlp_input`` and ``layers.I.mlp_output``; ``final_norm`` (what the norm
        after the last layer returns), if there is one.

    Raises
    ------
    InputError
        If no list of layers is found, or several are.

    Notes
    -----
    A part's output is what its module returns. In some families (BERT, Bloom) that module adds
    the residual stream itself.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1))
    >>> list(sites(model))  # doctest: +NORMALIZE_WHITESPACE
    ['embeddings', 'layers.0.attention_input', 'layers.0.attention_output',
     'layers.0.mlp_input', 'layers.0.mlp_output', 'layers.0.output', 'final_norm']
    >>> sites(model)["final_norm"]
    Site(name='final_norm', path='ln_f', side='output', width=8)
    """
    root = layers_path(model, layers)
    width = _width(model, root)
    found = [("embeddings", f"{root}.0", INPUT)]
    for i, (child, layer) in enumerate(model.get_submodule(root).named_children()):
        path = f"{root}.{child}"
        parts = [("attention", *_attention(layer)), ("mlp", *_mlp(layer))]
        for part, first, last in parts:
            if first and last:
                found.append((f"layers.{i}.{part}_input", f"{path}.{first}", INPUT))
                found.append((f"layers.{i}.{part}_output", f"{path}.{last}", OUTPUT))
        found.append((f"layers.{i}.output", path, OUTPUT))
    norm = _final_norm(model, root)
    if norm is not None:
        found.append(("final_norm", norm, OUTPUT))
    return {name: Site(name, path, side, width) for name, path, side in found}


def choose(found: Mapping[str, Site], wanted: str | Sequence[str]) -> list[Site]:
    """Return the sites of these names or patterns, such as ``"layers.*.output"``.

    Raises
    ------
    InputError
        If one is not there or is named twice.

    Examples
    --------
    >>> there = {name: Site(name, "h.0", "output", 8) for name in ("embeddings", "layers.0.output")}
    >>> [site.name for site in choose(there, "layers.*.output")]
    ['layers.0.output']
    """
    names: list[str] = []
    for one in [wanted] if isinstance(wanted, str) else list(wanted):
        matched = fnmatch.filter(found, str(one))
        if not matched:
            known(str(one), found)
        names += matched
    if not names:
        validation.complain(
            "at least one site is needed", "there is none", "pass names or a pattern of sites"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        validation.complain(
            "every site may be named once", f"{twice[0]!r} is named twice", "leave one out"
        )
    return [found[name] for name in names]


def known(name: str, there: Iterable[str]) -> None:
    """Refuse the name of a site that is not there; the message names all that are."""
    there = list(there)
    parameters.known("site", name, there, listed=listed(there))


def listed(names: Iterable[str]) -> str:
    """Return names of sites in words; of layers that follow each other, the first and the last.

    Examples
    --------
    >>> listed(["embeddings", *(f"layers.{i}.output" for i in (0, 3, 4, 5)), "final_norm"])
    "'embeddings', 'layers.0.output', 'layers.3.output' ... 'layers.5.output', 'final_norm'"
    """
    layers: dict[str, list[int]] = {}  # part of a layer → which layers; any other name → none
    for name in names:
        match = OF_LAYER.fullmatch(name)
        if match is None:
            layers[name] = []
        else:
            layers.setdefault(match[2], []).append(int(match[1]))
    said = []
    for part, of in layers.items():
        firsts = [i for i in of if i - 1 not in of]
        lasts = [i for i in of if i + 1 not in of]
        ends = [dict.fromkeys(both) for both in zip(firsts, lasts, strict=True)]
        said += [" ... ".join(repr(f"layers.{i}.{part}") for i in both) for both in ends]
        said += [repr(part)] * (not of)
    return ", ".join(said) or "none"


def layers_path(model: nn.Module, layers: str | None = None) -> str:
    """Return the path of the list of layers, found or checked."""
    if not isinstance(model, nn.Module):
        validation.complain(
            "the model must be a torch module",
            f"{type(model).__name__} arrived",
            "load it with transformers' AutoModel or AutoModelForCausalLM",
        )
    lists = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList | nn.Sequential) and len(module)
    }
    if layers is not None:
        parameters.known("list of layers", layers, list(lists))
        return layers
    depth = _told(getattr(model, "config", None), "num_hidden_layers")
    fitting = [path for path, module in lists.items() if len(module) == depth]
    # Parts of a layer may come in a list of the same length by chance.
    outer = [path for path in fitting if not any(path.startswith(f"{o}.") for o in fitting)]
    outer = [path for path in outer if isinstance(lists[path], nn.ModuleList)] or outer
    if len(outer) == 1:
        return outer[0]
    if depth is None:
        validation.complain(
            "a Hugging Face model is needed, whose config.num_hidden_layers says how many layers "
            "there are",
            f"{type(model).__name__} arrived, which does not say",
            "pass such a model, or the path of the list of layers as layers=...",
        )
    there = ", ".join(f"{path} ({len(lists[path])})" for path in (outer or list(lists))[:10])
    validation.complain(
        f"one list of layers must be as long as config.num_hidden_layers, {depth}",
        f"{len(outer)} lists are" + (f"; there are {there}" if there else ""),
        "pass the path of the list as layers=..., such as layers='encoder.layer'",
    )


def _told(config: Any, name: str) -> Any:
    """Return what a config says of the language part of a model, or of all of it."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    own = getattr(text, name, None)
    return getattr(config, name, None) if own is None else own


def _ancestors(root: str) -> Iterator[str]:
    """Yield the paths of the modules around a module, the nearest first, the model last."""
    parts = root.split(".")
    for i in range(len(parts) - 1, -1, -1):
        yield ".".join(parts[:i])


def _width(model: nn.Module, root: str) -> int:
    # The nearest config: what the vision part of a model says of itself is not what the model says.
    for path in _ancestors(root):
        width = _told(getattr(model.get_submodule(path), "config", None), "hidden_size")
        if isinstance(width, int):
            return width
    validation.complain(
        "the model's config must say hidden_size, the width of the hidden states",
        "it does not",
        "set model.config.hidden_size",
    )


def _attention(layer: nn.Module) -> tuple[str, str]:
    for name, _ in layer.named_children():
        if ATTENTION.search(name.lower()) and not BESIDE.search(name.lower()):
            return name, name
    return "", ""


def _mlp(layer: nn.Module) -> tuple[str, str]:
    children = dict(layer.named_children())
    for name in children:
        if MLP.search(name.lower()) and not BESIDE.search(name.lower()):
            return name, name
    return next((pair for pair in OPEN_MLPS if set(pair) <= set(children)), ("", ""))


def _final_norm(model: nn.Module, root: str) -> str | None:
    """Return the path of the norm beside the list of layers, or beside a module that holds it."""
    for path in _ancestors(root):
        module = model.get_submodule(path)
        norms = [
            name
            for name, child in module.named_children()
            if NORM.search(name.lower()) or "norm" in type(child).__name__.lower()
        ]
        # Bloom has a norm after its embeddings, CLIP one before its first layer.
        norms = [name for name in norms if not re.search(r"emb|pre", name.lower())]
        if norms:
            return f"{path}.{norms[-1]}".lstrip(".")
        if path == getattr(model, "base_model_prefix", ""):
            return None  # what stands beside the base model belongs to the head
    return None
