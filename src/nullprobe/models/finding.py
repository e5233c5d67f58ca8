"""Find the sites of a model, where hidden states can be read and edited.

Problem. A user knows layers, attention and heads; a model has modules, with other names in every
family. To edit the wrong module is worse than to edit none.
Solution. The structure gives candidates, and a trial run decides. A part is a site if one state per
token passes it. ``final_norm`` is the norm whose output leaves the stack of layers for the head.
Any other module is a site by its path.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from typing import NoReturn

from torch import nn

from nullprobe._core import parameters, validation
from nullprobe.models.hooks import plain
from nullprobe.models.layer_parts import NORM, ancestors, described, heads, layers_path, parts
from nullprobe.models.sentence_embedding import embedder_of
from nullprobe.models.site import EMBEDDING, INPUT, MODULE, OUTPUT, Site, choose
from nullprobe.models.trial_run import Trial, output_embeddings, trial_run


def sites(model: nn.Module, layers: str | None = None) -> dict[str, Site]:
    """Return the sites of a model by name, in the order in which states pass them.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, a ``SentenceTransformer``, or any module with a ``config`` that has
        ``hidden_size``.
    layers : str, optional
        Path of the ModuleList of layers, such as ``"model.layers"``, if the structure does not
        show it.

    Returns
    -------
    dict of str to Site
        ``embeddings`` (the input of layer 0); for each layer I ``layers.I.output`` and, if the
        layer has such parts, ``layers.I.attention_input``, ``layers.I.attention_heads`` (the
        output of all heads, before the output projection), ``layers.I.attention_output``,
        ``layers.I.mixer_input`` and ``layers.I.mixer_output`` (convolutions, state spaces,
        recurrences), ``layers.I.mlp_input`` and ``layers.I.mlp_output``; ``final_norm`` (the
        output of the norm after the last layer), if the model has one; ``sentence_embedding``
        (one vector per text), if the model is a ``SentenceTransformer``.

        Two more kinds of names can be chosen, but are not listed: ``layers.I.heads.H`` (the output
        of one head), and ``module:PATH`` or ``module:PATH:input`` (the output or the input of the
        module at this path).

    Raises
    ------
    InputError
        If the model does not have exactly one list of layers.

    Notes
    -----
    The first call runs the model on three tokens. If the run fails, names alone identify the parts,
    and ``final_norm`` and ``attention_heads`` are left out.

    In some families (BERT, Bloom) the module of a part adds the residual stream to its output.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1))
    >>> list(sites(model))  # doctest: +NORMALIZE_WHITESPACE
    ['embeddings', 'layers.0.attention_input', 'layers.0.attention_heads',
     'layers.0.attention_output', 'layers.0.mlp_input', 'layers.0.mlp_output', 'layers.0.output',
     'final_norm']
    >>> sites(model)["final_norm"]
    Site(name='final_norm', path='ln_f', side='output', width=8, first=None)
    """
    return available(plain(model), [], layers)


def available(
    model: nn.Module, wanted: str | Sequence[str], layers: str | None = None
) -> dict[str, Site]:
    """Return the listed sites of a model, and the wanted heads and modules."""
    names = [str(one) for one in ([wanted] if isinstance(wanted, str) else wanted)]
    embedder = embedder_of(model)
    if embedder is not None:
        inside = [name for name in names if name != EMBEDDING]
        if names and not inside:
            return {EMBEDDING: embedder.site}
        sites = available(embedder.transformer, inside, layers)
        return {**embedder.outer(sites), EMBEDDING: embedder.site}
    modules = [name for name in names if name.startswith(MODULE)]
    try:
        listed, counts = _listed(model, layers)
    except validation.InputError:  # modules can be named in a model of any structure
        if len(modules) < len(names) or not names or layers is not None:
            raise
        listed, counts = {}, {}
    if any(".heads." in name for name in names):
        for name, n in counts.items():
            whole = listed[name]
            each = whole.width // n
            for h in range(n):
                one = f"{name.removesuffix('attention_heads')}heads.{h}"
                listed[one] = Site(one, whole.path, whole.side, each, h * each)
    return listed | _modules(model, modules)


def chosen(model: nn.Module, wanted: str | Sequence[str], layers: str | None = None) -> list[Site]:
    """Return the sites of a model by names or patterns; see :func:`choose`."""
    return choose(available(model, wanted, layers), wanted)


def _listed(model: nn.Module, layers: str | None) -> tuple[dict[str, Site], dict[str, int]]:
    """Return the listed sites, and the number of heads at each ``attention_heads``."""
    if not isinstance(model, nn.Module):
        validation.complain(
            "the model must be a torch module",
            f"{type(model).__name__} arrived",
            "load it with transformers' AutoModel or AutoModelForCausalLM",
        )
    trial = trial_run(model)
    if layers not in trial.sites:
        trial.sites[layers] = _search(model, layers, trial)
    listed, counts = trial.sites[layers]
    return dict(listed), counts


def _search(
    model: nn.Module, layers: str | None, trial: Trial
) -> tuple[dict[str, Site], dict[str, int]]:
    root = layers_path(model, layers)
    width = _width(model, root)
    stack = list(model.get_submodule(root).named_children())
    ran = any(trial.of(plain(layer)).calls for _, layer in stack)
    listed: dict[str, Site] = {}
    counts: dict[str, int] = {}

    def add(name: str, path: str, side: str) -> None:
        passed = trial.of(model.get_submodule(path)).widths.get(side)
        if passed or not ran:
            listed[name] = Site(name, path, side, passed or width)

    for i, (child, wrapped) in enumerate(stack):
        layer = plain(wrapped)
        path = f"{root}.{child}" + ("" if layer is wrapped else "._orig_mod")
        if not i:
            add("embeddings", path, INPUT)
        for part, first, last in parts(layer):
            at = f"layers.{i}.{part}"
            add(f"{at}_input", f"{path}.{first}", INPUT)
            if part == "attention":
                projection, n, each = heads(model, layer.get_submodule(last), trial)
                if n:
                    counts[f"{at}_heads"] = n
                    listed[f"{at}_heads"] = Site(
                        f"{at}_heads", f"{path}.{last}.{projection}", INPUT, n * each
                    )
            add(f"{at}_output", f"{path}.{last}", OUTPUT)
        add(f"layers.{i}.output", path, OUTPUT)
    norm = _final_norm(model, root, trial) if ran else None
    if norm is not None:
        add("final_norm", norm, OUTPUT)
    return listed, counts


def _width(model: nn.Module, root: str) -> int:
    # The nearest config counts: the vision part of a model has its own width.
    for path in ancestors(root):
        width = described(getattr(model.get_submodule(path), "config", None), "hidden_size")
        if isinstance(width, int):
            return width
    passed = trial_run(model).of(next(model.get_submodule(root).children())).widths.get(OUTPUT)
    if passed:
        return passed
    validation.complain(
        "the model's config must have hidden_size, the width of the hidden states",
        "it has not",
        "set model.config.hidden_size",
    )
    return None


def _final_norm(model: nn.Module, root: str, trial: Trial) -> str | None:
    """Return the path of the norm whose output leaves the stack of layers, or None.

    These states are the output of a module around the list of layers. If the model has a head, they
    are also the input of a module outside.
    """
    last = max(trial.of(plain(layer)).order for layer in model.get_submodule(root).children())
    norms = {
        path: trial.of(module)
        for path, module in model.named_modules()
        if not path.startswith(f"{root}.") and _is_norm(path, module)
    }
    for around in ancestors(root):
        leaving = trial.of(model.get_submodule(around)).memory.get(OUTPUT)
        for path, passed in norms.items():
            inside = path.startswith(f"{around}." if around else "")
            if leaving is None or not inside or passed.order < last:
                continue
            if passed.memory.get(OUTPUT) == leaving:
                return path if _reaches_head(model, around, leaving, trial) else None
    return None


def _is_norm(path: str, module: nn.Module) -> bool:
    name = path.rpartition(".")[2].lower()
    return bool(NORM.search(name)) or "norm" in type(module).__name__.lower()


def _reaches_head(model: nn.Module, stack: str, leaving: int, trial: Trial) -> bool:
    """Whether the output of the stack of layers reaches the head; true if no head ran."""
    head = output_embeddings(model)
    if head is None or not trial.of(head).calls:
        return True
    outside = (
        module
        for path, module in model.named_modules()
        if not f"{path}.".startswith(f"{stack}.") and not f"{stack}.".startswith(f"{path}.")
    )
    return any(trial.of(one).memory.get(INPUT) == leaving for one in outside if one is not model)


def _modules(model: nn.Module, names: Sequence[str]) -> dict[str, Site]:
    """Return the sites of all modules by their paths.

    Raises
    ------
    InputError
        If a named module does not exist, or no states (b, t, d) pass it.
    """
    if not names:
        return {}
    trial, modules = trial_run(model), dict(model.named_modules(remove_duplicate=False))
    by_name: dict[str, Site] = {}
    for path, module in modules.items():
        for side, width in sorted(trial.of(module).widths.items(), reverse=True):
            name = f"{MODULE}{path}" + (f":{INPUT}" if side == INPUT else "")
            by_name[name] = Site(name, path, side, width)
    for name in names:
        path, _, side = name.removeprefix(MODULE).partition(":")
        if not fnmatch.filter(by_name, name):
            if not re.search(r"[*?\[]", path):
                parameters.known("module", path, list(modules))
            _complain_of_module(name, side, trial)
    return by_name


def _complain_of_module(name: str, side: str, trial: Trial) -> NoReturn:
    required = f"states (b, t, d), one per token, must pass site {name!r}"
    if side not in ("", INPUT):
        validation.complain(
            f"site {name!r} must be module:PATH or module:PATH:input",
            f"it ends in {side!r}",
        )
    if trial.error:
        validation.complain(
            required,
            f"a run of the model on three tokens, which would show them, failed ({trial.error})",
            "choose a site that models.sites(model) lists",
        )
    validation.complain(
        required,
        "a run on three tokens shows none",
        "choose a module that runs and returns such states",
    )
